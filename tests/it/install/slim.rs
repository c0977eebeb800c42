//! Paths of packages that are left out.

use std::fs;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage, generations};

fn stage() -> Stage {
    let tool = DebBuilder::new("tool", "1.0")
        .file("/usr/bin/tool", 0o755, "#!/bin/sh\n")
        .file("/usr/share/doc/tool/copyright", 0o644, "mine")
        .file("/usr/share/doc/tool/changelog.gz", 0o644, "old")
        .file("/usr/share/man/man1/tool.1.gz", 0o644, "how")
        .conffile("/etc/tool/tool.conf", "x")
        .conffile("/etc/tool/more.conf", "x");
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage
}

/// Which of some paths are there.
fn there(stage: &Stage) -> Vec<&'static str> {
    let all = [
        "usr/bin/tool",
        "usr/share/doc/tool/copyright",
        "usr/share/doc/tool/changelog.gz",
        "usr/share/man/man1/tool.1.gz",
        "etc/tool/tool.conf",
        "etc/tool/more.conf",
    ];
    all.into_iter().filter(|path| stage.current(path).exists()).collect()
}

#[test]
fn a_slim_tree_has_a_truthful_database() {
    let stage = stage();
    let outcome =
        stage.install(&["tool"]).args(["--slim", "--path-exclude=/etc/*/more.conf"]).run().succeeded();
    assert!(outcome.stderr.contains("2 notes"), "{}", outcome.stderr);
    assert_eq!(there(&stage), ["usr/bin/tool", "usr/share/doc/tool/copyright", "etc/tool/tool.conf"]);
    let read = |path: &str| fs::read_to_string(stage.current("var/lib/dpkg").join(path)).unwrap();
    for path in ["/usr/share/doc/tool/changelog.gz", "/usr/share/man/man1", "/etc/tool/more.conf"] {
        assert!(read("info/tool.list").lines().any(|line| line == path), "{path}");
    }
    assert!(read("info/tool.md5sums").contains("usr/share/man/man1/tool.1.gz"));
    let status = read("status");
    assert!(
        status.contains(" /etc/tool/tool.conf ") && status.contains(" /etc/tool/more.conf newconffile"),
        "{status}"
    );
    let said = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    assert!(said.contains("note: 4 paths (0.0 MiB) were left out"), "{said}");
    stage.sandbox.aptlet().arg("verify").run().succeeded();
}

#[test]
fn the_last_word_on_the_command_line_wins() {
    let stage = stage();
    let man = ["--path-include=/usr/share/man/*", "--path-exclude=/usr/share/man/*"];
    stage.install(&["tool"]).args(["--slim", man[0]]).run().succeeded();
    assert!(there(&stage).contains(&"usr/share/man/man1/tool.1.gz"));
    stage.install(&["tool"]).args(man).run().succeeded();
    assert!(!there(&stage).contains(&"usr/share/man/man1/tool.1.gz"));
    assert_eq!(generations(&stage.sandbox.dest).len(), 2, "another tree is another generation");
    let reversed = [man[1], man[0]];
    stage.install(&["tool"]).args(reversed).run().succeeded();
    assert_eq!(there(&stage).len(), 6);
    let again = stage.install(&["tool"]).args(reversed).run().succeeded();
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    // a flag comes after the environment
    let mut install = stage.install(&["tool"]);
    install.env("APTLET_PATH_EXCLUDE", "/usr/share/man/* /etc/*").env("APTLET_SLIM", "true");
    install.arg("--path-include=/etc/*").run().succeeded();
    assert_eq!(there(&stage).len(), 4);
}

#[test]
fn only_what_stays_counts_as_unpacked() {
    let package = DebBuilder::new("tool", "1.0").file("/usr/bin/tool", 0o755, "#!/bin/sh\n").file(
        "/usr/share/doc/tool/large",
        0o644,
        "x".repeat(3_000_000),
    );
    let package = package
        .file("/usr/share/doc/tool/linked", 0o644, "content")
        .hardlink("/usr/share/tool/link", "/usr/share/doc/tool/linked");
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &package));
    stage.install(&["tool"]).arg("--max-unpacked=10k").run().failed(6, &["--max-unpacked"]);
    stage.install(&["tool"]).args(["--max-unpacked=10k", "--slim"]).run().succeeded();
    assert_eq!(fs::read_to_string(stage.current("usr/share/tool/link")).unwrap(), "content");
    assert!(!stage.current("usr/share/doc/tool/linked").exists());
}

#[test]
fn a_pattern_that_can_match_nothing_is_refused() {
    let stage = stage();
    for (pattern, why) in
        [("usr/share/doc", "begin with '/'"), ("/usr/share/doc/", "'/usr/share/doc/*'"), ("/[", "']'")]
    {
        stage.install(&["tool"]).arg("--path-exclude").arg(pattern).run().failed(2, &[why]);
        stage
            .install(&["tool"])
            .env("APTLET_PATH_INCLUDE", pattern)
            .run()
            .failed(2, &["APTLET_PATH_INCLUDE", why]);
    }
}
