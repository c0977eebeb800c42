//! How it ends.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::process::Signal;

use super::watched::{Watched, probe};
use super::{deb, stage};
use crate::support::server::Fault;
use crate::support::stage::{Run as _, Stage};

/// Ends it by SIGTERM: it succeeds, and nobody is left who works on the destination.
fn ends(stage: &Stage, mut watched: Watched) {
    let children = watched.children();
    assert_eq!(watched.stop(Signal::TERM).code(), Some(0), "{}", watched.said());
    for child in children {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "an install goes on");
    }
    watched.until("it says so", |watched| watched.said().contains("stopped by signal 15"));
    let asked = probe(stage, &["livez"]);
    assert!(asked.code == Some(1) && asked.stdout.starts_with("no 'aptlet watch' is at work"), "{asked:?}");
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let left: Vec<_> = fs::read_dir(stage.sandbox.dest.join(".aptlet/generations")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn at_rest() {
    let stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_ready", 1.0);
    ends(&stage, watched);
}

#[test]
fn while_it_waits_to_try_again() {
    let mut stage = stage("tol");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"failed\"}", 1.0);
    stage.sandbox.configure("packages", "tool");
    ends(&stage, watched);
}

#[test]
fn in_the_middle_of_a_request_for_a_release() {
    let stage = stage("tool");
    stage.server.fail_times("debian/dists/stable/InRelease", 1, Fault::Stall(10));
    let watched = Watched::start(&stage, &[]);
    watched.until("it asks", |_| !stage.requested().is_empty());
    ends(&stage, watched);
}

#[test]
fn in_the_middle_of_a_fetch() {
    let stage = stage("tool");
    stage.server.fail_times(&deb("tool", "1.0"), 1, Fault::Stall(100));
    let watched = Watched::start(&stage, &[]);
    watched.until("it fetches", |_| stage.requested().iter().any(|line| line.ends_with(&deb("tool", "1.0"))));
    ends(&stage, watched);
}

#[test]
fn while_an_install_heeds_no_signal() {
    // as one that unpacks, or looks for a solution, for long; and what it leaves is removed by the next one
    let stage = stage("tool");
    stage.server.fail_times(&deb("tool", "1.0"), 1, Fault::Stall(100));
    let watched = Watched::start(&stage, &[]);
    watched.until("it fetches", |_| stage.requested().iter().any(|line| line.ends_with(&deb("tool", "1.0"))));
    watched.signal_child(Signal::STOP);
    ends(&stage, watched);
}

#[test]
fn while_an_install_waits_for_another() {
    let stage = stage("tool");
    let lock = fs::File::open(&stage.sandbox.dest).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let watched = Watched::start(&stage, &[]);
    watched.until("it waits", |watched| watched.said().contains("waiting for it"));
    drop(lock);
    ends(&stage, watched);
}

#[test]
fn at_any_instant_of_an_install() {
    let stage = stage("tool");
    for milliseconds in (0..400).step_by(40) {
        let watched = Watched::start(&stage, &[]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        ends(&stage, watched);
        fs::remove_dir_all(&stage.sandbox.dest).unwrap();
        fs::create_dir(&stage.sandbox.dest).unwrap();
    }
}

#[test]
fn a_killed_one_takes_its_install_along_and_is_not_taken_for_alive() {
    let stage = stage("tool");
    stage.server.fail_times(&deb("tool", "1.0"), 1, Fault::Stall(100));
    let mut watched = Watched::start(&stage, &[]);
    watched.until("it fetches", |_| stage.requested().iter().any(|line| line.ends_with(&deb("tool", "1.0"))));
    let child = watched.children()[0];
    assert_eq!(watched.stop(Signal::KILL).code(), None);
    let is_gone = || {
        let status = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // a zombie, where process 1 of the machine takes care of none
        status.is_empty() || status.contains(") Z ")
    };
    watched.until("the install has ended", |_| is_gone());
    assert_eq!(probe(&stage, &["livez"]).code, Some(1));
    let again = Watched::start(&stage, &[]);
    again.until_metric("aptlet_ready", 1.0);
    assert_eq!(probe(&stage, &["livez"]).code, Some(0));
    ends(&stage, again);
}
