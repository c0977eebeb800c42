//! What an emptyDir may hold is no border that its file system knows.

use std::fs;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run as _, Stage};

fn publish(stage: &Stage, version: &str, megabytes: usize) {
    let package = DebBuilder::new("tool", version).file("/usr/bin/tool", 0o755, "#!/bin/sh\n").file(
        "/usr/share/tool/large",
        0o644,
        "x".repeat(megabytes << 20),
    );
    stage.publish(&Repository::new("stable").add("main", &package));
}

#[test]
fn the_volume_holds_no_more_than_it_may() {
    let stage = Stage::new();
    publish(&stage, "1.0", 3);
    // what exposes the command is there as well
    let own = fs::metadata(env!("CARGO_BIN_EXE_aptlet")).unwrap().len().div_ceil(1 << 20);
    let install = |mebibytes: u64| {
        let limit = format!("--size-limit={}Mi", own + mebibytes);
        stage.install(&["tool"]).args(["--prefix=/p", &limit]).run()
    };
    let told = ["with 1 package ", "that --size-limit allows", "hint: Raise the emptyDir's sizeLimit"];
    install(2).failed(6, &told);
    assert_eq!(fs::read_dir(&stage.sandbox.dest).map_or(0, Iterator::count), 0, "nothing is left");
    install(5).succeeded();
    let current = || fs::read_link(stage.sandbox.dest.join(".aptlet/current")).unwrap();
    let first = current();

    // the update is made beside what is there
    publish(&stage, "2.0", 3);
    install(5).failed(6, &told);
    assert_eq!(current(), first);
    install(8).succeeded();
    assert_ne!(current(), first);
}
