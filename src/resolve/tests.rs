//! Each rule of choice, on an index of its own. "Rule n" is the list in `docs/design/resolver.md`.
#![allow(clippy::unwrap_used)]

use super::{Error, Essential, ResolveOptions, resolve};
use crate::control::glob::Glob;
use crate::plan::{Basis, Plan, PlanSource};
use crate::request;
use crate::source::index::{Index, Part};
use crate::source::provenance::Provenance;

/// `name version; Field: value; …` a line; `suite` starts another source.
pub(super) fn index(text: &str) -> (Index, Vec<Provenance>) {
    let mut parts = Vec::new();
    let mut provenance = Vec::new();
    for (number, source) in text.split("\n--\n").enumerate() {
        let mut stanzas = String::new();
        for line in source.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut fields = line.split(';').map(str::trim);
            let (name, version) = fields.next().unwrap().split_once(' ').unwrap();
            stanzas.push_str(&format!("Package: {name}\nVersion: {version}\n"));
            if !line.contains("Architecture:") {
                stanzas.push_str("Architecture: amd64\n");
            }
            fields.for_each(|field| stanzas.push_str(&format!("{field}\n")));
            stanzas.push_str(&format!("Filename: {name}.deb\nSize: 1\nSHA256: {}\n\n", "0".repeat(64)));
        }
        parts.push(Part::read(stanzas.as_bytes()).unwrap());
        let suite = format!("suite{number}");
        provenance.push(Provenance {
            suite: suite.clone(),
            source: PlanSource { id: suite.clone(), suite, ..PlanSource::default() },
            ..Provenance::default()
        });
    }
    (Index::new(parts), provenance)
}

pub(super) fn want(text: &str) -> request::Request {
    let (origin, whole) = (request::Origin::Flag, text.to_owned());
    let (text, forbid) = text.strip_suffix('-').map_or((text, false), |name| (name, true));
    let (text, version) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v.to_owned())));
    let (text, suite) = text.split_once('/').map_or((text, None), |(n, s)| (n, Some(s.to_owned())));
    let (name, arch) = text.split_once(':').map_or((text, None), |(n, a)| (n, Some(a.to_owned())));
    let kind = match Glob::is_pattern(name) {
        true => request::Kind::Names(request::Names::Glob(Glob::new(name).unwrap())),
        false => request::Kind::Name,
    };
    request::Request { kind, name: name.to_owned(), arch, version, suite, forbid, text: whole, origin }
}

pub(super) const OPTIONS: ResolveOptions<'_> = ResolveOptions {
    architecture: "amd64",
    foreign: &[],
    pins: &[],
    recommends: false,
    base: None,
    upgrade_base: false,
    exclude: &[],
    essential: Essential::None,
};

fn solve_with(text: &str, requests: &str, recommends: bool) -> Result<String, Error> {
    let (index, provenance) = index(text);
    let wanted: Vec<request::Request> = requests.split_whitespace().map(want).collect();
    let options = ResolveOptions { recommends, ..OPTIONS };
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &options)?;
    Ok(shown(&resolved.plan))
}

fn shown(plan: &Plan) -> String {
    let shown = plan.packages.iter().map(|package| format!("{}={}", package.name, package.version));
    shown.collect::<Vec<_>>().join(" ")
}

pub(super) fn solve(text: &str, requests: &str) -> String {
    solve_with(text, requests, false).unwrap()
}

pub(super) fn fail(text: &str, requests: &str) -> Error {
    solve_with(text, requests, false).unwrap_err()
}

#[test]
fn dependencies_come_along_and_recommendations_only_when_asked_for() {
    let text = "a 1; Depends: b; Pre-Depends: c; Recommends: d\nb 1\nc 1\nd 1";
    assert_eq!(solve(text, "a"), "a=1 b=1 c=1");
    assert_eq!(solve_with(text, "a", true).unwrap(), "a=1 b=1 c=1 d=1");
}

#[test]
fn essential_packages_are_not_added_by_themselves() {
    // rule 1
    assert_eq!(solve("a 1\ndpkg 1; Essential: yes", "a"), "a=1");
}

#[test]
fn a_request_satisfies_a_group_that_is_expanded_before_it() {
    // rule 2: all requests are marked first
    assert_eq!(solve("a 1; Depends: x | y\nx 1\ny 1", "a y"), "a=1 y=1");
}

#[test]
fn a_group_that_something_marked_satisfies_is_skipped() {
    // rule 3
    assert_eq!(solve("a 1; Depends: y, x | y\nx 1\ny 1", "a"), "a=1 y=1");
    assert_eq!(
        solve("a 1; Depends: x | y, y\nx 1\ny 1", "a"),
        "a=1 x=1 y=1",
        "nothing is minimised afterwards"
    );
}

#[test]
fn alternatives_are_tried_from_left_to_right() {
    // rule 4
    assert_eq!(solve("a 1; Depends: x | y\nx 1; Depends: nothing\ny 1", "a"), "a=1 y=1");
    assert_eq!(solve("a 1; Depends: x | y\nx 1; Depends: z\nz 1; Depends: no\ny 1", "a"), "a=1 y=1");
}

#[test]
fn providers_are_ranked_real_name_essential_priority_then_latest_mention() {
    // rule 5
    assert_eq!(solve("a 1; Depends: v\nv 1\np 1; Provides: v; Priority: required", "a"), "a=1 v=1");
    assert_eq!(
        solve("a 1; Depends: v\np 1; Provides: v; Priority: required\nq 1; Provides: v; Essential: yes", "a"),
        "a=1 q=1"
    );
    assert_eq!(
        solve("a 1; Depends: v\np 1; Provides: v; Priority: important\nq 1; Provides: v", "a"),
        "a=1 p=1"
    );
    assert_eq!(solve("a 1; Depends: v\np 1; Provides: v\nq 1; Provides: v", "a"), "a=1 q=1");
    assert_eq!(
        solve("z 1; Suggests: q\na 1; Depends: v\np 1; Provides: v\nq 1; Provides: v", "a"),
        "a=1 p=1"
    );
}

#[test]
fn only_the_candidate_counts() {
    // rule 6: an older version would satisfy b
    let text = "a 1; Depends: b (<< 2)\nb 1\nb 2";
    let error = fail(text, "a").to_string();
    assert!(error.contains("a needs b (<< 2), but only b 2 is in suite0"), "{error}");
    assert_eq!(solve(text, "a b=1"), "a=1 b=1");
}

#[test]
fn what_a_request_conflicts_with_is_ruled_out_up_front() {
    // rule 7
    assert_eq!(solve("a 1; Depends: x | y\nx 1\ny 1\nb 1; Conflicts: x", "b a"), "a=1 b=1 y=1");
}

#[test]
fn a_conflict_with_something_protected_moves_on_to_the_next_alternative() {
    // rule 8
    assert_eq!(solve("a 1; Depends: x | y\nx 1; Conflicts: b\ny 1\nb 1", "a b"), "a=1 b=1 y=1");
    assert_eq!(solve("a 1; Depends: m\nm 1; Provides: n; Conflicts: n", "a"), "a=1 m=1", "its own Provides");
}

#[test]
fn what_a_failed_branch_leaves_is_collected_unless_recommended() {
    // rule 9
    let text = "a 1; Depends: x | y\nx 1; Depends: left, z\nleft 1\nz 1; Depends: no\ny 1";
    assert_eq!(solve(text, "a"), "a=1 y=1");
    let kept = text.replace("\ny 1", "\ny 1; Recommends: left");
    assert_eq!(solve(&kept, "a"), "a=1 left=1 y=1");
}

#[test]
fn the_any_qualifier_needs_multi_arch_allowed() {
    // rule 10; the Multi-Arch specification
    assert_eq!(solve("a 1; Depends: p:any\np 1; Multi-Arch: allowed", "a"), "a=1 p=1");
    assert!(matches!(fail("a 1; Depends: p:any\np 1", "a"), Error::NoSolution(_)));
    assert_eq!(solve("a 1; Depends: p:amd64\np 1; Architecture: all", "a"), "a=1 p=1");
    assert!(matches!(fail("a 1; Depends: p:arm64\np 1", "a"), Error::NoSolution(_)));
}

#[test]
fn a_versioned_dependency_needs_a_versioned_provides() {
    // rule 11; Debian Policy 7.5
    assert!(matches!(fail("a 1; Depends: v (>= 1)\np 1; Provides: v", "a"), Error::NoSolution(_)));
    assert_eq!(solve("a 1; Depends: v (>= 1)\np 1; Provides: v (= 2)", "a"), "a=1 p=1");
    assert_eq!(solve("a 1; Depends: b (< 1)\nb 1", "a"), "a=1 b=1", "a bare < includes equality");
}

#[test]
fn a_virtual_request_needs_exactly_one_provider() {
    // rule 12
    assert_eq!(solve("p 1; Provides: v", "v"), "p=1");
    let error = fail("p 1; Provides: v\nq 1; Provides: v", "v");
    assert_eq!(error.to_string(), "'v' is a virtual package provided by p, q");
}

#[test]
fn requests_name_versions_suites_and_what_to_leave_out() {
    // rule 13
    let text = "a 1\na 3\nb 1; Depends: x | y\nx 1\ny 1\n--\na 2";
    assert_eq!(solve(text, "a"), "a=3");
    assert_eq!(solve(text, "a=1"), "a=1");
    assert_eq!(solve(text, "a/suite1"), "a=2");
    assert_eq!(solve(text, "b x-"), "b=1 y=1");
    let error = fail(text, "a=7").to_string();
    assert_eq!(error, "package 'a' has no version 7; there is 1 (suite0), 3 (suite0), 2 (suite1)");
    let error = fail(text, "b/suite1");
    assert_eq!(error.to_string(), "package 'b' has no version in suite suite1; there is 1 (suite0)");
    assert_eq!(error.hint(), "Ask for one of these, or for the name alone.");
    let hint = fail(text, "b/suite9").hint();
    assert!(hint.contains("No source is of the suite suite9"), "{hint}");
}

#[test]
fn what_a_package_of_a_suite_needs_comes_from_there_where_it_must() {
    let text =
        "a 1\nl 3\nm 3\nn 3\n--\na 2; Depends: l (<< 2) | n (<< 1), n\nl 1; Depends: m (<< 2)\nm 1\nn 1";
    assert_eq!(solve(text, "a/suite1"), "a=2 l=1 m=1 n=3");
    let (index, provenance) = index(text);
    let wanted = [want("a/suite1")];
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &OPTIONS).unwrap();
    let expected =
        ["l 1 of suite1 is taken as well, because of a", "m 1 of suite1 is taken as well, because of l"];
    assert_eq!(resolved.notes, expected);
    // where it is no use, nothing else is taken
    let error = fail(&text.replace("m (<< 2)", "m (<< 1)"), "a/suite1").to_string();
    assert!(error.contains("l 3 is in suite0") || error.contains("only l 3"), "{error}");
}

#[test]
fn the_same_version_in_two_sources_comes_from_the_first() {
    let (index, provenance) = index("a 1\n--\na 1");
    let resolved = resolve(&index, &provenance, Basis::default(), &[want("a")], &OPTIONS).unwrap();
    assert_eq!(resolved.plan.packages[0].source, "suite0");
    assert_eq!(resolved.plan.sources.len(), 1, "sources that nothing comes from are left out");
}

#[test]
fn the_solver_finds_what_marking_misses() {
    // the choice of x for a is not taken back when b turns out to break it, in apt's order
    let text = "a 1; Depends: x | y\nx 1; Conflicts: w\ny 1\nb 1; Depends: w\nw 1";
    let (index, provenance) = index(text);
    let wanted = [want("a"), want("b")];
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &OPTIONS).unwrap();
    let names: Vec<&str> = resolved.plan.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "w", "y"]);
}

#[test]
fn failures_say_why() {
    let text = "a 1; Depends: b\nb 1; Depends: c (>= 2)\nc 1.4\nd 1; Conflicts: a\njson-tool 1";
    let error = fail(text, "a").to_string();
    assert!(error.ends_with("a needs b; b needs c (>= 2), but only c 1.4 is in suite0"), "{error}");
    let conflict = fail("a 1\nd 1; Conflicts: a", "a d").to_string();
    assert!(conflict.ends_with(": d 1 conflicts with a 1"), "{conflict}");
    let both =
        "a 1; Depends: m\nm 1; Provides: v; Conflicts: v\nd 1; Depends: n\nn 1; Provides: v; Conflicts: v";
    let conflict = fail(both, "a d").to_string();
    let reason = "a needs m; d needs n; m 1 conflicts with n 1, which provides v";
    assert!(conflict.ends_with(reason), "{conflict}");
    let unknown = fail(text, "jsontool");
    assert!(unknown.hint().contains("json-tool"), "{unknown:?}");
    let foreign = fail(text, "a:arm64").to_string();
    assert_eq!(foreign, "there is no package 'a' in suite0 (arm64), only for amd64");
    let only = fail("a 1\nb 1; Architecture: i386", "b");
    assert_eq!(only.to_string(), "there is no package 'b' in suite0 (amd64), only for i386");
    assert_eq!(only.hint(), "Ask for b:i386.");
}

/// As [`solve_with`], `base` being the last source.
fn beside(text: &str, requests: &str, upgrade_base: bool) -> Result<(String, Vec<String>), Error> {
    let (index, provenance) = index(text);
    let wanted: Vec<request::Request> = requests.split_whitespace().map(want).collect();
    let options = ResolveOptions { base: Some(provenance.len() - 1), upgrade_base, ..OPTIONS };
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &options)?;
    Ok((shown(&resolved.plan), resolved.notes))
}

#[test]
fn what_the_base_has_satisfies_and_is_not_installed() {
    let text = "a 1; Depends: b (>= 1), c | d\nb 1\nb 2\nc 1\n--\nb 1\nd 1";
    assert_eq!(beside(text, "a", false).unwrap().0, "a=1");
    let (plan, notes) = beside(text, "a b", false).unwrap();
    assert_eq!(plan, "a=1");
    assert_eq!(notes, ["b 1 is in the base already; --upgrade-base would install 2"]);
    assert_eq!(
        beside(text, "a b", true).unwrap().0,
        "a=1 b=2",
        "as apt-get install upgrades what it is asked for"
    );
    assert_eq!(beside(text, "a d=1", false).unwrap().0, "a=1");
}

#[test]
fn what_the_base_has_is_replaced_only_when_that_is_allowed() {
    let text = "a 1; Depends: b (>= 2)\nb 2\n--\nb 1";
    let error = beside(text, "a", false).unwrap_err();
    let reason =
        "a needs b (>= 2), but the base has b 1, and 2 of suite0 would take its place (--upgrade-base)";
    assert!(error.to_string().ends_with(reason), "{error}");
    assert!(error.hint().contains("--upgrade-base"));
    assert_eq!(beside(text, "a", true).unwrap().0, "a=1 b=2");
    let error = beside(text, "b=2", false).unwrap_err();
    assert_eq!(error.to_string(), "package 'b': the base has version 1, and 2 was asked for");
    assert_eq!(beside(text, "b=1", true).unwrap().0, "");
}

#[test]
fn an_upgrade_takes_what_must_go_with_it_along() {
    // c of the base needs the very b of the base
    let text = "a 1; Depends: b (>= 2)\nb 2\nc 2; Depends: b (= 2)\n--\nb 1\nc 1; Depends: b (= 1)";
    assert_eq!(beside(text, "a", true).unwrap().0, "a=1 b=2 c=2");
    let stuck = "a 1; Depends: b (>= 2)\nb 2\n--\nb 1\nc 1; Depends: b (= 1)";
    assert!(matches!(beside(stuck, "a", true), Err(Error::NoSolution(_))));
}

#[test]
fn the_base_conflicts_as_installed_packages_do() {
    for text in [
        "a 1; Conflicts: b\nc 1; Depends: a | d\nd 1\n--\nb 1",
        "a 1\nc 1; Depends: a | d\nd 1\n--\nb 1; Breaks: a",
    ] {
        let error = beside(text, "a", false).unwrap_err().to_string();
        assert!(error.contains("conflicts with") && error.contains("b 1 of the base"), "{error}");
        assert_eq!(beside(text, "c", false).unwrap().0, "c=1 d=1", "the other alternative");
    }
}

#[test]
fn what_the_base_lacks_itself_is_left_as_it_is() {
    let text = "a 1\nz 1\n--\nb 1; Depends: missing\nc 1; Conflicts: b";
    assert_eq!(beside(text, "a", false).unwrap().0, "a=1");
    let solved =
        "a 1; Depends: x | y\nx 1; Conflicts: w\ny 1\nb 1; Depends: w\nw 1\n--\nc 1; Depends: missing";
    assert_eq!(beside(solved, "a b", false).unwrap().0, "a=1 b=1 w=1 y=1", "by the solver, too");
}

#[test]
fn what_is_excluded_stays_out_and_is_missed_aloud() {
    let text =
        "a 1; Depends: b, c\nb 1; Depends: d\nc 1; Depends: v\nd 1\np 1; Provides: v\nq 1; Conflicts: b";
    let leave_out = |names: &[&str], request: &str| {
        let (index, provenance) = index(text);
        let exclude: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let options = ResolveOptions { exclude: &exclude, ..OPTIONS };
        let wanted: Vec<request::Request> = request.split_whitespace().map(want).collect();
        resolve(&index, &provenance, Basis::default(), &wanted, &options)
            .map(|resolved| (shown(&resolved.plan), resolved.notes))
    };
    let (plan, notes) = leave_out(&["b"], "a").unwrap();
    assert_eq!((plan.as_str(), notes.join(";").as_str()), ("a=1 c=1 p=1", "a needs b, which is excluded"));
    let (plan, notes) = leave_out(&["p"], "a").unwrap();
    assert_eq!(
        (plan.as_str(), notes.join(";").as_str()),
        ("a=1 b=1 c=1 d=1", "c needs p, which is excluded")
    );
    assert_eq!(leave_out(&["b"], "a q").unwrap().0, "a=1 c=1 p=1 q=1", "it is not there to conflict");
    assert_eq!(leave_out(&["q"], "a").unwrap().1, [""; 0], "nobody lacks it");
    assert!(matches!(leave_out(&["b"], "b"), Err(Error::Excluded { .. })));
    assert!(matches!(leave_out(&["nothing"], "a"), Err(Error::UnknownPackage(_))));
}

#[test]
fn the_essential_set_comes_when_it_is_asked_for() {
    let text =
        "a 1\ndash 1; Essential: yes; Depends: b\nb 1\nbash 1; Essential: yes\nold 1; Essential: yes\nold 2";
    let (index, provenance) = index(text);
    let options = ResolveOptions { essential: Essential::All, ..OPTIONS };
    let resolved = resolve(&index, &provenance, Basis::default(), &[want("a"), want("bash-")], &options);
    assert_eq!(shown(&resolved.unwrap().plan), "a=1 b=1 dash=1");
}

#[test]
fn what_a_library_reads_of_an_essential_package_comes_with_it() {
    let text =
        "a 1; Depends: libtinfo6\nlibtinfo6 1\nncurses-base 1; Essential: yes\ndash 1; Essential: yes\nb 1\n";
    let chosen = |text: &str, requests: &[&str], implied| {
        let (index, provenance) = index(text);
        let wanted: Vec<request::Request> = requests.iter().map(|text| want(text)).collect();
        let essential = if implied { Essential::Read } else { Essential::None };
        let options = ResolveOptions { essential, ..OPTIONS };
        shown(&resolve(&index, &provenance, Basis::default(), &wanted, &options).unwrap().plan)
    };
    assert_eq!(chosen(text, &["a"], true), "a=1 libtinfo6=1 ncurses-base=1");
    assert_eq!(chosen(text, &["a", "ncurses-base"], true), "a=1 libtinfo6=1 ncurses-base=1");
    assert_eq!(chosen(text, &["a"], false), "a=1 libtinfo6=1");
    assert_eq!(chosen(text, &["b"], true), "b=1");
    assert_eq!(chosen(text, &["a", "ncurses-base-"], true), "a=1 libtinfo6=1");
    let other = text.replace("ncurses-base 1; Essential: yes", "ncurses-base 1; Depends: b");
    assert_eq!(chosen(&other, &["a"], true), "a=1 libtinfo6=1", "not Debian's");
    let text = "tmux 1; Depends: libc6\nlibc6 2\nlibc-bin 2; Essential: yes; Depends: libc6 (>> 1)";
    assert_eq!(chosen(text, &["tmux"], true), "libc-bin=2 libc6=2 tmux=1");
    assert_eq!(
        chosen(&text.replace("(>> 1)", "(<< 2)"), &["tmux"], true),
        "libc6=2 tmux=1",
        "it does not fit"
    );
}

/// As [`solve_with`], with i386 as a foreign architecture.
fn with_i386(text: &str, requests: &str) -> Result<String, Error> {
    let (index, provenance) = index(text);
    let wanted: Vec<request::Request> = requests.split_whitespace().map(want).collect();
    let foreign = ["i386".to_owned()];
    let options = ResolveOptions { foreign: &foreign, ..OPTIONS };
    let resolved = resolve(&index, &provenance, Basis::default(), &wanted, &options)?;
    let shown =
        resolved.plan.packages.iter().map(|package| format!("{}:{}", package.name, package.architecture));
    Ok(shown.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_foreign_package_brings_dependencies_of_its_own_architecture() {
    // the Multi-Arch specification, "Dependencies involving Architecture: all"; deb-control(5)
    let text = "\
        a 1\na 1; Architecture: i386; Depends: b, c, d:any, e\n\
        b 1; Architecture: i386\nb 1\n\
        c 1; Multi-Arch: foreign\nc 1; Architecture: i386; Multi-Arch: foreign\n\
        d 1; Multi-Arch: allowed\nd 1; Architecture: i386; Multi-Arch: allowed\n\
        e 1; Architecture: i386";
    assert_eq!(with_i386(text, "a:i386").unwrap(), "a:i386 b:i386 c:amd64 d:amd64 e:i386");
    assert_eq!(with_i386(text, "a").unwrap(), "a:amd64", "the native one is meant where nothing is said");
    assert_eq!(with_i386(text, "e").unwrap(), "e:i386", "unless there is none");
    let native = "a 1; Depends: b\nb 1; Architecture: i386";
    assert!(matches!(with_i386(native, "a"), Err(Error::NoSolution(_))));
    assert_eq!(
        with_i386(&native.replace("i386", "i386; Multi-Arch: foreign"), "a").unwrap(),
        "a:amd64 b:i386"
    );
    let all = "a 1; Architecture: i386; Depends: b\nb 1; Architecture: all";
    assert!(matches!(with_i386(all, "a:i386"), Err(Error::NoSolution(_))), "all counts as native");
    assert_eq!(with_i386(&all.replace("all", "all; Multi-Arch: foreign"), "a:i386").unwrap(), "a:i386 b:all");
}

#[test]
fn two_architectures_of_a_package_go_together_only_if_both_say_same() {
    // deb-control(5), Multi-Arch: same
    let text = "l 1; Multi-Arch: same\nl 1; Architecture: i386; Multi-Arch: same\n\
        m 1; Multi-Arch: same\nm 2; Architecture: i386; Multi-Arch: same\nn 1\nn 1; Architecture: i386";
    assert_eq!(with_i386(text, "l l:i386").unwrap(), "l:amd64 l:i386");
    for pair in ["m m:i386", "n n:i386"] {
        let error = with_i386(text, pair).unwrap_err().to_string();
        assert!(error.contains("1 conflicts with") && error.contains("Multi-Arch: same"), "{error}");
    }
    let both = "a 1; Conflicts: x\nx 1; Architecture: i386";
    assert!(with_i386(both, "a x:i386").is_err(), "Conflicts reaches all architectures");
}
