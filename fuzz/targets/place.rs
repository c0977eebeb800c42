//! A folder in memory with something around it that no package may touch; shared by the targets that unpack.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aptlet::deb::Deb;
use aptlet::digest::Sha256;
use aptlet::error::Error;
use aptlet::finish::{self, Finishing};
use aptlet::plan::Artifact;
use aptlet::relocate::Relocation;
use aptlet::tree::{self, Limits, Tree, database, dpkg_divert};

const LIMITS: Limits<'_> =
    Limits { max_unpacked: 1 << 20, max_entries: 300, max_names: 64 << 10, allowance: None };

/// Unpacks a `.deb` and makes a tree of it. Fails unless all that it leaves behind is the tree, or an error of one
/// line.
pub fn unpack(deb: &[u8]) {
    let home = tempfile::Builder::new().prefix("aptlet-fuzz-").tempdir_in("/dev/shm").unwrap();
    let canary = home.path().join("canary");
    fs::write(&canary, "untouched").unwrap();
    let inside = home.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let before = (canary.metadata().unwrap(), home.path().metadata().unwrap());
    if let Err(error) = install(deb, &inside) {
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "{message:?} is not one line");
        error.hint();
    }
    let after = (canary.metadata().unwrap(), home.path().metadata().unwrap());
    for (one, other) in [(&before.0, &after.0), (&before.1, &after.1)] {
        assert_eq!(
            (one.mode(), one.nlink(), one.mtime_nsec()),
            (other.mode(), other.nlink(), other.mtime_nsec())
        );
    }
    assert_eq!(fs::read(&canary).unwrap(), b"untouched");
    let names: Vec<_> = home.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let escaped = ["/aptlet-escaped", "/dev/shm/aptlet-escaped", "/tmp/aptlet-escaped"];
    assert!(escaped.iter().all(|path| Path::new(path).symlink_metadata().is_err()));
    // what a tree may have made inaccessible to us
    open_up(&inside);
}

#[expect(clippy::result_large_err, reason = "it is the crate's, which passes it by value")]
fn install(deb: &[u8], inside: &Path) -> Result<(), Error> {
    let artifact = artifact(deb);
    let mut file: File = tempfile::tempfile_in("/dev/shm").unwrap();
    file.write_all(deb).unwrap();
    let private_root = inside.join("private");
    let unpacked = tree::unpack(&mut file, &artifact, &private_root, &LIMITS, tree::Placement::default())?;
    let mut tree = Tree::create(&inside.join("tree"), "amd64")?;
    let (diversions, _) = dpkg_divert::read(std::slice::from_ref(&unpacked))?;
    tree.divert(diversions);
    tree.merge(unpacked, &private_root)?;
    // both forms
    let prefix = if deb.len().is_multiple_of(2) { "/p" } else { "/opt/tools" };
    finish::run(&mut tree, Finishing { date: 0, prefix, authorities: &[], locales: &[] })?;
    Relocation::to(prefix).apply(&mut tree)?;
    database::write(&mut tree, 0)?;
    tree.finish()?;
    Ok(())
}

/// The plan that the package itself would be chosen by.
fn artifact(deb: &[u8]) -> Artifact {
    let opened = Deb::open(deb);
    let field = |name: &str| {
        let value = opened.as_ref().ok().and_then(|deb| deb.control().field(name));
        value.unwrap_or("none").to_owned()
    };
    Artifact {
        name: field("Package"),
        version: field("Version"),
        architecture: field("Architecture"),
        source: "debian".to_owned(),
        filename: "pool/x.deb".to_owned(),
        size: deb.len() as u64,
        sha256: Sha256::of(deb),
        installed_size: 0,
        also: Vec::new(),
    }
}

fn open_up(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
        folders.extend(entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.path()));
    }
}
