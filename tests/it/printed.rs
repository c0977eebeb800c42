//! What is printed to standard output: a result, or an error where that takes no more.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

/// Commands that print, for a destination with something in it.
fn printing(stage: &Stage) -> Vec<(&'static str, Command)> {
    let own = |arguments: &[&str]| {
        let mut command = stage.sandbox.aptlet();
        command.args(arguments);
        command
    };
    let at_mirror = |arguments: &[&str]| {
        let mut command = stage.at_mirror(arguments[0]);
        command.args(&arguments[1..]);
        command
    };
    let mut lock = stage.at_mirror("lock");
    lock.args(["-o", "-", "tool"]);
    let mut explain = stage.at_mirror("lock");
    explain.args(["--explain", "tool", "tool"]);
    vec![
        ("status", own(&["status"])),
        ("status as JSON", own(&["status", "--log-format=json"])),
        ("status --relocation", own(&["status", "--relocation", "/usr/share/tool"])),
        ("verify", own(&["verify"])),
        ("lock", lock),
        ("lock --explain", explain),
        ("render", own(&["render", "--image=registry.example/aptlet:0.1", "tool"])),
        ("probe", own(&["probe"])),
        ("--help", own(&["--help"])),
        ("--version", own(&["--version"])),
        ("help", own(&["help", "install"])),
        ("list", own(&["list"])),
        ("sbom", own(&["sbom"])),
        ("search", at_mirror(&["search", "tool"])),
        ("show", at_mirror(&["show", "tool"])),
        ("policy", at_mirror(&["policy", "tool"])),
        ("install --dry-run", at_mirror(&["install", "--dry-run", "tool"])),
        ("completions", own(&["completions", "bash"])),
        ("man", own(&["man", "pages"])),
    ]
}

fn stage() -> Stage {
    let stage = Stage::new();
    let tool = DebBuilder::new("tool", "1.0").file("/usr/share/tool", 0o644, "/usr/share/tool\n");
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage.install(&["tool"]).run().succeeded();
    // for verify to have something to print
    std::fs::write(stage.current("usr/share/tool"), "other").unwrap();
    stage
}

#[test]
fn a_full_disk_is_an_error() {
    let stage = stage();
    for (name, mut command) in printing(&stage) {
        let output = command.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(6), "{name}: {text}");
        assert!(text.contains("cannot write to standard output: No space left"), "{name}: {text}");
    }
}

#[test]
fn a_reader_who_has_had_enough_is_none() {
    let stage = stage();
    for (name, mut command) in printing(&stage) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let expected = match name {
            "verify" => 5,
            "probe" => 1,
            _ => 0,
        };
        assert_eq!(output.status.code(), Some(expected), "{name}: {text}");
        assert!(!text.contains("standard output"), "{name}: {text}");
    }
}
