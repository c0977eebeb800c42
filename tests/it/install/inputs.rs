//! Each input is read once: what the fingerprint covers is what the plan is made of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{command, repository};
use crate::support::have;
use crate::support::stage::{Run, Stage, continued};

/// How often files below `folder` were opened during a run, by their paths there. Folders are not counted.
fn opened(install: &Command, stage: &Stage, folder: &Path) -> BTreeMap<String, usize> {
    let log = stage.sandbox.path("strace");
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-qq", "-y", "-e", "trace=open,openat,openat2", "-e", "status=successful", "-o"])
        .arg(&log);
    continued(
        {
            traced.arg("--").arg(install.get_program());
            traced
        },
        install,
    )
    .run()
    .succeeded();
    let prefix = format!("\"{}/", folder.display());
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(log).unwrap().lines().filter(|line| !line.contains("O_DIRECTORY")) {
        if let Some((_, rest)) = line.split_once(&prefix) {
            *counts.entry(rest.split('"').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn each_file_is_opened_once() {
    if !have("strace") {
        return;
    }
    let mut stage = Stage::new();
    stage.publish(&repository(&["tool", "other"]).add("main", &command("base", "1.0")));
    let key = fs::read(stage.keyring()).unwrap();
    let certificate = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fetch/testdata/ca.pem")).unwrap();
    let source = stage.source("stable", "key.asc");
    let keys: [(&str, &[u8]); 9] = [
        ("packages", b"tool\n"),
        ("aptlet.yaml", b"recommends: true\nbase: status\n"),
        ("a.sources", source.as_bytes()),
        ("b.list", b"# nothing\n"),
        ("key.asc", &key),
        ("pins.pref", b"Package: other\nPin: release n=stable\nPin-Priority: 400\n"),
        ("auth.conf", b"machine mirror.example login me password secret\n"),
        ("ca.crt", &certificate),
        ("status", b"Package: base\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\n"),
    ];
    for (name, text) in keys {
        stage.sandbox.configure(name, text);
    }
    let once: BTreeMap<String, usize> = keys.iter().map(|(name, _)| ((*name).to_owned(), 1)).collect();
    let config = stage.sandbox.config.clone();
    let install = stage.bare("install");
    assert_eq!(opened(&install, &stage, &config), once, "an install");
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert_eq!(opened(&install, &stage, &config), once, "with nothing to do");

    let lock = stage.bare("lock").args(["-o", "-"]).run().succeeded().stdout;
    stage.sandbox.configure("aptlet.lock", lock);
    let counts = opened(&stage.bare("install"), &stage, &config);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(counts.get("aptlet.lock"), Some(&1));
}
