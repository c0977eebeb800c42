//! The same lock is the same image.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{bake, locked, repository};
use crate::support::stage::{Run, Stage, continued};
use crate::support::{have, skip, snapshot};

/// The digest that a run tells, and the bytes of all files of the layout.
fn baked(stage: &Stage, command: &mut Command, layout: &str) -> (String, Vec<(String, Option<String>)>) {
    let digest = command.run().succeeded().stdout;
    assert!(digest.starts_with("sha256:") && digest.len() == 72, "{digest}");
    let files = snapshot(&stage.sandbox.path(layout));
    let files = files.into_iter().map(|file| (file.path.to_str().unwrap().to_owned(), file.sha256));
    (digest, files.collect())
}

/// A command, behind others that change what it finds.
fn behind(start: &[&str], command: &Command) -> Command {
    let mut wrapped = Command::new(start[0]);
    wrapped.args(&start[1..]).arg(command.get_program());
    continued(wrapped, command)
}

#[test]
fn the_same_lock_is_the_same_image_whoever_bakes_it_and_wherever() {
    let stage = locked(&repository(), &["tool"]);
    let out = |name: &str| format!("oci:{}:1", stage.sandbox.path(name).display());
    let expected = baked(&stage, &mut bake(&stage, &out("first")), "first");

    let umask = ["sh", "-c", "umask 077; exec \"$@\"", "sh"];
    let mut other = behind(&umask, &bake(&stage, &out("umask")));
    other.env("TZ", "Asia/Kathmandu").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "tr_TR.UTF-8");
    let elsewhere = stage.sandbox.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    other.env("TMPDIR", &elsewhere).env("HOME", "/nonexistent").current_dir("/");
    assert_eq!(baked(&stage, &mut other, "umask"), expected);
    assert_eq!(snapshot(&elsewhere).len(), 1, "nothing stays there");

    if Path::new("/dev/shm").is_dir() && fs::File::create_new("/dev/shm/aptlet-probe").is_ok() {
        let _ = fs::remove_file("/dev/shm/aptlet-probe");
        assert_eq!(baked(&stage, bake(&stage, &out("memory")).env("TMPDIR", "/dev/shm"), "memory"), expected);
    } else {
        skip("there is no /dev/shm");
    }
    if have("taskset") {
        let mut one = behind(&["taskset", "-c", "0"], &bake(&stage, &out("core")));
        assert_eq!(baked(&stage, &mut one, "core"), expected);
    }
    let open = stage.sandbox.path("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let command = bake(&stage, &format!("oci:{}/nobody:1", open.display()));
    if let Some(mut nobody) = stage.as_nobody(&command) {
        nobody.arg("--work-dir").arg(&open);
        assert_eq!(baked(&stage, &mut nobody, "open/nobody"), expected);
    }
    let mut alone = bake(&stage, &out("alone"));
    alone.args(["--connections", "1"]).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC-14");
    assert_eq!(baked(&stage, &mut alone, "alone"), expected);
    let few = ["sh", "-c", "umask 0; ulimit -n 64; exec \"$@\"", "sh"];
    assert_eq!(baked(&stage, &mut behind(&few, &bake(&stage, &out("few"))), "few"), expected);
    // into a layout that has the image already, and a day later as far as files tell
    let old = fs::File::open(stage.sandbox.path("aptlet.lock")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(baked(&stage, &mut bake(&stage, &out("first")), "first"), expected);
    // settings of this machine's own tree are none of an image's
    let mut set = bake(&stage, &out("set"));
    set.env("APTLET_OWNERS", "keep").env("APTLET_DEST", "/srv").env("APTLET_KEEP_GENERATIONS", "7");
    assert_eq!(baked(&stage, &mut set, "set"), expected);
}

#[test]
fn the_date_that_is_said_is_that_of_all_that_is_made() {
    let stage = locked(&repository(), &["tool"]);
    let target = format!("oci:{}", stage.sandbox.path("dated").display());
    bake(&stage, &target).env("SOURCE_DATE_EPOCH", "1000000000").run().succeeded();
    let image = super::Baked::read(&stage.sandbox.path("dated"), None);
    assert_eq!(image.config["created"], "2001-09-09T01:46:40Z");
    let merged = image.merged();
    let mtime = |path: &str| merged[Path::new(path)].mtime;
    for made in [
        "var/lib/dpkg/status",
        "var/lib/aptlet/bin/tool",
        "var/lib/aptlet/mtree",
        "etc/os-release",
        "usr/bin/alt",
    ] {
        assert_eq!(mtime(made), 1_000_000_000, "{made}");
    }
    assert_ne!(mtime("usr/bin/tool"), 1_000_000_000, "that is the package's own");

    let words = ["SOURCE_DATE_EPOCH", "yesterday"];
    bake(&stage, &target).env("SOURCE_DATE_EPOCH", "yesterday").run().failed(2, &words);
}
