//! `aptlet run`: what it installs, and that the command it becomes cannot tell that aptlet was there; and
//! `aptlet install --self`, which puts it where a container without it can start it.

mod command;
mod first_process;
mod intact;
mod outcome;
mod own_binary;
mod signals;

use std::process::Command;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Stage, continued};

/// A package with one command, which prints its name, its version and its arguments.
fn tool(name: &str, version: &str) -> DebBuilder {
    let script = format!("#!/bin/sh\nprintf '%s' '{name} {version}'\nprintf ' [%s]' \"$@\"\necho\n");
    DebBuilder::new(name, version).file(&format!("usr/bin/{name}"), 0o755, script)
}

/// A stage with `tool` published in a version.
fn published(version: &str) -> Stage {
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool("tool", version)));
    stage
}

/// A stage with `tool 1.0` published and installed.
fn installed() -> Stage {
    let stage = published("1.0");
    assert!(become_("true", &stage).status().unwrap().success());
    stage.server.forget();
    stage
}

/// `aptlet run tool -- COMMAND`, without a base.
fn become_(command: &str, stage: &Stage) -> Command {
    let mut run = stage.at_mirror("run");
    run.args(["--base=none", "tool", "--", command]);
    run
}

/// `aptlet run tool -- sh -c SCRIPT`
fn script(script: &str, stage: &Stage) -> Command {
    let mut run = become_("sh", stage);
    run.args(["-c", script]);
    run
}

/// A command, as started by a shell that has executed `before`; with standard streams as they are for `command`.
fn after(before: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}\nexec \"$@\""), "sh"]).arg(command.get_program());
    continued(shell, command)
}
