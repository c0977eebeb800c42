//! Trees of a live destination: what they share, what is in use, and what is left.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Live, command};
use crate::support::deb::DebBuilder;
use crate::support::stage::{Run as _, generations};

#[test]
fn trees_share_files_and_never_what_is_written_to() {
    let data = "x".repeat(10_000);
    let live = Live::with(&[
        command("one", "1.0")
            .file("usr/share/one/data", 0o644, &data)
            .file("usr/share/one/path", 0o644, "/usr/share/one/data")
            .hardlink("usr/share/one/again", "usr/share/one/path")
            .conffile("etc/one.conf", "shipped"),
        command("two", "1.0").file("usr/share/two/x", 0o644, "two"),
    ]);
    live.type_in("apt-get install -y one").succeeded();
    let first = fs::canonicalize(live.at(".aptlet/current")).unwrap();
    live.type_in("apt-get install -y two").succeeded();
    let second = fs::canonicalize(live.at(".aptlet/current")).unwrap();
    assert_ne!(first, second);
    let inode = |root: &Path, path: &str| fs::metadata(root.join(path)).unwrap().ino();
    assert_eq!(inode(&first, "usr/share/one/data"), inode(&second, "usr/share/one/data"));
    for path in ["usr/share/one/path", "etc/one.conf"] {
        assert_ne!(inode(&first, path), inode(&second, path), "{path}");
    }
    let rewritten = fs::read_to_string(second.join("usr/share/one/path")).unwrap();
    assert_ne!(rewritten, "/usr/share/one/data");
    // a hard link within a package stays one
    assert_eq!(inode(&second, "usr/share/one/path"), inode(&second, "usr/share/one/again"));
    let kept = walk(&live.at(".aptlet/live/packages"), "usr/share/one/path");
    assert_eq!(fs::read_to_string(kept).unwrap(), "/usr/share/one/data", "what is kept is as it was shipped");
    assert!(live.stage.sandbox.aptlet().arg("verify").status().unwrap().success());
}

fn walk(packages: &Path, path: &str) -> PathBuf {
    let roots = fs::read_dir(packages).unwrap().map(|entry| entry.unwrap().path().join("root").join(path));
    roots.into_iter().find(|file| file.exists()).unwrap()
}

/// All of the current tree: kind, mode, time, and content or target, but for what is noted of its sources and its beginning.
fn all_of(live: &Live) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let root = fs::canonicalize(live.at(".aptlet/current")).unwrap();
    let mut all = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, meta) = (entry.path(), entry.metadata().unwrap());
            let content = if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else if meta.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            all.insert(path.strip_prefix(&root).unwrap().to_owned(), (meta.mode(), meta.mtime(), content));
        }
    }
    all.remove(Path::new("var/lib/aptlet/state.json")).unwrap();
    all
}

#[test]
fn a_tree_that_grew_is_the_one_that_is_installed_at_once() {
    let debs = [
        command("one", "1.0")
            // it is the tree's own as long as `two` is there
            .file("usr/share/one/path", 0o644, "/usr/share/two/x /usr/share/one/data")
            .hardlink("usr/share/one/again", "usr/share/one/path")
            .file("usr/share/one/data", 0o640, "data")
            .file("usr/share/doc/one/copyright", 0o644, "free, as in /usr/share/one/data")
            .conffile("etc/one.conf", "/usr/share/one/data"),
        command("two", "1.0").file("usr/share/two/x", 0o644, "two"),
        command("three", "1.0").field("Depends", "one").file("usr/share/one/more", 0o755, "/usr/bin/one"),
    ];
    let live = Live::with(&debs);
    let path = || fs::read_to_string(live.at("usr/share/one/path")).unwrap();
    let mut seen = Vec::new();
    for line in [
        "install -y one",
        "install -y two",
        "install -y three",
        "remove -y two",
        "install -y two",
        "remove -y one",
    ] {
        live.type_in(&format!("apt-get {line}")).succeeded();
        if live.at("usr/share/one/path").exists() {
            seen.push(path());
        }
        live.stage
            .sandbox
            .aptlet()
            .arg("verify")
            .arg("--dest")
            .arg(&live.stage.sandbox.dest)
            .run()
            .succeeded();
    }
    live.type_in("apt-get install -y one three").succeeded();
    // what is remembered of a file does not hide that another path of it is the tree's now
    assert!(seen[0].starts_with("/usr/share/two/x ") && seen[1].ends_with(&seen[0][17..]), "{seen:?}");
    assert_ne!(seen[0], seen[1]);
    assert_eq!((&seen[1], &seen[0]), (&seen[2], &seen[3]), "{seen:?}");
    assert_eq!(path(), seen[1]);
    let grown = all_of(&live);

    fs::remove_dir_all(&live.stage.sandbox.dest).unwrap();
    live.prepare(&[]).succeeded();
    live.type_in("apt-get install -y one two three").succeeded();
    let at_once = all_of(&live);
    let names: Vec<_> = grown.keys().collect();
    assert_eq!(names, at_once.keys().collect::<Vec<_>>());
    for (path, entry) in &grown {
        assert_eq!(entry, &at_once[path], "{}", path.display());
    }
}

#[test]
fn what_is_remembered_of_files_counts_for_nothing_once_it_is_garbage() {
    let live = Live::with(&[
        command("one", "1.0").file("usr/share/one/path", 0o644, "/usr/share/one/path"),
        command("two", "1.0"),
    ]);
    live.type_in("apt-get install -y one").succeeded();
    let remembered = live.at(".aptlet/live/remembered.json");
    assert!(fs::read_to_string(&remembered).unwrap().contains("usr/share/one/path"));
    fs::write(&remembered, "{").unwrap();
    live.type_in("apt-get install -y two").succeeded();
    assert!(fs::read_to_string(&remembered).unwrap().contains("usr/share/one/path"));
    live.stage.sandbox.aptlet().arg("verify").arg("--dest").arg(&live.stage.sandbox.dest).run().succeeded();
}

#[test]
fn what_programs_and_people_made_in_a_tree_stays() {
    let live = Live::with(&[
        command("one", "1.0").conffile("etc/one.conf", "shipped"),
        command("two", "1.0"),
        command("three", "1.0"),
    ]);
    live.type_in("apt-get install -y one").succeeded();
    fs::create_dir(live.at("usr/lib/node_modules")).unwrap();
    fs::write(live.at("usr/lib/node_modules/mine"), "mine").unwrap();
    fs::write(live.at("etc/one.conf"), "changed").unwrap();
    for name in ["two", "three"] {
        live.type_in(&format!("apt-get install -y {name}")).succeeded();
        assert_eq!(fs::read_to_string(live.at("usr/lib/node_modules/mine")).unwrap(), "mine", "{name}");
        assert_eq!(fs::read_to_string(live.at("etc/one.conf")).unwrap(), "changed", "{name}");
    }
}

#[test]
fn what_was_changed_behind_its_back_is_fetched_again() {
    let live =
        Live::with(&[command("one", "1.0").file("usr/share/one/data", 0o644, "data"), command("two", "1.0")]);
    live.type_in("apt-get install -y one").succeeded();
    fs::write(live.at("usr/share/one/data"), "changed by hand").unwrap();
    live.stage.server.forget();
    live.type_in("apt-get install -y two").succeeded();
    assert_eq!(live.stage.requested().len(), 2, "{:?}", live.stage.requested());
    assert_eq!(fs::read_to_string(live.at("usr/share/one/data")).unwrap(), "data");
}

#[test]
fn a_tree_that_is_in_use_stays_until_its_program_has_ended() {
    let live = Live::with(&[
        DebBuilder::new("sleeper", "1.0").file("usr/lib/sleeper/here", 0o644, ""),
        command("one", "1.0"),
        command("two", "1.0"),
        command("three", "1.0"),
    ]);
    live.type_in("apt-get install -y sleeper").succeeded();
    let used = fs::canonicalize(live.at(".aptlet/current")).unwrap();
    let mut sleeper = Command::new("sleep")
        .arg("600")
        .current_dir(used.join("usr/lib/sleeper"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    for name in ["one", "two", "three"] {
        live.type_in(&format!("apt-get install -y {name}")).succeeded();
    }
    assert!(used.join("usr/lib/sleeper/here").exists());
    assert_eq!(generations(&live.stage.sandbox.dest).len(), 3);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    live.type_in("apt-get remove -y one").succeeded();
    assert!(!used.exists());
    assert_eq!(generations(&live.stage.sandbox.dest).len(), 2);
}

#[test]
fn many_installs_leave_as_much_as_few() {
    let live = Live::with(&[
        command("one", "1.0").file("usr/share/one/data", 0o644, "x".repeat(100_000)),
        command("two", "1.0"),
    ]);
    let size = || {
        let mut files = 0;
        let mut folders = vec![live.at("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                files += 1;
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        files
    };
    let round = || {
        live.type_in("apt-get install -y one two").succeeded();
        live.type_in("apt-get remove -y two").succeeded();
    };
    round();
    round();
    let few = size();
    for _ in 0..5 {
        round();
    }
    assert_eq!(size(), few);
}

#[test]
fn a_second_one_waits_and_says_for_whom() {
    let live = Live::with(&[command("one", "1.0"), command("two", "1.0")]);
    let lock = fs::File::open(live.at("")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    fs::write(live.at(".aptlet/live/holder.json"), r#"{"process": 77, "command": "apt-get install two"}"#)
        .unwrap();
    let mut waiting =
        live.start("apt-get").args(["install", "-y", "one"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut reader = std::io::BufReader::new(waiting.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut said).unwrap();
    assert!(said.contains("It is held by process 77 (apt-get install two)"), "{said}");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::Unlock).unwrap();
    std::io::Read::read_to_string(&mut reader, &mut said).unwrap();
    assert!(waiting.wait().unwrap().success());
    assert!(!live.at(".aptlet/live/holder.json").exists());
}
