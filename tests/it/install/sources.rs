//! Where sources, keys and requests come from, and in which forms repositories are.

use std::fs;

use super::{command, repository};
use crate::support::deb::{Compression, DebBuilder};
use crate::support::repository::{Repository, Signed};
use crate::support::server::{Down, Server};
use crate::support::stage::{Run, Stage};

const IN_RELEASE: &str = "GET debian/dists/stable/InRelease";

#[test]
fn a_mirror_a_suite_and_a_keyring() {
    let stage = Stage::new();
    let tool = command("tool", "1.0").field("Depends", "library (>= 1) | other");
    stage.publish(&repository(&["library", "other", "unrelated"]).add("main", &tool));
    fs::remove_dir(&stage.sandbox.dest).unwrap();
    let outcome = stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["library 1.0", "tool 1.0"]);
    assert_eq!(outcome.stdout, "", "standard output is for results");
    assert!(outcome.stderr.contains("2 packages"), "{}", outcome.stderr);
    // the messages are for failures
    assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), "");
}

#[test]
fn a_binary_keyring_and_a_signing_subkey() {
    let mut stage = Stage::new();
    stage.key = crate::support::signing::SigningKey::with_subkey("subkey");
    stage.publish(&repository(&["tool"]));
    let keyring = stage.sandbox.path("archive.gpg");
    fs::write(&keyring, stage.key.public_binary()).unwrap();
    stage.install(&["tool"]).arg("--keyring").arg(keyring).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn a_config_map_and_what_beats_it() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["one", "two", "three", "four"]));
    let source = stage.source("stable", "team.asc");
    stage.sandbox.configure("team.sources", source);
    stage.sandbox.configure("team.asc", stage.key.public_armored());
    stage.sandbox.configure("packages", "one, # the first\ntwo\n");
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["one 1.0", "two 1.0"]);

    stage.bare("install").env("APTLET_PACKAGES", "three").run().succeeded();
    assert_eq!(stage.installed(), ["three 1.0"]);

    stage.bare("install").env("APTLET_PACKAGES", "three").arg("four").run().succeeded();
    assert_eq!(stage.installed(), ["four 1.0"]);

    // the kubelet swaps the ConfigMap's folder
    stage.sandbox.configure("packages", "two");
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["two 1.0"]);
}

#[test]
fn a_config_map_with_one_line_sources_and_settings() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["one", "two"]));
    let line = format!("deb [signed-by=team.asc] {} stable main\n", stage.mirror());
    stage.sandbox.configure("team.list", line);
    stage.sandbox.configure("team.asc", stage.key.public_armored());
    stage.sandbox.configure("packages", "one two-");
    stage.sandbox.configure("aptlet.yaml", "quiet: true\nconnections: 1\n");
    assert_eq!(stage.bare("install").run().succeeded().stderr, "");
    assert_eq!(stage.installed(), ["one 1.0"]);
}

#[test]
fn preferences_hold_a_version() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["tool"]).add("main", &command("tool", "2.0")));
    stage.sandbox.configure("hold.pref", "Package: tool\nPin: version 1.*\nPin-Priority: 1001\n");
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    stage.install(&["tool=2.0"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 2.0"]);
}

#[test]
fn a_mirror_after_one_that_is_down() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let down = Down::new();
    let mut install = stage.bare("install");
    install.args(["tool", "--suite=stable", "--mirror", &down.url(), "--mirror", &stage.mirror()]);
    let outcome = install.arg("--keyring").arg(stage.keyring()).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(outcome.stderr.contains(&format!("warning: {}/", down.url())), "{}", outcome.stderr);
}

#[test]
fn a_mirror_after_one_that_lies() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let liar = Server::start();
    let mut files = repository(&["tool"]).build(&stage.key);
    for (_, bytes) in files.iter_mut().filter(|(path, _)| path.starts_with("pool/")) {
        bytes.reverse();
    }
    liar.put_all("", &files);
    let mut install = stage.bare("install");
    install.args(["tool", "--suite=stable", "--mirror", &liar.url(), "--mirror", &stage.mirror()]);
    let outcome = install.arg("--keyring").arg(stage.keyring()).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(outcome.stderr.contains("SHA256 is"), "the lie is told: {}", outcome.stderr);
}

#[test]
fn indexes_are_fetched_by_hash_where_that_is_offered() {
    for offered in [true, false] {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]).by_hash(offered));
        stage.install(&["tool"]).run().succeeded();
        let folder = "debian/dists/stable/main/binary-amd64/";
        let by_hash =
            stage.server.count(|request| request.path.starts_with(&format!("{folder}by-hash/SHA256/")));
        let by_name = stage.server.count(|request| request.path == format!("{folder}Packages.xz"));
        assert_eq!((by_hash, by_name), if offered { (1, 0) } else { (0, 1) });
        assert_eq!(stage.requested().len(), 3, "{:?}", stage.requested());
    }
}

#[test]
fn a_detached_signature() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]).signed(Signed::Detached));
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let release = ["GET debian/dists/stable/Release", "GET debian/dists/stable/Release.gpg"];
    assert_eq!(stage.requested()[..3], [IN_RELEASE, release[0], release[1]]);
}

#[test]
fn a_flat_repository() {
    for (suite, folder) in [("./", ""), ("sub/", "sub/")] {
        let mut stage = Stage::new();
        stage.publish(&Repository::new(suite).add("", &command("tool", "1.0")));
        let source = stage.source(suite, "team.asc");
        stage.sandbox.configure("team.sources", source);
        stage.sandbox.configure("team.asc", stage.key.public_armored());
        stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"]);
        assert_eq!(stage.server.count(|r| r.path == format!("debian/{folder}tool_1.0_amd64.deb")), 1);
    }
}

#[test]
fn every_compression_of_the_index() {
    for compression in Compression::ALL {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]).compressions(&[compression]));
        stage.install(&["tool"]).run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"], "{compression:?}");
    }
}

#[test]
fn every_compression_of_a_package() {
    let stage = Stage::new();
    let mut repository = Repository::new("stable");
    let names = ["plain", "gzip", "xz", "zstd", "bzip2", "lzma"];
    for (name, compression) in names.iter().zip(Compression::ALL) {
        repository = repository.add("main", &command(name, "1.0").compression(compression));
    }
    stage.publish(&repository);
    stage.install(&names).run().succeeded();
    for name in names {
        let script = fs::read_to_string(stage.current(&format!("usr/bin/{name}"))).unwrap();
        assert_eq!(script, format!("#!/bin/sh\necho {name} 1.0 \"$@\"\n"));
    }
}

#[test]
fn architecture_independent_packages_and_several_components() {
    for architectures in [&["amd64"][..], &["amd64", "all"]] {
        let stage = Stage::new();
        let data = DebBuilder::new("data", "1.0").arch("all").file("usr/share/data", 0o644, "data\n");
        let tool = command("tool", "1.0").field("Depends", "data");
        let repository = Repository::new("stable").architectures(architectures);
        stage.publish(&repository.add("main", &data).add("contrib", &tool));
        let mut install = stage.install(&["tool"]);
        install.args(["--component=main", "--component=contrib"]).run().succeeded();
        assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
    }
}
