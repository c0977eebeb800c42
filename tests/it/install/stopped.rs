//! Requests to end that come while a long piece of work does not look up. Nothing is asserted of how long the end takes,
//! but that it comes: each of these pieces of work would go on for minutes, or for ever.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{command, repository};
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage, as_first, continued, first_of, generations, visible};
use crate::support::{Entry, have, snapshot};

/// For what takes less than a second on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_mins(1);
/// Of a package that takes seconds to unpack and to merge: work that ends within half a second of a signal has ended well.
const MANY: usize = 15_000;

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[track_caller]
fn until(what: &str, child: &mut Child, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        assert!(child.try_wait().unwrap().is_none(), "{what}: it ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for its end, but not for ever.
#[track_caller]
fn ends(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it does not heed the signal");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal: the process ends as a shell tells it, and says so in one line. Returns that line.
#[track_caller]
fn stops(child: &mut Child, signal: Signal) -> String {
    let stderr = child.stderr.take();
    send(child, signal);
    let status = ends(child);
    let said = std::io::read_to_string(stderr.unwrap()).unwrap();
    assert_eq!(status.code(), Some(128 + signal.as_raw()), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("stopped by signal")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].to_owned()
}

fn started(command: &mut Command) -> Child {
    command.env("APTLET_VERBOSE", "true").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts a command that is to say much, and waits for a line of its log that begins so.
fn started_until(command: &mut Command, line: &str) -> Child {
    let mut child = started(command);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut read = String::new();
    while !read.starts_with(line) {
        read.clear();
        assert!(stderr.read_line(&mut read).unwrap() > 0, "it ended by itself");
    }
    // what has been buffered of it is lost, which is no line of the end
    child.stderr = Some(stderr.into_inner());
    child
}

/// A stage where `tool` is installed in version 1.0, and an update has very many files.
fn many() -> (Stage, Vec<Entry>) {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.install(&["tool"]).run().succeeded();
    let before = visible(&stage.sandbox.dest);
    let package = (0..MANY).fold(command("tool", "2.0"), |package: DebBuilder, number| {
        package.file(&format!("usr/share/tool/{}/{number}", number % 100), 0o644, number.to_string())
    });
    stage.publish(&Repository::new("stable").add("main", &package));
    (stage, before)
}

fn verify(stage: &Stage) -> Command {
    let mut command = stage.sandbox.aptlet();
    command.arg("verify");
    command
}

/// What was current still is, and the next run finds nothing in its way and leaves nothing of the stopped one.
fn is_made_good(stage: &Stage, before: &[Entry]) {
    // not what the next run removes, nor the times of the folder that it is in
    let current = fs::read_link(stage.sandbox.dest.join(".aptlet/current")).unwrap();
    let current = Path::new(".aptlet").join(current);
    let seen = |entry: &Entry| {
        !entry.path.starts_with(".aptlet")
            || entry.path.ends_with("current")
            || entry.path.starts_with(&current)
    };
    let now = visible(&stage.sandbox.dest);
    let of = |entries: &[Entry]| entries.iter().filter(|entry| seen(entry)).cloned().collect::<Vec<_>>();
    assert!(of(&now) == of(before), "what was installed has changed");
    assert_eq!(stage.installed(), ["tool 1.0"]);
    verify(stage).run().succeeded();
    stage.install(&["tool"]).arg("--keep-generations=1").run().succeeded();
    assert_eq!(stage.installed(), ["tool 2.0"]);
    verify(stage).run().succeeded();
    assert_eq!(generations(&stage.sandbox.dest).len(), 1);
}

/// Signals an update when `reached` says so; on a busy machine that may come too late, and then it is tried again.
fn stopped_when(signal: Signal, reached: impl Fn(&Stage) -> Child) {
    for _ in 0..5 {
        let (stage, before) = many();
        let mut child = reached(&stage);
        send(&child, signal);
        if ends(&mut child).code() == Some(128 + signal.as_raw()) {
            return is_made_good(&stage, &before);
        }
        assert_eq!(ends(&mut child).code(), Some(0), "it neither stopped nor ended");
    }
    panic!("it has ended before each signal");
}

#[test]
fn in_the_middle_of_a_merge() {
    stopped_when(Signal::TERM, |stage| started_until(&mut stage.install(&["tool"]), "fetch: "));
}

#[test]
fn while_a_package_is_unpacked() {
    stopped_when(Signal::INT, |stage| {
        let mut child = started(&mut stage.install(&["tool"]));
        let unpacks = |name: String| {
            let folder = stage.sandbox.dest.join(".aptlet/generations").join(name);
            folder.join("0/usr/share/tool/0").exists()
        };
        while child.try_wait().unwrap().is_none()
            && !generations(&stage.sandbox.dest).into_iter().any(unpacks)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    });
}

/// Twelve pigeons for eleven holes: for a solver that does not count, there is no end to what can be tried.
fn pigeons() -> Repository {
    const HOLES: usize = 11;
    let mut repository = Repository::new("stable");
    let stanza = |name: &str, fields: &str| {
        format!(
            "Package: {name}\nVersion: 1\nArchitecture: amd64\n{fields}\nFilename: pool/{name}.deb\nSize: 1\nSHA256: {:064}\n",
            0
        )
    };
    for pigeon in 0..=HOLES {
        let places: Vec<String> = (0..HOLES).map(|hole| format!("pigeon{pigeon}-in{hole}")).collect();
        let depends = format!("Depends: {}", places.join(" | "));
        repository = repository.add_stanza("main", &stanza(&format!("pigeon{pigeon}"), &depends));
        for (hole, name) in places.iter().enumerate() {
            let alone = format!("Provides: hole{hole}\nConflicts: hole{hole}");
            repository = repository.add_stanza("main", &stanza(name, &alone));
        }
    }
    let all: Vec<String> = (0..=HOLES).map(|pigeon| format!("pigeon{pigeon}")).collect();
    repository.add_stanza("main", &stanza("pigeons", &format!("Depends: {}", all.join(", "))))
}

#[test]
fn while_a_solution_is_searched() {
    let stage = Stage::new();
    stage.publish(&pigeons());
    for name in ["install", "lock", "reconcile"] {
        let mut command = stage.at_mirror(name);
        let mut child = started_until(command.arg("pigeons"), "sources: ");
        // it is not so hard to see before it searches
        std::thread::sleep(Duration::from_millis(300));
        stops(&mut child, Signal::TERM);
        assert_eq!(snapshot(&stage.sandbox.dest).iter().filter(|entry| entry.size > 0).count(), 0);
    }
    let marker = stage.sandbox.path("tmp/started");
    let mut run = stage.at_mirror("run");
    run.args(["--base=none", "--on-failure=continue", "--packages=pigeons", "--", "touch"]);
    let mut child = started_until(run.arg(&marker), "sources: ");
    std::thread::sleep(Duration::from_millis(300));
    stops(&mut child, Signal::HUP);
    assert!(!marker.exists());
}

#[test]
fn while_the_mirror_is_silent() {
    for name in ["install", "lock"] {
        for (path, length) in [("debian/dists/stable/InRelease", 0), ("debian/dists/stable/InRelease", 20)] {
            let stage = Stage::new();
            stage.publish(&repository(&["tool"]));
            stage.server.fail(path, Fault::Stall(length));
            let mut child = started(stage.at_mirror(name).arg("tool"));
            until("it asks", &mut child, || stage.server.count(|request| request.path == path) > 0);
            let said = stops(&mut child, Signal::TERM);
            assert_eq!(said, "warning: stopped by signal 15; nothing was installed");
            let told = fs::read_to_string(stage.termination_log()).unwrap();
            assert_eq!(told, "stopped by signal 15; nothing was installed");
            let files = snapshot(&stage.sandbox.dest);
            assert_eq!(files.len(), 1, "nothing is left: {files:?}");
            stage.server.heal(path);
            stage.install(&["tool"]).run().succeeded();
        }
    }
}

#[test]
fn while_nobody_reads_the_log() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let (reader, writer) = std::io::pipe().unwrap();
    let full = writer.try_clone().unwrap();
    rustix::io::ioctl_fionbio(&full, true).unwrap();
    while (&full).write(&[b'x'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&full, false).unwrap();
    drop(full);
    let mut install = stage.install(&["tool"]);
    install.arg("--verbose").stderr(OwnedFd::from(writer));
    let mut child = install.spawn().unwrap();
    drop(install);
    until("it asks", &mut child, || stage.server.count(|request| request.path.contains("InRelease")) > 0);
    send(&child, Signal::TERM);
    assert_eq!(ends(&mut child).code(), Some(143));
    drop(reader);
}

#[test]
fn as_process_1_every_command_ends() {
    let stage = Stage::new();
    stage.publish(&pigeons());
    for name in ["install", "lock"] {
        let Some(mut command) = as_first(stage.at_mirror(name).arg("pigeons")) else { return };
        let mut child = started_until(&mut command, "sources: ");
        std::thread::sleep(Duration::from_millis(300));
        kill_process(first_of(&child), Signal::TERM).unwrap();
        assert_eq!(ends(&mut child).code(), Some(143));
    }
    // nobody reads what it has to say, of more files than a pipe takes
    let package = (0..2000).fold(command("tool", "1.0"), |package: DebBuilder, number| {
        package.file(&format!("usr/share/tool/a-rather-long-name-for-a-file-{number}"), 0o644, "")
    });
    stage.publish(&Repository::new("stable").add("main", &package));
    stage.install(&["tool"]).run().succeeded();
    fs::remove_dir_all(stage.current("usr/share/tool")).unwrap();
    let mut command = as_first(&verify(&stage)).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    kill_process(first_of(&child), Signal::INT).unwrap();
    assert_eq!(ends(&mut child).code(), Some(130));
}

#[test]
fn what_is_to_be_ignored_is_ignored() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    if !have("nohup") {
        return;
    }
    stage.server.fail("debian/dists/stable/InRelease", Fault::Delay(Duration::from_secs(1)));
    let mut command = Command::new("nohup");
    command.arg(stage.install(&[]).get_program());
    let mut child = started(&mut continued(command, &stage.install(&["tool"])));
    until("it asks", &mut child, || stage.server.count(|request| request.path.contains("InRelease")) > 0);
    send(&child, Signal::HUP);
    assert!(ends(&mut child).success());
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn the_second_one_ends_it_as_well() {
    let stage = Stage::new();
    stage.publish(&pigeons());
    let mut child = started_until(&mut stage.install(&["pigeons"]), "sources: ");
    std::thread::sleep(Duration::from_millis(300));
    send(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(20));
    send(&child, Signal::TERM);
    assert_eq!(ends(&mut child).code(), Some(130), "the first one is why");
}
