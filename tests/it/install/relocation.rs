//! Trees for a prefix of two characters: every path rewritten in place, no launchers.

use std::fs;
use std::path::Path;

use md5::{Digest as _, Md5};

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

const SCRIPT: &str =
    "#!/usr/bin/env tool\nread /etc/tool.conf /etc/passwd /usr/share/tool/x /usr/bin/absent\n";

fn md5_of(text: &str) -> String {
    format!("{:x}", Md5::digest(text))
}

fn stage() -> Stage {
    let stage = Stage::new();
    let tool = DebBuilder::new("tool", "1.0")
        .file("/usr/bin/tool", 0o755, SCRIPT)
        .file("/usr/sbin/admin", 0o755, "#!/bin/sh\n")
        .file("/usr/games/game", 0o755, "#!/usr/bin/tool\n")
        .file("/etc/tool.conf", 0o644, "data=/usr/share/tool\n")
        .file("/usr/share/tool/x", 0o644, "x")
        .control_file("md5sums", 0o644, format!("{}  usr/bin/tool\n", md5_of(SCRIPT)))
        .file("/usr/share/doc/tool/copyright", 0o644, "see /usr/share/tool\n");
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage.install(&["tool"]).arg("--prefix=/p").run().succeeded();
    stage
}

fn read(stage: &Stage, path: &str) -> String {
    fs::read_to_string(stage.current(path)).unwrap()
}

#[test]
fn every_path_of_the_tree_is_rewritten_and_nothing_else() {
    let stage = stage();
    assert_eq!(
        read(&stage, "usr/bin/tool"),
        "#!/usr/bin/env tool\nread /p/e/tool.conf /etc/passwd /p/u/share/tool/x /usr/bin/absent\n"
    );
    assert_eq!(read(&stage, "etc/tool.conf"), "data=/p/u/share/tool\n");
    assert_eq!(read(&stage, "usr/games/game"), "#!/p/u/bin/tool\n");
    assert_eq!(read(&stage, "usr/sbin/admin"), "#!/bin/sh\n", "the main image's");
    assert_eq!(read(&stage, "usr/share/doc/tool/copyright"), "see /usr/share/tool\n");
    let dest = &stage.sandbox.dest;
    for (home, folder) in
        [("u", "usr"), ("e", "etc"), ("b", "bin"), ("l", "lib"), ("s", "sbin"), ("v", "var")]
    {
        assert_eq!(
            fs::read_link(dest.join(home)).unwrap(),
            Path::new(".aptlet/current").join(folder),
            "{home}"
        );
    }
    for (command, target) in [("tool", "bin/tool"), ("admin", "sbin/admin"), ("game", "games/game")] {
        let link = dest.join("bin").join(command);
        assert!(fs::read_link(&link).unwrap().ends_with(target), "{command}");
        assert_eq!(fs::read(link).unwrap(), fs::read(stage.current("usr").join(target)).unwrap());
    }
    let md5sums = read(&stage, "var/lib/dpkg/info/tool.md5sums");
    assert_eq!(
        md5sums,
        format!("{}  usr/bin/tool\n", md5_of(&read(&stage, "usr/bin/tool"))),
        "as dpkg compares"
    );
}

#[test]
fn what_was_done_can_be_told_afterwards() {
    let stage = stage();
    let status = |path: &str| {
        let mut command = stage.sandbox.aptlet();
        command.args(["status", "--relocation", path]);
        command.run()
    };
    let text = status("/usr/bin/tool").succeeded().stdout;
    let expected = "/usr/bin/tool: 2 rewritten for /p, 3 left as they are\n\
                    \x20       25  /etc/tool.conf is now /p/e/tool.conf\n\
                    \x20       52  /usr/share/tool/x is now /p/u/share/tool/x\n\
                    \x20        2  /usr/bin/env stays: not in the tree\n\
                    \x20       40  /etc/passwd stays: of the main image, by purpose\n\
                    \x20       70  /usr/bin/absent stays: not in the tree\n";
    assert_eq!(text, expected);
    assert_eq!(status("/bin/tool").succeeded().stdout, expected, "links are followed");
    assert_eq!(status("/usr/share/tool/x").succeeded().stdout, "/usr/share/tool/x: no path in it\n");
    let text = status("/").succeeded().stdout;
    let line = "tool: 4 rewritten in 3 files; left: 3 not in the tree; 1 of the main image, by purpose\n";
    assert!(text.contains(line), "{text}");
    status("/usr/bin/nothing").failed(2, &["there is no /usr/bin/nothing in the tree"]);
}

#[test]
fn a_file_without_its_relocation_is_a_difference_of_its_own() {
    let stage = stage();
    let verify = || stage.sandbox.aptlet().arg("verify").run();
    verify().succeeded();
    fs::write(stage.current("usr/bin/tool"), SCRIPT).unwrap();
    let said = verify();
    assert_eq!(said.code, Some(5));
    assert_eq!(said.stdout, "content: /usr/bin/tool (as its package has it, not relocated)\n");
    fs::write(stage.current("usr/bin/tool"), "other").unwrap();
    assert_eq!(verify().stdout, "content: /usr/bin/tool\n");
}
