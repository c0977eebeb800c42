//! A live destination: `aptlet live`, and apt's and dpkg's commands in it, which are this binary by other names.

mod adding;
mod dpkg;
mod kills;
mod modules;
mod said;
mod sources;
mod trees;

use std::path::PathBuf;
use std::process::Command;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Outcome, Run as _, Stage};

/// A package with one command, which prints its name and version.
fn command(name: &str, version: &str) -> DebBuilder {
    let script = format!("#!/bin/sh\necho {name} {version} \"$@\"\n");
    DebBuilder::new(name, version).field("Description", &format!("tells of {name}")).file(
        &format!("usr/bin/{name}"),
        0o755,
        script,
    )
}

/// A stage whose destination is live, and what is published on it.
struct Live {
    stage: Stage,
}

impl Live {
    /// With these packages published and none installed, on no image.
    fn with(debs: &[DebBuilder]) -> Self {
        let stage = Stage::new();
        let live = Self { stage };
        live.publish(debs);
        live.prepare(&[]).succeeded();
        live
    }

    fn publish(&self, debs: &[DebBuilder]) {
        let repository = Repository::new("stable");
        self.stage.publish(&debs.iter().fold(repository, |repository, deb| repository.add("main", deb)));
    }

    /// `aptlet live`
    fn prepare(&self, requests: &[&str]) -> Outcome {
        self.stage.at_mirror("live").args(["--base", "none"]).args(requests).run()
    }

    /// A command of the destination, with what a container's environment has.
    fn start(&self, name: &str) -> Command {
        let dest = &self.stage.sandbox.dest;
        let mut command = Command::new(dest.join("commands").join(name));
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", dest.join("commands").display()))
            .env("DEBIAN_FRONTEND", "noninteractive")
            .current_dir(self.stage.sandbox.path("tmp"));
        command
    }

    /// The same by a line as it is typed.
    fn type_in(&self, line: &str) -> Outcome {
        let mut words = line.split(' ');
        self.start(words.next().unwrap()).args(words).run()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.stage.sandbox.dest.join(path)
    }
}
