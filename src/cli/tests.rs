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
    assert_eq!((code, text), (0, format!("aptlet {}\n", env!("CARGO_PKG_VERSION"))));
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
    ] {
        let (code, text) = fails(arguments);
        assert!(code == 2 && text.contains("unexpected argument"), "{text}");
        assert!(text.contains(&format!("Usage: aptlet {}", arguments[0])), "{text}");
    }
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
    for name in ["install", "run", "lock", "status", "verify", "watch", "probe"] {
        let (code, text) = fails(&[name, "--help"]);
        assert_eq!(code, 0);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("Examples:"), "{text}");
        let command = command();
        let subcommand = command.find_subcommand(name).unwrap();
        let shown = subcommand.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_last_set());
        for arg in shown.filter(|arg| arg.get_id() != "endpoint") {
            let variable = arg.get_long().map_or(PACKAGES.to_owned(), variable_of);
            assert!(text.contains(&format!("[env: {variable}]")), "{name}: {variable}");
        }
    }
    let headings = ["Packages:", "Sources:", "Trust:", "Destination:", "Network:", "Output:"];
    let (_, text) = fails(&["install", "--help"]);
    let places: Vec<_> = headings.iter().map(|heading| text.find(heading).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}
