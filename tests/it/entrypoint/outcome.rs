//! What is installed before the command starts, and what happens when that fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{become_, installed, published, script};
use crate::support::deb::DebBuilder;
use crate::support::have;
use crate::support::repository::Repository;
use crate::support::server::Fault;
use crate::support::stage::{Run, visible};

#[test]
fn a_second_start_installs_nothing() {
    let stage = installed();
    let before = visible(&stage.sandbox.dest);
    let outcome = become_("tool", &stage).run().succeeded();
    assert!(outcome.stderr.contains("1 package up to date in"), "{}", outcome.stderr);
    assert_eq!(visible(&stage.sandbox.dest), before);
    assert_eq!(stage.requested(), ["GET debian/dists/stable/InRelease"]);
    // as an install would say
    let mut install = stage.install(&["tool"]);
    assert!(install.run().succeeded().stderr.contains("up to date"));
}

#[test]
fn requests_in_all_their_places() {
    let stage = published("1.0");
    stage.publish(
        &Repository::new("stable")
            .add("main", &super::tool("tool", "1.0"))
            .add("main", &super::tool("one", "1.0"))
            .add("main", &super::tool("two", "1.0")),
    );
    let run = |arguments: &[&str], packages: &str| {
        let mut run = stage.at_mirror("run");
        run.env("APTLET_PACKAGES", packages).env("APTLET_BASE", "none");
        run.args(arguments).args(["--", "true"]).run()
    };
    run(&["tool", "--packages=one,two"], "").succeeded();
    assert_eq!(stage.installed(), ["one 1.0", "tool 1.0", "two 1.0"]);
    run(&["--packages", "one two"], "tool").succeeded();
    assert_eq!(stage.installed(), ["one 1.0", "two 1.0"]);
    run(&[], "tool").succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    run(&[], "").failed(2, &["hint: ", "APTLET_PACKAGES"]);
}

#[test]
fn a_lock_is_installed_as_it_is() {
    let stage = published("1.0");
    let lock = stage.sandbox.path("aptlet.lock");
    fs::write(&lock, stage.lock(&["tool"])).unwrap();
    let mut run = stage.bare("run");
    run.arg("--lock").arg(&lock).args(["--", "tool"]);
    assert_eq!(run.run().succeeded().stdout, "tool 1.0 []\n");
}

#[test]
fn a_failure_aborts() {
    let stage = published("1.0");
    let marker = stage.sandbox.path("tmp/started");
    for on_failure in ["", "abort"] {
        let mut run = stage.at_mirror("run");
        run.env("APTLET_ON_FAILURE", on_failure).args(["nosuch", "--base=none", "--", "touch"]).arg(&marker);
        run.run().failed(3, &["nosuch", "hint: "]);
        assert!(!marker.exists());
    }
    let told = fs::read_to_string(stage.termination_log()).unwrap();
    assert!(told.starts_with("error: ") && told.contains("nosuch"), "{told}");
}

#[test]
fn or_it_is_told_and_the_command_starts_with_what_there_is() {
    let mut stage = published("1.0");
    stage.sandbox.configure("packages", "tool nosuch");
    stage.sandbox.configure("aptlet.yaml", "on-failure: continue\nbase: none\n");
    let run = |command: &str| {
        let mut run = stage.at_mirror("run");
        run.args(["--", command]).run()
    };
    let outcome = run("pwd").succeeded();
    let said = &outcome.stderr;
    assert!(said.contains("warning: ") && said.contains("nosuch") && said.contains("--on-failure"), "{said}");
    assert_eq!(outcome.stdout.trim_end(), stage.sandbox.path("tmp").display().to_string());
    assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), "", "nothing ended");
    assert_eq!(run("tool").code, Some(127));
    // the generation before
    become_("true", &stage).run().succeeded();
    let before = visible(&stage.sandbox.dest);
    assert_eq!(run("tool").succeeded().stdout, "tool 1.0 []\n");
    assert_eq!(visible(&stage.sandbox.dest), before);
    // a flag wins
    let mut aborts = stage.at_mirror("run");
    aborts.args(["--on-failure=abort", "--", "true"]).run().failed(3, &["nosuch"]);
}

#[test]
fn a_wrong_setting_is_no_failure_of_the_installation() {
    let stage = published("1.0");
    let mut run = script("true", &stage);
    run.env("APTLET_ON_FAILURE", "continue")
        .env("APTLET_RETRIES", "many")
        .run()
        .failed(2, &["APTLET_RETRIES"]);
    let mut run = script("true", &stage);
    run.env("APTLET_ON_FAILURE", "perhaps").run().failed(2, &["none of abort, continue"]);
    let mut run = script("true", &stage);
    run.env("APTLET_PREFIX", "/p")
        .run()
        .failed(2, &["the prefix is /p", "hint: ", "APTLET_PREFIX", "--dest"]);
    let mut run = script("true", &stage);
    run.env("APTLET_PREFIX", &stage.sandbox.dest).run().succeeded();
}

#[test]
fn what_is_installed_is_enough_while_the_mirror_is_down() {
    let stage = installed();
    stage.server.fail("debian/dists/stable/InRelease", Fault::Close);
    let outcome = become_("tool", &stage).run().succeeded();
    assert_eq!(outcome.stdout, "tool 1.0 []\n");
    assert!(outcome.stderr.contains("cannot look for updates"), "{}", outcome.stderr);
}

#[test]
fn a_destination_that_cannot_be_written() {
    if !have("setpriv") {
        return;
    }
    let stage = published("1.0");
    let close = |mode| fs::set_permissions(&stage.sandbox.dest, fs::Permissions::from_mode(mode)).unwrap();
    close(0o555);
    let Some(mut run) = stage.as_nobody(&become_("tool", &stage)) else { return };
    run.run().failed(6, &["ermission denied", "hint: ", "emptyDir", "--dest"]);
    // it need not be, when all is there; as when an init container has filled the volume
    close(0o755);
    become_("true", &stage).run().succeeded();
    close(0o555);
    let Some(mut run) = stage.as_nobody(&become_("tool", &stage)) else { return };
    assert_eq!(run.run().succeeded().stdout, "tool 1.0 []\n");
}

#[test]
fn what_the_image_has_is_not_installed() {
    let stage = published("1.0");
    let library = DebBuilder::new("library", "1.0").file("usr/share/library", 0o644, "x");
    let tool = super::tool("tool", "1.0").field("Depends", "library");
    stage.publish(&Repository::new("stable").add("main", &tool).add("main", &library));
    let status = stage.sandbox.path("status");
    let text = "Package: library\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n";
    fs::write(&status, text).unwrap();
    let mut run = stage.at_mirror("run");
    run.args(["tool", "--base"]).arg(&status).args(["--", "tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    become_("true", &stage).run().succeeded();
    assert_eq!(stage.installed(), ["library 1.0", "tool 1.0"], "--base none");
}
