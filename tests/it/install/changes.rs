//! What a repository says of itself, and the keys that it is believed by, from one run to the next.

use serde_json::{Value, json};

use super::{command, repository};
use crate::support::repository::Repository;
use crate::support::signing::SigningKey;
use crate::support::stage::{Run, Stage};

fn repository_with(field: &str, value: &str, date: &str, version: &str) -> Repository {
    let repository =
        Repository::new("stable").release_field("Version", "1").add("main", &command("tool", version));
    let repository = if field.is_empty() { repository } else { repository.release_field(field, value) };
    repository.date(date.parse().unwrap())
}

#[test]
fn a_repository_that_becomes_another_is_refused() {
    for (field, value, refused) in [
        ("Origin", "Other", true),
        ("Label", "Other", true),
        ("Codename", "other", true),
        ("NotAutomatic", "yes", true),
        // as apt has it: these change with every stable release
        ("Suite", "oldstable", false),
        ("Version", "2", false),
    ] {
        let stage = Stage::new();
        stage.publish(&repository_with("", "", "2024-06-01T00:00:00Z", "1.0"));
        stage.install(&["tool"]).run().succeeded();
        stage.publish(&repository_with(field, value, "2024-06-02T00:00:00Z", "2.0"));
        if refused {
            let what = if field == "NotAutomatic" { "default priority" } else { field };
            let words =
                [what, "dists/stable/InRelease says that its ", "hint: ", "--allow-releaseinfo-change"];
            stage.install(&["tool"]).run().failed(5, &words);
            assert_eq!(stage.installed(), ["tool 1.0"], "{field}");
            stage.install(&["tool", "--allow-releaseinfo-change"]).run().succeeded();
        } else {
            let outcome = stage.install(&["tool"]).run().succeeded();
            assert_eq!(outcome.stderr.contains("says that its Suite is 'oldstable'"), field == "Suite");
        }
        assert_eq!(stage.installed(), ["tool 2.0"], "{field}");
        // what was accepted is what is known from now on
        let again = stage.install(&["tool"]).run().succeeded();
        assert!(!again.stderr.contains("says that its"), "{field}: {}", again.stderr);
    }
}

#[test]
fn a_keyring_that_changes_is_looked_at_again() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let source = stage.source("stable", "key.asc");
    stage.sandbox.configure("a.sources", source);
    let (own, other) = (stage.key.public_armored(), SigningKey::generate("other").public_armored());
    stage.sandbox.configure("key.asc", &own);
    stage.bare("install").arg("tool").run().succeeded();
    stage.sandbox.configure("key.asc", &other);
    stage.bare("install").arg("tool").run().failed(5, &["signed only by unknown keys"]);
    assert_eq!(stage.installed(), ["tool 1.0"], "what is there stays");
    stage.sandbox.configure("key.asc", format!("{own}{other}"));
    stage.bare("install").arg("tool").run().succeeded();
}

#[test]
fn a_keybox_without_a_key_is_none() {
    let mut stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let keybox = b"\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for name in ["key.gpg", "key.kbx", "key.asc"] {
        let path = stage.sandbox.path(name);
        std::fs::write(&path, keybox).unwrap();
        stage.sandbox.configure("a.sources", stage.source("stable", path.to_str().unwrap()));
        stage.bare("install").arg("tool").run().failed(2, &["no usable OpenPGP public key", "--export"]);
    }
}

#[test]
fn a_run_that_takes_the_place_of_a_tree_says_what_it_changed() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool", "old", "same"]));
    let first = stage.install(&["tool", "old", "same"]).run().succeeded();
    assert!(!first.stderr.contains("changed since"), "there was nothing before: {}", first.stderr);
    let again = stage.install(&["tool", "old", "same"]).run().succeeded();
    assert!(!again.stderr.contains("changed since"), "nothing changed: {}", again.stderr);

    let repository = repository(&["same", "new"]).add("main", &command("tool", "2.0"));
    stage.publish(&repository);
    let changes = "+1 -1 ~1: +new 1.0, -old 1.0, ~tool 1.0 to 2.0";
    let outcome = stage.install(&["tool", "new", "same"]).run().succeeded();
    assert!(
        outcome.stderr.contains(&format!("changed since the generation before: {changes}\n")),
        "{}",
        outcome.stderr
    );
    let status = |format: &str| {
        let mut status = stage.sandbox.aptlet();
        status.args(["status", "--log-format", format]);
        status.run().succeeded().stdout
    };
    assert!(
        status("text").contains(&format!("changed since the generation before: {changes}\n")),
        "{}",
        status("text")
    );
    let object: Value = serde_json::from_str(&status("json")).unwrap();
    assert_eq!(
        object["changes"]["added"],
        json!([{ "name": "new", "architecture": "amd64", "version": "1.0" }])
    );

    // a pod's second init container with other arguments: the first one's packages go, and that is said
    let outcome = stage.install(&["tool"]).arg("--log-format=json").run().succeeded();
    let last: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["changes"]["removed"].as_array().unwrap().len(), 2, "{last}");
    assert_eq!(last["changes"]["changed"], json!([]));
    let outcome = stage.install(&["tool"]).arg("--log-format=json").run().succeeded();
    let last: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["changed"], &last["changes"]),
        (&json!(false), &Value::Null),
        "the change was of another run"
    );
    // the same packages in another tree
    let outcome = stage.install(&["tool", "--path-exclude=/usr/share/doc/*"]).run().succeeded();
    assert!(outcome.stderr.contains("+0 -0 ~0 (the same packages)"), "{}", outcome.stderr);
}
