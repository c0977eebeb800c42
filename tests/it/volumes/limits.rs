//! Few processes, descriptors and little memory: limits of the container, which say so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{failing, left, published};
use crate::support::stage::{Outcome, Run, Stage, continued};
use crate::support::{have, is_root};

/// Whoever runs out of something says so, blames nothing else, and leaves nothing.
#[track_caller]
fn limited(stage: &Stage, outcome: &Outcome, how: &str) {
    match outcome.code {
        Some(0) => {
            fs::remove_dir_all(stage.sandbox.dest.join(".aptlet")).unwrap();
        }
        Some(1) => {
            assert!(
                outcome.stderr.contains("Raise the limits of the container"),
                "{how}: {}",
                outcome.stderr
            );
            assert_eq!(left(stage), [""; 0], "{how}: {}", outcome.stderr);
        }
        _ => panic!("{how}: {outcome:?}"),
    }
    assert!(!outcome.stderr.contains("makers of aptlet"), "{how}: {}", outcome.stderr);
}

fn with(limit: &str, command: &Command) -> Command {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(limit).arg(command.get_program());
    continued(prlimit, command)
}

#[test]
fn few_descriptors() {
    if !have("prlimit") {
        return;
    }
    let stage = published("1.0");
    let mut done = 0;
    for number in 5..40 {
        let outcome = with(&format!("--nofile={number}"), &stage.install(&["tool"])).run();
        // the loader of a dynamic binary, or the standard library itself
        if number < 7 && outcome.code != Some(1) {
            continue;
        }
        done += usize::from(outcome.code == Some(0));
        limited(&stage, &outcome, &format!("{number} descriptors"));
        for entry in fs::read_dir(&stage.sandbox.dest).unwrap() {
            drop(fs::remove_file(entry.unwrap().path()));
        }
    }
    assert!(done > 5, "only {done} installed");
}

#[test]
fn few_processes() {
    const USER: u32 = 65431;
    if !is_root("being another user") || !have("prlimit") || !have("setpriv") {
        return;
    }
    let stage = published("1.0");
    fs::set_permissions(stage.sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&stage.sandbox.dest, fs::Permissions::from_mode(0o777)).unwrap();
    let binary = stage.sandbox.path("aptlet");
    let install = stage.install(&["tool"]);
    assert!(Command::new("cp").arg(install.get_program()).arg(&binary).status().unwrap().success());
    for number in 1..12 {
        let mut limits = Command::new("setpriv");
        limits.args([format!("--reuid={USER}"), format!("--regid={USER}"), "--clear-groups".to_owned()]);
        limits.arg("prlimit").arg(format!("--nproc={number}")).arg(&binary);
        let outcome = continued(limits, &install).run();
        limited(&stage, &outcome, &format!("{number} processes"));
        for entry in fs::read_dir(&stage.sandbox.dest).unwrap() {
            drop(fs::remove_file(entry.unwrap().path()));
        }
    }
}

#[test]
fn little_address_space() {
    if !have("prlimit") {
        return;
    }
    let stage = published("1.0");
    for mebibytes in [24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 256] {
        let limit = format!("--as={}", mebibytes << 20);
        // where it is hardly loaded, it has nothing to say
        if with(&limit, stage.sandbox.aptlet().args(["render", "--image=aptlet", "tool"])).run().code
            != Some(0)
        {
            continue;
        }
        let outcome = with(&limit, &stage.install(&["tool"])).run();
        limited(&stage, &outcome, &format!("{mebibytes} MiB"));
        for entry in fs::read_dir(&stage.sandbox.dest).unwrap() {
            drop(fs::remove_file(entry.unwrap().path()));
        }
    }
}

#[test]
fn a_thread_that_cannot_be_started_is_done_without_or_is_a_limit() {
    let stage = published("1.0");
    for number in 1..16 {
        let calls = format!("clone3,clone:error=EAGAIN:when={number}");
        let Some(mut install) = failing(&stage.install(&["tool"]), &[&calls]) else { return };
        let outcome = install.run();
        limited(&stage, &outcome, &calls);
        for entry in fs::read_dir(&stage.sandbox.dest).unwrap() {
            drop(fs::remove_file(entry.unwrap().path()));
        }
    }
}
