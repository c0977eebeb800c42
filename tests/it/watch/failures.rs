//! Changes that fail: what is installed stays, and everybody is told.

use std::fs;

use rustix::process::Signal;

use super::stage;
use super::watched::{Watched, probe};
use crate::support::server::{Down, Fault};
use crate::support::signing::SigningKey;
use crate::support::stage::Run as _;

#[test]
fn a_bad_change_of_any_class_keeps_what_is_installed() {
    let mut stage = stage("tool");
    let good = stage.source("stable", "archive.asc");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    let before = stage.current("").canonicalize().unwrap();
    let stranger = SigningKey::generate("stranger");
    let down = Down::new();
    let dead = good.replace(&stage.mirror(), &format!("{}/debian", down.url()));
    let cases = [
        ("packages", "tool oth|er", "configuration", "packages:1:6"),
        ("aptlet.yaml", "slm: true\n", "configuration", "unknown key 'slm'"),
        ("aptlet.yaml", "keep-generations: 1\n", "configuration", "'keep-generations' is 1"),
        ("packages", "tool tol", "no-solution", "there is no package 'tol'"),
        ("team.sources", dead.as_str(), "mirror", "connection refused"),
        ("archive.asc", &stranger.public_armored(), "not-trusted", "InRelease"),
        ("aptlet.yaml", "max-unpacked: 1\nslim: false\nlocale: []\nprefix: /q\n", "destination", "unpack"),
    ];
    for (number, (key, value, class, words)) in cases.into_iter().enumerate() {
        stage.sandbox.configure(key, value);
        let count = u32::try_from(number).unwrap() + 1;
        watched.until(&format!("{key} fails"), |watched| {
            watched.metric("aptlet_reconciles_total{result=\"failed\"}") >= f64::from(count)
                && watched.get("/readyz").body.contains(&format!("the last install failed ({class}): "))
        });
        let ready = watched.get("/readyz");
        assert!(ready.status == 200 && ready.body.contains(words), "{key}: {}", ready.body);
        assert!(ready.body.contains("the next one is in "), "{}", ready.body);
        let asked = probe(&stage, &[]).succeeded();
        assert!(asked.stdout.contains(words) && asked.stdout.lines().count() == 1, "{}", asked.stdout);
        assert!(watched.said().contains(words), "{}", watched.said());
        assert!(fs::read_to_string(stage.termination_log()).unwrap().contains(words));
        assert_eq!(stage.current("").canonicalize().unwrap(), before, "{key}");
        assert!(watched.metric("aptlet_last_reconcile_success") < 0.5);

        let unchanged = watched.metric("aptlet_reconciles_total{result=\"unchanged\"}");
        match key {
            "packages" => stage.sandbox.configure(key, "tool"),
            "team.sources" => stage.sandbox.configure(key, &good),
            "archive.asc" => stage.sandbox.configure(key, stage.key.public_armored()),
            key => stage.sandbox.unconfigure(key),
        }
        watched.until(&format!("{key} is good again"), |watched| {
            watched.metric("aptlet_reconciles_total{result=\"unchanged\"}") > unchanged
        });
        assert!(!watched.get("/readyz").body.contains("failed"));
        assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), "");
    }
    let metrics = watched.metrics();
    for (class, count) in [
        ("configuration", 3),
        ("no-solution", 1),
        ("mirror", 1),
        ("not-trusted", 1),
        ("destination", 1),
        ("internal", 0),
    ] {
        let name = format!("aptlet_reconcile_failures_total{{class=\"{class}\"}}");
        assert_eq!(metrics[&name].to_string(), count.to_string(), "{class}");
    }
}

#[test]
fn it_is_not_ready_before_something_is_installed() {
    let mut stage = stage("tol");
    assert_eq!(probe(&stage, &[]).code, Some(1), "nobody is at work");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconcile_failures_total{class=\"no-solution\"}", 1.0);
    let ready = watched.get("/readyz");
    assert!(ready.status == 503 && ready.body.starts_with("not ready: nothing is installed"), "{ready:?}");
    let asked = probe(&stage, &["readyz"]);
    assert!(asked.code == Some(1) && asked.stdout.contains("'tol'"), "{asked:?}");
    assert_eq!((watched.get("/livez").status, probe(&stage, &["livez"]).code), (200, Some(0)));

    stage.sandbox.configure("packages", "tool");
    watched.until_metric("aptlet_ready", 1.0);
    let ready = watched.get("/readyz");
    assert!(ready.status == 200 && ready.body.contains("with 1 package in "), "{ready:?}");
    assert!(probe(&stage, &[]).succeeded().stdout.starts_with("ready: generation "));
}

#[test]
fn what_fails_is_tried_again_without_a_change() {
    let stage = stage("tool");
    for file in ["InRelease", "Release"] {
        stage.server.fail_times(&format!("debian/dists/stable/{file}"), 1, Fault::Status(500));
    }
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconcile_failures_total{class=\"mirror\"}", 1.0);
    assert!(watched.said().contains("nothing is installed yet; next try in "), "{}", watched.said());
    watched.until_metric("aptlet_ready", 1.0);
    assert_eq!(watched.metric("aptlet_settings_changes_total").to_string(), "0");
}

#[test]
fn an_install_that_is_killed_is_a_failure_as_any_other() {
    let stage = stage("tool");
    stage.server.fail_times("debian/dists/stable/InRelease", 1, Fault::Stall(10));
    let watched = Watched::start(&stage, &[]);
    watched.until("it asks", |_| !stage.requested().is_empty());
    watched.signal_child(Signal::KILL);
    watched.until_metric("aptlet_reconcile_failures_total{class=\"internal\"}", 1.0);
    assert!(watched.get("/readyz").body.contains("signal: 9"));
    let told = fs::read_to_string(stage.termination_log()).unwrap();
    for word in ["signal: 9", "hint: Give the container more memory"] {
        assert!(told.contains(word), "{told}");
        watched.until("it says so", |watched| watched.said().contains(word));
    }
    watched.until_metric("aptlet_ready", 1.0);
    assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), "");
}

#[test]
fn what_cannot_change_ends_it_at_once() {
    let stage = stage("tool");
    let fails = |flags: &[&str], code, words: &[&str]| {
        stage.bare("watch").args(flags).run().failed(code, words);
        let said = fs::read_to_string(stage.termination_log()).unwrap();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    fails(&["--keep-generations=1"], 2, &["'keep-generations' is 1", "hint: "]);
    fails(&["--listen=localhost:80"], 2, &["--listen", "IP:PORT"]);
    fails(&["--interval=6"], 2, &["--interval", "6h"]);
    fails(&["to|ol"], 2, &["'to|ol'"]);
    fails(&["--listen=192.0.2.1:80"], 2, &["cannot listen on 192.0.2.1:80", "hint: "]);
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_ready", 1.0);
    fails(&[], 6, &["another 'aptlet watch' is at work on", "hint: "]);
    watched.until_metric("aptlet_ready", 1.0);
}

#[test]
fn a_link_in_the_place_of_its_heartbeat_is_not_followed() {
    let stage = stage("tool");
    let theirs = stage.sandbox.path("theirs");
    fs::write(&theirs, "theirs, and longer than nothing").unwrap();
    fs::create_dir(stage.sandbox.dest.join(".aptlet")).unwrap();
    std::os::unix::fs::symlink(&theirs, stage.sandbox.dest.join(".aptlet/watch")).unwrap();
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_ready", 1.0);
    assert!(watched.said().contains("'aptlet probe' will fail: "), "{}", watched.said());
    assert_eq!(fs::read_to_string(theirs).unwrap(), "theirs, and longer than nothing");
}

#[test]
fn settings_that_cannot_be_read_at_the_start_may_be_mended() {
    let mut stage = stage("tool");
    stage.sandbox.configure("aptlet.yaml", "[");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconcile_failures_total{class=\"configuration\"}", 1.0);
    assert!(watched.said().contains("aptlet.yaml:1:"), "{}", watched.said());
    stage.sandbox.unconfigure("aptlet.yaml");
    watched.until_metric("aptlet_ready", 1.0);
}
