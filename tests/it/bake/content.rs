//! What is at the root of an image.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::{Baked, bake, locked, paths, repository};
use crate::support::stage::Run;

#[test]
fn the_root_of_an_image_is_what_a_destination_shows() {
    let stage = locked(&repository(), &["tool"]);
    let layout = stage.sandbox.path("image");
    let outcome = bake(&stage, &format!("oci:{}", layout.display())).run().succeeded();
    assert!(outcome.stderr.contains("3 packages"), "{}", outcome.stderr);
    let image = Baked::read(&layout, None);
    let merged = image.merged();
    let target = |path: &str| merged[Path::new(path)].target.as_deref().and_then(Path::to_str);
    for (link, leads) in [
        ("u", "usr"),
        ("e", "etc"),
        ("b", "usr/bin"),
        ("l64", "usr/lib64"),
        ("bin", "var/lib/aptlet/bin"),
        ("var/lib/aptlet/bin/tool", "../usr/bin/tool"),
        ("var/lib/aptlet/usr", "../../../usr"),
        ("commands/tool", "/p/.aptlet/aptlet"),
        (".aptlet/current", ".."),
        ("etc/os-release", "../usr/lib/os-release"),
        // past what is another folder here
        ("usr/bin/alias", "../../usr/bin/setuid"),
        // byte by byte
        ("usr/share/tool/odd", ".//../data/./text"),
    ] {
        assert_eq!(target(link), Some(leads), "{link}");
    }
    assert!(target("usr/share/tool/far").unwrap().len() > 150);
    for folder in ["usr", "etc", "var", "commands"] {
        assert_eq!(merged[Path::new(folder)].kind, EntryType::Directory, "{folder}");
    }
    assert!(merged.values().all(|entry| entry.owner == (0, 0)));
    assert!(merged.values().all(|entry| entry.mode & 0o6000 == 0), "as install drops them");
    assert_eq!(merged[Path::new("var/lib/tool")].mode, 0o1777);
    assert_eq!(merged[Path::new("usr/bin/setuid")].mode, 0o755);
    let text = |path: &str| String::from_utf8(merged[Path::new(path)].content.clone()).unwrap();
    assert!(text("usr/lib/os-release").contains("VERSION_ID=\"12\""));
    assert_eq!(text("usr/lib/x86_64-linux-gnu/tool/x"), "/p/u/share/data\n");
    assert_eq!(text("var/lib/dpkg/status").matches("Status: install ok installed").count(), 3);
    // one file of two names is one in its layer
    let again = &merged[Path::new("usr/share/tool/again")];
    let long = merged.iter().find(|(path, _)| path.to_str().unwrap().contains("long-long")).unwrap();
    assert!([again.kind, long.1.kind].contains(&EntryType::Link));

    assert_eq!(image.config["os"], "linux");
    assert_eq!(image.config["architecture"], "amd64");
    let path = image.config["config"]["Env"][0].as_str().unwrap();
    assert!(path.starts_with("PATH=/usr/local/sbin:") && path.ends_with(":/p/bin"), "{path}");
    assert_eq!(image.manifest["annotations"]["org.opencontainers.image.title"], "tool");
    assert_eq!(image.config["config"]["Labels"]["aptlet/prefix"], "/p");
}

/// Lays out an image, as runtimes do.
fn lay_out(image: &Baked, root: &Path) {
    fs::create_dir(root).unwrap();
    let mut folders: Vec<(PathBuf, u32)> = Vec::new();
    for (path, entry) in image.layers.iter().flat_map(|layer| paths(layer)) {
        let place = root.join(&path);
        match entry.kind {
            EntryType::Directory => {
                fs::create_dir_all(&place).unwrap();
                folders.push((place, entry.mode));
            }
            EntryType::Symlink => symlink(entry.target.unwrap(), place).unwrap(),
            EntryType::Link => fs::hard_link(root.join(entry.target.unwrap()), place).unwrap(),
            _ => {
                fs::write(&place, entry.content).unwrap();
                fs::set_permissions(&place, Permissions::from_mode(entry.mode)).unwrap();
            }
        }
    }
    for (folder, mode) in folders.into_iter().rev() {
        fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn aptlet_knows_a_destination_that_came_from_an_image() {
    let stage = locked(&repository(), &["tool"]);
    for (name, prefix) in [("exact", "/q"), ("adapted", "/srv/tools")] {
        let (layout, dest) = (stage.sandbox.path(name), stage.sandbox.path(&format!("{name}-dest")));
        bake(&stage, &format!("oci:{}", layout.display())).args(["--prefix", prefix]).run().succeeded();
        lay_out(&Baked::read(&layout, None), &dest);
        let own = |command: &str| {
            let mut own = stage.sandbox.aptlet();
            own.arg(command).arg("--dest").arg(&dest);
            own
        };
        let listed = own("list").run().succeeded().stdout;
        assert!(listed.contains("tool/bookworm 1.0 amd64 [installed]"), "{listed}");
        assert!(own("status").run().succeeded().stdout.contains("libtool 1.0 (amd64)"));
        own("verify").run().succeeded();
        fs::write(dest.join("etc/tool.conf"), "y\n").unwrap();
        assert!(own("verify").run().stdout.contains("/etc/tool.conf"));
        // it is no place for generations
        stage
            .bare("install")
            .arg("--lock")
            .arg(stage.sandbox.path("aptlet.lock"))
            .arg("--dest")
            .arg(&dest)
            .run()
            .failed(6, &["is in the way"]);
    }
}

#[test]
fn at_the_root_an_image_is_a_file_system() {
    let stage = locked(&repository(), &["tool"]);
    let file = stage.sandbox.path("root.tar");
    let target = format!("tar:{}", file.display());
    bake(&stage, &target).args(["--prefix", "/"]).run().succeeded();
    let paths = paths(&fs::read(&file).unwrap());
    let find = |path: &str| paths.iter().find(|(known, _)| known == Path::new(path)).map(|(_, entry)| entry);
    assert_eq!(find("bin").unwrap().target.as_deref(), Some(Path::new("usr/bin")));
    assert_eq!(find("usr/lib/x86_64-linux-gnu/tool/x").unwrap().content, b"/usr/share/data\n");
    for none in ["u", "commands", ".aptlet/current", ".aptlet/aptlet"] {
        assert!(find(none).is_none(), "{none}");
    }
    assert!(find("usr/lib/os-release").is_some() && find("var/lib/dpkg/status").is_some());
}

#[test]
fn launchers_are_for_the_machines_that_aptlet_is_built_for() {
    let stage = locked(&repository(), &["tool"]);
    let lock = fs::read_to_string(stage.sandbox.path("aptlet.lock")).unwrap();
    let other = if cfg!(target_arch = "x86_64") { "arm64" } else { "amd64" };
    let lock = lock.replacen("architecture = \"amd64\"", &format!("architecture = \"{other}\""), 1);
    fs::write(stage.sandbox.path("aptlet.lock"), lock).unwrap();
    let layout = stage.sandbox.path("other");
    let mut command = stage.sandbox.aptlet();
    command.args(["bake", "--arch", other, "-o", &format!("oci:{}", layout.display()), "--lock"]);
    command.arg(stage.sandbox.path("aptlet.lock"));
    let outcome = command.run().succeeded();
    assert!(outcome.stderr.contains("is not for") && outcome.stderr.contains("links to those of 'bin'"));
    let image = Baked::read(&layout, None);
    assert_eq!(image.config["architecture"], other);
    let merged = image.merged();
    assert_eq!(merged[Path::new("commands/tool")].target.as_deref(), Some(Path::new("/p/bin/tool")));
    assert!(!merged.contains_key(Path::new(".aptlet/aptlet")));
    command.args(["--prefix", "/srv/tools"]);
    command.run().failed(2, &["started by aptlet itself", other]);
}
