//! A corpus of hostile archives, each installed by the real binary: it ends with the right exit code and one clear
//! line, writes nothing outside of its tree, and stays well below the memory limit of the pods in `manifests/`. What is
//! installed all the same is what dpkg installs, too.

mod bombs;
mod case;
mod control;
mod links;
mod members;
mod paths;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::repository::Repository;
use crate::support::stage::{Outcome, Run, Stage, continued};
use crate::support::{Entry, have, is_root, snapshot};
use case::{Case, Expected};

/// KiB; the limit of the pods in `manifests/` is 160 MiB.
const MEMORY: u64 = 128 << 10;
const TIME: &str = "/usr/bin/time";

/// Plays all cases, of which there must be at least so many, one after the other, beside files that nothing may touch.
/// What dpkg makes of those that are installed is seen by root alone: it gets a root file system of its own.
#[track_caller]
fn play(cases: &[Case], least: usize) {
    assert!(cases.len() >= least, "{}", cases.len());
    let (measured, compared) = (have(TIME), is_root("unpacking by dpkg") && have("dpkg"));
    let stage = Stage::new();
    let mut repository = Repository::new("stable");
    for case in cases {
        for (index, package) in case.packages().into_iter().enumerate() {
            let path = format!("pool/{}-{index}.deb", case.name);
            repository = repository.add_stanza("main", &package.stanza(&path));
            stage.server.put(&format!("debian/{path}"), package.bytes.clone());
        }
    }
    stage.publish(&repository);
    let place = stage.sandbox.path("place");
    fs::create_dir_all(place.join("folder/inner")).unwrap();
    fs::write(place.join("outside"), "untouched").unwrap();
    fs::write(place.join("folder/inner/file"), "untouched").unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let dest = place.join("dest");
        fs::create_dir(&dest).unwrap();
        let before = snapshot(&place);
        let (outcome, rss) = install(&stage, case, &dest, measured);
        let refused = matches!(case.expected, Expected::Refused(..));
        if !refused {
            make_accessible(&dest);
        }
        let after = snapshot(&place);
        let mut wrong = case.expected.misses(&outcome);
        if rss.is_some_and(|kib| kib >= MEMORY) {
            wrong.push(format!("peak RSS {rss:?} KiB"));
        }
        println!("{}: exit code {:?}, {rss:?} KiB", case.name, outcome.code);
        if outside(&before, refused) != outside(&after, refused) {
            wrong.push("files were touched".to_owned());
        }
        for path in ["/escaped", "/tmp/escaped", "/etc/escaped", "/usr/escaped"] {
            if Path::new(path).symlink_metadata().is_ok() {
                wrong.push(format!("there is a {path}"));
            }
        }
        if compared && matches!(case.expected, Expected::Installed) && outcome.code == Some(0) {
            wrong.extend(dpkg_refuses(&stage, case));
        }
        if !wrong.is_empty() {
            failures.push(format!("{}: {}\n{}", case.name, wrong.join("; "), outcome.stderr));
        }
        make_accessible(&dest);
        fs::remove_dir_all(&dest).unwrap();
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// All that no package may touch: everything where it is refused, else what is not in the destination.
fn outside(tree: &[Entry], refused: bool) -> Vec<&Entry> {
    let kept = |entry: &&Entry| refused || !entry.path.starts_with("dest");
    // making the destination itself is no offence
    tree.iter()
        .filter(kept)
        .filter(|entry| !entry.path.as_os_str().is_empty())
        .filter(|entry| entry.path != Path::new("dest"))
        .collect()
}

/// The outcome, and the peak of the resident set in KiB if it is measured: by a program in between, since a process that is
/// started from here counts the peak of this one, which plays all tests, for its own.
fn install(stage: &Stage, case: &Case, dest: &Path, measured: bool) -> (Outcome, Option<u64>) {
    let mut command = stage.install(&[&case.name]);
    command.arg("--prefix=/").arg("--dest").arg(dest).args(&case.flags);
    if !measured {
        return (command.run(), None);
    }
    let peak = stage.sandbox.path("peak");
    let mut time = Command::new(TIME);
    time.args(["-q", "-f", "%M", "-o"]).arg(&peak).arg(command.get_program());
    let outcome = continued(time, &command).run();
    let rss = fs::read_to_string(peak).unwrap().trim().parse().unwrap();
    (outcome, Some(rss))
}

/// Why dpkg does not unpack what aptlet installed.
fn dpkg_refuses(stage: &Stage, case: &Case) -> Option<String> {
    let root = tempfile::tempdir_in(stage.sandbox.path("")).unwrap();
    for folder in ["info", "updates"] {
        fs::create_dir_all(root.path().join("var/lib/dpkg").join(folder)).unwrap();
    }
    for file in ["status", "available"] {
        fs::write(root.path().join("var/lib/dpkg").join(file), "").unwrap();
    }
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", root.path().display())).args(["--force-unsafe-io", "--unpack"]);
    for (index, package) in case.packages().into_iter().enumerate() {
        let path = root.path().join(format!("{index}.deb"));
        fs::write(&path, &package.bytes).unwrap();
        dpkg.arg(path);
    }
    let outcome = dpkg.run();
    (outcome.code != Some(0)).then(|| format!("dpkg refuses it: {}", outcome.stderr))
}

/// A tree may have folders that not even their owner may enter.
fn make_accessible(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let entries = fs::read_dir(&folder).unwrap().map(Result::unwrap);
        folders.extend(entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.path()));
    }
}

#[test]
fn hostile_paths() {
    play(&paths::cases(), 30);
}

#[test]
fn hostile_links() {
    play(&links::cases(), 40);
}

#[test]
fn hostile_members() {
    play(&members::cases(), 60);
}

#[test]
fn hostile_control_information() {
    play(&control::cases(), 20);
}

#[test]
fn bombs() {
    play(&bombs::cases(), 25);
}
