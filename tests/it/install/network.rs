//! What lies between aptlet and the mirror: passwords, proxies, redirects, and failures that pass.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::repository;
use crate::support::server::{Fault, Server};
use crate::support::snapshot;
use crate::support::stage::{Run, Stage};

const TOOL: &str = "debian/pool/main/t/tool/tool_1.0_amd64.deb";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// Fails if `word` is in any file or link of the sandbox's destination.
#[track_caller]
fn assert_nowhere(stage: &Stage, word: &str) {
    for entry in snapshot(&stage.sandbox.dest) {
        let path = stage.sandbox.dest.join(&entry.path);
        // the binary itself, which launchers need
        if entry.sha256.is_some() && !entry.path.ends_with(".aptlet/aptlet") {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{} has '{word}'", path.display());
        }
    }
}

#[test]
fn passwords_of_auth_conf_go_to_their_host_alone() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let elsewhere = Server::start();
    elsewhere.put_all("", &repository(&["tool"]).build(&stage.key));
    stage
        .server
        .fail(TOOL, Fault::Redirect(format!("{}/pool/main/t/tool/tool_1.0_amd64.deb", elsewhere.url())));
    let auth = format!("machine {}/debian login alice password s3cr3t\n", stage.server.url());
    stage.sandbox.configure("auth.conf", auth);

    let outcome = stage.install(&["tool"]).arg("--verbose").run().succeeded();
    let requests = stage.server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.header("Authorization"), Some(basic("alice", "s3cr3t").as_str()), "{request:?}");
    }
    assert_eq!(elsewhere.count(|_| true), 1);
    assert_eq!(elsewhere.count(|request| request.header("Authorization").is_some()), 0);
    assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.stderr);
    assert_nowhere(&stage, "s3cr3t");
}

#[test]
fn passwords_of_a_url_are_used_and_shown_to_nobody() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]).by_hash(false));
    stage.server.remove("debian/dists/stable/Release.gpg");
    let mirror = stage.mirror().replace("http://", "http://al%40ice:s3cr3t%2F@");
    let install = |request: &str| {
        let mut install = stage.bare("install");
        install.args([request, "--verbose", "--suite=stable", "--mirror", &mirror]);
        install.arg("--keyring").arg(stage.keyring());
        install
    };
    let outcome = install("tool").run().succeeded();
    assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.stderr);
    let header = basic("al@ice", "s3cr3t/");
    let with = || stage.server.count(|request| request.header("Authorization") == Some(header.as_str()));
    assert_eq!(with(), stage.server.requests().len());
    assert_nowhere(&stage, "s3cr3t");

    stage.server.forget();
    install("tool").run().succeeded();
    assert_eq!((stage.server.requests().len(), with()), (1, 1), "the second run, too");

    let index = "debian/dists/stable/main/binary-amd64/Packages.xz";
    for (path, fault, code) in [
        (TOOL, Fault::Status(403), 4),
        (index, Fault::Bytes(vec![0; 10]), 5),
        ("debian/dists/stable/InRelease", Fault::Bytes(b"Origin: x\n".to_vec()), 5),
        ("debian/dists/stable/InRelease", Fault::Status(404), 5),
        ("debian/dists/stable/Release", Fault::Status(404), 4),
    ] {
        stage.server.heal(path);
        stage.server.fail(path, fault);
        let outcome = install("tool=1.0").run().failed(code, &["127.0.0.1", "hint: "]);
        assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.stderr);
    }
}

#[test]
fn a_refused_password_is_told_with_its_remedy() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    // Release is asked for as well, as apt does: some answer 401 and 403 for what is not there
    for name in ["InRelease", "Release"] {
        stage.server.fail(&format!("debian/dists/stable/{name}"), Fault::Status(401));
    }
    stage.install(&["tool"]).run().failed(4, &["InRelease", "401", &stage.mirror(), "hint: ", "auth.conf"]);
}

#[test]
fn a_proxy_is_asked_but_for_its_exceptions() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let proxy = Server::proxy();
    proxy.route("mirror.example", &stage.server);
    let install = |mirror: &str| {
        let mut install = stage.bare("install");
        install.args(["tool", "--suite=stable", "--mirror", mirror]).arg("--keyring").arg(stage.keyring());
        install.env("http_proxy", proxy.url());
        install
    };
    install("http://mirror.example/debian").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert_eq!(proxy.count(|_| true), 3);
    assert_eq!(proxy.count(|request| request.target.starts_with("http://mirror.example/debian/")), 3);

    proxy.forget();
    install(&stage.mirror()).env("no_proxy", "localhost,127.0.0.1").run().succeeded();
    assert_eq!(proxy.count(|_| true), 0);
}

#[test]
fn failures_that_pass_are_tried_again() {
    let stage = Stage::new();
    let noise: Vec<u8> =
        (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let tool = super::command("tool", "1.0").file("usr/share/noise", 0o644, noise);
    stage.publish(&crate::support::repository::Repository::new("stable").add("main", &tool));
    stage.server.fail_times("debian/dists/stable/InRelease", 1, Fault::Status(503));
    stage.server.fail_times(TOOL, 1, Fault::Truncate(10_000));
    stage.server.fail_times(TOOL, 1, Fault::Close);
    stage.install(&["tool"]).arg("--retries=3").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let ranges: Vec<_> =
        stage.server.requests().iter().filter_map(|r| r.header("Range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=10000-", "bytes=10000-"], "what has arrived is not fetched again");
}
