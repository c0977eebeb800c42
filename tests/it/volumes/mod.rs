//! Volumes that are less than a local disk, and limits that are tight. System calls fail here by strace(1), and limits are
//! set by prlimit(1); `tests/volumes/run` does the same with real file systems.

mod limits;
mod locks;
mod noexec;
mod places;
mod refused;
mod room;

use std::fs;
use std::process::Command;

use crate::support::deb::DebBuilder;
use crate::support::have;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage, continued, generations};

/// A package with a command, a file of another mode, links, a FIFO and a folder of its own.
fn tool(version: &str) -> DebBuilder {
    let fifo = crate::support::deb::TarEntry::new("./usr/share/tool/pipe", tar::EntryType::Fifo);
    DebBuilder::new("tool", version)
        .file("usr/bin/tool", 0o755, format!("#!/bin/sh\necho tool {version}\n"))
        .file("usr/share/tool/read-only", 0o444, "text")
        .hardlink("usr/share/tool/too", "usr/share/tool/read-only")
        .symlink("usr/share/tool/link", "read-only")
        .raw_tar_entry(fifo)
}

/// A stage with `tool` published in a version.
fn published(version: &str) -> Stage {
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool(version)));
    stage
}

/// The same command, with system calls that fail: each `CALL,CALL…:error=ERRNO` of strace. `None`, loudly, without strace.
fn failing(command: &Command, calls: &[&str]) -> Option<Command> {
    if !have("strace") {
        return None;
    }
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null"]);
    // each -e trace replaces the one before it
    let all: Vec<&str> = calls.iter().flat_map(|call| call.split_once(':').unwrap().0.split(',')).collect();
    let all: Vec<String> = all.iter().map(|name| format!("?{name}")).collect();
    traced.args(["-e", &format!("trace={}", all.join(","))]);
    for call in calls {
        let (names, how) = call.split_once(':').unwrap();
        for name in names.split(',') {
            traced.args(["-e", &format!("inject=?{name}:{how}")]);
        }
    }
    traced.arg(command.get_program());
    Some(continued(traced, command))
}

fn verify(stage: &Stage) -> Command {
    let mut command = stage.sandbox.aptlet();
    command.arg("verify");
    command
}

/// What a run that failed has left among the generations, or in the destination if there are none.
fn left(stage: &Stage) -> Vec<String> {
    let dest = &stage.sandbox.dest;
    match dest.join(".aptlet/generations").exists() {
        true => generations(dest),
        false => fs::read_dir(dest)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default(),
    }
}

/// The lines of warnings.
fn warnings(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.starts_with("warning: ")).collect()
}

/// Installs, looks at what there is, and does it all again with nothing in the way.
#[track_caller]
fn installs(stage: &Stage, calls: &[&str]) -> Option<String> {
    let outcome = failing(stage.install(&["tool"]).arg("--prefix=/p"), calls)?.run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(left(stage).iter().all(|name| !name.starts_with('.')), "{:?}", left(stage));
    Some(outcome.stderr)
}
