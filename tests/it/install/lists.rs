//! Source lists in forms that are found in the wild.

use std::fs;

use super::{command, repository};
use crate::support::repository::Repository;
use crate::support::server::{Down, Server};
use crate::support::stage::{Run, Stage};

fn stage(names: &[&str]) -> Stage {
    let mut stage = Stage::new();
    stage.publish(&repository(names));
    stage.sandbox.configure("key.asc", stage.key.public_armored());
    stage
}

#[test]
fn fields_that_nobody_knows_are_told_and_passed_over() {
    let mut stage = stage(&["tool"]);
    let odd = "Description: of the tools\nRepolib-Name: Tools\nX-Private: x\nEnabled: maybe\nLanguages:\n";
    let source = format!("{odd}{}", stage.source("stable", "key.asc"));
    stage.sandbox.configure("a.sources", source);
    let outcome = stage.bare("install").arg("tool").run().succeeded();
    for word in
        ["a.sources:1:1: unknown field 'Description'", "'Repolib-Name'", "a.sources:4:10: Enabled is 'maybe'"]
    {
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
    assert_eq!(outcome.stderr.matches("warning: ").count(), 3, "{}", outcome.stderr);
}

#[test]
fn a_list_without_a_source_to_use_is_an_error() {
    let mut stage = stage(&["tool"]);
    let source = stage.source("stable", "key.asc");
    for text in [
        format!("Enabled: no\n{source}"),
        format!("{source}Architectures: arm64\n"),
        format!("{source}Architectures-Remove: amd64\n"),
        source.replace("Types: deb", "Types: deb-src"),
    ] {
        stage.sandbox.configure("a.sources", &text);
        let words = ["a.sources is switched on and for architecture 'amd64'", "hint: "];
        stage.bare("install").arg("tool").run().failed(2, &words);
    }
}

#[test]
fn what_lists_say_of_one_release_must_agree() {
    let mut stage = stage(&["tool"]);
    let source = stage.source("stable", "key.asc");
    stage.sandbox.configure("a.sources", source);
    stage.sandbox.configure("b.list", format!("deb [trusted=yes] {}/ stable contrib\n", stage.mirror()));
    stage
        .bare("install")
        .arg("tool")
        .run()
        .failed(2, &["b.list:1:1: Trusted of ", "a.sources:1:1", "hint: "]);
}

#[test]
fn mirrors_are_looked_up_in_a_list() {
    let down = Down::new();
    let mut stage = stage(&["tool"]);
    let list = format!("# ours\n{}\tpriority:1\n{}/\tpriority:2\n", down.url(), stage.mirror());
    let file = stage.sandbox.path("mirrors.txt");
    fs::write(&file, &list).unwrap();
    stage.server.put("lists/mirrors.txt", list);
    let uris = [
        format!("mirror+file:{}", file.display()),
        format!("mirror+file://{}", file.display()),
        format!("mirror+{}/lists/mirrors.txt", stage.server.url()),
        stage.server.url().replace("http://", "mirror://") + "/lists/mirrors.txt",
    ];
    for (number, uri) in uris.iter().enumerate() {
        stage.sandbox.configure("a.list", format!("deb [signed-by=key.asc] {uri} stable main\n"));
        let dest = stage.sandbox.path(&number.to_string());
        let install = || {
            let mut install = stage.bare("install");
            install.arg("tool").arg("--dest").arg(&dest).run().succeeded()
        };
        assert!(install().stderr.contains("1 package"), "{uri}");
        assert!(install().stderr.contains("up to date"), "{uri}");
    }
    // a list from the network names nothing local
    stage.server.put("lists/mirrors.txt", "file:/nosuch\n");
    stage.sandbox.configure("a.list", format!("deb [signed-by=key.asc] {} stable main\n", uris[2]));
    stage.bare("install").arg("tool").run().failed(2, &["lists/mirrors.txt names no mirror", "hint: "]);
}

#[test]
fn packages_can_be_for_another_place_than_their_index() {
    let mut stage = stage(&["tool"]);
    let pool = Server::start();
    pool.put_all("", &repository(&["tool"]).build(&stage.key));
    let file = stage.sandbox.path("mirrors.txt");
    fs::write(
        &file,
        format!("{}\ttype:index\n{}\ttype:deb arch:amd64 arch:all\n", stage.mirror(), pool.url()),
    )
    .unwrap();
    stage
        .sandbox
        .configure("a.list", format!("deb [signed-by=key.asc] mirror+file:{} stable main\n", file.display()));
    stage.bare("install").arg("tool").run().succeeded();
    assert!(stage.server.count(|request| request.path.contains(".deb")) == 0);
    assert_eq!(pool.count(|request| request.path.contains(".deb")), 1);
    assert_eq!(pool.count(|_| true), 1);
}

#[test]
fn packages_that_are_included_or_excluded() {
    let mut stage = stage(&["tool", "other", "more"]);
    let source = stage.source("stable", "key.asc");
    for (field, there, not) in
        [("Include: tool other", "tool", "more"), ("Exclude: tool, other", "more", "tool")]
    {
        stage.sandbox.configure("a.sources", format!("{source}{field}\n"));
        stage.bare("install").arg(there).run().succeeded();
        stage.bare("install").arg(not).run().failed(3, &["there is no package"]);
    }
    stage.sandbox.configure("a.sources", format!("{source}Include: a\nExclude: b\n"));
    stage.bare("install").arg("tool").run().failed(2, &["a.sources:1:1: it has both Include and Exclude"]);
}

#[test]
fn a_snapshot_is_where_the_release_says() {
    let mut stage = Stage::new();
    stage.sandbox.configure("key.asc", stage.key.public_armored());
    let services = format!("{}/snapshots/@SNAPSHOTID@/@PATH@/", stage.server.url());
    stage.publish(
        &Repository::new("stable").add("main", &command("tool", "2.0")).release_field("Snapshots", &services),
    );
    stage.server.put_all("snapshots/20240101T000000Z/debian", &repository(&["tool"]).build(&stage.key));
    let source = stage.source("stable", "key.asc");
    stage.sandbox.configure("a.sources", format!("{source}Snapshot: 20240101T000000Z\n"));
    stage.bare("install").arg("tool").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert!(stage.bare("install").arg("tool").run().succeeded().stderr.contains("up to date"));
    for no in ["no", "disable", "enable"] {
        stage.sandbox.configure("a.sources", format!("{source}Snapshot: {no}\n"));
        let mut install = stage.bare("install");
        install.arg("tool").arg("--dest").arg(stage.sandbox.path(no)).run().succeeded();
    }
    // a repository of which no snapshots are known
    stage.publish(&repository(&["tool"]));
    stage.sandbox.configure("a.sources", format!("{source}Snapshot: 20240101T000000Z\n"));
    let mut install = stage.bare("install");
    let words = ["no snapshot service is known for ", "hint: "];
    install.arg("tool").arg("--dest").arg(stage.sandbox.path("none")).run().failed(2, &words);
}

#[test]
fn pins_by_architecture_source_and_never() {
    let mut stage = stage(&[]);
    let old = command("tool", "1.0").field("Source", "tools");
    let new = command("tool", "2.0").field("Source", "tools");
    stage.publish(&Repository::new("stable").add("main", &old).add("main", &new));
    let source = stage.source("stable", "key.asc");
    stage.sandbox.configure("a.sources", source);
    for (package, pin) in [
        ("tool:amd64", "version 1.0"),
        ("tool:any", "version 1*"),
        ("nosuch tool", "version 1.0"),
        ("src:tools", "version 1.0"),
    ] {
        stage.sandbox.configure("a.pref", format!("Package: {package}\nPin: {pin}\nPin-Priority: 1001\n"));
        stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"], "{package}");
    }
    stage.sandbox.configure("a.pref", "Package: tool:i386\nPin: version 1.0\nPin-Priority: 1001\n");
    stage.bare("install").arg("tool").run().succeeded();
    assert_eq!(stage.installed(), ["tool 2.0"]);
    stage.sandbox.configure("a.pref", "Package: *\nPin: release o=aptlet\nPin-Priority: never\n");
    stage.bare("install").arg("tool").run().failed(3, &["the preferences forbid every version"]);
    stage.sandbox.configure("a.pref", "Package: tool\nPin: version 1.0\nPin-Priority: 0\n");
    stage.bare("install").arg("tool").run().failed(2, &["a.pref:3: '0' is no priority"]);
}
