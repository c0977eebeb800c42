//! `commands/`: what the main container gets without a variable being touched.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command;
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run as _, Stage};

fn stage_with(debs: &[DebBuilder]) -> Stage {
    let stage = Stage::new();
    publish(&stage, debs);
    stage
}

fn publish(stage: &Stage, debs: &[DebBuilder]) {
    let repository = Repository::new("stable");
    stage.publish(&debs.iter().fold(repository, |repository, deb| repository.add("main", deb)));
}

fn exposed(stage: &Stage) -> BTreeSet<String> {
    let entries = fs::read_dir(stage.sandbox.dest.join("commands")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[track_caller]
fn exposes(debs: &[DebBuilder], requests: &[&str], expected: &[&str]) {
    let stage = stage_with(debs);
    stage.install(requests).run().succeeded();
    assert_eq!(exposed(&stage), expected.iter().map(ToString::to_string).collect(), "{requests:?}");
}

#[test]
fn commands_of_dependencies_stay_where_they_are() {
    let debs = [
        command("gdal-bin", "1.0").field("Depends", "python3-gdal").field("Source", "gdal (1.0-1)"),
        DebBuilder::new("python3-gdal", "1.0").field("Source", "gdal").field("Depends", "python3").file(
            "usr/sbin/gdal-edit",
            0o755,
            "#!/bin/sh\n",
        ),
        command("python3", "3.0"),
    ];
    exposes(&debs, &["gdal-bin"], &["gdal-bin", "gdal-edit"]);
    exposes(&debs, &["gdal-bin", "python3"], &["gdal-bin", "gdal-edit", "python3"]);
    exposes(&debs, &["pyth*3"], &["python3"]);
    exposes(&debs, &["gdal-bin=1.0", "pyt?on3/stable"], &["gdal-bin", "gdal-edit", "python3"]);
    // a module has none, and what it needs is not a stand-in for it
    exposes(&debs[1..], &["python3-gdal"], &["gdal-edit"]);
}

#[test]
fn what_is_there_for_its_dependencies_has_theirs() {
    let text = "usr/share/doc/meta/copyright";
    let empty = |name: &str, depends: &str| {
        DebBuilder::new(name, "1.0").field("Depends", depends).file(text, 0o644, name)
    };
    let debs = [
        empty("meta", "middle, data").file("usr/share/meta/list", 0o644, ""),
        DebBuilder::new("data", "1.0"),
        DebBuilder::new("middle", "1.0").field("Pre-Depends", "virtual | other").file("usr/lib/x", 0o644, ""),
        command("real", "1.0").field("Provides", "virtual (= 1)").field("Depends", "deeper"),
        command("deeper", "1.0"),
    ];
    exposes(&debs, &["meta"], &["real"]);
    // a package by a name that another provides
    exposes(&debs, &["virtual"], &["real"]);
    // a library is no stand-in for what it needs
    exposes(&debs, &["middle"], &[]);
}

#[test]
fn links_of_alternatives_are_of_the_package_that_they_lead_to() {
    let script = "#!/bin/sh\nupdate-alternatives --install /usr/bin/editor editor /usr/bin/vi 10\n";
    let editor = || command("vi", "1.0").script("postinst", script);
    exposes(&[editor()], &["vi"], &["editor", "vi"]);
    let other = command("other", "1.0").field("Depends", "vi");
    exposes(&[editor(), other], &["other"], &["other"]);
}

#[test]
fn a_single_archive_exposes_its_commands() {
    let stage = stage_with(&[command("needed", "1.0")]);
    let path = stage.sandbox.path("own_1.0_amd64.deb");
    fs::write(&path, command("own", "1.0").field("Depends", "needed").build()).unwrap();
    stage.install(&[path.to_str().unwrap()]).run().succeeded();
    assert_eq!(exposed(&stage), BTreeSet::from(["own".to_owned()]));
}

#[test]
fn commands_come_and_go_in_one_folder() {
    let tool = |version: &str, commands: &[&str]| {
        commands.iter().fold(DebBuilder::new("tool", version), |deb, name| {
            deb.file(&format!("usr/bin/{name}"), 0o755, format!("#!/bin/sh\necho {name} {version}\n"))
        })
    };
    let stage = stage_with(&[tool("1.0", &["one", "two"])]);
    stage.install(&["tool"]).run().succeeded();
    let folder = stage.sandbox.dest.join("commands");
    let inode = fs::metadata(&folder).unwrap().ino();
    assert_eq!(fs::read_link(folder.join("one")).unwrap(), stage.sandbox.dest.join(".aptlet/aptlet"));
    publish(&stage, &[tool("2.0", &["two", "three"])]);
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(exposed(&stage), ["three", "two"].map(str::to_owned).into());
    assert_eq!(fs::metadata(&folder).unwrap().ino(), inode, "a mount of it goes on");
    assert_eq!(Command::new(folder.join("two")).run().succeeded().stdout, "two 2.0\n");
    // as after a kill right before or right after the new tree became current
    fs::remove_file(folder.join("two")).unwrap();
    let link = fs::read_link(folder.join("three")).unwrap();
    symlink(&link, folder.join("gone")).unwrap();
    is_no_command(&folder.join("gone"));
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(exposed(&stage), ["three", "two"].map(str::to_owned).into());
}

#[test]
fn what_aptlet_did_not_make_stays() {
    let stage = stage_with(&[command("tool", "1.0")]);
    let folder = stage.sandbox.dest.join("commands");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("users"), "own").unwrap();
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(exposed(&stage), ["tool", "users"].map(str::to_owned).into());

    publish(&stage, &[command("tool", "2.0").file("usr/bin/users", 0o755, "")]);
    stage.install(&["tool"]).run().failed(6, &["commands/users is in the way", "hint: "]);
    assert_eq!(stage.installed(), ["tool 1.0"]);
    assert_eq!(fs::read(folder.join("users")).unwrap(), b"own");

    let stage = stage_with(&[command("tool", "1.0")]);
    fs::create_dir_all(&stage.sandbox.dest).unwrap();
    symlink("/tmp", stage.sandbox.dest.join("commands")).unwrap();
    stage.install(&["tool"]).run().failed(6, &["commands is in the way"]);
}

#[track_caller]
fn is_no_command(entry: &Path) {
    let name = entry.file_name().unwrap().to_str().unwrap();
    let said = Command::new(entry).run().failed(127, &[]).stderr;
    assert_eq!(said, format!("aptlet: cannot start {name}: the installed tree has no such command\n"));
}

/// The folder as a container sees it that mounts it alone.
fn mounted(stage: &Stage) -> PathBuf {
    let elsewhere = stage.sandbox.path("usr-local-sbin");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(stage.sandbox.dest.join("commands"))
        .arg(&elsewhere)
        .status()
        .unwrap();
    assert!(copied.success());
    elsewhere
}

#[test]
fn the_images_own_commands_come_before_those_of_the_tree() {
    let tool = DebBuilder::new("tool", "1.0").field("Depends", "python3").file(
        "usr/bin/tool",
        0o755,
        "#!/bin/sh\necho \"$PATH\"\npython3\nother \"$@\"\n",
    );
    let other = command("other", "1.0");
    let stage = stage_with(&[tool.field("Depends", "python3, other"), command("python3", "tree"), other]);
    stage.install(&["tool"]).run().succeeded();
    let image = stage.sandbox.path("image");
    fs::create_dir(&image).unwrap();
    fs::copy("/bin/true", image.join("true")).unwrap();
    symlink("/bin/echo", image.join("python3")).unwrap();
    let (mounted, bin) = (mounted(&stage), stage.sandbox.dest.join("bin"));
    let path = format!("{}:{}:/usr/bin:/bin", mounted.display(), image.display());
    // by its name through a shell, by its path, and by exec of a name
    let mut shell = Command::new("sh");
    shell.args(["-c", "tool a"]);
    let mut by_path = Command::new(mounted.join("tool"));
    by_path.arg("a");
    let mut by_env = Command::new("/usr/bin/env");
    by_env.args(["tool", "a"]);
    for mut command in [shell, by_path, by_env] {
        let said = command.env("PATH", &path).run().succeeded().stdout;
        assert_eq!(said, format!("{path}:{}\n\nother 1.0 a\n", bin.display()), "{command:?}");
    }
    // from the tree's own folder, its commands come first, as before
    let said = Command::new(bin.join("tool")).env("PATH", "/usr/bin:/bin").run().succeeded().stdout;
    assert!(said.starts_with(&format!("{}:/usr/bin:/bin\npython3 tree\n", bin.display())), "{said}");
}

#[test]
fn commands_of_a_tree_without_launchers_are_exposed_by_some() {
    let stage = stage_with(&[command("tool", "1.0")]);
    stage.install(&["tool", "--prefix", "/p"]).run().succeeded();
    let dest = &stage.sandbox.dest;
    assert_eq!(fs::read_link(dest.join("commands/tool")).unwrap(), Path::new("/p/.aptlet/aptlet"));
    // as it is where the volume is at /p
    let entry = stage.sandbox.path("tool");
    symlink(dest.join(".aptlet/aptlet"), &entry).unwrap();
    assert_eq!(Command::new(&entry).args(["a", ""]).run().succeeded().stdout, "tool 1.0 a \n");
    let none = stage.sandbox.path("none");
    symlink(dest.join(".aptlet/aptlet"), &none).unwrap();
    is_no_command(&none);
}

#[test]
fn a_root_file_system_exposes_nothing() {
    let stage = stage_with(&[command("tool", "1.0")]);
    stage.install(&["tool", "--prefix", "/"]).run().succeeded();
    assert!(!stage.sandbox.dest.join("commands").exists());
    assert!(!stage.sandbox.dest.join(".aptlet/aptlet").exists());
}
