//! Requests that name a `.deb` by its place: a path, or a URL with a digest.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::{command, repository};
use crate::support::deb::{DebBuilder, sha256};
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage, generations};

/// Writes a package into the folder that commands are started in, and returns its path.
fn put(stage: &Stage, deb: &DebBuilder) -> PathBuf {
    let path = stage.sandbox.path("tmp").join(deb.file_name());
    fs::write(&path, deb.build()).unwrap();
    path
}

fn url(stage: &Stage, deb: &DebBuilder) -> String {
    stage.server.put(&format!("files/{}", deb.file_name()), deb.build());
    format!("{}/files/{}", stage.server.url(), deb.file_name())
}

#[test]
fn a_local_file_and_what_it_depends_on() {
    let stage = Stage::new();
    stage.publish(&repository(&["library", "other", "unrelated"]));
    let local = command("tool", "1:2.0~rc1+b1").field("Depends", "library (>= 1) | other");
    put(&stage, &local);
    stage.install(&["./tool_2.0~rc1+b1_amd64.deb"]).run().succeeded();
    assert_eq!(stage.installed(), ["library 1.0", "tool 1:2.0~rc1+b1"]);
    let lock = fs::read_to_string(stage.current("var/lib/aptlet/aptlet.lock")).unwrap();
    let folder = stage.sandbox.path("tmp");
    assert!(lock.contains(&format!("uris = [\"file://{}/\"]\nsuite = \"./\"\n", folder.display())), "{lock}");
    assert!(lock.contains("\nfilename = \"tool_2.0~rc1+b1_amd64.deb\"\n"), "{lock}");
}

#[test]
fn a_file_is_taken_before_the_same_version_and_a_newer_one() {
    for version in ["0.5", "1.0", "3.0"] {
        let stage = Stage::new();
        let user = command("user", "1.0").field("Depends", "tool");
        stage.publish(
            &repository(&["tool", "library"]).add("main", &command("tool", "2.0")).add("main", &user),
        );
        let local = command("tool", version).field("Depends", "library");
        let path = put(&stage, &local.file("usr/share/local", 0o644, "local\n"));
        // wherever it stands: apt, too, takes files last
        for requests in [[path.to_str().unwrap(), "user"], ["tool=2.0", path.to_str().unwrap()]] {
            stage.install(&requests).run().succeeded();
            assert!(stage.installed().contains(&format!("tool {version}")), "{:?}", stage.installed());
            assert!(stage.current("usr/share/local").exists());
        }
    }
}

#[test]
fn a_file_that_changes_is_installed_anew() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let install = || stage.install(&["./local_1.0_amd64.deb"]).run().succeeded();
    put(&stage, &command("local", "1.0"));
    install();
    assert!(install().stderr.contains("up to date"));
    put(&stage, &command("local", "1.0").file("usr/share/new", 0o644, ""));
    install();
    assert_eq!(generations(&stage.sandbox.dest).len(), 2);
    assert!(stage.current("usr/share/new").exists());
}

#[test]
fn a_url_with_its_digest() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let deb = command("g++tool", "1.0").field("Depends", "library");
    let (url, digest) = (url(&stage, &deb), sha256(&deb.build()));
    let request = format!("{}#sha256={digest}", url.replace("g++", "g%2B%2b"));
    stage.install(&[&request]).run().succeeded();
    assert_eq!(stage.installed(), ["g++tool 1.0", "library 1.0"]);
    let asked = |path: &str| stage.server.count(|request| request.path == path);
    assert_eq!(asked("files/g++tool_1.0_amd64.deb"), 2, "for the plan, and for the tree");
    let outcome = stage.install(&[&request]).run().succeeded();
    assert!(outcome.stderr.contains("up to date"), "{}", outcome.stderr);
    assert_eq!(asked("files/g++tool_1.0_amd64.deb"), 2);
}

#[test]
fn a_url_needs_the_right_digest() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let deb = command("tool", "1.0");
    let url = url(&stage, &deb);
    stage.install(&[&url]).run().failed(2, &["without the digest", "sha256sum"]);
    let wrong = format!("{url}#sha256={}", "0".repeat(64));
    let digest = sha256(&deb.build());
    stage.install(&[&wrong]).run().failed(5, &[&url, &format!("SHA256 is {digest}, expected 000")]);
    stage.install(&[&url.replace("tool", "none")]).run().failed(2, &[]);
    let missing = format!("{}#sha256={digest}", url.replace("tool", "none"));
    stage.install(&[&missing]).run().failed(4, &["files/none_1.0_amd64.deb", "404"]);
    assert!(!stage.sandbox.dest.join(".aptlet/current").exists());

    // it changes between plan and download
    let path = "files/tool_1.0_amd64.deb";
    stage.server.heal(path);
    stage.server.fail_times(path, 1, Fault::IgnoreRange);
    stage.server.fail(path, Fault::Bytes(command("tool", "6.6").build()));
    stage.install(&[&format!("{url}#sha256={digest}")]).run().failed(5, &["tool 1.0"]);
}

#[test]
fn a_url_with_a_password_that_no_lock_has() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let deb = command("tool", "1.0");
    let url = url(&stage, &deb).replace("http://", "http://me:hunter2@");
    let request = format!("{url}#sha256={}", sha256(&deb.build()));
    let lock = stage.lock(&[&request]);
    assert!(!lock.contains("hunter2"), "{lock}");
    let logins = stage.server.count(|request| {
        request.path.starts_with("files/")
            && request.header("Authorization") == Some("Basic bWU6aHVudGVyMg==")
    });
    assert_eq!(logins, 1);
    let outcome = stage.install(&[&request.replace("sha256=", "sha256=0")]).run().failed(2, &["digest"]);
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
}

#[test]
fn a_lock_of_files_installs_them_again() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let local = command("local", "1.0").field("Depends", "library, remote");
    let remote = command("remote", "1.0");
    let path = put(&stage, &local);
    let remote = format!("{}#sha256={}", url(&stage, &remote), sha256(&remote.build()));
    let lock = stage.sandbox.path("aptlet.lock");
    fs::write(&lock, stage.lock(&["./local_1.0_amd64.deb", &remote])).unwrap();
    let install = |dest: &str| {
        let mut install = stage.bare("install");
        install.arg("--lock").arg(&lock).arg("--dest").arg(stage.sandbox.path(dest)).run()
    };
    install("dest").succeeded();
    assert_eq!(stage.installed(), ["library 1.0", "local 1.0", "remote 1.0"]);
    fs::write(&path, command("local", "1.0").file("usr/bin/evil", 0o755, "").build()).unwrap();
    install("changed").failed(5, &["local 1.0", "local_1.0_amd64.deb"]);
    fs::remove_file(&path).unwrap();
    install("gone").failed(4, &["local 1.0", "there is no such file"]);
}

#[test]
fn what_is_no_file_to_install() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let at = |name: &str| stage.sandbox.path("tmp").join(name);
    fs::create_dir(at("folder.deb")).unwrap();
    fs::write(at("text.deb"), "text\n").unwrap();
    let foreign = command("foreign", "1.0").arch("arm64");
    put(&stage, &foreign);
    for (request, code, words) in [
        ("./none.deb", 4, &["tmp/none.deb: there is no such file", "Check the path"][..]),
        ("./folder.deb", 4, &["tmp/folder.deb", "not a regular file"]),
        ("./text.deb", 5, &["tmp/text.deb: not a Debian package"]),
        ("./foreign_1.0_amd64.deb", 4, &["no such file"]),
        ("./foreign_1.0_arm64.deb", 3, &["architecture 'arm64'", "'amd64'"]),
        ("text.deb", 2, &["'text.deb' is not a package name", "./"]),
        ("./text", 2, &["'.deb'"]),
        ("./text.deb-", 2, &["'.deb'"]),
    ] {
        stage.install(&[request]).run().failed(code, words);
    }
    put(&stage, &command("needy", "1.0").field("Depends", "nothing"));
    stage.install(&["./needy_1.0_amd64.deb"]).run().failed(3, &["needy", "nothing"]);
    put(&stage, &command("two", "1.0"));
    put(&stage, &command("two", "2.0"));
    let two = ["./two_1.0_amd64.deb", "./two_2.0_amd64.deb"];
    stage.install(&two).run().failed(3, &["both are package 'two'"]);
    stage.install(&[two[0], two[0]]).run().succeeded();
    assert_eq!(stage.installed(), ["two 1.0"]);
}

#[test]
fn a_file_that_may_not_be_read() {
    let stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let path = put(&stage, &command("tool", "1.0"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let install = stage.install(&["./tool_1.0_amd64.deb"]);
    let Some(mut install) = stage.as_nobody(&install) else { return };
    fs::set_permissions(&stage.sandbox.dest, fs::Permissions::from_mode(0o777)).unwrap();
    install.run().failed(4, &["tool_1.0_amd64.deb", "Permission denied", "this user can read"]);
}

#[test]
fn a_config_map_with_a_package() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["library"]));
    let deb = command("tool", "1.0").field("Depends", "library");
    let remote = command("remote", "1.0");
    let remote = format!("{}#sha256={}", url(&stage, &remote), sha256(&remote.build()));
    stage.sandbox.configure("tool.deb", deb.build());
    stage.sandbox.configure("packages", format!("./tool.deb # ours\n#./none.deb\n{remote}\n"));
    let outcome = stage.install(&[]).run().succeeded();
    assert_eq!(stage.installed(), ["library 1.0", "remote 1.0", "tool 1.0"]);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
}

#[test]
fn patterns() {
    let stage = Stage::new();
    stage.publish(&repository(&["libfoo1", "libfoo-dev", "libbar1", "tool"]));
    let outcome = stage.install(&["libfoo*", "*-dev-"]).run().succeeded();
    assert_eq!(stage.installed(), ["libfoo1 1.0"]);
    assert!(outcome.stderr.contains("'libfoo*' selects libfoo1"), "{}", outcome.stderr);
    stage.install(&["lib?ar[0-9]", "t*=1.0"]).run().succeeded();
    assert_eq!(stage.installed(), ["libbar1 1.0", "tool 1.0"]);
    stage
        .install(&["nomatch*"])
        .run()
        .failed(3, &["matches 'nomatch*' in stable/main", "no regular expression"]);
    for expression in ["^lib.*r[0-9]$", "~n^libb", "?exact-name(libbar1)"] {
        stage.install(&[expression]).run().succeeded();
        assert_eq!(stage.installed(), ["libbar1 1.0"], "{expression}");
    }
    stage.install(&["^lib(.*$"]).run().failed(2, &["is no regular expression"]);
    stage
        .install(&["?installed"])
        .run()
        .failed(2, &["apt pattern that is not supported", "?name(EXPRESSION)"]);
}
