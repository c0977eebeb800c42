//! Releases that were true once: older than the one that is installed, or past their time.

use std::fs;

use super::{command, repository};
use crate::support::repository::Repository;
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage, visible};

const IN_RELEASE: &str = "debian/dists/stable/InRelease";

#[test]
fn an_older_release_is_a_replay() {
    for request in ["tool", "other"] {
        let stage = Stage::new();
        let dated = |date: &str, version: &str| {
            stage.publish(
                &repository(&["other"]).add("main", &command("tool", version)).date(date.parse().unwrap()),
            );
        };
        dated("2024-06-02T00:00:00Z", "2.0");
        stage.install(&["tool"]).run().succeeded();
        let before = visible(&stage.sandbox.dest);
        dated("2024-06-01T00:00:00Z", "1.0");
        stage
            .install(&[request])
            .arg("--on-failure=abort")
            .run()
            .failed(5, &[IN_RELEASE, "is dated 1 June 2024", "one of 2 June 2024", "hint: "]);
        assert_eq!(visible(&stage.sandbox.dest), before);
    }
}

#[test]
fn an_older_release_is_a_replay_under_another_name_and_from_another_mirror() {
    let stage = Stage::new();
    let dated = |folder: &str, date: &str, version: &str| {
        let repository = Repository::new("stable").add("main", &command("tool", version));
        stage.server.put_all(folder, &repository.date(date.parse().unwrap()).build(&stage.key));
    };
    let other = stage.server.url() + "/other";
    let install =
        |request: &str| stage.install(&[request]).args(["--mirror", &other, "--on-failure=abort"]).run();
    dated("debian", "2024-06-02T00:00:00Z", "2.0");
    install("tool").succeeded();
    let before = visible(&stage.sandbox.dest);
    let words = ["is dated 1 June 2024", "one of 2 June 2024", "hint: "];

    dated("other", "2024-06-01T00:00:00Z", "1.0");
    stage.server.fail(IN_RELEASE, Fault::Status(503));
    install("tool=1.0").failed(5, &[&words[..], &["/other/dists/stable/InRelease"]].concat());

    stage.server.heal(IN_RELEASE);
    dated("debian", "2024-06-01T00:00:00Z", "1.0");
    stage.server.remove(IN_RELEASE);
    for request in ["tool", "tool=1.0"] {
        install(request).failed(5, &[&words[..], &["/debian/dists/stable/Release"]].concat());
    }
    assert_eq!(visible(&stage.sandbox.dest), before);
    // the very same mirrors are good for a volume that knows nothing of the newer one
    let mut fresh = stage.install(&["tool"]);
    fresh.args(["--mirror", &other]).arg("--dest").arg(stage.sandbox.path("new")).run().succeeded();
}

#[test]
fn what_is_installed_stays_no_longer_than_its_source_allows() {
    let mut stage = Stage::new();
    let source = stage.source("stable", "archive.asc");
    let install = |stage: &Stage| stage.bare("install").arg("tool").run();
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    let old = jiff::Timestamp::now() - std::time::Duration::from_mins(10);
    stage.publish(&repository(&["tool"]).date(old));
    stage.sandbox.configure("debian.sources", format!("{source}Valid-Until-Max: 3600\n"));
    install(&stage).succeeded();

    // the same volume an hour later, and a mirror that says for ever that nothing is new
    let path = stage.current("var/lib/aptlet/state.json");
    let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let until = &mut state["releases"][0]["valid-until"];
    assert_eq!(until.as_i64(), Some(old.as_second() + 3600));
    *until = (old.as_second() - 1).into();
    fs::write(&path, serde_json::to_vec(&state).unwrap()).unwrap();
    stage.server.forget();
    install(&stage).succeeded();
    let conditional = stage.server.count(|request| request.header("If-None-Match").is_some());
    assert_eq!(conditional, 0, "the Release is asked for anew, and checked");
}
