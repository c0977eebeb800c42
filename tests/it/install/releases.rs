//! Sources in one word, or in place of a file: releases of distributions, and what an image says of its own.

use std::fs;
use std::process::Command;

use super::command;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

/// A suite of Debian or Ubuntu with one package.
fn suite(name: &str, component: &str, package: &str, version: &str) -> Repository {
    Repository::new(name).add(component, &command(package, version))
}

/// A mirror with the suites of bookworm, and its security archive.
fn bookworm() -> (Stage, String, String) {
    let stage = Stage::new();
    let put = |folder: &str, suite: Repository| stage.server.put_all(folder, &suite.build(&stage.key));
    put("debian", suite("bookworm", "main", "tool", "1.0"));
    put("debian", suite("bookworm-updates", "main", "other", "2.0"));
    put("security", suite("bookworm-security", "main", "tool", "1.0+deb12u1"));
    let (mirror, security) = (stage.mirror(), stage.server.url() + "/security");
    (stage, mirror, security)
}

fn with_mirrors(stage: &Stage, name: &str, mirror: &str, security: &str) -> Command {
    let mut command = stage.bare(name);
    command.args(["--mirror", mirror, "--security-mirror", security]).arg("--keyring").arg(stage.keyring());
    command
}

#[test]
fn a_release_has_updates_and_security_fixes() {
    let (stage, mirror, security) = bookworm();
    for (number, release) in ["bookworm", "debian:12", "debian:bookworm-slim"].into_iter().enumerate() {
        let dest = stage.sandbox.path(&number.to_string());
        let mut install = with_mirrors(&stage, "install", &mirror, &security);
        install.args(["tool", "other", "--release", release]).arg("--dest").arg(&dest).run().succeeded();
        assert_eq!(crate::support::stage::installed(&dest), ["other 2.0", "tool 1.0+deb12u1"], "{release}");
    }
    let lock =
        with_mirrors(&stage, "lock", &mirror, &security).args(["tool", "-o-", "--release=bookworm"]).run();
    let sources = format!(
        "sources = [\"{mirror} bookworm main\", \"{mirror} bookworm-updates main\", \"{security} bookworm-security main\"]"
    );
    let lock = lock.succeeded().stdout.replace("\n    ", " ").replace("[ \"", "[\"").replace("\",\n]", "\"]");
    assert!(lock.contains(&sources), "{lock}\n{sources}");
}

#[test]
fn a_release_of_ubuntu_has_all_components() {
    let stage = Stage::new();
    let mut repository = Repository::new("noble");
    for component in ["main", "universe", "restricted", "multiverse"] {
        repository = repository.add(component, &command(&format!("of-{component}"), "1.0"));
    }
    stage.publish(&repository);
    stage.publish(&suite("noble-updates", "main", "of-main", "1.1"));
    stage.publish(&suite("noble-security", "universe", "of-universe", "1.2"));
    let mirror = stage.mirror();
    let mut install = with_mirrors(&stage, "install", &mirror, &mirror);
    install.args(["--release=noble", "of-*"]).run().succeeded();
    assert_eq!(
        stage.installed(),
        ["of-main 1.1", "of-multiverse 1.0", "of-restricted 1.0", "of-universe 1.2"]
    );
}

#[test]
fn what_is_no_release_or_says_suites_twice_is_refused_before_anything_is_asked() {
    let (stage, mirror, security) = bookworm();
    let refused = |arguments: &[&str], words: &[&str]| {
        let outcome = with_mirrors(&stage, "install", &mirror, &security).arg("tool").args(arguments).run();
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        for word in words {
            assert!(outcome.stderr.contains(word), "'{word}' is missing in:\n{}", outcome.stderr);
        }
    };
    refused(&["--release=bokworm"], &["did you mean bookworm?"]);
    refused(&["--release=debian:stable"], &["name the release that is meant", "debian:13"]);
    refused(&["--release=buster"], &["debian:10 (buster) has ended"]);
    refused(
        &["--release=bookworm", "--suite=sid"],
        &["'release' and 'suite' are both set", "hint: Drop 'suite'"],
    );
    refused(&["--suite=sid"], &["'security-mirror' and 'suite' are both set"]);
    assert_eq!(stage.requested(), [""; 0]);
}

#[test]
fn a_release_that_nobody_mends_any_more_is_told() {
    let stage = Stage::new();
    for suite_of in ["focal", "focal-updates", "focal-security"] {
        stage.publish(&suite(suite_of, "main", "tool", "1.0"));
    }
    let mirror = stage.mirror();
    let outcome = with_mirrors(&stage, "install", &mirror, &mirror)
        .args(["tool", "--release=focal", "--component=main"])
        .run();
    let told = "warning: ubuntu:20.04 (focal) has had no security updates since 2025-05-31";
    assert!(outcome.succeeded().stderr.contains(told));
}

#[test]
fn the_base_says_which_release_is_meant() {
    let (stage, mirror, security) = bookworm();
    let image = stage.sandbox.path("image");
    let dpkg = image.join("var/lib/dpkg");
    fs::create_dir_all(&dpkg).unwrap();
    fs::create_dir(image.join("etc")).unwrap();
    fs::write(
        dpkg.join("status"),
        "Package: have\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
    )
    .unwrap();
    fs::write(image.join("etc/os-release"), "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")
        .unwrap();
    let mut install = with_mirrors(&stage, "install", &mirror, &security);
    let outcome = install.args(["tool", "other"]).arg("--base").arg(&dpkg).run().succeeded();
    assert_eq!(stage.installed(), ["other 2.0", "tool 1.0+deb12u1"]);
    let told = format!(
        "packages come from debian:12 (bookworm), as {} says",
        image.join("etc/os-release").display()
    );
    assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
    // a mirror alone has its suites, and no security archive
    let mut install = stage.bare("install");
    install.args(["tool", "--mirror", &mirror, "--keyring"]).arg(stage.keyring()).arg("--base").arg(&dpkg);
    install.run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    // what is said counts, and what does not fit leads to what would
    fs::write(
        dpkg.join("status"),
        "Package: lib\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n",
    )
    .unwrap();
    let needy = command("needy", "1.0").field("Depends", "lib (>= 2)");
    let newer = Repository::new("trixie").add("main", &needy).add("main", &command("lib", "2"));
    stage.publish(&newer);
    let mut install = stage.bare("install");
    install.args(["needy", "--suite=trixie", "--mirror", &mirror, "--keyring"]).arg(stage.keyring());
    let words = [
        "the base has lib 1",
        "the base is of debian:12 (bookworm), and no source is",
        "hint: ",
        "--release debian:12",
    ];
    install.arg("--base").arg(&dpkg).run().failed(3, &words);
}

#[test]
fn a_source_and_a_key_in_place() {
    let mut stage = Stage::new();
    stage.publish(&super::repository(&["tool"]));
    let key = stage.key.public_armored();
    let line = format!("deb {} stable main", stage.mirror());
    let stanza = format!("Types: deb\nURIs: {}\nSuites: stable\nComponents: main\n", stage.mirror());
    let inline: String = key
        .trim_end()
        .lines()
        .flat_map(|line| [" ", if line.is_empty() { "." } else { line }, "\n"])
        .collect();
    let install = |name: &str| {
        let mut install = stage.bare("install");
        install.arg("tool").arg("--dest").arg(stage.sandbox.path(name));
        install
    };
    let installed = |name: &str| crate::support::stage::installed(&stage.sandbox.path(name));
    install("flag").args(["--sources", &line, "--keyring", &key]).run().succeeded();
    install("variable").env("APTLET_SOURCES", &line).env("APTLET_KEYRING", &key).run().succeeded();
    install("stanza")
        .env("APTLET_SOURCES", format!("# ours\n{stanza}"))
        .env("APTLET_KEYRING", &key)
        .run()
        .succeeded();
    install("inline").env("APTLET_SOURCES", format!("{stanza}Signed-By:\n{inline}")).run().succeeded();
    for name in ["flag", "variable", "stanza", "inline"] {
        assert_eq!(installed(name), ["tool 1.0"], "{name}");
    }
    // mistakes are told by place
    install("bad").args(["--sources", "deb http://mirror.example/"]).run().failed(2, &["in-place.list:1:"]);
    // another text is another question
    let again = install("flag").args(["--sources", &line, "--keyring", &key]).run().succeeded();
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    // and the same in the ConfigMap
    let indented: String = key.lines().flat_map(|line| ["  ", line, "\n"]).collect();
    let yaml = format!("sources: |\n  {line}\nkeyring: |\n{indented}");
    stage.sandbox.configure("aptlet.yaml", yaml);
    stage.sandbox.configure("packages", "tool");
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn a_list_of_comments_says_what_to_uncomment() {
    let mut stage = Stage::new();
    for text in ["", "#  Types: deb\n#  URIs: http://mirror.example/debian\n"] {
        stage.sandbox.configure("mirror.sources", text);
        let words = [
            "there is no source in ",
            "mirror.sources: all of its lines are empty or comments",
            "hint: Take the '#' away",
        ];
        stage.bare("install").arg("jq").run().failed(2, &words);
    }
    // and of a stanza
    stage.sandbox.configure(
        "mirror.sources",
        "Types: deb\n#  URIs: http://mirror.example/debian\n#  Suites: trixie\n",
    );
    stage.bare("install").arg("jq").run().failed(2, &["mirror.sources:1", "URIs"]);
}
