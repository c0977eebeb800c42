//! A destination that a group shares, as by `fsGroup`: the main container is of that group, but may be another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::Path;
use std::process::Command;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage, continued};
use crate::support::{Kind, have, is_root, snapshot};

const GROUP: u32 = 12345;

/// A stage with closed files, installed with a closed umask into a folder that the group shares; `None` without root.
fn installed() -> Option<Stage> {
    if !is_root("giving a folder to a group") || !have("setpriv") {
        return None;
    }
    let tool = DebBuilder::new("tool", "1.0")
        .file("/usr/bin/tool", 0o700, "#!/bin/sh\n")
        .file("/usr/share/tool/open", 0o644, "open")
        .dir("/etc/tool", 0o700)
        .conffile("/etc/tool/conf", "x")
        .file("/etc/tool/secret", 0o600, "secret")
        .file("/etc/tool/closed", 0o200, "closed");
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool));
    let dest = &stage.sandbox.dest;
    fs::create_dir_all(dest).unwrap();
    lchown(dest, None, Some(GROUP)).unwrap();
    fs::set_permissions(dest, Permissions::from_mode(0o2770)).unwrap();
    fs::set_permissions(stage.sandbox.path(""), Permissions::from_mode(0o755)).unwrap();
    let install = stage.install(&["tool"]);
    let mut closed = Command::new("sh");
    closed.args(["-c", "umask 077; exec \"$@\"", "sh"]).arg(install.get_program());
    continued(closed, &install).run().succeeded();
    Some(stage)
}

/// What the kubelet does when a pod with `fsGroup` mounts the volume.
fn mount(path: &Path) {
    let meta = path.symlink_metadata().unwrap();
    lchown(path, None, Some(GROUP)).unwrap();
    if meta.is_symlink() {
        return;
    }
    let more = if meta.is_dir() { 0o2770 } else { 0o660 };
    fs::set_permissions(path, Permissions::from_mode(meta.mode() & 0o7777 | more)).unwrap();
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            mount(&entry.unwrap().path());
        }
    }
}

#[test]
fn another_user_of_the_group_can_read_all() {
    let Some(stage) = installed() else { return };
    let tree = stage.current("").canonicalize().unwrap();
    for entry in snapshot(&tree) {
        let path = tree.join(&entry.path);
        assert_eq!(path.symlink_metadata().unwrap().gid(), GROUP, "{}", path.display());
        if entry.kind == Kind::Directory {
            assert_eq!(entry.mode & 0o2070, 0o2050, "{}", path.display());
        }
    }
    let mode = |path: &str| stage.current(path).metadata().unwrap().mode() & 0o7777;
    assert_eq!([mode("usr/bin/tool"), mode("etc/tool"), mode("etc/tool/secret")], [0o750, 0o2750, 0o640]);
    assert_eq!([mode("usr/share/tool/open"), mode("etc/tool/closed"), mode("usr")], [0o644, 0o200, 0o2755]);
    let mut read = Command::new("setpriv");
    read.args(["--reuid=4321", "--regid=4321", &format!("--groups={GROUP}"), "--inh-caps=-all", "--"]);
    read.args([
        "sh",
        "-c",
        "cat \"$1/etc/tool/secret\" && ls -R \"$1\" >/dev/null && \"$1/usr/bin/tool\"",
        "sh",
    ]);
    let outcome = read.arg(&tree).run().succeeded();
    assert_eq!(outcome.stdout, "secret");
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    assert!(status.contains("note: 3 paths closed to others are open to the group"), "{status}");
    stage.sandbox.aptlet().arg("verify").run().succeeded();
}

#[test]
fn a_mount_by_the_kubelet_is_no_difference() {
    let Some(stage) = installed() else { return };
    mount(&stage.sandbox.dest);
    stage.sandbox.aptlet().arg("verify").run().succeeded();
    let again = stage.install(&["tool"]).run().succeeded();
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    fs::set_permissions(stage.current("usr/bin/tool"), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(stage.sandbox.aptlet().arg("verify").run().code, Some(5));
}
