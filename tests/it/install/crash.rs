//! Runs that are killed, that wait, and destinations whose records are damaged. `tests/crash/run` does the same at scale,
//! and on volumes that are full.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _};
use rustix::fs::FlockOperation;

use super::{command, repository};
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage, generations, visible};
use crate::support::{Entry, snapshot};

const SEED: u64 = 4;
const KILLS: u32 = 10;

/// Some hundred files in a few packages, hard links among them.
fn many(version: &str) -> Repository {
    let package = |name: &str| {
        let mut package =
            command(name, version).hardlink(&format!("usr/bin/{name}-too"), &format!("usr/bin/{name}"));
        for number in 0..80 {
            package = package.file(
                &format!("usr/share/{name}/{number}"),
                0o644,
                format!("{version}{number}").repeat(900),
            );
        }
        package
    };
    let add = |repository: Repository, name: &str| repository.add("main", &package(name));
    ["one", "two", "three", "four"].into_iter().fold(Repository::new("stable"), add)
}

fn install(stage: &Stage) -> Command {
    stage.install(&["one", "two", "three", "four"])
}

fn verify(stage: &Stage) -> Command {
    let mut command = stage.sandbox.aptlet();
    command.arg("verify");
    command
}

/// All but the times of what is not a tree's own, and what is noted of the sources in another second.
fn comparable(dest: &Path) -> Vec<Entry> {
    let mut entries = snapshot(dest);
    for entry in &mut entries {
        let in_tree =
            entry.path.strip_prefix(".aptlet/generations").is_ok_and(|path| path.components().count() > 1);
        if !in_tree || entry.path.ends_with("var/lib/aptlet") {
            entry.mtime = (0, 0);
        }
    }
    entries
}

#[test]
fn a_kill_at_any_instant_is_made_good_by_the_next_run() {
    let (stage, calm) = (Stage::new(), Stage::new());
    let mut random = rand::rngs::StdRng::seed_from_u64(SEED);
    let mut took = Duration::ZERO;
    let mut expected = Vec::new();
    for version in ["1.0", "2.0"] {
        // the same server for both: its address is in the state
        stage.publish(&many(version));
        let start = Instant::now();
        let mut undisturbed = install(&stage);
        undisturbed.args(["--prefix=/p", "--dest"]).arg(&calm.sandbox.dest).run().succeeded();
        took = took.max(start.elapsed());
        expected.push(comparable(&calm.sandbox.dest));
    }
    let dest = &stage.sandbox.dest;
    for (number, version) in (0..KILLS).flat_map(|number| [(number, "1.0"), (number, "2.0")]) {
        if version == "1.0" {
            fs::remove_dir_all(dest).unwrap();
            fs::create_dir(dest).unwrap();
        }
        stage.publish(&many(version));
        let before = fs::read_link(dest.join(".aptlet/current")).ok();
        let mut run = install(&stage).arg("--prefix=/p").stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took.mul_f64((f64::from(number) + random.gen_range(0.0..1.0)) / f64::from(KILLS)));
        run.kill().unwrap();
        run.wait().unwrap();

        let after = fs::read_link(dest.join(".aptlet/current")).ok();
        assert!(
            after.is_some() || before.is_none(),
            "kill {number} of {version}: nothing is current any more"
        );
        if after.is_some() {
            verify(&stage).run().succeeded();
        }
        install(&stage).arg("--prefix=/p").run().succeeded();
        verify(&stage).run().succeeded();
        let differs: Vec<_> = {
            let (now, expected) = (comparable(dest), &expected[usize::from(version == "2.0")]);
            let new = now.iter().filter(|entry| !expected.contains(entry)).cloned();
            let gone = expected.iter().filter(|entry| !now.contains(entry)).cloned();
            new.chain(gone).filter(|entry| !entry.path.ends_with("state.json")).collect()
        };
        assert!(differs.is_empty(), "kill {number} of {version}: {differs:#?}");
    }
}

#[test]
fn what_killed_runs_left_is_removed_even_if_nothing_is_new() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let install = || stage.install(&["tool"]).arg("--prefix=/p").run().succeeded();
    install();
    let before = visible(&stage.sandbox.dest);
    let inside = |name: &str| stage.sandbox.dest.join(".aptlet").join(name);
    fs::write(inside("aptlet.new"), "half").unwrap();
    fs::write(inside("history.new"), "half").unwrap();
    fs::write(inside("state.new"), "half").unwrap();
    symlink("generations/x", inside("link-current")).unwrap();
    for folder in [".staging-x", ".removed-x", "never-current"] {
        fs::create_dir_all(inside("generations").join(folder).join("usr")).unwrap();
    }
    // between current's rename and the rest
    fs::remove_file(stage.sandbox.dest.join("usr")).unwrap();
    fs::remove_file(stage.sandbox.dest.join("bin")).unwrap();
    symlink(".aptlet/current/usr/bin", stage.sandbox.dest.join("bin")).unwrap();
    install();
    let after: Vec<_> = visible(&stage.sandbox.dest);
    let timeless = |entries: Vec<Entry>| -> Vec<Entry> {
        entries.into_iter().map(|entry| Entry { mtime: (0, 0), ..entry }).collect()
    };
    assert_eq!(timeless(after), timeless(before));
}

#[test]
fn as_many_generations_stay_as_are_asked_for() {
    let stage = Stage::new();
    let mut ids = Vec::new();
    let install = |keep: &str| stage.install(&["tool"]).arg("--keep-generations").arg(keep).run().succeeded();
    for version in ["1.0", "2.0", "3.0", "4.0"] {
        stage.publish(&repository(&["other"]).add("main", &command("tool", version)));
        install("3");
        let link = fs::read_link(stage.sandbox.dest.join(".aptlet/current")).unwrap();
        ids.push(link.file_name().unwrap().to_str().unwrap().to_owned());
    }
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    assert_eq!(generations(&stage.sandbox.dest), sorted(&ids[1..]));
    install("2");
    assert_eq!(generations(&stage.sandbox.dest), sorted(&ids[2..]), "also where nothing is new");
    stage.publish(&repository(&["other"]).add("main", &command("tool", "5.0")));
    install("1");
    assert_eq!(generations(&stage.sandbox.dest).len(), 1);
    assert_eq!(stage.installed(), ["tool 5.0"]);
    stage.install(&["tool"]).arg("--keep-generations=0").run().failed(2, &["--keep-generations"]);
}

#[test]
fn a_generation_that_somebody_removed_is_made_again() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.install(&["tool"]).run().succeeded();
    let before = snapshot(&stage.current("").canonicalize().unwrap());
    fs::remove_dir_all(stage.current("").canonicalize().unwrap()).unwrap();
    verify(&stage).run().failed(6, &["nothing is installed"]);
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(snapshot(&stage.current("").canonicalize().unwrap()), before);
    // and what is no link is not ours to replace
    fs::remove_file(stage.sandbox.dest.join(".aptlet/current")).unwrap();
    fs::create_dir(stage.sandbox.dest.join(".aptlet/current")).unwrap();
    stage.install(&["tool"]).run().failed(6, &[".aptlet/current is in the way"]);
}

#[test]
fn a_run_that_fails_leaves_no_folder_that_a_killed_one_had_made() {
    let stage = Stage::new();
    let dest = &stage.sandbox.dest;
    stage.publish(
        &Repository::new("stable").add("main", &DebBuilder::new("tool", "1").field("Depends", "gone")),
    );
    fs::create_dir_all(dest.join(".aptlet/generations/.staging-1/tree")).unwrap();
    stage.install(&["tool"]).run().failed(3, &["gone"]);
    assert_eq!(snapshot(dest).len(), 1);
}

#[test]
fn a_run_that_waits_for_another_heeds_a_signal_to_end() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let lock = fs::File::open(&stage.sandbox.dest).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let mut run = stage.install(&["tool"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(run.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("waiting for it") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0, "it ended by itself");
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::TERM)
        .unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(143));
    // the destination is removed and made anew under one that waits for its lock
    let run = stage.install(&["tool"]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    fs::remove_dir(&stage.sandbox.dest).unwrap();
    fs::create_dir(&stage.sandbox.dest).unwrap();
    drop(lock);
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stage.installed(), ["tool 1.0"]);
}
