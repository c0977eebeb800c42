//! Servers that send too much, too slowly, or nonsense: none takes a run above the memory of the pod in `manifests/`, or above
//! its time, and each ends it with an error and a hint.

mod indexes;
mod releases;
mod server;
mod transfers;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::deb::DebBuilder;
use crate::support::have;
use crate::support::repository::{Files, Repository};
use crate::support::signing::SigningKey;
use crate::support::stage::{Run, Stage, continued};
use server::{Act, Hostile};

/// KiB; the limit of the pod in `manifests/`.
const MEMORY: u64 = 128 << 10;
/// What a run may take: some waits of two seconds for what comes too slowly or not at all, and the work of a debug build on a
/// machine that has other things to do.
const TIME: Duration = Duration::from_mins(4);
const MEASURE: &str = "/usr/bin/time";

const IN_RELEASE: &str = "dists/stable/InRelease";
const TOOL: &str = "pool/main/t/tool/tool_1.0_amd64.deb";

/// A server, and how the run ends.
struct Case {
    name: &'static str,
    /// What goes wrong: for paths that end so.
    path: &'static str,
    act: Act,
    files: fn(&SigningKey) -> Files,
    codes: &'static [i32],
}

impl Case {
    fn new(name: &'static str, path: &'static str, act: Act) -> Self {
        Self { name, path, act, files: |key| repository().build(key), codes: &[4, 5] }
    }
}

fn repository() -> Repository {
    let tool = DebBuilder::new("tool", "1.0").file("usr/bin/tool", 0o755, "#!/bin/sh\n");
    let noise: Vec<u8> = (0..50_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    Repository::new("stable").add("main", &tool.file("usr/share/noise", 0o644, noise)).by_hash(false)
}

#[track_caller]
fn play(cases: Vec<Case>, least: usize) {
    assert!(cases.len() >= least, "{}", cases.len());
    let measured = have(MEASURE);
    let mut failures = Vec::new();
    let count = cases.len();
    for case in cases {
        let stage = Stage::new();
        let server = Hostile::start((case.files)(&stage.key), case.path, case.act);
        let mut install = stage.bare("install");
        install.args(["tool", "--prefix=/", "--suite=stable", "--mirror", &server.url()]);
        install.arg("--keyring").arg(stage.keyring());
        install.args(["--timeout=2", "--min-speed=1000", "--retries=1", "--patience=2"]);
        let peak = stage.sandbox.path("peak");
        let started = Instant::now();
        let outcome = if measured {
            let mut time = Command::new(MEASURE);
            time.args(["-q", "-f", "%M", "-o"]).arg(&peak).arg(install.get_program());
            continued(time, &install).run()
        } else {
            install.run()
        };
        let took = started.elapsed();
        let rss: Option<u64> = measured.then(|| fs::read_to_string(&peak).unwrap().trim().parse().unwrap());
        println!("{}: exit code {:?}, {rss:?} KiB, {:.1} s", case.name, outcome.code, took.as_secs_f32());
        let mut wrong = Vec::new();
        if outcome.code.is_none_or(|code| !case.codes.contains(&code)) {
            wrong.push(format!("exit code {:?}", outcome.code));
        }
        if outcome.code != Some(0) && !outcome.last_word().contains("\n hint: ") {
            wrong.push("no hint".to_owned());
        }
        if outcome.stderr.len() > 16 << 10 {
            wrong.push(format!("a log of {} bytes", outcome.stderr.len()));
        }
        if rss.is_some_and(|kib| kib >= MEMORY) {
            wrong.push(format!("peak RSS {rss:?} KiB"));
        }
        if took >= TIME {
            wrong.push(format!("it took {took:?}"));
        }
        if !wrong.is_empty() {
            let said: String = outcome.stderr.chars().take(2000).collect();
            failures.push(format!("{}: {}\n{said}", case.name, wrong.join("; ")));
        }
    }
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn hostile_transfers() {
    play(transfers::cases(), 18);
}

#[test]
fn hostile_releases() {
    play(releases::cases(), 10);
}

#[test]
fn hostile_indexes() {
    play(indexes::cases(), 8);
}
