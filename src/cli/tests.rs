//! What is a command line, and what is none; and the help.
#![allow(clippy::unwrap_used)]

use super::definition::command;
use super::groups::TAKEN;
use super::parse;
use crate::config::options::{Layer as _, Options};
use crate::config::{Command, Endpoint, Output, PACKAGES, variable_of};

fn fails(arguments: &[&str]) -> (i32, String) {
    let error = parse([&["aptlet"], arguments].concat()).unwrap_err();
    (error.exit_code(), error.to_string())
}

#[test]
fn the_definition_is_sound() {
    command().debug_assert();
}

#[test]
fn reads_a_command() {
    let arguments = parse(["aptlet", "install", "curl", "--dest", "/q", "-q", "vim-"]).unwrap();
    assert_eq!(arguments.command, Command::Install);
    assert_eq!(arguments.requests, ["curl", "vim-"]);
    assert_eq!(arguments.options.destination.dest.as_deref(), Some(std::path::Path::new("/q")));
    assert_eq!(arguments.options.loudness.quiet, Some(true));
    let arguments = parse(["aptlet", "lock", "-o", "-", "curl"]).unwrap();
    assert_eq!(arguments.command, Command::Lock);
    assert_eq!(arguments.options.locking.output, Some(Output::Stdout));
    assert_eq!(parse(["aptlet", "status"]).unwrap().command, Command::Status);
    let probes =
        [(&["aptlet", "probe"][..], Endpoint::Readyz), (&["aptlet", "probe", "livez"], Endpoint::Livez)];
    for (arguments, endpoint) in probes {
        assert_eq!(parse(arguments).unwrap().command, Command::Probe(endpoint));
    }
}

#[test]
fn a_command_to_become_is_what_follows_two_dashes() {
    let line = ["aptlet", "run", "jq", "--packages", "curl git", "--", "sh", "-c", "a b", "--", "--dest", ""];
    let arguments = parse(line).unwrap();
    assert_eq!(arguments.command, Command::Run);
    assert_eq!(arguments.requests, ["jq", "curl git"]);
    assert_eq!(arguments.program, ["sh", "-c", "a b", "--", "--dest", ""]);
    assert_eq!(arguments.options.destination.dest, None);
    for arguments in [&["run", "jq"][..], &["run", "jq", "--"]] {
        let (code, text) = fails(arguments);
        assert!(code == 2 && text.contains("COMMAND") && text.contains("Usage: aptlet run"), "{text}");
    }
}

#[test]
fn the_order_of_two_flags_is_known() {
    let arguments =
        ["aptlet", "install", "x", "--path-exclude=/a", "--path-include", "/b", "--path-exclude=/c"];
    let options = parse(arguments).unwrap().options;
    let places =
        [&options.tree.path_exclude[0], &options.tree.path_include[0], &options.tree.path_exclude[1]];
    assert!(places.map(|pattern| pattern.place).is_sorted_by(|one, other| one < other), "{places:?}");
}

#[test]
fn usage_errors_exit_with_2_and_name_the_nearest() {
    let (code, text) = fails(&[]);
    assert!(code == 2 && text.contains("Usage: aptlet"), "{text}");
    let (code, text) = fails(&["instal"]);
    assert!(code == 2 && text.contains("'install'"), "{text}");
    let (code, text) = fails(&["install", "--miror", "x"]);
    assert!(code == 2 && text.contains("'--mirror'"), "{text}");
    let (code, text) = fails(&["install", "--retries", "x"]);
    assert!(code == 2 && text.contains("--retries"), "{text}");
    let (code, text) = fails(&["install", "--mirror", "ftp://u:secret@mirror.example"]);
    assert!(code == 2 && text.contains("'ftp'") && !text.contains("secret"), "{text}");
    let (code, text) = fails(&["--version"]);
    let first = format!("aptlet {}", env!("CARGO_PKG_VERSION"));
    assert!(code == 0 && text.starts_with(&first) && text.contains("\nbuilt for "), "{text}");
    let (code, text) = fails(&["-V"]);
    assert!(code == 0 && text.starts_with(&first) && text.lines().count() == 1, "{text}");
}

#[test]
fn every_command_takes_groups_and_every_group_is_taken() {
    let command = command();
    let named: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    assert!(named.iter().all(|name| TAKEN.iter().filter(|(taking, _)| taking == name).count() == 1));
    assert_eq!(named.len(), TAKEN.len());
    let taken: Vec<_> = TAKEN.iter().flat_map(|(_, groups)| groups.concat()).collect();
    assert!(Options::ALL.iter().all(|group| taken.contains(group)));
    for (name, groups) in TAKEN {
        let shown = command.find_subcommand(name).unwrap().get_arguments().filter(|flag| !flag.is_hide_set());
        let shown: Vec<&str> = shown.map(|flag| flag.get_id().as_str()).collect();
        for flag in Options::ALL.concat() {
            assert_eq!(shown.contains(&flag), groups.concat().concat().contains(&flag), "{name}: {flag}");
        }
    }
}

#[test]
fn a_command_refuses_flags_that_it_has_no_use_for() {
    for arguments in [
        &["install", "--output=x"][..],
        &["install", "--explain=x"],
        &["status", "--explain=x"],
        &["lock", "--lock=x"],
        &["lock", "--dest=/x"],
        &["lock", "--interval=1h"],
        &["install", "--listen=:1"],
        &["watch", "--explain=x"],
        &["probe", "--listen=:1"],
        &["status", "--ca-certificate=x"],
        &["status", "curl"],
        &["run", "--prefix=/x", "--", "true"],
        &["run", "--self", "--", "true"],
        &["lock", "--on-failure=abort"],
        &["lock", "--self"],
        &["verify", "--self"],
        &["bake", "--dest=/x"],
        &["bake", "--owners=keep"],
        &["install", "--target=tar:x"],
    ] {
        let (code, text) = fails(arguments);
        assert!(code == 2 && text.contains("unexpected argument"), "{text}");
        assert!(text.contains(&format!("Usage: aptlet {}", arguments[0])), "{text}");
    }
}

#[test]
fn what_is_in_no_help_is_never_named() {
    for (line, hidden) in [
        (&["reconcil"][..], "'reconcile'"),
        (&["install", "--explian=x"], "--explain"),
        (&["install", "--explain=x"], "-- --explain"),
        (&["install", "--assume-ye"], "--assume-yes"),
        (&["install", "--outptu=x"], "--output"),
        (&["list", "--instaled"], "--installed"),
    ] {
        let (code, text) = fails(line);
        assert!(code == 2 && !text.contains(hidden), "{line:?}: {text}");
    }
    let (code, text) = fails(&["run", "--dry-run", "--", "true"]);
    assert!(code == 2 && text.contains("unexpected argument"), "{text}");
}

#[test]
fn flags_of_apt_mean_what_they_mean_there() {
    let recommends = |line: &[&str]| {
        let line = [&["aptlet", "install"], line, &["jq"]].concat();
        let arguments = parse(line).unwrap();
        assert_eq!(arguments.requests, ["jq"]);
        arguments.options.choosing.recommends
    };
    assert_eq!(recommends(&["-y"]), None);
    assert_eq!(recommends(&["-yqq", "--no-install-recommends"]), Some(false));
    assert_eq!(recommends(&["--no-install-recommends", "--install-recommends"]), Some(true));
    assert_eq!(recommends(&["--install-recommends", "--no-install-recommends"]), Some(false));
    assert_eq!(recommends(&["--recommends", "-oDpkg::Options::=--force-confnew"]), Some(true));
    for line in
        ["-f", "-m", "--yes", "--fix-missing", "--allow-downgrades", "-oDpkg::Use-Pty=0", "-oAPT::Get::x=1"]
    {
        assert_eq!(recommends(&[line]), None, "{line}");
    }
    let (code, text) = fails(&["install", "-o", "Acquire::http::Proxy=http://proxy.example", "jq"]);
    assert!(code == 2 && text.contains("use the variable http_proxy"), "{text}");
    let (code, text) = fails(&["list", "--upgradable"]);
    assert!(code == 2 && text.contains("--dry-run"), "{text}");
    // where a letter is a flag of aptlet's own it stays that
    let arguments = parse(["aptlet", "lock", "-o", "Dpkg", "-y", "jq"]).unwrap();
    assert_eq!(arguments.options.locking.output, Some(Output::File("Dpkg".into())));
}

#[test]
fn what_takes_the_place_of_a_command_is_one() {
    let all = command();
    for (words, hint) in super::apt::answers() {
        for span in hint.split('\'').skip(1).step_by(2).filter_map(|span| span.strip_prefix("aptlet ")) {
            let mut parts = span.split(' ');
            let named =
                all.find_subcommand(parts.next().unwrap()).unwrap_or_else(|| panic!("{words:?}: {span}"));
            for flag in parts.filter_map(|part| part.strip_prefix("--")) {
                let mut flags = named.get_arguments().filter(|flag| !flag.is_hide_set());
                assert!(flags.any(|known| known.get_long() == Some(flag)), "{words:?}: {span}");
            }
        }
        for word in words {
            // that of aptlet is told from apt's by the next word
            assert!(*word == "source" || all.find_subcommand(word).is_none(), "{word}");
            assert_eq!(parse(["aptlet", word, "jq"]).unwrap().command, Command::Instead);
        }
    }
}

#[test]
fn sources_of_packages_are_no_packages_of_sources() {
    let read = |line: &str| parse(line.split(' ')).unwrap();
    let added = read("aptlet source add contrib --key k.asc");
    assert_eq!(added.command, Command::Source);
    assert_eq!(added.requests, ["add", "contrib", "--key", "k.asc"]);
    assert_eq!(read("aptlet source --dest /d list").command, Command::Source);
    assert_eq!(read("aptlet source jq").command, Command::Instead);
}

#[test]
fn completions_and_manual_pages_have_what_the_help_has() {
    use clap::ValueEnum as _;
    for shell in clap_complete::Shell::value_variants() {
        let script = String::from_utf8(super::completions(*shell)).unwrap();
        for word in ["install", "dry-run", "policy", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        for word in ["reconcile", "no-install-recommends", "assume-yes"] {
            assert!(!script.contains(word), "{shell}: {word}");
        }
    }
    let pages = super::manual().unwrap();
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"aptlet.1") && names.contains(&"aptlet-install.1"), "{names:?}");
    assert!(!names.contains(&"aptlet-reconcile.1") && !names.contains(&"aptlet-help.1"), "{names:?}");
    let (_, page) = pages.iter().find(|(name, _)| name == "aptlet-lock.1").unwrap();
    let page = String::from_utf8(page.clone()).unwrap();
    assert!(page.contains("explain") && !page.contains("dry") && page.contains("Examples"), "{page}");
}

#[test]
fn to_explain_is_not_to_write() {
    let (code, text) = fails(&["lock", "--explain=x", "-o", "y"]);
    assert!(code == 2 && text.contains("--explain") && text.contains("--output"), "{text}");
    let arguments = parse(["aptlet", "lock", "--explain", "libssl3", "curl"]).unwrap();
    assert_eq!(
        (arguments.options.locking.explain.as_deref(), arguments.requests.len()),
        (Some("libssl3"), 1)
    );
}

#[test]
fn the_help_is_complete_and_narrow() {
    for name in [
        "install", "run", "lock", "bake", "sbom", "status", "verify", "watch", "probe", "search", "show",
        "policy", "list",
    ] {
        let (code, text) = fails(&[name, "--help"]);
        assert_eq!(code, 0);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("Examples:"), "{text}");
        let command = command();
        let subcommand = command.find_subcommand(name).unwrap();
        let shown = subcommand.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_last_set());
        for arg in
            shown.filter(|arg| !["endpoint", "words", "names", "names_only"].contains(&arg.get_id().as_str()))
        {
            let variable = arg.get_long().map_or(PACKAGES.to_owned(), variable_of);
            assert!(text.contains(&format!("[env: {variable}]")), "{name}: {variable}");
        }
    }
    let headings = ["Packages:", "Sources:", "Trust:", "Destination:", "Network:", "Output:"];
    let (_, text) = fails(&["install", "--help"]);
    let places: Vec<_> = headings.iter().map(|heading| text.find(heading).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}
