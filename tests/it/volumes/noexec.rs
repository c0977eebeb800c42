//! Volumes whose programs cannot be started.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{published, warnings};
use crate::support::skip;
use crate::support::stage::{Run, Stage, continued};

/// The same command with the destination mounted `noexec`, in a mount namespace of its own; `None`, loudly, where this user may
/// not mount.
fn mounted(stage: &Stage, command: &Command) -> Option<Command> {
    let dest = stage.sandbox.dest.to_str().unwrap();
    let script = format!("mount --bind {dest} {dest} && mount -o remount,bind,noexec {dest} && exec \"$@\"");
    let unshared = |rest: &[&str]| {
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "--", "sh", "-c", &script, "sh"]).args(rest);
        shell
    };
    if !unshared(&["true"]).output().is_ok_and(|output| output.status.success()) {
        skip("mounting a folder noexec takes unshare, and root");
        return None;
    }
    Some(continued(unshared(&[command.get_program().to_str().unwrap()]), command))
}

#[test]
fn an_install_warns_and_is_whole() {
    let stage = published("1.0");
    let Some(mut install) = mounted(&stage, &stage.install(&["tool"])) else { return };
    for _ in 0..2 {
        let said = install.run().succeeded().stderr;
        assert!(said.contains("is mounted noexec"), "{said}");
    }
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn what_was_installed_is_not_passed_over_for_the_images_own() {
    let stage = published("1.0");
    let image = stage.sandbox.path("image");
    fs::create_dir(&image).unwrap();
    fs::write(image.join("tool"), "#!/bin/sh\necho the image\n").unwrap();
    fs::set_permissions(image.join("tool"), Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", image.display());
    let ordered = |order: &str, command: &[&str]| {
        let mut run = stage.at_mirror("run");
        run.args(["--base=none", "--path-order", order, "tool", "--"]).args(command).env("PATH", &path);
        run
    };
    let run = |command: &[&str]| ordered("first", command);
    let Some(mut of_tree) = mounted(&stage, &run(&["tool"])) else { return };
    let outcome = of_tree.run();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(126), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("bin/tool: its volume is mounted noexec"), "{}", outcome.stderr);
    assert_eq!(warnings(&outcome.stderr).len(), 1, "{}", outcome.stderr);
    // a command that is the image's own is started
    let outcome = mounted(&stage, &run(&["echo", "started"])).unwrap().run().succeeded();
    assert_eq!(outcome.stdout, "started\n");
    assert_eq!(run(&["tool"]).run().succeeded().stdout, "tool 1.0\n");
    // whose own keeps its place by default
    let outcome = mounted(&stage, &ordered("last", &["tool"])).unwrap().run().succeeded();
    assert_eq!(outcome.stdout, "the image\n");
}
