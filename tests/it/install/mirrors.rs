//! Mirrors that fail: what is waited for, what is paid for once, and what is installed in spite of it.

use std::time::{Duration, Instant};

use super::{command, repository};
use crate::support::repository::Repository;
use crate::support::server::{Down, Fault, Server};
use crate::support::stage::{Run, Stage, visible};

const IN_RELEASE: &str = "debian/dists/stable/InRelease";

#[test]
fn a_busy_mirror_is_waited_for_and_gets_fewer_requests() {
    let stage = Stage::new();
    let names = ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1"];
    stage.publish(&repository(&names));
    let pool = |name: &str| format!("debian/pool/main/{}/{name}/{name}_1.0_amd64.deb", &name[..1]);
    for (name, status) in names.iter().zip([429, 503].iter().cycle()) {
        // more often than there are retries
        stage.server.fail_times(&pool(name), 4, Fault::Status(*status));
    }
    stage.server.fail_times(IN_RELEASE, 4, Fault::Status(503));
    let mut install = stage.install(&names);
    install.args(["--prefix=/", "--retries=1"]).run().succeeded();
    assert_eq!(stage.installed().len(), names.len());
    let requests = stage.server.requests();
    assert_eq!(requests.len(), 5 + 1 + 8 * 5);
}

#[test]
fn patience_has_an_end() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.server.fail(IN_RELEASE, Fault::Status(503));
    let started = Instant::now();
    let outcome = stage.install(&["tool"]).args(["--retries=1", "--patience=1"]).run();
    outcome.failed(4, &["503", "tries)", "--patience"]);
    assert!(started.elapsed() >= Duration::from_secs(1));
    // who wants no retries gets none
    stage.server.forget();
    stage.install(&["tool"]).run().failed(4, &["503"]);
    assert_eq!(stage.server.requests().len(), 1);
}

#[test]
fn a_busy_mirror_is_not_waited_for_while_there_is_another() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let busy = Server::start();
    busy.fail("dists/stable/InRelease", Fault::Status(503));
    let started = Instant::now();
    let mut install = stage.bare("install");
    install.args(["tool", "--prefix=/", "--retries=1", "--suite=stable", "--mirror", &busy.url()]);
    install.args(["--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    install.run().succeeded();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(busy.count(|request| request.path.ends_with("InRelease")), 2);
}

#[test]
fn a_mirror_that_says_nothing_is_paid_for_once() {
    let stage = Stage::new();
    let names: Vec<String> = (0..30).map(|number| format!("tool{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.publish(&repository(&names));
    // it accepts, and that is all
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/debian", silent.local_addr().unwrap());
    let started = Instant::now();
    let mut install = stage.bare("install");
    install.args(&names).args(["--prefix=/", "--suite=stable", "--retries=2", "--timeout=2"]);
    install.args(["--mirror", &url, "--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    install.run().succeeded();
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(30), "{took:?}");
    silent.set_nonblocking(true).unwrap();
    assert_eq!(silent.incoming().take_while(Result::is_ok).count(), 1, "asked once");
}

#[test]
fn what_comes_too_slowly_comes_from_elsewhere() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let slow = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/debian", slow.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for mut stream in slow.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                // for at most a minute
                for _ in 0..200 {
                    if stream.write_all(b"x").is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(300));
                }
            });
        }
    });
    let install = |mirrors: &[&str]| {
        let mut install = stage.bare("install");
        install.args(["tool", "--prefix=/", "--suite=stable", "--timeout=2"]);
        for mirror in mirrors {
            install.args(["--mirror", mirror]);
        }
        install.arg("--keyring").arg(stage.keyring());
        install
    };
    let started = Instant::now();
    let outcome = install(&[&url]).arg("--min-speed=100").run();
    outcome.failed(4, &["InRelease: only ", " bytes came within 2 seconds", "--min-speed"]);
    assert!(started.elapsed() < Duration::from_secs(30));
    install(&[&url, &stage.mirror()]).arg("--min-speed=100").run().succeeded();
}

/// What is installed stays good while mirrors fail, in these ways.
/// A name, what is said of it, and what makes it.
type Failure<'a> = (&'a str, &'a str, Box<dyn Fn(&Stage) + 'a>);

#[test]
fn what_was_asked_for_and_is_installed_stays_good() {
    let newer = || {
        Repository::new("stable")
            .add("main", &command("tool", "2.0"))
            .date("2024-07-01T00:00:00Z".parse().unwrap())
    };
    let deb = "debian/pool/main/t/tool/tool_2.0_amd64.deb";
    let index = |stage: &Stage, fault: Fault| {
        for path in newer().build(&stage.key).keys().filter(|path| path.contains("/binary-amd64/")) {
            stage.server.fail(&format!("debian/{path}"), fault.clone());
        }
    };
    let page = b"<!DOCTYPE html><html><body>Please log in</body></html>".to_vec();
    let at_release = |fault: Fault| {
        Box::new(move |stage: &Stage| {
            for name in ["InRelease", "Release"] {
                stage.server.fail(&format!("debian/dists/stable/{name}"), fault.clone());
            }
        })
    };
    let failures: [Failure<'_>; 10] = [
        ("a portal", "is a page of HTML", at_release(Fault::Bytes(page.clone()))),
        ("an empty answer", "is empty", at_release(Fault::Bytes(Vec::new()))),
        ("an error", "503", at_release(Fault::Status(503))),
        ("a refusal", "403", at_release(Fault::Status(403))),
        (
            "nothing there",
            "no InRelease and no Release",
            Box::new(|stage: &Stage| {
                for name in ["InRelease", "Release", "Release.gpg"] {
                    stage.server.remove(&format!("debian/dists/stable/{name}"));
                }
            }),
        ),
        (
            "a mirror that lags",
            "is dated",
            Box::new(|stage: &Stage| {
                let old = repository(&["tool"]).date("2024-05-01T00:00:00Z".parse().unwrap());
                stage.publish(&old);
            }),
        ),
        (
            "no index",
            "Release lists it",
            Box::new(|stage: &Stage| {
                stage.publish(&newer());
                index(stage, Fault::Status(404));
            }),
        ),
        (
            "another index",
            "expected",
            Box::new(|stage: &Stage| {
                stage.publish(&newer());
                index(stage, Fault::Bytes(page.clone()));
            }),
        ),
        (
            "no package",
            "404",
            Box::new(|stage: &Stage| {
                stage.publish(&newer());
                stage.server.fail(deb, Fault::Status(404));
            }),
        ),
        (
            "another package",
            "expected",
            Box::new(|stage: &Stage| {
                stage.publish(&newer());
                stage.server.fail(deb, Fault::Bytes(page.clone()));
            }),
        ),
    ];
    for (name, words, fails) in failures {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]));
        stage.install(&["tool"]).arg("--prefix=/").run().succeeded();
        let before = visible(&stage.sandbox.dest);
        fails(&stage);
        let outcome = stage.install(&["tool"]).arg("--prefix=/").run().succeeded();
        let warned =
            outcome.stderr.contains("warning: cannot look for updates, so what is installed stays: ");
        assert!(warned && outcome.stderr.contains(words), "{name}:\n{}", outcome.stderr);
        assert!(outcome.stderr.contains("1 package up to date"), "{name}:\n{}", outcome.stderr);
        assert_eq!(visible(&stage.sandbox.dest), before, "{name}");
        let outcome = stage.install(&["tool"]).args(["--prefix=/", "--on-failure=abort"]).run();
        assert!(matches!(outcome.code, Some(4 | 5)), "{name}: {:?}\n{}", outcome.code, outcome.stderr);
        assert_eq!(visible(&stage.sandbox.dest), before, "{name}");
        // another request is not answered by what is there
        let outcome = stage.install(&["tool=1.0"]).arg("--prefix=/").run();
        assert_ne!(outcome.code, Some(0), "{name}:\n{}", outcome.stderr);
    }
}

#[test]
fn a_wrong_signature_is_never_passed_over() {
    let mallory = crate::support::signing::SigningKey::generate("mallory");
    for kind in ["changed", "unknown", "unsigned"] {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]));
        stage.install(&["tool"]).arg("--prefix=/").run().succeeded();
        let release = repository(&["tool"]).release();
        stage.server.put(
            IN_RELEASE,
            match kind {
                "changed" => stage.key.clearsign(&release).replacen("Label: aptlet", "Label: Aptlet", 1),
                "unknown" => mallory.clearsign(&release),
                _ => release,
            },
        );
        // else it would vouch for the same
        stage.server.fail("debian/dists/stable/Release.gpg", Fault::Status(404));
        stage.install(&["tool"]).arg("--prefix=/").run().failed(5, &["InRelease"]);
    }
}

#[test]
fn an_expired_tree_is_not_good_any_more() {
    let stage = Stage::new();
    let soon = jiff::Timestamp::now() + Duration::from_secs(3);
    stage.publish(&repository(&["tool"]).valid_until(soon));
    stage.install(&["tool"]).arg("--prefix=/").run().succeeded();
    std::thread::sleep(Duration::from_secs(4));
    stage.server.fail(IN_RELEASE, Fault::Status(503));
    stage.install(&["tool"]).arg("--prefix=/").run().failed(4, &["503"]);
}

#[test]
fn a_mirror_that_is_down_is_asked_once_for_all() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let down = Down::new();
    let mut install = stage.bare("install");
    install.args(["tool", "--prefix=/", "--suite=stable", "--retries=0", "--mirror", &down.url()]);
    install.args(["--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    let outcome = install.run().succeeded();
    assert_eq!(outcome.stderr.matches("connection refused").count(), 1, "{}", outcome.stderr);
}

#[test]
fn plus_and_tilde_are_sent_as_apt_sends_them() {
    let stage = Stage::new();
    let tool = command("tool", "1:1.0+deb12u1~rc1");
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage.install(&["tool"]).arg("--prefix=/").run().succeeded();
    let sent = stage
        .server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .find(|target| target.contains(".deb"));
    let sent = sent.unwrap();
    assert!(sent.contains("%2Bdeb12u1%7Erc1") && !sent.contains('+'), "{sent}");
}
