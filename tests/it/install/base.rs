//! What is there already: a base, packages that are left out; and packages of another architecture.

use std::fs;

use super::{command, repository};
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

fn status(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n\n")
}

/// `tool` needs `library (>= 2)`, of which there is 2.0.
fn stage() -> Stage {
    let stage = Stage::new();
    let tool = command("tool", "1.0").field("Depends", "library (>= 2)");
    stage.publish(&repository(&["other"]).add("main", &tool).add("main", &command("library", "2.0")));
    stage
}

#[test]
fn what_the_base_has_is_not_installed() {
    let stage = stage();
    let base = stage.sandbox.path("status");
    fs::write(&base, status("library", "2.0") + &status("other", "1.0")).unwrap();
    let install = || {
        let mut install = stage.install(&["tool", "other"]);
        install.arg("--base").arg(&base);
        install
    };
    let outcome = install().run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(outcome.stderr.contains("other 1.0 is in the base already"), "{}", outcome.stderr);
    assert!(install().run().succeeded().stderr.contains("up to date"));

    // another base is another request
    fs::write(&base, status("library", "2.0")).unwrap();
    install().run().succeeded();
    assert_eq!(stage.installed(), ["other 1.0", "tool 1.0"]);

    let lock =
        stage.at_mirror("lock").args(["tool", "-o", "-", "--base"]).arg(&base).run().succeeded().stdout;
    assert!(lock.contains("base-sha256 = \"") && !lock.contains("name = \"library\""), "{lock}");
    let file = stage.sandbox.path("aptlet.lock");
    fs::write(&file, lock).unwrap();
    stage.bare("install").arg("--lock").arg(&file).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn what_the_base_has_is_upgraded_only_when_that_is_allowed() {
    let stage = stage();
    let folder = stage.sandbox.path("status.d");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("library"), status("library", "1.0").replace("Status: install ok installed\n", ""))
        .unwrap();
    let mut install = stage.install(&["tool"]);
    install.arg("--base").arg(&folder);
    install.run().failed(3, &["the base has library 1.0", "hint: What the base has stays", "--upgrade-base"]);
    let mut install = stage.install(&["tool", "--upgrade-base"]);
    install.arg("--base").arg(&folder).run().succeeded();
    assert_eq!(stage.installed(), ["library 2.0", "tool 1.0"]);
}

#[test]
fn a_command_that_the_base_has_too_is_told() {
    let stage = stage();
    let (image, dpkg) = (stage.sandbox.path("image"), stage.sandbox.path("image/var/lib/dpkg"));
    fs::create_dir_all(&dpkg).unwrap();
    fs::create_dir_all(image.join("usr/local/bin")).unwrap();
    fs::create_dir_all(image.join("usr/bin")).unwrap();
    fs::write(dpkg.join("status"), status("library", "2.0")).unwrap();
    let install = |requests: &[&str]| {
        let mut install = stage.install(requests);
        install.arg("--base").arg(dpkg.join("status")).env("APTLET_LOG_FORMAT", "json");
        install.run().succeeded().stderr
    };
    // of a package that is there for its dependants alone nothing is exposed
    fs::write(image.join("usr/local/bin/tool"), "").unwrap();
    let said = install(&["other"]);
    assert!(!said.contains("also-in-base"), "{said}");
    let said = install(&["tool", "other"]);
    let told: Vec<&str> =
        said.lines().filter(|line| line.contains("note: the base has tool of its own: ")).collect();
    assert_eq!(told.len(), 1, "{said}");
    let last: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let notes = last["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|note| note["kind"] == "also-in-base" && note["commands"] == serde_json::json!(["tool"])),
        "{last}"
    );
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    assert!(status.contains("the base has tool of its own"), "{status}");
}

#[test]
fn a_base_that_is_none() {
    let stage = stage();
    let base = stage.sandbox.path("status");
    let fails = |words: &[&str]| {
        let mut install = stage.install(&["other"]);
        install.arg("--base").arg(&base).run().failed(2, words);
    };
    fails(&["status", "No such file"]);
    fs::write(&base, "").unwrap();
    let mut install = stage.install(&["other"]);
    let outcome = install.arg("--base").arg(&base).run().succeeded();
    assert!(outcome.stderr.contains("warning: the base has no package"), "{}", outcome.stderr);
}

#[test]
fn an_odd_stanza_of_the_base_costs_itself_only() {
    let stage = stage();
    let base = stage.sandbox.path("status");
    let odd = "Package: a\nStatus: install ok installed\n\nMaintainer: J\u{1}rg\n".to_owned();
    let text =
        odd + &status("library", "2.0").replace("Version", "Installed-Size: 356K\nConflicts: x*\nVersion");
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == 1 { 0xf6 } else { byte }).collect();
    fs::write(&base, bytes).unwrap();
    let mut install = stage.install(&["tool"]);
    let outcome = install.arg("--base").arg(&base).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let warning =
        "1 stanza cannot be read in full and is passed over: a of base (Architecture: it is missing)";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
}

#[test]
fn what_is_excluded_is_missed_aloud() {
    let stage = stage();
    let outcome = stage.install(&["tool", "--exclude=library"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(outcome.stderr.contains("tool needs library, which is excluded"), "{}", outcome.stderr);
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["library 2.0", "tool 1.0"], "without it, it is another request");
    stage.install(&["tool", "--exclude=libary"]).run().failed(3, &["Did you mean library"]);
}

#[test]
fn the_essential_set() {
    let stage = Stage::new();
    let shell = command("dash", "1.0").field("Essential", "yes");
    stage.publish(&repository(&["tool"]).add("main", &shell));
    stage.install(&["tool", "--with-essential"]).run().succeeded();
    assert_eq!(stage.installed(), ["dash 1.0", "tool 1.0"]);
}

#[test]
fn a_package_of_another_architecture_beside_the_native_one() {
    let stage = Stage::new();
    let shared = |arch: &str| {
        DebBuilder::new("shared", "1.0")
            .arch(arch)
            .field("Multi-Arch", "same")
            .file("/usr/share/doc/shared/copyright", 0o644, "free")
            .file(&format!("/usr/lib/{arch}/shared.so"), 0o644, arch)
    };
    let tool = command("tool", "1.0").arch("i386").field("Depends", "shared, data");
    let data = DebBuilder::new("data", "1.0").arch("all").field("Multi-Arch", "foreign");
    stage.publish(
        &Repository::new("stable")
            .architectures(&["amd64", "i386"])
            .add("main", &shared("amd64"))
            .add("main", &shared("i386"))
            .add("main", &tool)
            .add("main", &data),
    );
    stage.install(&["shared", "tool:i386"]).run().succeeded();
    assert_eq!(stage.installed(), ["data 1.0", "shared 1.0", "shared 1.0", "tool 1.0"]);
    assert_eq!(fs::read_to_string(stage.current("var/lib/dpkg/arch")).unwrap(), "amd64\ni386\n");
    for file in ["shared:amd64.list", "shared:i386.list", "tool.list"] {
        assert!(stage.current("var/lib/dpkg/info").join(file).is_file(), "{file}");
    }
    assert!(stage.current("usr/lib/amd64/shared.so").is_file());
    assert!(stage.current("usr/lib/i386/shared.so").is_file());
    stage.install(&["tool:arm64"]).run().failed(3, &["no package 'tool' in stable/main (arm64)"]);
}
