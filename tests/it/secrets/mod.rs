//! Secrets, by every way in that they have, and every way out: none is printed, kept or sent where it does not belong.

mod sent;

use std::fs;
use std::process::Command;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::server::{Fault, Server};
use crate::support::snapshot;
use crate::support::stage::{Outcome, Run, Stage};
use crate::watch::watched::Watched;

/// What must not be seen.
const SECRET: &str = "s3cr3t";

/// URIs of a repository with a secret in them, right and wrong; `HOST` is where the repository is.
const URIS: [&str; 22] = [
    "http://alice:s3cr3t@HOST/debian",
    "http://alice:s3cr3t%2F@HOST/debian",
    "http://:s3cr3t@HOST/debian",
    "http://s3cr3t@HOST/debian",
    "http://alice:s3cr3t/x@HOST/debian",
    "http://alice:x/s3cr3t@HOST/debian",
    "http://alice:12/s3cr3t@HOST/debian",
    "http://alice:s3cr3t#x@HOST/debian",
    "http://alice:12#s3cr3t@HOST/debian",
    "http://alice:s3cr3t?x@HOST/debian",
    "http://alice:12?s3cr3t@HOST/debian",
    "http://alice:s3cr3t@x@HOST/debian",
    "http://alice:x@s3cr3t@HOST/debian",
    "http://s3cr3t/s3cr3t==@HOST/debian",
    "http://HOST/debian?token=s3cr3t",
    "http://HOST/debian/?a=b&token=s3cr3t",
    "http://alice:s3cr3t@HOST/debian?token=s3cr3t",
    "http://HOST/debian#token=s3cr3t",
    "ftp://alice:s3cr3t@HOST/debian",
    "http:/alice:s3cr3t@HOST/debian",
    "alice:s3cr3t@HOST/debian",
    "http://alice:s3cr3t@HOST/absent/$(NONE)",
];

/// How a URI is given.
const GIVEN: [&str; 6] = ["flag", "variable", "yaml", "sources", "list", "no-type"];

fn published() -> Stage {
    let stage = Stage::new();
    let tool = DebBuilder::new("tool", "1.0").file("usr/bin/tool", 0o755, "#!/bin/sh\n");
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage
}

/// A command that has this URI.
fn given(stage: &mut Stage, how: &str, uri: &str) -> Vec<(&'static str, String)> {
    for key in ["aptlet.yaml", "a.sources", "a.list"] {
        stage.sandbox.unconfigure(key);
    }
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    let mut said = vec![("APTLET_SUITE", "stable".to_owned())];
    match how {
        "variable" => said.push(("APTLET_MIRROR", uri.to_owned())),
        "yaml" => stage.sandbox.configure("aptlet.yaml", format!("mirror: '{uri}'\n")),
        "sources" => {
            said.clear();
            let stanza = format!(
                "Types: deb\nURIs: {uri}\nSuites: stable\nComponents: main\nSigned-By: archive.asc\n"
            );
            stage.sandbox.configure("a.sources", stanza);
        }
        "list" | "no-type" => {
            said.clear();
            let kind = if how == "list" { "deb " } else { "" };
            stage.sandbox.configure("a.list", format!("{kind}{uri} stable main\n"));
        }
        _ => said.push(("--mirror", uri.to_owned())),
    }
    said
}

fn with(mut command: Command, said: &[(&'static str, String)]) -> Command {
    for (name, value) in said {
        match name.starts_with('-') {
            true => command.arg(name).arg(value),
            false => command.env(name, value),
        };
    }
    command
}

/// Everything that a run tells and leaves, held against the secret.
#[track_caller]
fn assert_quiet(stage: &Stage, what: &str, outcome: &Outcome) {
    let termination = fs::read_to_string(stage.termination_log()).unwrap_or_default();
    for (where_to, text) in [
        ("standard error", &outcome.stderr),
        ("standard output", &outcome.stdout),
        ("termination message", &termination),
    ] {
        assert!(!text.contains(SECRET), "{what}: {where_to}:\n{text}");
    }
    assert!(!outcome.stderr.contains("panicked"), "{what}:\n{}", outcome.stderr);
    for entry in snapshot(&stage.sandbox.dest) {
        let path = stage.sandbox.dest.join(&entry.path);
        if entry.sha256.is_some() && !entry.path.ends_with(".aptlet/aptlet") {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{what}: {}", path.display());
        }
    }
}

/// Runs what installs and what locks, told to people and to machines; returns whether it could be installed.
fn play(stage: &Stage, what: &str, said: &[(&'static str, String)]) -> bool {
    let mut installed = false;
    for format in ["text", "json"] {
        fs::write(stage.termination_log(), "").unwrap();
        let mut install = with(stage.bare("install"), said);
        let outcome = install.args(["tool", "--prefix=/", "--verbose", "--log-format", format]).run();
        assert_quiet(stage, &format!("{what}: install, {format}"), &outcome);
        installed = outcome.code == Some(0);
    }
    let mut lock = with(stage.bare("lock"), said);
    let outcome = lock.args(["tool", "--verbose", "-o", "-"]).run();
    assert_quiet(stage, &format!("{what}: lock"), &outcome);
    let outcome = stage.bare("status").args(["--verbose", "--log-format=json"]).run();
    assert_quiet(stage, &format!("{what}: status"), &outcome);
    installed
}

#[test]
fn uris_with_secrets() {
    let mut stage = published();
    let host = stage.server.url().replace("http://", "");
    let mut installed = 0;
    for uri in URIS {
        for how in GIVEN {
            // what is not reached is not waited for
            let mut said = given(&mut stage, how, &uri.replace("HOST", &host));
            said.push(("APTLET_KEYRING", stage.keyring().display().to_string()));
            said.push(("APTLET_TIMEOUT", "2".to_owned()));
            installed += usize::from(play(&stage, &format!("{how} {uri}"), &said));
        }
    }
    assert!(installed >= 4 * 6, "{installed}: logins and queries are used all the same");
}

#[test]
fn other_ways_in() {
    let mut stage = published();
    let host = stage.server.url().replace("http://", "");
    let keyring = ("APTLET_KEYRING", stage.keyring().display().to_string());
    let mirror = |said: &[(&'static str, String)]| {
        let own = [("APTLET_SUITE", "stable".to_owned()), ("APTLET_MIRROR", stage.mirror()), keyring.clone()];
        [said, &own].concat()
    };
    let digest = "0".repeat(64);
    let mut ways: Vec<(&str, Vec<(&'static str, String)>)> = Vec::new();
    for request in [
        "http://alice:s3cr3t@HOST/a.deb",
        "http://alice:s3cr3t@HOST/a.deb#sha256=DIGEST",
        "http://alice:s3cr3t/@HOST/a.deb#sha256=DIGEST",
        "http://alice:12/s3cr3t@HOST/a.deb#sha256=DIGEST",
        "http://HOST/a.deb?token=s3cr3t#sha256=DIGEST",
        "http://HOST/a.deb#s3cr3t",
        "alice:s3cr3t@HOST/a.deb",
        "ftp://alice:s3cr3t@HOST/a.deb#sha256=DIGEST",
    ] {
        let request = request.replace("HOST", &host).replace("DIGEST", &digest);
        ways.push(("request", mirror(&[("APTLET_PACKAGES", request)])));
    }
    for proxy in [
        "http://alice:s3cr3t@127.0.0.1:1",
        "http://alice:s3cr3t/x@127.0.0.1:1",
        "alice:s3cr3t@127.0.0.1:1",
        "http://alice:s3cr3t@",
        "ftp://alice:s3cr3t@127.0.0.1:1",
        "socks5://alice:s3cr3t@127.0.0.1:1",
    ] {
        for variable in ["http_proxy", "ALL_PROXY"] {
            ways.push(("proxy", mirror(&[(variable, proxy.to_owned())])));
        }
    }
    for auth in [
        "machine HOST login alice password s3cr3t",
        "machine http://HOST login alice password s3cr3t s3cr3t",
        "login alice password s3cr3t",
        "machine http://HOST:s3cr3t login alice",
        "machine http://HOST login alice passwd s3cr3t",
        "{\"password\": \"s3cr3t\"}",
    ] {
        let path = stage.sandbox.path(&format!("auth{}.conf", ways.len()));
        fs::write(&path, auth.replace("HOST", &host)).unwrap();
        ways.push(("auth.conf", mirror(&[("APTLET_AUTH", path.display().to_string())])));
    }
    let lock = stage.lock(&["tool"]);
    for (number, uri) in
        ["http://alice:s3cr3t@HOST/absent", "http://HOST/absent?token=s3cr3t"].into_iter().enumerate()
    {
        let path = stage.sandbox.path(&format!("{number}.lock"));
        fs::write(&path, lock.replace(&stage.mirror(), &uri.replace("HOST", &host))).unwrap();
        ways.push(("lock", vec![("APTLET_LOCK", path.display().to_string())]));
    }
    for (what, said) in &ways {
        let requested = said.iter().any(|(name, _)| *name == "APTLET_PACKAGES" || *name == "APTLET_LOCK");
        for format in ["text", "json"] {
            fs::write(stage.termination_log(), "").unwrap();
            let mut install = with(stage.bare("install"), said);
            install.args(["--prefix=/", "--timeout=2", "--verbose", "--log-format", format]);
            if !requested {
                install.arg("tool=1.0");
            }
            assert_quiet(&stage, &format!("{what} {said:?}, {format}"), &install.run());
        }
    }
    // what is misspelt is no less of a secret
    for flags in [
        ["--miror=http://alice:s3cr3t@h/", "tool"],
        ["--timeout=http://alice:s3cr3t@h/", "tool"],
        ["--sources=http://alice:s3cr3t@h/", "tool"],
        ["--base=http://alice:s3cr3t@h/", "tool"],
        ["--lock=http://alice:s3cr3t@h/", "--quiet"],
    ] {
        let outcome = stage.bare("install").args(flags).run();
        assert_ne!(outcome.code, Some(0));
        assert_quiet(&stage, flags[0], &outcome);
    }
    stage.sandbox.configure("packages", "http://alice:s3cr3t@h/x.deb\n");
    assert_quiet(&stage, "packages", &stage.bare("install").run());
}

#[test]
fn what_servers_say() {
    let stage = published();
    let elsewhere = Server::start();
    for (path, fault) in [
        ("debian/dists/stable/InRelease", Fault::Redirect("/debian/absent?token=s3cr3t".to_owned())),
        ("debian/dists/stable/InRelease", Fault::Redirect("http://alice:s3cr3t@127.0.0.1:1/x".to_owned())),
        ("debian/dists/stable/InRelease", Fault::Redirect("http://alice:12/s3cr3t@h/x".to_owned())),
        ("debian/dists/stable/InRelease", Fault::Redirect("file:///s3cr3t?s3cr3t".to_owned())),
        (
            "debian/pool/main/t/tool/tool_1.0_amd64.deb",
            Fault::Redirect(format!("{}/x?sig=s3cr3t", elsewhere.url())),
        ),
    ] {
        stage.server.fail(path, fault.clone());
        for format in ["text", "json"] {
            let mut install = stage.install(&["tool"]);
            let outcome = install.args(["--prefix=/", "--verbose", "--log-format", format]).run();
            assert_quiet(&stage, &format!("{fault:?}, {format}"), &outcome);
        }
        stage.server.heal(path);
    }
}

#[test]
fn what_a_sidecar_answers() {
    let mut stage = published();
    let host = stage.server.url().replace("http://", "");
    for uri in [
        "http://alice:s3cr3t@HOST/absent",
        "http://HOST/absent?token=s3cr3t",
        "http://alice:12/s3cr3t@HOST/debian",
    ] {
        let mut said = given(&mut stage, "sources", &uri.replace("HOST", &host));
        said.push(("APTLET_PACKAGES", "tool".to_owned()));
        let mut command = with(stage.bare("watch"), &said);
        command.args(["--listen=127.0.0.1:0", "--verbose", "--timeout=2"]);
        let watched = Watched::run(&mut command);
        watched.until("the first install has failed", |watched| {
            !watched.get("/readyz?verbose").body.contains("install is under way")
                && watched.said().contains("error")
        });
        for path in ["/readyz", "/readyz?verbose", "/metrics"] {
            let answer = watched.get(path);
            assert!(!answer.body.contains(SECRET), "{uri}: {path}:\n{}", answer.body);
        }
        assert!(!watched.said().contains(SECRET), "{uri}:\n{}", watched.said());
        drop(watched);
        let quiet = Outcome { code: None, stdout: String::new(), stderr: String::new() };
        assert_quiet(&stage, uri, &quiet);
    }
}
