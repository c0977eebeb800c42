//! What apt's commands say, and with which exit code they end.

use std::fs;

use super::{Live, command};
use crate::support::deb::DebBuilder;

#[test]
fn a_simulation_has_apts_lines_and_changes_nothing() {
    let live = Live::with(&[command("one", "1.0").field("Depends", "lib"), DebBuilder::new("lib", "2.0")]);
    let said = live.type_in("apt-get -s install one").succeeded().stdout;
    assert!(said.contains("Inst lib (2.0 stable [amd64])\nInst one (1.0 stable [amd64])\n"), "{said}");
    assert!(said.contains("Conf lib (2.0 stable [amd64])\nConf one (1.0 stable [amd64])\n"), "{said}");
    assert_eq!(live.stage.installed(), [""; 0]);
    let said = live.type_in("apt-get --print-uris -y install one").succeeded().stdout;
    assert!(said.contains("/debian/pool/main/o/one/one_1.0_amd64.deb' one_1.0_amd64.deb "), "{said}");
    live.type_in("apt-get install -y one").succeeded();
    let said = live.type_in("apt-get -s remove lib").succeeded().stdout;
    assert!(said.contains("Remv lib [2.0]\n") && said.contains("Remv one [1.0]\n"), "{said}");
    assert_eq!(live.stage.installed(), ["lib 2.0", "one 1.0"]);
}

#[test]
fn what_is_wrong_is_one_line_of_apts_and_what_to_do() {
    let live = Live::with(&[command("tool", "1.0")]);
    for (line, words) in [
        ("apt-get install -y tol", "E: Unable to locate package tol"),
        ("apt-get install -y tool=3", "E: Version 3 for 'tool' was not found"),
        ("apt-get instal tool", "E: Invalid operation instal"),
        ("apt-get install --no-such tool", "E: Command line option --no-such is not understood"),
        ("apt-get install -y --allow-unauthenticated tool", "E: --allow-unauthenticated is refused here"),
        ("apt-get install -y --force-yes tool", "E: --force-yes is refused here"),
        ("apt-get install -o APT::Get::AllowUnauthenticated=true tool", "is refused here"),
        ("apt-get source tool", "'apt-get source' is not done"),
        ("apt-mark hold tool", "it is not installed"),
        ("apt-cache show nothing", "E: Unable to locate package nothing"),
        ("add-apt-repository -y ppa:some/body", "'ppa:some/body' names no key"),
        ("add-apt-repository -y deb [trusted=yes] http://mirror.example x main", "[trusted=yes] is refused"),
    ] {
        let outcome = live.type_in(line);
        assert_eq!(outcome.code, Some(100), "{line}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(words), "{line}: {}", outcome.stderr);
        assert!(outcome.stderr.lines().count() >= 2, "what to do: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("error:"), "{}", outcome.stderr);
    }
    assert_eq!(live.stage.installed(), [""; 0]);
    // apt's flags that say nothing here are taken
    live.type_in("apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=60 install -y --no-install-suggests --fix-missing -f tool").succeeded();
}

#[test]
fn what_a_script_would_have_done_as_root_is_said_and_so_is_a_service() {
    let script = "#!/bin/sh\nset -e\nfancy-setup --now\n";
    let unit = "[Service]\nExecStart=/usr/sbin/served --foreground\n";
    let live = Live::with(&[command("served", "1.0")
        .file("lib/systemd/system/served.service", 0o644, unit)
        .script("postinst", script)]);
    let said = live.type_in("apt-get install -y served").succeeded().stderr;
    let start =
        format!("{}/usr/sbin/served --foreground", live.at("").display().to_string().trim_end_matches('/'));
    assert!(
        said.contains("the service served.service of served is not started") && said.contains(&start),
        "{said}"
    );
    assert!(said.contains("fancy-setup") && said.contains("nobody is root here"), "{said}");
    // once
    assert_eq!(live.type_in("apt-get install -y served").succeeded().stderr, "");
}

#[test]
fn sudo_is_for_apt_alone() {
    let live = Live::with(&[command("tool", "1.0")]);
    live.type_in("sudo -E DEBIAN_FRONTEND=noninteractive apt-get install -y tool").succeeded();
    assert_eq!(live.stage.installed(), ["tool 1.0"]);
    let outcome = live.type_in("sudo -n systemctl restart tool");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.starts_with("sudo: there is no root here: 'systemctl' was not run\n"),
        "{}",
        outcome.stderr
    );
    live.stage.at_mirror("live").args(["--base", "none", "--no-sudo"]).status().unwrap();
    assert!(!live.at("commands/sudo").exists() && live.at("commands/apt-get").exists());
    live.type_in("tool").succeeded();
}

#[test]
fn a_source_that_is_added_stays_with_its_key() {
    let live = Live::with(&[command("tool", "1.0")]);
    let other = crate::support::repository::Repository::new("other").add("main", &command("more", "1.0"));
    live.stage.server.put_all("other", &other.build(&live.stage.key));
    let key = live.stage.sandbox.path("tmp/other.asc");
    fs::write(&key, live.stage.key.public_armored()).unwrap();
    let line = format!("deb [signed-by={}] {}/other other main", key.display(), live.stage.server.url());
    live.start("add-apt-repository").args(["-y", &line]).output().unwrap();
    fs::remove_file(&key).unwrap();
    live.type_in("apt-get install -y more").succeeded();
    assert_eq!(live.type_in("more").succeeded().stdout, "more 1.0\n");
    let listed = live.type_in("add-apt-repository --list").succeeded().stdout;
    assert!(listed.contains("/other other main"), "{listed}");
    let removed = live.start("add-apt-repository").args(["-y", "-r", &line]).status().unwrap();
    assert!(removed.success());
    let outcome = live.type_in("apt-cache show more");
    assert_eq!(outcome.code, Some(100));
    // one that cannot be used is not kept
    let line = format!(
        "deb [signed-by={}] {}/none none main",
        live.stage.keyring().display(),
        live.stage.server.url()
    );
    let failed = live.start("add-apt-repository").args(["-y", &line]).status().unwrap();
    assert_eq!(failed.code(), Some(100));
    live.type_in("apt-get update").succeeded();
}

#[test]
fn a_mistyped_operation_is_told_the_one_that_was_meant() {
    let live = Live::with(&[command("one", "1.0")]);
    for (line, meant) in [
        ("apt-get instal one", "'apt-get install'"),
        ("apt-get udpate", "'apt-get update'"),
        ("apt upgarde", "'apt upgrade'"),
    ] {
        let outcome = live.type_in(line);
        assert_eq!(outcome.code, Some(100), "{line}");
        assert!(outcome.stderr.contains(&format!("Did you mean {meant}?")), "{line}: {}", outcome.stderr);
    }
    let outcome = live.type_in("apt-get frobnicate");
    assert!(!outcome.stderr.contains("Did you mean"), "{}", outcome.stderr);
}
