//! Sources that are added, as install guides add them, and rules of the platform.

use std::fs;
use std::process::{Command, Stdio};

use super::{Live, command};
use crate::support::repository::Repository;
use crate::support::signing::SigningKey;
use crate::support::stage::{Run as _, Stage};

/// A live destination, and beside its own repository that of a vendor, whose key lies in `tmp/vendor.asc`.
fn with_vendor() -> (Live, String) {
    let live = Live::with(&[command("one", "1.0")]);
    let key = SigningKey::generate("vendor");
    let vendor = Repository::new("stable").add("main", &command("tool", "3.0"));
    live.stage.server.put_all("vendor", &vendor.build(&key));
    fs::write(live.stage.sandbox.path("tmp/vendor.asc"), key.public_armored()).unwrap();
    let url = live.stage.server.url() + "/vendor";
    (live, url)
}

#[test]
fn a_guide_that_writes_below_etc_apt_by_sudo_writes_to_the_volume() {
    let (live, url) = with_vendor();
    let shell = |script: &str| shell(&live, script);
    let said = shell(&format!(
        "sudo install -m 0755 -d /etc/apt/keyrings
         sudo install -o root -g root -m 644 vendor.asc /etc/apt/keyrings/live-test.asc
         sudo chmod a+r /etc/apt/keyrings/live-test.asc
         echo 'deb [signed-by=/etc/apt/keyrings/live-test.asc] {url} stable main' | sudo tee /etc/apt/sources.list.d/live-test.list
         sudo apt-get update && sudo apt-get install -y tool one && tool"
    ));
    assert!(said.ends_with("tool 3.0\n"), "{said}");
    assert!(live.at(".aptlet/live/keyrings/live-test.asc").is_file());
    assert!(!fs::exists("/etc/apt/keyrings/live-test.asc").unwrap());
    shell("sudo rm /etc/apt/sources.list.d/live-test.list && sudo apt-get update");
    live.type_in("apt-get remove -y tool").succeeded();
    assert_eq!(live.type_in("apt-get install -y tool").code, Some(100), "nobody has it any more");
    // a script for a shell is rewritten, and what is about nothing of this is refused
    shell(&format!(
        "cat vendor.asc | sudo apt-key add - && sudo sh -c \"echo 'deb {url} stable main' > /etc/apt/sources.list.d/x.list\" && \
         sudo apt-get update"
    ));
    let said = live.type_in("sudo mkdir /etc/other");
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("there is no root here: 'mkdir' was not run"), "{}", said.stderr);
}

#[test]
fn a_source_is_added_with_its_key_and_taken_back() {
    let (live, url) = with_vendor();
    let line = format!("deb {url} stable main");
    let aptlet = |words: &[&str]| {
        let mut command = live.stage.sandbox.aptlet();
        command.arg("source").args(words).arg("--dest").arg(&live.stage.sandbox.dest);
        command.current_dir(live.stage.sandbox.path("tmp")).run()
    };
    let refused = aptlet(&["add", &line]);
    assert_eq!(refused.code, Some(100), "nobody knows the key");
    assert_eq!(aptlet(&["list"]).succeeded().stdout, "", "what cannot be used is not kept");
    aptlet(&["add", &line, "--key", "vendor.asc"]).succeeded();
    assert!(aptlet(&["list"]).succeeded().stdout.contains("signed-by="));
    live.type_in("apt-get install -y tool").succeeded();
    aptlet(&["remove", &line]).succeeded();
    assert_eq!(aptlet(&["list"]).succeeded().stdout, "");
    // the key and the list may lie elsewhere
    let server = &live.stage.server;
    server.put("key.asc", fs::read(live.stage.sandbox.path("tmp/vendor.asc")).unwrap());
    server.put("tool.sources", format!("Types: deb\nURIs: {url}\nSuites: stable\nComponents: main\n"));
    let at = |path: &str| format!("{}/{path}", server.url());
    aptlet(&["add", &at("tool.sources"), "--key", &at("key.asc")]).succeeded();
    let stanza = aptlet(&["list"]).succeeded().stdout;
    assert!(stanza.starts_with("Types: deb\nSigned-By: "), "{stanza}");
    let said = live.stage.sandbox.aptlet().args(["source", "list", "--dest", "/nowhere"]).run();
    assert!(said.stderr.contains("/nowhere is no live destination"), "{}", said.stderr);
}

#[test]
fn a_component_is_added_by_its_name() {
    let live = Live::with(&[command("one", "1.0")]);
    let repository = Repository::new("stable").add("main", &command("one", "1.0"));
    live.stage.publish(&repository.add("contrib", &command("more", "1.0")));
    live.type_in("apt-get update").succeeded();
    assert_eq!(live.type_in("apt-get install -y more").code, Some(100));
    live.type_in("add-apt-repository -y contrib").succeeded();
    live.type_in("apt-get install -y more").succeeded();
    let again = live.type_in("apt-add-repository main");
    assert!(again.stderr.contains("'main' was not added: every source has it already"), "{}", again.stderr);
    live.type_in("apt-add-repository -r contrib").succeeded();
}

#[test]
fn rules_of_the_platform_are_named() {
    let live = Live { stage: Stage::new() };
    live.publish(&[
        command("good", "1.0").field("Depends", "lib"),
        command("lib", "1.0"),
        command("bad", "1.0"),
        command("worse", "1.0").field("Depends", "bad"),
    ]);
    let folder = live.stage.sandbox.path("settings");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("aptlet.yaml"), "allow: [g*, worse]\ndeny: bad\n").unwrap();
    live.stage.at_mirror("live").args(["--base", "none", "--config"]).arg(&folder).run().succeeded();
    // the commands are in another container, which has the volume alone
    fs::remove_dir_all(&folder).unwrap();
    for (name, rule) in [
        ("lib", "'lib' is not installed here: it matches none of 'allow: g*, worse'"),
        ("bad", "'bad' is not installed here: it matches 'deny: bad'"),
        ("worse", "'bad', which comes with what is asked for, is not installed here: it matches 'deny: bad'"),
    ] {
        let said = live.type_in(&format!("apt-get install -y {name}"));
        assert_eq!(said.code, Some(100), "{}", said.stdout);
        assert!(said.stderr.contains(rule), "{}", said.stderr);
    }
    live.type_in("apt-get install -y good").succeeded();
    assert_eq!(live.stage.installed(), ["good 1.0", "lib 1.0"]);
}

/// A script of a shell that finds the destination's commands first; what it prints.
fn shell(live: &Live, script: &str) -> String {
    let mut shell = Command::new("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", live.at("commands").display());
    shell.env_clear().env("PATH", path).current_dir(live.stage.sandbox.path("tmp")).stdin(Stdio::null());
    shell.args(["-ec", script]).run().succeeded().stdout
}
