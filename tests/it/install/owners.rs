//! Whose the installed files are.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::Path;

use crate::support::deb::{DebBuilder, TarEntry};
use crate::support::is_root;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};
use tar::EntryType;

fn stage() -> Stage {
    let entry = |path: &str, kind, mode, uid, gid| TarEntry { mode, uid, gid, ..TarEntry::new(path, kind) };
    let tool = DebBuilder::new("tool", "1.0")
        .file("/usr/bin/tool", 0o755, "#!/bin/sh\n")
        .file("/usr/bin/su", 0o4755, "su")
        .raw_tar_entry(entry("./usr/bin/wall", EntryType::Regular, 0o2755, 0, 5))
        .raw_tar_entry(entry("./var/mail", EntryType::Directory, 0o2775, 0, 8))
        .raw_tar_entry(TarEntry {
            link: b"x".to_vec(),
            ..entry("./var/link", EntryType::Symlink, 0o777, 3, 4)
        })
        .raw_tar_entry(entry("./dev/node", EntryType::Char, 0o666, 0, 0));
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool));
    stage
}

/// Owner, group and permission bits.
fn of(path: &Path) -> (u32, u32, u32) {
    let meta = path.symlink_metadata().unwrap();
    (meta.uid(), meta.gid(), meta.mode() & 0o7777)
}

#[test]
fn to_keep_owners_keeps_set_id_bits_too() {
    if !is_root("keeping owners") {
        return;
    }
    let stage = stage();
    // of another group, with the set-group-id bit, as fsGroup has it
    fs::create_dir_all(&stage.sandbox.dest).unwrap();
    lchown(&stage.sandbox.dest, None, Some(1234)).unwrap();
    fs::set_permissions(&stage.sandbox.dest, Permissions::from_mode(0o2775)).unwrap();
    stage.install(&["tool"]).arg("--owners=keep").run().succeeded();
    let of = |path: &str| of(&stage.current(path));
    assert_eq!(of("usr/bin/tool"), (0, 0, 0o755));
    assert_eq!(of("usr/bin/su"), (0, 0, 0o4755));
    assert_eq!(of("usr/bin/wall"), (0, 5, 0o2755));
    assert_eq!(of("var/mail"), (0, 8, 0o2775));
    assert_eq!(of("var/link"), (3, 4, 0o777));
    assert_eq!(of("usr/bin"), (0, 0, 0o755));
    let verify = || stage.sandbox.aptlet().arg("verify").run();
    verify().succeeded();
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    assert!(status.contains("/dev/node: device node not made"), "{status}");
    assert!(!status.contains("set-id") && !status.contains("owner"), "{status}");
    lchown(stage.current("usr/bin/tool"), Some(7), None).unwrap();
    let outcome = verify();
    assert_eq!(outcome.code, Some(5));
    assert_eq!(outcome.stdout, "owner: /usr/bin/tool (0:0 is now 7:0)\n");
}

#[test]
fn to_keep_owners_takes_privileges() {
    let stage = stage();
    stage.server.forget();
    let mut install = stage.install(&["tool"]);
    install.arg("--owners=keep");
    let Some(mut install) = stage.as_nobody(&install) else { return };
    open(&stage);
    install.run().failed(6, &["cannot keep owners", "CAP_CHOWN"]);
    assert!(!stage.requested().iter().any(|request| request.contains("Packages")), "before work begins");
}

#[test]
fn without_privileges_the_report_is_complete() {
    let stage = stage();
    let Some(mut install) = stage.as_nobody(&stage.install(&["tool"])) else { return };
    open(&stage);
    install.run().succeeded();
    let (user, ..) = of(&stage.current("usr/bin/tool"));
    for path in ["usr/bin/wall", "var/mail", "var/link", "usr/bin/su"] {
        assert_eq!(of(&stage.current(path)).0, user, "{path}");
    }
    assert_eq!(of(&stage.current("usr/bin/su")).2, 0o755);
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    for note in [
        "tool: 3 files of other owners than root belong to this user",
        "tool: /usr/bin/su: set-id bits of mode 4755 dropped",
        "tool: /usr/bin/wall: set-id bits of mode 2755 dropped",
        "tool: /dev/node: device node not made",
    ] {
        assert!(status.contains(note), "{note}: {status}");
    }
}

/// Lets another user write to the destination.
fn open(stage: &Stage) {
    fs::create_dir_all(&stage.sandbox.dest).unwrap();
    fs::set_permissions(&stage.sandbox.dest, Permissions::from_mode(0o777)).unwrap();
}
