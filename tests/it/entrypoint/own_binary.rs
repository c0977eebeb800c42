//! `aptlet install --self`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;

use super::published;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, continued};

fn own(stage: &Stage) -> PathBuf {
    stage.sandbox.dest.join(".aptlet/aptlet")
}

fn is_the_binary(stage: &Stage) -> bool {
    fs::read(own(stage)).unwrap() == fs::read(env!("CARGO_BIN_EXE_aptlet")).unwrap()
}

#[test]
fn alone_it_copies_the_binary_and_makes_the_folder_of_commands() {
    let stage = published("1.0");
    let mut install = stage.bare("install");
    let outcome = install.arg("--self").run().succeeded();
    assert!(outcome.stderr.contains(&own(&stage).display().to_string()), "{}", outcome.stderr);
    let paths: Vec<_> = snapshot(&stage.sandbox.dest).into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["", ".aptlet", ".aptlet/aptlet", "commands"].map(PathBuf::from));
    assert!(is_the_binary(&stage));
    assert_eq!(fs::metadata(own(&stage)).unwrap().permissions().mode() & 0o7777, 0o755);
    assert_eq!(stage.requested(), [""; 0]);
    // once it is there it stays, and the process that runs from it does
    let inode = fs::metadata(own(&stage)).unwrap().ino();
    stage.bare("install").env("APTLET_SELF", "true").run().succeeded();
    assert_eq!(fs::metadata(own(&stage)).unwrap().ino(), inode);
}

#[test]
fn another_version_takes_the_place_of_the_one_that_is_there() {
    let stage = published("1.0");
    fs::create_dir(stage.sandbox.dest.join(".aptlet")).unwrap();
    for (text, mode) in [("old", 0o755), ("", 0o600)] {
        fs::write(own(&stage), text).unwrap();
        fs::set_permissions(own(&stage), fs::Permissions::from_mode(mode)).unwrap();
        fs::write(own(&stage).with_extension("new"), "of a run that was killed").unwrap();
        stage.bare("install").arg("--self").run().succeeded();
        assert!(is_the_binary(&stage));
        assert!(!own(&stage).with_extension("new").exists());
    }
    fs::set_permissions(own(&stage), fs::Permissions::from_mode(0o600)).unwrap();
    stage.bare("install").arg("--self").run().succeeded();
    assert_eq!(fs::metadata(own(&stage)).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn with_packages_it_comes_with_them_into_any_tree() {
    for prefix in ["/p", "/", "/longer/prefix"] {
        let stage = published("1.0");
        let mut plain = stage.install(&["tool", "--prefix", prefix]);
        plain.run().succeeded();
        assert_eq!(own(&stage).exists(), prefix != "/", "what exposes commands needs it");
        let mut with = stage.install(&["tool", "--self", "--prefix", prefix]);
        assert!(with.run().succeeded().stderr.contains("up to date"));
        assert!(is_the_binary(&stage), "{prefix}");

        let stage = published("1.0");
        stage.install(&["tool", "--self", "--prefix", prefix]).run().succeeded();
        assert!(is_the_binary(&stage), "{prefix}");
        assert_eq!(stage.installed(), ["tool 1.0"]);
    }
}

#[test]
fn a_container_without_aptlet_is_started_by_it() {
    let stage = published("1.0");
    stage.bare("install").arg("--self").run().succeeded();
    for _ in 0..2 {
        let mut run = stage.at_mirror("run");
        run.args(["--base=none", "tool", "--", "tool", "x y"]);
        let mut run = continued(Command::new(own(&stage)), &run);
        assert_eq!(run.run().succeeded().stdout, "tool 1.0 [x y]\n");
        assert!(is_the_binary(&stage));
    }
}

#[test]
fn the_folder_of_commands_that_is_mounted_already_stays_the_one() {
    let stage = published("1.0");
    stage.bare("install").arg("--self").run().succeeded();
    let inode = || fs::metadata(stage.sandbox.dest.join("commands")).unwrap().ino();
    let before = inode();
    let mut fails = stage.at_mirror("run");
    fails.args(["--base=none", "nosuch", "--", "true"]).run().failed(3, &["nosuch"]);
    assert_eq!(inode(), before);
    let mut run = stage.at_mirror("run");
    run.args(["--base=none", "tool", "--"]).arg(stage.sandbox.dest.join("commands/tool"));
    assert_eq!(run.run().succeeded().stdout, "tool 1.0 []\n");
    assert_eq!(inode(), before);
}

#[test]
fn without_it_there_must_be_something_to_install() {
    let stage = published("1.0");
    stage.bare("install").arg("--self=false").run().failed(2, &["hint: ", "APTLET_PACKAGES"]);
}
