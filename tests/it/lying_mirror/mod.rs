//! Mirrors that lie, break off or are not there: the exit code and the last word tell what happened, and the
//! destination stays as it was, whether there was one or not.

mod absent;
mod archives;
mod releases;

use std::fs;
use std::process::Command;

use crate::support::deb::{DebBuilder, sha256};
use crate::support::repository::Repository;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, visible};

const IN_RELEASE: &str = "debian/dists/stable/InRelease";
const TOOL: &str = "debian/pool/main/t/tool/tool_2.0_amd64.deb";

fn tool(version: &str) -> DebBuilder {
    DebBuilder::new("tool", version)
        .field("Depends", "tool-data")
        .file("usr/bin/tool", 0o755, format!("#!/bin/sh\necho {version}\n"))
        .file("usr/share/tool/noise", 0o644, noise())
}

/// What does not compress: the `.deb` shall be large enough to be cut at any place.
fn noise() -> Vec<u8> {
    (0..2000).flat_map(|number: u32| sha256(&number.to_le_bytes()).into_bytes()).collect()
}

fn repository_of(tool: &DebBuilder) -> Repository {
    let data =
        DebBuilder::new("tool-data", tool.value("Version")).file("usr/share/tool/data", 0o644, "data\n");
    Repository::new("stable").add("main", tool).add("main", &data)
}

fn repository(version: &str) -> Repository {
    repository_of(&tool(version))
}

/// For a root file system: one for elsewhere would have a copy of the large binary that is tested. What is installed is no way out.
fn install(stage: &Stage, request: &str) -> Command {
    let mut install = stage.install(&[request]);
    install.args(["--prefix=/", "--on-failure=abort"]);
    install
}

/// Plays one lie to three destinations: one that is not there, one that is empty, and one that holds version
/// 1.0. `MIRROR` in `words` stands for the mirror's URL.
#[track_caller]
fn refuses(code: i32, words: &[&str], lie: impl FnOnce(&Stage)) {
    refuses_request("tool", code, words, lie);
}

#[track_caller]
fn refuses_request(request: &str, code: i32, words: &[&str], lie: impl FnOnce(&Stage)) {
    let stage = Stage::new();
    stage.publish(&repository("1.0"));
    install(&stage, "tool").run().succeeded();
    stage.publish(&repository("2.0"));
    lie(&stage);
    let words: Vec<_> = words.iter().map(|word| word.replace("MIRROR", &stage.mirror())).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();

    let (missing, empty) = (stage.sandbox.path("missing"), stage.sandbox.path("empty"));
    fs::create_dir(&empty).unwrap();
    let held = visible(&stage.sandbox.dest);
    for dest in [&missing.join("deep/dest"), &empty, &stage.sandbox.dest] {
        let said = stage.sandbox.path("said");
        fs::write(&said, "what an earlier run said, which is long enough to show through ".repeat(50))
            .unwrap();
        let mut install = install(&stage, request);
        let outcome = install.arg("--dest").arg(dest).arg("--termination-log").arg(&said).run();
        let outcome = outcome.failed(code, &words);
        assert_eq!(fs::read_to_string(&said).unwrap().trim_end(), outcome.last_word().trim_end());
        assert!(outcome.last_word().contains("\n hint: "), "no hint:\n{}", outcome.stderr);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    }
    assert!(!missing.exists(), "a destination was made: {:#?}", snapshot(&missing));
    assert_eq!(snapshot(&empty).len(), 1, "litter: {:#?}", snapshot(&empty));
    assert_eq!(visible(&stage.sandbox.dest), held, "the destination was touched");
    let escaped = snapshot(&stage.sandbox.path("")).into_iter().find(|entry| entry.path.ends_with("escaped"));
    assert_eq!(escaped, None);
}

/// The bytes of [`TOOL`] as they should be.
fn good_deb() -> Vec<u8> {
    tool("2.0").build()
}
