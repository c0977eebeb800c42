//! What aptlet says, to people and to machines, and what it refuses before it begins.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::repository;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, continued};

/// Every line of a JSON log.
#[track_caller]
fn objects(stderr: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    stderr.lines().map(parse).collect()
}

#[test]
fn a_json_log_of_a_success() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let install =
        || stage.install(&["tool"]).args(["--log-format=json", "--verbose"]).env("APTLET_RETIRES", "1").run();
    for _ in 0..2 {
        let outcome = install().succeeded();
        let lines = objects(&outcome.stderr);
        assert!(
            lines.len() > 1
                && lines.iter().all(|line| line["level"].is_string() && line["message"].is_string())
        );
        assert_eq!(lines[0]["level"], "warn");
        assert!(
            lines[0]["message"].as_str().unwrap().contains("APTLET_RETRIES"),
            "the nearest: {}",
            lines[0]
        );
        let last = lines.last().unwrap();
        assert_eq!((&last["level"], &last["packages"]), (&"info".into(), &1.into()), "{last}");
        let generation = stage.current("").canonicalize().unwrap();
        assert_eq!(last["generation"], generation.file_name().unwrap().to_str().unwrap());
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_json_log_of_a_failure() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let outcome = stage.install(&["tol"]).args(["--log-format", "json"]).run();
    assert_eq!(outcome.code, Some(3));
    let lines = objects(&outcome.stderr);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["level"], &last["code"], &last["class"]),
        (&"error".into(), &3.into(), &"no-solution".into())
    );
    assert_eq!(last["message"], "there is no package 'tol' in stable/main (amd64)");
    assert!(last["hint"].as_str().unwrap().contains("tool"));
    // the pod's message is for people
    let said = fs::read_to_string(stage.termination_log()).unwrap();
    assert_eq!(
        said,
        format!("error: {}\n hint: {}", last["message"].as_str().unwrap(), last["hint"].as_str().unwrap())
    );
}

#[test]
fn notes_of_what_was_asked_for_are_told_and_the_others_counted() {
    let stage = Stage::new();
    let script = "#!/bin/sh\nfrobnicate --all\n";
    let noted = |name: &str| super::command(name, "1.0").script("postinst", script);
    let repository =
        repository(&[]).add("main", &noted("tool").field("Depends", "dep")).add("main", &noted("dep"));
    stage.publish(&repository);
    let told = "note: tool: its postinst was not run, which has: frobnicate --all; if it is needed, let the main container do it\n";
    let outcome = stage.install(&["tool"]).run().succeeded();
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("note: dep"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(" more notes (aptlet status)"), "{}", outcome.stderr);
    // a lock says itself what was asked for
    let lock = stage.sandbox.path("aptlet.lock");
    fs::write(&lock, stage.lock(&["to*"])).unwrap();
    let mut install = stage.bare("install");
    let outcome =
        install.arg("--lock").arg(lock).arg("--dest").arg(stage.sandbox.path("locked")).run().succeeded();
    assert!(outcome.stderr.contains(told) && !outcome.stderr.contains("note: dep"), "{}", outcome.stderr);
    let mut verbose = stage.install(&["tool", "--verbose"]);
    let outcome = verbose.arg("--dest").arg(stage.sandbox.path("verbose")).run().succeeded();
    assert!(outcome.stderr.contains("note: dep: its postinst was not run"), "{}", outcome.stderr);
}

#[test]
fn a_quiet_success_says_nothing() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    for format in ["text", "json"] {
        for _ in 0..2 {
            let dest = stage.sandbox.path(format);
            let mut install = stage.install(&["tool"]);
            let outcome =
                install.args(["--quiet", "--log-format", format]).arg("--dest").arg(dest).run().succeeded();
            assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
        }
    }
    stage.install(&["tol"]).arg("-q").run().failed(3, &["error: there is no package 'tol'", "hint: "]);
}

#[test]
fn a_termination_message_is_as_long_as_kubernetes_keeps() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let name = "x".repeat(6000);
    let outcome = stage.install(&[&name]).run().failed(3, &[&name]);
    let said = fs::read_to_string(stage.termination_log()).unwrap();
    assert!(said.len() <= 4096 && outcome.stderr.starts_with(said.trim_end()), "{} bytes", said.len());
}

#[test]
fn nothing_is_written_where_kubernetes_made_no_file() {
    let stage = Stage::new();
    fs::remove_file(stage.termination_log()).unwrap();
    stage.bare("install").run().failed(2, &["no packages are requested", "hint: ", "APTLET_PACKAGES"]);
    assert!(!stage.termination_log().exists());
}

#[test]
fn usage_errors_are_told_like_all_others() {
    for (arguments, words) in [
        (&["install", "--miror=x"][..], &["--miror", "--mirror"][..]),
        (&["instal"], &["instal", "install"]),
        (&["install", "--output=x"], &["--output"]),
        (&["install", "--arch=x86_64", "tool"], &["x86_64", "amd64"]),
    ] {
        let stage = Stage::new();
        let outcome = stage.sandbox.aptlet().args(arguments).run().failed(2, words);
        let said = fs::read_to_string(stage.termination_log()).unwrap();
        assert!(words.iter().all(|word| said.contains(word)), "said '{said}' but wrote '{}'", outcome.stderr);
        assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
    }
}

#[test]
fn errors_of_the_config_map_name_file_and_line() {
    for (key, value, code, words) in [
        ("packages", "tool\n\ngood, b:a:d\n", 2, ["packages:3:7: 'b:a:d'", "hint: "]),
        (
            "packages",
            "tool\na|b\n",
            2,
            ["packages:2:1: 'a|b' is not a package name, and as a regular", "use a pattern of '*'"],
        ),
        ("packages", "tool\nx.deb # ours\n", 2, ["packages:2:1: 'x.deb' is not a package name", "./"]),
        ("aptlet.yaml", "retries: 1\nmirorr: http://mirror.example/\n", 2, ["aptlet.yaml:2:1", "mirror'"]),
        ("aptlet.yaml", "retries: many\n", 2, ["aptlet.yaml:1:10", "whole number"]),
        (
            "x.sources",
            "Types: deb\nURIs: http://mirror.example/\nSuits: s\n",
            2,
            ["x.sources:1:1", "no Suites"],
        ),
        ("x.list", "deb http://mirror.example/ stable\n", 2, ["x.list:1:", "component"]),
        ("x.pref", "Package: tool\nPin: version 1\nPin-Priority: 0\n", 2, ["x.pref:", "hint: "]),
        ("auth.conf", "machine mirror.example\nlogn alice\n", 2, ["auth.conf:2:1", "login"]),
        ("team.asc", "no key", 2, ["team.asc", "public key"]),
    ] {
        let mut stage = Stage::new();
        stage.publish(&repository(&["tool"]));
        let source = stage.source("stable", "archive.asc");
        stage.sandbox.configure("team.sources", source);
        stage.sandbox.configure("archive.asc", stage.key.public_armored());
        stage.sandbox.configure("packages", "tool");
        stage.sandbox.configure(key, value);
        let outcome = stage.bare("install").run().failed(code, &words);
        let said = fs::read_to_string(stage.termination_log()).unwrap();
        assert_eq!(said.trim_end(), outcome.last_word().trim_end());
        assert_eq!(snapshot(&stage.sandbox.dest).len(), 1, "{key}");
    }
}

#[test]
fn the_log_format_of_the_environment_holds_for_errors_of_the_configuration_too() {
    let stage = Stage::new();
    let outcome = stage.bare("install").env("APTLET_LOG_FORMAT", "json").run();
    assert_eq!(outcome.code, Some(2));
    let last = objects(&outcome.stderr).pop().unwrap();
    assert_eq!((&last["class"], &last["code"]), (&"configuration".into(), &2.into()));
}

#[test]
fn the_status_of_nothing() {
    let stage = Stage::new();
    let dest = stage.sandbox.dest.display().to_string();
    stage.sandbox.aptlet().arg("status").run().failed(6, &[&dest, "hint: "]);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let stage = Stage::new();
    for arguments in [&["--help"][..], &["install", "--help"], &["lock", "-h"], &["--version"]] {
        let outcome = stage.sandbox.aptlet().args(arguments).run().succeeded();
        assert!(outcome.stdout.contains("aptlet") && outcome.stderr.is_empty());
    }
}

#[test]
fn a_limit_of_the_machine_is_no_bug() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let install = stage.install(&["tool"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 6; exec \"$@\"", "sh"]).arg(install.get_program());
    let outcome = continued(shell, &install).run();
    let said =
        outcome.failed(1, &["error: cannot start threads", "Raise the limits of the container"]).stderr;
    assert!(!said.contains("Report this"), "{said}");
}
