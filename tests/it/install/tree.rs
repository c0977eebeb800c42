//! What is at the destination afterwards: generations, the Debian tree, its dpkg database, its commands.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command;
use crate::support::deb::{DebBuilder, MTIME, TarEntry};
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage, generations};
use crate::support::{Kind, have, snapshot};
use tar::EntryType;

/// A stage on which these packages are installed.
fn installed(debs: &[DebBuilder], flags: &[&str]) -> Stage {
    let stage = Stage::new();
    stage
        .publish(&debs.iter().fold(Repository::new("stable"), |repository, deb| repository.add("main", deb)));
    let names: Vec<&str> = debs.iter().map(|deb| deb.value("Package")).collect();
    stage.install(&names).args(flags).run().succeeded();
    stage
}

fn link(path: impl AsRef<Path>) -> PathBuf {
    fs::read_link(path).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_layout_of_a_destination() {
    let stage = installed(&[command("tool", "1.0")], &[]);
    let dest = &stage.sandbox.dest;
    assert_eq!(names(dest), [".aptlet", "bin", "commands", "etc", "opt", "r", "usr", "var"]);
    assert_eq!(names(&dest.join(".aptlet")), ["aptlet", "current", "generations"]);
    let [generation] = &generations(dest)[..] else { panic!("{:?}", generations(dest)) };
    assert_eq!(link(dest.join(".aptlet/current")), Path::new("generations").join(generation));
    for name in ["usr", "etc", "opt", "var"] {
        assert_eq!(link(dest.join(name)), Path::new(".aptlet/current").join(name));
    }
    let bills = ["sbom.cdx.json", "sbom.spdx.json"];
    assert_eq!(
        names(&stage.current("var/lib/aptlet")),
        [
            &["aptlet.lock", "bin", "commands", "launch.json", "mtree", "r", "relocated"],
            &bills[..],
            &["state.json"]
        ]
        .concat()
    );
    for path in ["var/lib/dpkg/status", "var/lib/dpkg/info/tool.list", "var/lib/dpkg/info/tool.md5sums"] {
        assert!(stage.current(path).is_file(), "{path}");
    }
    let own = fs::metadata(env!("CARGO_BIN_EXE_aptlet")).unwrap();
    let copy = fs::metadata(dest.join(".aptlet/aptlet")).unwrap();
    assert_eq!((copy.len(), copy.permissions().mode() & 0o777), (own.len(), 0o755));
    // all users of the main container may use it
    for entry in snapshot(dest).iter().filter(|entry| entry.kind == Kind::Directory) {
        assert_eq!(entry.mode & 0o555, 0o555, "{entry:?}");
    }
}

#[test]
fn a_root_file_system_has_its_commands_as_they_are() {
    let tool = command("tool", "1.0").symlink("usr/share/link", "/usr/bin/tool").dir("opt", 0o755);
    let stage = installed(&[tool], &["--prefix", "/"]);
    let dest = &stage.sandbox.dest;
    assert_eq!(names(&dest.join(".aptlet")), ["current", "generations"]);
    assert_eq!(link(dest.join("bin")), Path::new(".aptlet/current/usr/bin"));
    assert_eq!(link(stage.current("usr/share/link")), Path::new("/usr/bin/tool"), "as packaged");
    assert_eq!(Command::new(dest.join("bin/tool")).run().succeeded().stdout, "tool 1.0\n");
}

#[test]
fn dpkg_and_scanners_can_read_the_database() {
    if !have("dpkg-query") || !have("dpkg") {
        return;
    }
    let library =
        DebBuilder::new("library", "2:1.0-1").field("Multi-Arch", "same").file("lib/x/y.so", 0o644, "y");
    let tool = command("tool", "1.0").field("Depends", "library").conffile("etc/tool.conf", "x\n");
    let stage = installed(&[tool, library], &[]);
    let admin = format!("--admindir={}", stage.sandbox.dest.join("var/lib/dpkg").display());
    let query =
        |arguments: &[&str]| Command::new("dpkg-query").arg(&admin).args(arguments).run().succeeded().stdout;
    assert_eq!(
        query(&["-W", "-f", "${Package} ${Version} ${Architecture} ${db:Status-Status}\n"]),
        "library 2:1.0-1 amd64 installed\ntool 1.0 amd64 installed\n"
    );
    assert_eq!(query(&["-L", "tool"]), "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/etc\n/etc/tool.conf\n");
    assert_eq!(query(&["-S", "/lib/x/y.so"]), "library:amd64: /lib/x/y.so\n", "as packaged");
    let conffiles = query(&["-W", "-f", "${Conffiles}", "tool"]);
    assert_eq!(conffiles.trim(), "/etc/tool.conf 401b30e3b8b5d629635a5c613cdb7919");

    let root = format!("--root={}", stage.current("").canonicalize().unwrap().display());
    let dpkg = |action: &str| Command::new("dpkg").args([&root, action]).run().succeeded();
    for action in ["--audit", "--verify"] {
        assert_eq!(dpkg(action).stdout, "", "{action}");
    }
    fs::write(stage.current("usr/bin/tool"), "damaged").unwrap();
    let mut verify = Command::new("dpkg");
    assert!(verify.args([&root, "--verify"]).run().stdout.contains("/usr/bin/tool"), "dpkg does look");
}

#[test]
fn files_are_as_packaged() {
    let data = (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    let tool = command("tool", "1.0")
        .file("usr/share/tool/data", 0o640, &data)
        .file("usr/share/tool/a file: \u{e9}\u{20ac} \\n \"'", 0o444, "")
        .hardlink("usr/share/tool/twin", "usr/share/tool/data")
        .symlink("usr/share/tool/link", "data")
        .symlink("usr/share/tool/absolute", "/usr/share/tool/data")
        .symlink("usr/share/tool/dangling", "/nowhere/x")
        .dir("var/lib/tool", 0o1777)
        .raw_tar_entry(TarEntry::new("./usr/share/tool/pipe", EntryType::Fifo));
    let stage = installed(&[tool], &[]);
    let [data_path, twin] = ["data", "twin"].map(|name| stage.current("usr/share/tool").join(name));
    assert_eq!(fs::read(&data_path).unwrap(), data);
    let meta = fs::metadata(&data_path).unwrap();
    assert_eq!((meta.mode() & 0o7777, meta.mtime(), meta.mtime_nsec()), (0o640, MTIME.cast_signed(), 0));
    assert_eq!((meta.nlink(), meta.ino()), (2, fs::metadata(twin).unwrap().ino()));
    let folder = stage.current("usr/share/tool");
    assert_eq!(fs::metadata(folder.join("a file: \u{e9}\u{20ac} \\n \"'")).unwrap().mode() & 0o7777, 0o444);
    assert_eq!(link(folder.join("link")), Path::new("data"));
    assert_eq!(
        link(folder.join("absolute")),
        Path::new("data"),
        "absolute ones would lead into the main image"
    );
    assert_eq!(link(folder.join("dangling")), Path::new("/nowhere/x"));
    let sticky = fs::metadata(stage.current("var/lib/tool")).unwrap();
    assert_eq!((sticky.mode() & 0o7777, sticky.mtime()), (0o1777, MTIME.cast_signed()));
}

#[test]
fn usr_is_merged() {
    let old = DebBuilder::new("old", "1.0")
        .file("bin/old", 0o755, "#!/bin/sh\necho old\n")
        .file("lib/x", 0o644, "x");
    let new = DebBuilder::new("new", "1.0").file("usr/bin/new", 0o755, "").file("usr/lib/y", 0o644, "y");
    let stage = installed(&[old, new], &[]);
    for name in ["bin", "sbin", "lib", "lib64"] {
        assert_eq!(link(stage.current(name)), Path::new("usr").join(name));
    }
    assert_eq!(names(&stage.current("usr/lib")), ["x", "y"]);
    assert_eq!(Command::new(stage.sandbox.dest.join("bin/old")).run().succeeded().stdout, "old\n");
}

#[test]
fn what_takes_privileges_is_left_out_and_told() {
    let tool = command("tool", "1.0")
        .file("usr/bin/root-me", 0o6755, "")
        .raw_tar_entry(TarEntry::new("./dev/null", EntryType::Char))
        .raw_tar_entry(TarEntry { uid: 7, gid: 8, ..TarEntry::new("./usr/share/owned", EntryType::Regular) });
    let stage = installed(&[tool], &[]);
    assert_eq!(fs::metadata(stage.current("usr/bin/root-me")).unwrap().mode() & 0o7777, 0o755);
    assert!(!stage.current("dev/null").exists());
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    for word in [
        "tool 1.0 (amd64)",
        "/usr/bin/root-me: set-id bits of mode 6755",
        "/dev/null: device node",
        "tool: 1 files",
    ] {
        assert!(status.contains(word), "'{word}' is missing in:\n{status}");
    }
}

#[test]
fn launchers_start_what_they_are_named_after() {
    let tool = command("tool", "1.0")
        .file("usr/sbin/admin", 0o755, "#!/bin/sh\ncat\nexit 7\n")
        .file("usr/games/game", 0o755, "#!/bin/sh\ncommand -v game\n")
        .file("usr/bin/no-command", 0o644, "")
        .symlink("usr/bin/alias", "tool")
        .file("usr/bin/interpreter", 0o755, "#!/bin/sh\necho by interpreter: \"$@\"\n")
        .file("usr/bin/interpreted", 0o755, "#!/usr/bin/interpreter --flag\n");
    let stage = installed(&[tool], &[]);
    let bin = stage.sandbox.dest.join("bin");
    assert_eq!(names(&bin), ["admin", "alias", "game", "interpreted", "interpreter", "tool"]);
    let run = |name: &str, arguments: &[&str]| Command::new(bin.join(name)).args(arguments).run();
    assert_eq!(run("tool", &["a", "b  c", ""]).succeeded().stdout, "tool 1.0 a b  c \n");
    assert_eq!(run("alias", &[]).succeeded().stdout, "tool 1.0\n");
    let folder = bin.display();
    assert_eq!(run("game", &[]).succeeded().stdout, format!("{folder}/game\n"), "commands find one another");
    let script = stage.sandbox.dest.join("usr/bin/interpreted");
    let said = run("interpreted", &["x"]).succeeded().stdout;
    assert_eq!(said, format!("by interpreter: --flag {} x\n", script.display()));

    let input = fs::File::open(stage.keyring()).unwrap();
    let outcome = Command::new(bin.join("admin")).stdin(input).run();
    assert_eq!((outcome.code, outcome.stdout), (Some(7), stage.key.public_armored()));
    // a volume has another path in each container
    let elsewhere = stage.sandbox.path("elsewhere");
    fs::rename(&stage.sandbox.dest, &elsewhere).unwrap();
    assert_eq!(Command::new(elsewhere.join("bin/tool")).run().succeeded().stdout, "tool 1.0\n");
}

#[test]
fn launchers_start_static_programs() {
    let Some(busybox) = fs::read("/usr/bin/busybox").or_else(|_| fs::read("/bin/busybox")).ok() else {
        assert!(!have("busybox"));
        return;
    };
    let deb = DebBuilder::new("box", "1.0")
        .file("bin/busybox", 0o755, busybox)
        .symlink("usr/bin/basename", "busybox");
    let stage = installed(&[deb], &[]);
    let bin = stage.sandbox.dest.join("bin");
    assert_eq!(Command::new(bin.join("busybox")).args(["echo", "hi"]).run().succeeded().stdout, "hi\n");
    let mut by_name = Command::new(bin.join("basename"));
    assert_eq!(by_name.arg("/x/y").env_clear().run().succeeded().stdout, "y\n", "it goes by its name");
}

#[test]
fn alternatives_are_made_without_running_scripts() {
    let editor = |name: &str, priority: u32| {
        let register =
            format!("update-alternatives --install /usr/bin/editor editor /usr/bin/{name} {priority}");
        let script = format!("#!/bin/sh\nset -e\ntouch /tmp/aptlet-ran-a-script\n{register}\n");
        command(name, "1.0").script("postinst", &script)
    };
    let stage = installed(&[editor("ed", 10), editor("vi", 20)], &[]);
    assert_eq!(Command::new(stage.sandbox.dest.join("bin/editor")).run().succeeded().stdout, "vi 1.0\n");
    assert_eq!(stage.current("usr/bin/editor").canonicalize().unwrap().file_name().unwrap(), "vi");
    let record = fs::read_to_string(stage.current("var/lib/dpkg/alternatives/editor")).unwrap();
    assert!(record.starts_with("auto\n/usr/bin/editor\n"), "{record}");
    assert!(!Path::new("/tmp/aptlet-ran-a-script").exists());
}

#[test]
fn two_packages_with_one_file() {
    let pair = |second: DebBuilder| {
        let stage = Stage::new();
        let first = DebBuilder::new("first", "1.0").file("usr/share/x", 0o644, "first\n");
        stage.publish(&Repository::new("stable").add("main", &first).add("main", &second));
        let outcome = stage.install(&["first", "second"]).run();
        (stage, outcome)
    };
    let second = || DebBuilder::new("second", "1.0").file("usr/share/x", 0o644, "second\n");
    let (stage, outcome) = pair(second());
    outcome.failed(3, &["package second", "/usr/share/x", "package first", "hint: "]);
    assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
    let (stage, outcome) = pair(second().field("Replaces", "first"));
    outcome.succeeded();
    assert_eq!(fs::read_to_string(stage.current("usr/share/x")).unwrap(), "second\n");
}
