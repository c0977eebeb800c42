//! What is said of the plans of small indexes.
#![allow(clippy::unwrap_used)]

use super::super::tests::{OPTIONS, index, want};
use super::super::{Error, ResolveOptions, explain, resolve};
use super::Why;
use crate::plan::Basis;
use crate::request;

fn asked(text: &str, requests: &str, name: &str) -> Result<Why, Error> {
    let (index, provenance) = index(text);
    let wanted: Vec<request::Request> = requests.split_whitespace().map(want).collect();
    let options = ResolveOptions { recommends: requests.contains("recommender"), ..OPTIONS };
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &options).unwrap();
    explain(&index, &provenance, &resolved, &options, name)
}

#[track_caller]
fn told(text: &str, requests: &str, name: &str, expected: &[&str]) {
    let why = asked(text, requests, name).unwrap().to_string();
    assert_eq!(why.lines().collect::<Vec<_>>(), expected);
}

const CURL: &str = "curl 7.88; Depends: libcurl4 (= 7.88), zlib1g\n\
    libcurl4 7.88; Depends: libssh2, libssl3 (>= 3.0.0)\n\
    libssh2 1; Pre-Depends: libssl3\n\
    libssl3 3.0.15\n\
    zlib1g 1\n\
    wget 1; Depends: zlib1g, libssl3 (>= 2)";

#[test]
fn the_shortest_chain_and_who_else_needs_it() {
    told(
        CURL,
        "curl",
        "libssl3",
        &[
            "curl 7.88 was asked for",
            "curl depends on libcurl4 (= 7.88)",
            "libcurl4 depends on libssl3 (>= 3.0.0)",
            "",
            "libssl3 3.0.15 from suite0",
            "needed by 1 other of the plan: libssh2",
        ],
    );
}

#[test]
fn a_chain_from_each_request_the_shortest_first() {
    told(
        CURL,
        "curl wget",
        "libssl3",
        &[
            "wget 1 was asked for",
            "wget depends on libssl3 (>= 2)",
            "",
            "curl 7.88 was asked for",
            "curl depends on libcurl4 (= 7.88)",
            "libcurl4 depends on libssl3 (>= 3.0.0)",
            "",
            "libssl3 3.0.15 from suite0",
            "needed by 1 other of the plan: libssh2",
        ],
    );
    let many = "a 1; Depends: z\nb 1; Depends: z\nc 1; Depends: z\nd 1; Depends: z\ne 1; Depends: z\nz 1";
    let why = asked(many, "a b c d e", "z").unwrap();
    assert_eq!((why.chains.len(), why.further_requests, why.needed_by.len()), (3, 2, 5));
    let text = why.to_string();
    assert!(
        text.contains("2 more requests lead to it") && text.ends_with("needed by 2 others of the plan: d, e")
    );
}

#[test]
fn a_request_explains_itself() {
    let expected =
        ["libssl3 3.0.15 from suite0 was asked for", "needed by 2 packages of the plan: libcurl4, libssh2"];
    told(CURL, "libssl3 curl", "libssl3", &expected);
    told(CURL, "zlib1g", "zlib1g:amd64", &["zlib1g 1 from suite0 was asked for"]);
    assert!(matches!(asked(CURL, "zlib1g", "zlib1g:i386"), Err(Error::NotInPlan { .. })));
}

#[test]
fn a_virtual_name() {
    told(
        "x 1; Depends: awk\nmawk 1; Provides: awk",
        "x",
        "mawk",
        &["x 1 was asked for", "x depends on awk; mawk provides it", "", "mawk 1 from suite0"],
    );
    // the request itself
    told("mawk 1; Provides: awk", "awk", "mawk", &["mawk 1 from suite0 was asked for"]);
}

#[test]
fn alternatives_say_which_and_why() {
    let last = |text: &str, requests: &str, name: &str| {
        let chains = asked(text, requests, name).unwrap().chains;
        chains.last().unwrap().last().unwrap().to_string()
    };
    let text = "x 1; Depends: a | b\na 1\nb 1";
    assert_eq!(last(text, "x", "a"), "x depends on a | b; a was chosen, the first choice");
    assert_eq!(
        last("y 1; Depends: x, b\nx 1; Pre-Depends: no | b\nb 1", "x", "b"),
        "x pre-depends on no | b; b was chosen, since no source has no"
    );
    let mail = "x 1; Depends: exim | mta\nexim 1; Depends: absent\npostfix 1; Provides: mta";
    assert_eq!(last(mail, "x", "postfix"), "x depends on exim | mta; postfix was chosen, which provides mta");
}

#[test]
fn recommendations_count_where_nothing_depends_on_it() {
    let text = "recommender 1; Recommends: b\nb 1; Depends: c\nc 1";
    told(
        text,
        "recommender",
        "c",
        &["recommender 1 was asked for", "recommender recommends b", "b depends on c", "", "c 1 from suite0"],
    );
    assert_eq!(asked(text, "recommender", "b").unwrap().recommended_by, ["recommender"]);
}

#[test]
fn packages_that_need_each_other() {
    let text = "a 1; Depends: b\nb 1; Depends: c\nc 1; Depends: b, a";
    told(text, "a", "c", &["a 1 was asked for", "a depends on b", "b depends on c", "", "c 1 from suite0"]);
}

#[test]
fn what_is_not_in_the_plan() {
    let said = |text: &str, requests: &str, name: &str| {
        let error = asked(text, requests, name).unwrap_err();
        (error.to_string(), error.hint())
    };
    let text =
        "x 1; Depends: a | b\na 1; Conflicts: c\nb 1\nc 1\nmawk 1; Provides: awk\ngawk 1; Provides: awk";
    let (error, hint) = said(text, "x", "b");
    assert_eq!(error, "package 'b' is not in the plan: x depends on a | b, and a was chosen");
    assert_eq!(hint, "Run it with --explain a.");
    let (error, hint) = said(text, "x", "c");
    assert_eq!(error, "package 'c' is not in the plan: a excludes c");
    assert!(hint.contains("aptlet lock -o -"), "{hint}");
    let (error, hint) = said(text, "x mawk", "awk");
    assert_eq!(error, "package 'awk' is not in the plan: mawk provides it");
    assert_eq!(hint, "Run it with --explain mawk.");
    let needs = format!("{text}\ny 1; Pre-Depends: awk; Recommends: c | d");
    let (error, hint) = said(&needs, "y mawk", "gawk");
    assert_eq!(error, "package 'gawk' is not in the plan: y pre-depends on awk, and mawk was chosen");
    assert_eq!(hint, "Run it with --explain mawk.");
    let (error, _) = said(&needs, "y", "c");
    assert_eq!(error, "package 'c' is not in the plan: y only recommends c | d");
    let (error, hint) = said(text, "x", "gakw");
    assert_eq!(error, "there is no package 'gakw' in suite0 (amd64)");
    assert!(hint.contains("gawk"), "{hint}");
}
