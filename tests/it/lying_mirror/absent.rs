//! What is not there, breaks off or never comes.

use std::fs;

use super::{IN_RELEASE, TOOL, refuses, refuses_request, repository, repository_of, tool};
use crate::support::server::{Down, Fault};
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, visible};

#[test]
fn a_deb_that_breaks_off() {
    refuses(4, &["tool", "MIRROR/pool/", "ended after 1000 of"], |stage| {
        stage.server.fail(TOOL, Fault::Truncate(1000));
    });
}

#[test]
fn a_deb_that_never_ends() {
    let stage = Stage::new();
    stage.publish(&repository("2.0"));
    stage.server.fail(TOOL, Fault::Stall(1000));
    let outcome = stage.install(&["tool"]).arg("--timeout=1").run();
    outcome.failed(4, &["package tool", &stage.mirror(), "nothing arrived for 1 seconds", "hint: "]);
    assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
}

#[test]
fn a_deb_that_is_gone() {
    refuses(4, &["package tool", "MIRROR/pool/main/t/tool/tool_2.0_amd64.deb", "404"], |stage| {
        stage.server.remove(TOOL);
    });
}

#[test]
fn an_index_that_is_gone() {
    refuses(4, &["MIRROR/dists/stable/", "main/binary-amd64/Packages", "Release lists it"], |stage| {
        for path in repository("2.0").build(&stage.key).keys().filter(|path| path.contains("/binary-amd64/"))
        {
            stage.server.remove(&format!("debian/{path}"));
        }
    });
}

#[test]
fn a_package_that_is_not_there() {
    refuses_request("tol", 3, &["no package 'tol' in stable/main", "Did you mean tool"], |_| {});
}

#[test]
fn a_dependency_that_is_not_there() {
    refuses(3, &["tool needs a-b (>= 2)", "there is no a-b"], |stage| {
        stage.publish(&repository_of(&tool("2.0").field("Depends", "tool-data, a-b (>= 2)")));
    });
}

#[test]
fn a_suite_that_is_not_there() {
    refuses(4, &["no InRelease and no Release file in MIRROR/dists/stable/"], |stage| {
        for name in ["InRelease", "Release", "Release.gpg"] {
            stage.server.remove(&format!("debian/dists/stable/{name}"));
        }
    });
}

#[test]
fn a_server_that_fails() {
    // a request that is not installed: what is stays while its mirror is down
    for (fault, words) in [(Fault::Status(503), "503"), (Fault::Close, "connection closed")] {
        refuses_request("tool=2.0", 4, &["MIRROR/dists/stable/InRelease", words], |stage| {
            stage.server.fail(IN_RELEASE, fault);
        });
    }
}

#[test]
fn a_mirror_that_is_down() {
    let stage = Stage::new();
    stage.publish(&repository("1.0"));
    stage.install(&["tool"]).run().succeeded();
    let before = visible(&stage.sandbox.dest);
    // two, both down: each is told of
    let down = [Down::new(), Down::new()];
    let [first, second] = down.each_ref().map(Down::url);
    for dest in [&stage.sandbox.dest, &stage.sandbox.path("missing")] {
        let mut install = stage.bare("install");
        install
            .args(["tool", "--suite=stable", "--mirror", &first, "--mirror", &second])
            .arg("--dest")
            .arg(dest);
        let outcome = install.arg("--keyring").arg(stage.keyring()).run();
        let [first, second] =
            [&first, &second].map(|url| format!("{url}/dists/stable/InRelease: connection refused"));
        let outcome = outcome.failed(4, &[&first, &second, "hint: "]);
        let said = fs::read_to_string(stage.termination_log()).unwrap();
        assert_eq!(said.trim_end(), outcome.last_word().trim_end());
    }
    assert_eq!(visible(&stage.sandbox.dest), before);
    assert!(!stage.sandbox.path("missing").exists());
}
