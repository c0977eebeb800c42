//! `aptlet watch` and `aptlet probe`, with a `ConfigMap` that changes as the kubelet changes it. Nothing is asserted of
//! how long things take: what shall happen is waited for, with patience.

mod answers;
mod changes;
mod ends;
mod failures;
pub(crate) mod watched;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::Stage;

/// A package with one command, which prints its name and version.
fn command(name: &str, version: &str) -> DebBuilder {
    let script = format!("#!/bin/sh\necho {name} {version} \"$@\"\n");
    DebBuilder::new(name, version).file(&format!("usr/bin/{name}"), 0o755, script)
}

/// A suite `stable` of such packages.
fn repository(packages: &[(&str, &str)]) -> Repository {
    let add = |repository: Repository, (name, version): &(&str, &str)| {
        repository.add("main", &command(name, version))
    };
    packages.iter().fold(Repository::new("stable"), add)
}

/// The path of such a package on the server.
fn deb(name: &str, version: &str) -> String {
    format!("debian/pool/main/{}/{name}/{}", &name[..1], command(name, version).file_name())
}

/// A stage with packages `tool` and `other`, and a `ConfigMap` that asks for these requests.
fn stage(requests: &str) -> Stage {
    let mut stage = Stage::new();
    stage.publish(&repository(&[("tool", "1.0"), ("other", "1.0")]));
    let source = stage.source("stable", "archive.asc");
    stage.sandbox.configure("team.sources", source);
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    stage.sandbox.configure("packages", requests);
    stage
}
