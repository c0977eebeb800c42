//! `aptlet install` against honest mirrors: where it takes its sources from, what it makes of packages, what a
//! further run does, and what it says.

mod again;
mod archives;
mod base;
mod changes;
mod crash;
mod exposure;
mod finish;
mod group;
mod inputs;
mod left_out;
mod lists;
mod locales;
mod memory;
mod mirrors;
mod network;
mod odd;
mod owners;
mod planted;
mod releases;
mod relocation;
mod replays;
mod said;
mod size_limit;
mod slim;
mod sources;
mod stopped;
mod tree;
mod verify;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;

/// A package with one command, which prints its name and version.
fn command(name: &str, version: &str) -> DebBuilder {
    let script = format!("#!/bin/sh\necho {name} {version} \"$@\"\n");
    DebBuilder::new(name, version).file(&format!("usr/bin/{name}"), 0o755, script)
}

/// A suite `stable` of such packages in version 1.0.
fn repository(names: &[&str]) -> Repository {
    let add = |repository: Repository, name: &&str| repository.add("main", &command(name, "1.0"));
    names.iter().fold(Repository::new("stable"), add)
}
