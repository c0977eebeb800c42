//! Real packages against dpkg, by hand: download some with `apt-get download` into a folder, then run
//! `APTLET_DEBS=FOLDER cargo test --lib tree::real -- --ignored --nocapture`. Needs dpkg.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use std::path::{Path, PathBuf};

use super::*;
use crate::arrange::Arrange as _;
use crate::deb::Deb;
use crate::plan::Artifact;

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    kind: char,
    mode: u32,
    mtime: i64,
    content: Vec<u8>,
}

fn walk(root: &Path, below: &Path, seen: &mut BTreeMap<PathBuf, Seen>) {
    for entry in root.join(below).read_dir().unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        let metadata = entry.path().symlink_metadata().unwrap();
        let kind = metadata.file_type();
        let (kind, content) = if kind.is_dir() {
            walk(root, &path, seen);
            ('d', Vec::new())
        } else if kind.is_symlink() {
            ('l', entry.path().read_link().unwrap().into_os_string().into_encoded_bytes())
        } else if kind.is_file() {
            ('f', fs::read(entry.path()).unwrap())
        } else {
            ('o', Vec::new())
        };
        let mode = metadata.permissions().mode() & if kind == 'f' { 0o777 } else { 0o7777 };
        seen.insert(path, Seen { kind, mode, mtime: metadata.mtime(), content });
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs dpkg and downloaded packages"]
fn a_tree_is_what_dpkg_deb_extracts() {
    let folder = std::env::var_os("APTLET_DEBS").unwrap();
    let mut debs: Vec<_> =
        Path::new(&folder).read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    debs.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    debs.arrange();
    let scratch = tempfile::tempdir().unwrap();
    let (root, reference) = (scratch.path().join("tree"), scratch.path().join("reference"));
    fs::create_dir(&reference).unwrap();
    let mut tree = Tree::create(&root, "amd64").unwrap();
    for (index, path) in debs.iter().enumerate() {
        let control = Deb::open(File::open(path).unwrap()).unwrap().control().clone();
        let field = |name| control.field(name).unwrap_or_default().to_owned();
        let artifact = Artifact {
            name: field("Package"),
            version: field("Version"),
            architecture: field("Architecture"),
            installed_size: field("Installed-Size").parse().unwrap_or(0),
            also: Vec::new(),
            ..crate::deb::testing::artifact("")
        };
        let private = scratch.path().join(format!("private-{index}"));
        let limits = Limits::for_artifact(&artifact);
        let unpacked =
            unpack(&mut File::open(path).unwrap(), &artifact, &private, &limits, Placement::default())
                .unwrap();
        println!("{}: {} paths, {} notes", artifact.label(), unpacked.paths.len(), unpacked.notes.len());
        tree.merge(unpacked, &private).unwrap();
        run(Command::new("dpkg-deb").arg("-x").arg(path).arg(&reference));
    }
    let newest = tree.newest_mtime();
    database::write(&mut tree, newest).unwrap();
    let packages = tree.packages().to_vec();
    tree.finish().unwrap();
    for package in &packages {
        for note in &package.notes {
            println!("note: {}: {note}", package.artifact.name);
        }
    }

    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
    walk(&root, Path::new(""), &mut ours);
    walk(&reference, Path::new(""), &mut theirs);
    // dpkg-deb knows nothing of merged-usr.
    let mut theirs: BTreeMap<_, _> =
        theirs.into_iter().rev().map(|(path, seen)| (in_tree(&path), seen)).collect();
    let aliases = path::ALIASES.map(Path::new);
    for seen in [&mut ours, &mut theirs] {
        seen.retain(|path, _| {
            !path.starts_with("var/lib/dpkg")
                && !aliases.iter().any(|alias| path == alias || path == &Path::new("usr").join(alias))
        });
    }
    let mut wrong = Vec::new();
    let mut directory_times = 0;
    for path in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        match (ours.get(path), theirs.get(path)) {
            (Some(one), Some(other)) if one == other => {}
            // tar leaves the time of the last write where a later package adds files or a hard link does.
            (Some(one), Some(other)) if (one.kind, other.kind, one.mode) == ('d', 'd', other.mode) => {
                directory_times += 1;
            }
            (one, other) => {
                let show = |seen: Option<&Seen>| {
                    seen.map(|seen| (seen.kind, seen.mode, seen.mtime, seen.content.len()))
                };
                println!("differs: {}: {:?}, dpkg-deb {:?}", path.display(), show(one), show(other));
                wrong.push(path);
            }
        }
    }
    println!("{directory_times} directories with another mtime");
    println!("{} packages, {} paths compared", debs.len(), ours.len());

    let at_root = format!("--root={}", root.display());
    let listed = run(Command::new("dpkg").args([&at_root, "-l"]));
    assert_eq!(listed.lines().filter(|line| line.starts_with("ii ")).count(), debs.len());
    print!("{}", run(Command::new("dpkg").args([&at_root, "--audit"])));
    // dpkg exits with 1 where a file is missing or changed, and says which.
    let verified = Command::new("dpkg").args([&at_root, "--verify"]).output().unwrap();
    print!(
        "dpkg --verify: {}{}",
        String::from_utf8_lossy(&verified.stdout),
        String::from_utf8_lossy(&verified.stderr)
    );
    let admin = format!("--admindir={}", root.join("var/lib/dpkg").display());
    for package in &packages {
        let name = format!("{}:{}", package.artifact.name, package.artifact.architecture);
        let files = run(Command::new("dpkg-query").args([&admin, "-L", &name]));
        assert_eq!(files.lines().count(), package.paths.len() + 1, "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
