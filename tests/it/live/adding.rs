//! What is added, goes, and is asked for.

use std::fs;

use super::{Live, command};
use crate::support::deb::DebBuilder;

#[test]
fn an_install_adds_and_its_commands_start() {
    let live = Live::with(&[
        command("one", "1.0").field("Depends", "lib (>= 1)"),
        command("two", "1.0"),
        DebBuilder::new("lib", "1.5").file("usr/lib/lib/x", 0o644, "x"),
    ]);
    let said = live.type_in("apt-get install -y --no-install-recommends one").succeeded().stdout;
    assert!(said.contains("The following NEW packages will be installed:\n  lib one\n"), "{said}");
    assert!(said.contains("0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.\n"), "{said}");
    assert!(said.contains("Setting up one (1.0) ...\n"), "{said}");
    assert_eq!(live.type_in("one x").succeeded().stdout, "one 1.0 x\n");
    live.type_in("apt-get -qq install two").succeeded();
    assert_eq!(live.stage.installed(), ["lib 1.5", "one 1.0", "two 1.0"]);
    for name in ["one", "two"] {
        live.type_in(name).succeeded();
    }
    assert_eq!(live.type_in("apt-mark showmanual").succeeded().stdout, "one\ntwo\n");
    assert_eq!(live.type_in("apt-mark showauto").succeeded().stdout, "lib\n");
    let said = live.type_in("apt-get install one").succeeded().stdout;
    assert!(said.contains("one is already the newest version (1.0).\n"), "{said}");
}

#[test]
fn what_is_known_is_not_asked_for_again() {
    let live = Live::with(&[command("one", "1.0"), command("two", "1.0")]);
    let said = live.type_in("apt-get update").succeeded().stdout;
    assert!(said.contains("Get:1 ") && said.contains(" stable InRelease\n"), "{said}");
    live.stage.server.forget();
    live.type_in("apt-get install -y one").succeeded();
    assert_eq!(live.stage.requested(), ["GET debian/pool/main/o/one/one_1.0_amd64.deb"]);
    // and a tree that has it already needs no package either
    live.stage.server.forget();
    live.type_in("apt-get remove -y one").succeeded();
    live.type_in("apt-get install -y one").succeeded();
    let said = live.type_in("apt-get install -y one").succeeded().stdout;
    assert!(said.contains("one is already the newest version"), "{said}");
    for line in
        ["apt-cache search one", "apt show one", "apt-cache policy one", "apt list", "apt-cache depends one"]
    {
        live.type_in(line).succeeded();
    }
    assert_eq!(live.stage.requested(), [""; 0]);
    live.type_in("apt-get update").succeeded();
    assert!(live.stage.requested().iter().any(|line| line.ends_with("InRelease")));
}

#[test]
fn what_needs_a_package_goes_with_it_and_the_rest_when_it_is_said() {
    let live = Live::with(&[
        command("tool", "1.0").field("Depends", "lib").field("Recommends", "more"),
        command("more", "1.0"),
        command("user", "1.0").field("Depends", "tool"),
        DebBuilder::new("lib", "1.0"),
    ]);
    live.type_in("apt-get install -y user").succeeded();
    assert_eq!(live.stage.installed(), ["lib 1.0", "more 1.0", "tool 1.0", "user 1.0"]);
    let said = live.type_in("apt-get remove -y tool").succeeded().stdout;
    assert!(said.contains("The following packages will be REMOVED:\n  tool user\n"), "{said}");
    assert!(said.contains("0 upgraded, 0 newly installed, 2 to remove"), "{said}");
    assert_eq!(live.stage.installed(), ["lib 1.0", "more 1.0"]);
    assert!(!live.at("commands/user").exists());
    live.type_in("apt-mark manual more").succeeded();
    live.type_in("apt-get autoremove -y").succeeded();
    assert_eq!(live.stage.installed(), ["more 1.0"]);
    live.type_in("apt-get purge -y --auto-remove more").succeeded();
    assert_eq!(live.stage.installed(), [""; 0]);
    let said = live.type_in("apt-get remove -y tool").succeeded().stdout;
    assert!(said.contains("Package 'tool' is not installed, so not removed\n"), "{said}");
}

#[test]
fn an_upgrade_leaves_what_is_held() {
    let live = Live::with(&[command("one", "1.0"), command("two", "1.0")]);
    live.type_in("apt-get install -y one two").succeeded();
    live.publish(&[
        command("one", "2.0"),
        command("two", "2.0"),
        command("three", "1.0").field("Depends", "one (>= 2)"),
    ]);
    // nobody has looked yet
    let said = live.type_in("apt-get upgrade -y").succeeded().stdout;
    assert!(said.contains("0 upgraded, 0 newly installed"), "{said}");
    live.type_in("apt-get update").succeeded();
    assert_eq!(live.type_in("apt-mark hold one").succeeded().stdout, "one set on hold.\n");
    let said = live.type_in("apt list --upgradable").succeeded().stdout;
    assert!(said.contains("two/stable 2.0 amd64 [upgradable from: 1.0]\n"), "{said}");
    let said = live.type_in("apt-get upgrade -y").succeeded().stdout;
    assert!(said.contains("1 upgraded, 0 newly installed, 0 to remove and 1 not upgraded.\n"), "{said}");
    assert_eq!(live.stage.installed(), ["one 1.0", "two 2.0"]);
    let refused = live.type_in("apt-get install -y three");
    assert_eq!(refused.code, Some(100));
    assert!(refused.stderr.contains("E: Held packages were changed"), "{}", refused.stderr);
    assert_eq!(live.type_in("apt-mark showhold").succeeded().stdout, "one\n");
    live.type_in("apt-mark unhold one").succeeded();
    live.type_in("apt-get install -y three").succeeded();
    assert_eq!(live.stage.installed(), ["one 2.0", "three 1.0", "two 2.0"]);
}

#[test]
fn requests_have_all_forms() {
    let live = Live::with(&[
        command("one", "1.0"),
        command("one", "2.0"),
        command("tool-a", "1.0"),
        command("tool-b", "1.0"),
    ]);
    live.type_in("apt-get install -y one=1.0").succeeded();
    assert_eq!(live.stage.installed(), ["one 1.0"]);
    live.type_in("apt-get install -y one/stable").succeeded();
    assert_eq!(live.stage.installed(), ["one 2.0"]);
    let refused = live.type_in("apt-get install -y one=1.0");
    assert_eq!(refused.code, Some(100));
    assert!(refused.stderr.contains("E: Packages were downgraded"), "{}", refused.stderr);
    live.type_in("apt-get install -y --allow-downgrades one=1.0 tool-* tool-b-").succeeded();
    assert_eq!(live.stage.installed(), ["one 1.0", "tool-a 1.0"]);
    fs::write(live.stage.sandbox.path("tmp/own.deb"), command("own", "3.0").build()).unwrap();
    live.type_in("apt-get install -y ./own.deb one-").succeeded();
    assert_eq!(live.stage.installed(), ["own 3.0", "tool-a 1.0"]);
    assert_eq!(live.type_in("own").succeeded().stdout, "own 3.0\n");
    // what came from a file stays although that is gone
    fs::remove_file(live.stage.sandbox.path("tmp/own.deb")).unwrap();
    live.type_in("apt-get install -y tool-b").succeeded();
    assert_eq!(live.stage.installed(), ["own 3.0", "tool-a 1.0", "tool-b 1.0"]);
    assert_eq!(live.type_in("own").succeeded().stdout, "own 3.0\n");
}

#[test]
fn a_package_that_conflicts_with_one_that_is_there_takes_its_place() {
    let live = Live::with(&[
        DebBuilder::new("ssl-dev", "1.0").field("Conflicts", "tls-dev"),
        DebBuilder::new("tls-dev", "1.0"),
        command("user", "1.0").field("Depends", "ssl-dev | tls-dev"),
    ]);
    live.type_in("apt-get install -y ssl-dev user").succeeded();
    let said = live.type_in("apt-get install -y tls-dev").succeeded().stdout;
    assert!(said.contains("The following packages will be REMOVED:\n  ssl-dev\n"), "{said}");
    assert_eq!(live.stage.installed(), ["tls-dev 1.0", "user 1.0"]);
}

#[test]
fn preparing_again_adds_and_asks_for_nothing_anew() {
    let live = Live::with(&[command("one", "1.0"), command("two", "1.0")]);
    live.type_in("apt-get install -y one").succeeded();
    live.stage.server.forget();
    live.prepare(&["two"]).succeeded();
    assert_eq!(live.stage.installed(), ["one 1.0", "two 1.0"]);
    let before = fs::read_link(live.at(".aptlet/current")).unwrap();
    live.prepare(&["two"]).succeeded();
    assert_eq!(fs::read_link(live.at(".aptlet/current")).unwrap(), before);
    assert_eq!(live.stage.requested(), ["GET debian/pool/main/t/two/two_1.0_amd64.deb"]);
    live.type_in("one").succeeded();
}
