//! `aptlet verify`: the tree and what was recorded of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::command;
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

/// A tree with files, a link, and folders that only their owner may enter, in launched form.
fn stage(flags: &[&str]) -> Stage {
    let stage = Stage::new();
    let data = DebBuilder::new("data", "1.0")
        .dir("/var/lib/data", 0o700)
        .file("/var/lib/data/secret", 0o600, "secret")
        .file("/usr/share/data/text", 0o644, "text")
        .symlink("/usr/share/data/link", "text");
    let tool = command("tool", "1.0").field("Depends", "data");
    stage.publish(&Repository::new("stable").add("main", &data).add("main", &tool));
    stage.install(&["tool"]).args(flags).run().succeeded();
    stage
}

fn verify(stage: &Stage) -> Command {
    let mut command = stage.sandbox.aptlet();
    command.arg("verify");
    command
}

#[test]
fn a_tree_that_nobody_touched() {
    for flags in [&[][..], &["--prefix=/"]] {
        let stage = stage(flags);
        let outcome = verify(&stage).run().succeeded();
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains("is as it was installed"), "{}", outcome.stderr);
        // a Release that is signed anew changes the state, and nothing else
        stage.install(&["tool"]).args(flags).run().succeeded();
        verify(&stage).run().succeeded();
    }
}

#[test]
fn every_difference_is_named() {
    let stage = stage(&[]);
    let file = |name: &str| stage.current("usr/share/data").join(name);
    fs::write(file("text"), "tExt").unwrap();
    fs::write(file("more"), "").unwrap();
    fs::remove_file(file("link")).unwrap();
    symlink("/etc/shadow", file("link")).unwrap();
    fs::set_permissions(stage.current("var/lib/data"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::remove_file(stage.current("var/lib/aptlet/bin/tool")).unwrap();
    let outcome = verify(&stage).run();
    assert_eq!(outcome.code, Some(5), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("differs from what was installed, in 5 paths"), "{}", outcome.stderr);
    let expected = "\
        added: /usr/share/data/more\n\
        target: /usr/share/data/link\n\
        content: /usr/share/data/text\n\
        missing: /var/lib/aptlet/bin/tool\n\
        mode: /var/lib/data (0700 is now 0777)\n";
    let mut lines: Vec<&str> = expected.lines().collect();
    lines.sort_by_key(|line| line.split(' ').nth(1).map(str::to_owned));
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), lines);

    let outcome = verify(&stage).arg("--log-format=json").run();
    assert!(outcome.stderr.contains("\"class\":\"not-trusted\""), "{}", outcome.stderr);
    let first: serde_json::Value = serde_json::from_str(outcome.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first, serde_json::json!({ "path": "/usr/share/data/link", "difference": "target" }));
}

#[test]
fn where_nothing_can_be_compared() {
    let stage = Stage::new();
    verify(&stage).run().failed(6, &["nothing is installed in"]);
    let stage = self::stage(&[]);
    fs::remove_file(stage.current("var/lib/aptlet/mtree")).unwrap();
    verify(&stage).run().failed(6, &["cannot tell what was installed", "mtree"]);
}
