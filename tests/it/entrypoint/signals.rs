//! Signals before, during and after the installation.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{after, become_, installed, published, script};
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage, visible};

const IN_RELEASE: &str = "debian/dists/stable/InRelease";
const PACKAGE: &str = "debian/pool/main/t/tool/tool_1.0_amd64.deb";

const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn quietly(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the server has been asked for something.
pub(crate) fn await_request(stage: &Stage, path: &str, child: &mut Child) {
    while stage.server.count(|request| request.path == path) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn during_the_installation_they_end_it() {
    for (path, length) in [(IN_RELEASE, 0), (PACKAGE, 100)] {
        for signal in ENDING {
            let stage = published("1.0");
            stage.server.fail(path, Fault::Stall(length));
            let marker = stage.sandbox.path("tmp/started");
            let mut run = become_("touch", &stage);
            let mut child = quietly(run.arg(&marker).env("APTLET_ON_FAILURE", "continue"));
            await_request(&stage, path, &mut child);
            send(&child, signal);
            let status = child.wait().unwrap();
            assert_eq!(status.code(), Some(128 + signal.as_raw()), "as a shell tells it");
            assert!(!marker.exists());
            assert!(visible(&stage.sandbox.dest).iter().all(|entry| !entry.path.ends_with("usr")));
        }
    }
}

#[test]
fn while_it_waits_for_another_they_end_it() {
    let stage = published("1.0");
    stage.server.fail(PACKAGE, Fault::Stall(100));
    let mut first = quietly(&mut become_("true", &stage));
    await_request(&stage, PACKAGE, &mut first);
    let mut second = become_("true", &stage).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(second.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("another aptlet is at work"));
    send(&second, Signal::TERM);
    assert_eq!(second.wait().unwrap().code(), Some(143));
    send(&first, Signal::INT);
    assert_eq!(first.wait().unwrap().code(), Some(130));
}

#[test]
fn at_once_they_end_it_too() {
    // before anything is prepared it dies of the signal, later it ends as if it had; never does it go on
    let stage = installed();
    for pause in 0..20 {
        let mut child = quietly(become_("cat", &stage).stdin(Stdio::piped()));
        sleep(Duration::from_millis(pause * 3));
        send(&child, Signal::TERM);
        // an open standard input keeps the command
        let input = child.stdin.take();
        let status = child.wait().unwrap();
        drop(input);
        assert!(status.signal() == Some(15) || status.code() == Some(143), "{status}");
    }
}

#[test]
fn those_that_are_ignored_stay_ignored_during_the_installation() {
    let stage = published("1.0");
    stage.server.fail(IN_RELEASE, Fault::Delay(Duration::from_secs(1)));
    let run = script("kill -TERM $$; kill -HUP $$; echo on", &stage);
    let mut child = after("trap '' TERM HUP", &run);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    await_request(&stage, IN_RELEASE, &mut child);
    send(&child, Signal::TERM);
    send(&child, Signal::HUP);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout == b"on\n", "{output:?}");
}

#[test]
fn afterwards_they_are_the_commands() {
    let stage = installed();
    for (signal, name) in
        [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::USR1, "USR1"), (Signal::HUP, "HUP")]
    {
        let handle = format!("trap 'exit 9' {name}; echo ready; while :; do sleep 0.02; done");
        let wait = "echo ready; exec sleep 60".to_owned();
        for (text, code, by) in [(handle, Some(9), None), (wait, None, Some(signal.as_raw()))] {
            let mut child =
                script(&text, &stage).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n");
            send(&child, signal);
            let status = child.wait().unwrap();
            assert_eq!((status.code(), status.signal()), (code, by), "{name}");
        }
    }
}

#[test]
fn what_was_interrupted_is_done_at_the_next_start() {
    let stage = published("1.0");
    stage.server.fail(PACKAGE, Fault::Stall(100));
    let mut child = quietly(&mut become_("true", &stage));
    await_request(&stage, PACKAGE, &mut child);
    send(&child, Signal::TERM);
    child.wait().unwrap();
    stage.server.heal(PACKAGE);
    assert_eq!(become_("tool", &stage).run().succeeded().stdout, "tool 1.0 []\n");
}
