//! As process 1 of a PID namespace, which is what the entrypoint of a container is: the kernel does not deliver signals to
//! it that it has no handler for, and zombies would be its own to collect.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::{Signal, kill_process};

use super::signals::await_request;
use super::{become_, published, script};
use crate::support::server::Fault;
use crate::support::stage::{Run, as_first, first_of};

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
