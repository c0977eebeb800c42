//! Changes of the settings, and of the repositories.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::watched::Watched;
use super::{deb, repository, stage};
use crate::support::server::Fault;
use crate::support::stage::{Run as _, generations};

#[test]
fn a_change_makes_a_new_generation_beside_the_old_one() {
    let mut stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let first = stage.current("").canonicalize().unwrap();
    let mut open = File::open(stage.current("usr/bin/tool")).unwrap();

    stage.sandbox.configure("packages", "tool other");
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 2.0);
    assert_eq!(stage.installed(), ["other 1.0", "tool 1.0"]);
    assert_ne!(stage.current("").canonicalize().unwrap(), first);
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert!(text.contains("echo tool 1.0") && first.join("usr/bin/tool").exists(), "the old one stays");

    stage.sandbox.configure("packages", "other");
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 3.0);
    assert_eq!(stage.installed(), ["other 1.0"]);
    watched.until_metric("aptlet_packages", 1.0);
    assert_eq!(generations(&stage.sandbox.dest).len(), 2, "two stay, if nothing else is said");
    assert!(!first.exists());
    watched.until_metric("aptlet_settings_changes_total", 2.0);
    assert_eq!(watched.children(), [0; 0], "no zombies");
}

#[test]
fn commands_come_and_go_in_a_folder_that_is_mounted() {
    let mut stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    // as a mount does, it stays with the folder, whatever has its name later
    let mounted = File::open(stage.sandbox.dest.join("commands")).unwrap();
    let folder = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), mounted.as_raw_fd()));
    let there = || {
        let names =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<BTreeSet<String>>()
    };
    let said = |name: &str| Command::new(folder.join(name)).run();
    assert_eq!(there(), BTreeSet::from(["tool".to_owned()]));
    assert_eq!(said("tool").succeeded().stdout, "tool 1.0\n");

    stage.sandbox.configure("packages", "tool other");
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 2.0);
    assert_eq!(there(), ["other", "tool"].map(str::to_owned).into());
    assert_eq!(said("other").succeeded().stdout, "other 1.0\n");

    stage.sandbox.configure("packages", "other");
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 3.0);
    assert_eq!(there(), BTreeSet::from(["other".to_owned()]));
    assert_eq!(said("other").succeeded().stdout, "other 1.0\n");
    // what cannot be had takes nothing away
    stage.sandbox.configure("packages", "nosuch");
    watched.until_metric("aptlet_reconcile_failures_total{class=\"no-solution\"}", 1.0);
    assert_eq!(said("other").succeeded().stdout, "other 1.0\n");
}

#[test]
fn the_same_settings_in_another_folder_change_nothing() {
    let mut stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    let before = stage.current("").canonicalize().unwrap();
    stage.sandbox.configure("packages", "tool");
    watched.until_metric("aptlet_reconciles_total{result=\"unchanged\"}", 1.0);
    assert_eq!(stage.current("").canonicalize().unwrap(), before);
}

#[test]
fn a_change_during_an_install_comes_after_it() {
    let mut stage = stage("tool");
    // the repository answers late, so that there is time for two changes
    stage.server.fail_times(&deb("tool", "1.0"), 1, Fault::Delay(Duration::from_secs(2)));
    let watched = Watched::start(&stage, &[]);
    watched.until("the fetch has begun", |_| {
        stage.requested().iter().any(|line| line.ends_with(&deb("tool", "1.0")))
    });
    stage.sandbox.configure("packages", "nonsense");
    stage.sandbox.configure("packages", "other");
    watched.until("the newest is there", |watched| {
        watched.metric("aptlet_reconciles_total{result=\"installed\"}") >= 2.0
    });
    assert_eq!(stage.installed(), ["other 1.0"]);
    let metrics = watched.metrics();
    assert_eq!(metrics["aptlet_reconciles_total{result=\"failed\"}"].to_string(), "0", "{}", watched.said());
}

#[test]
fn flags_and_environment_beat_each_new_settings_folder() {
    let mut stage = stage("tool");
    let mut command = stage.bare("watch");
    command.args(["--listen=127.0.0.1:0", "--recommends=false", "other"]);
    let watched = Watched::run(&mut command);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    stage.sandbox.configure("packages", "tool");
    watched.until_metric("aptlet_reconciles_total{result=\"unchanged\"}", 1.0);
    assert_eq!(stage.installed(), ["other 1.0"]);
    // what it does not beat is read anew
    stage.sandbox.configure("aptlet.yaml", "slim: true\n");
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 2.0);
}

#[test]
fn an_ordinary_folder_will_do_and_need_not_be_there_at_first() {
    let stage = stage("tool");
    let folder = stage.sandbox.path("settings");
    let mut command = stage.bare("watch");
    let watched = Watched::run(command.env("APTLET_CONFIG", &folder).arg("--listen=127.0.0.1:0"));
    watched.until("it fails", |watched| {
        watched.metric("aptlet_reconcile_failures_total{class=\"configuration\"}") >= 1.0
    });
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("archive.asc"), stage.key.public_armored()).unwrap();
    fs::write(folder.join("x.sources"), stage.source("stable", "archive.asc")).unwrap();
    fs::write(folder.join("packages"), "tool\n").unwrap();
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    fs::write(folder.join("packages"), "tool\nother\n").unwrap();
    watched.until_metric("aptlet_packages", 2.0);
}

#[test]
fn a_secret_beside_the_settings_folder_counts() {
    let stage = stage("tool");
    let pins = stage.sandbox.path("pins.pref");
    fs::write(&pins, "Package: tool\nPin: version 1.0\nPin-Priority: 900\n").unwrap();
    let flag = format!("--preferences={}", pins.display());
    let watched = Watched::start(&stage, &[&flag]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    fs::write(&pins, "Package: tool\nPin: version 1.0\nPin-Priority: -1\n").unwrap();
    watched.until_metric("aptlet_reconcile_failures_total{class=\"no-solution\"}", 1.0);
}

#[test]
fn new_versions_come_at_the_interval() {
    let mut stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_reconciles_total{result=\"installed\"}", 1.0);
    stage.publish(&repository(&[("tool", "1.1"), ("other", "1.0")]));
    // the interval, too, is one of the settings that are read anew
    stage.sandbox.configure("aptlet.yaml", "interval: 1s\n");
    watched.until("the new version is there", |_| stage.installed() == ["tool 1.1"]);
    watched.until("it looks again", |watched| {
        watched.metric("aptlet_reconciles_total{result=\"unchanged\"}") >= 2.0
    });
    stage.publish(&repository(&[("tool", "1.2"), ("other", "1.0")]));
    watched.until("and the next", |_| stage.installed() == ["tool 1.2"]);
    watched.until("the first one is gone", |_| generations(&stage.sandbox.dest).len() == 2);
}
