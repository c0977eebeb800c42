//! As process 1 of a PID namespace, which is what the entrypoint of a container is: the kernel does not deliver signals to
//! it that it has no handler for, and zombies would be its own to collect.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::signals::await_request;
use super::{become_, published, script, skip};
use crate::support::server::Fault;
use crate::support::stage::{Run, continued};

/// The same command as process 1; `None`, loudly, where this user may not make namespaces.
fn as_first(command: &Command) -> Option<Command> {
    let flags = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare").args(flags).arg("true").output().is_ok_and(|output| output.status.success()) {
        skip("being process 1 takes unshare, and root");
        return None;
    }
    let mut wrapped = Command::new("unshare");
    wrapped.args(flags).arg("--").arg(command.get_program());
    Some(continued(wrapped, command))
}

/// Process 1 of the namespace, as seen from here.
fn first_of(unshare: &Child) -> Pid {
    let path = format!("/proc/{0}/task/{0}/children", unshare.id());
    loop {
        let children = fs::read_to_string(&path).unwrap();
        if let Some(id) = children.split_whitespace().next() {
            return Pid::from_raw(id.parse().unwrap()).unwrap();
        }
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_command_is_process_1_and_alone() {
    let stage = published("1.0");
    let text = "echo $$; for folder in /proc/[0-9]*; do echo \"${folder#/proc/}\"; done; exit 7";
    let Some(mut run) = as_first(&script(text, &stage)) else { return };
    let outcome = run.run();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(7), "1\n1\n"), "{}", outcome.stderr);
}

#[test]
fn during_the_installation_signals_are_delivered() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP] {
        let stage = published("1.0");
        stage.server.fail("debian/dists/stable/InRelease", Fault::Stall(0));
        let Some(mut run) = as_first(&become_("true", &stage)) else { return };
        let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        await_request(&stage, "debian/dists/stable/InRelease", &mut child);
        kill_process(first_of(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(128 + signal.as_raw()));
    }
}

#[test]
fn afterwards_the_command_gets_what_it_has_handlers_for() {
    let stage = published("1.0");
    let text = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done";
    let Some(mut run) = as_first(&script(text, &stage)) else { return };
    let mut child = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    // it has no handler, and so does nothing
    kill_process(first_of(&child), Signal::HUP).unwrap();
    kill_process(first_of(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
}
