//! Packages that are kept as they were unpacked, so that the next tree with them is made of hard links, and of nothing that is
//! fetched.
//!
//! Files below `usr` and `opt` become names of the same file: whoever rewrites one of them in a tree gives it a file of its own
//! first. What a program or a person may write to, as in `etc` and `var`, is copied. A file that was changed nevertheless,
//! which its size or time tells, costs its package: that is fetched again.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink,
};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::confined::PRIVATE;
use super::error::Error;
use super::note::Note;
use super::package::{Directory, LeftOut, Unpacked};
use super::path::ALIASES;
use super::volume::{refuses_hard_link, set_mode_of, set_time, set_time_of_link};
use crate::deb::{Control, ControlFile};
use crate::digest::Sha256;
use crate::plan::Artifact;

/// What is said of a package, beside the folder of its files.
const RECORD: &str = "unpacked.json";
const ROOT: &str = "root";
/// The beginning of a name until a package is whole.
const NEW: &str = ".new-";
/// Folders whose files are shared by trees.
const SHARED: [&str; 2] = ["usr", "opt"];

/// A folder of packages, each by its digest and by how it was unpacked.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    folder: PathBuf,
    /// Of what else decides how a package is unpacked.
    how: String,
}

/// An [`Unpacked`], as it is written down.
#[derive(Serialize, Deserialize)]
struct Record {
    artifact: Artifact,
    paragraph: String,
    control: Vec<(String, u32, Bytes)>,
    paths: Vec<PathBuf>,
    widened: u64,
    left_out: (u64, u64),
    directories: Vec<(PathBuf, u32, Option<i64>)>,
    aliases: Vec<String>,
    newest_mtime: i64,
    notes: Vec<Note>,
    entries: Vec<(PathBuf, Entry)>,
}

/// Bytes, which mostly are text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Other(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
enum Entry {
    File { size: u64, mtime: i64 },
    Link { target: Bytes, mtime: i64 },
    Fifo { mode: u32 },
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Other(error.into_bytes()), Self::Text)
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        match bytes {
            Bytes::Text(text) => text.into_bytes(),
            Bytes::Other(bytes) => bytes,
        }
    }
}

impl Kept {
    /// `how` is everything but the package itself that decides what is laid out.
    pub(crate) fn new(folder: PathBuf, how: &str) -> Self {
        let how = Sha256::of(how.as_bytes()).to_string().chars().take(8).collect();
        Self { folder, how }
    }

    fn place(&self, sha256: Sha256) -> PathBuf {
        self.folder.join(format!("{}-{sha256}", self.how))
    }

    /// Keeps a package that lies in `private_root`, which is moved.
    ///
    /// # Errors
    /// What cannot be written. `private_root` may then have been moved.
    pub(crate) fn keep(&self, unpacked: &Unpacked, private_root: &Path) -> io::Result<()> {
        let record = record_of(unpacked, private_root)?;
        let place = self.place(unpacked.artifact.sha256);
        let fresh = self.folder.join(format!("{NEW}{}", unpacked.artifact.sha256));
        remove(&fresh)?;
        remove(&place)?;
        fs::DirBuilder::new().recursive(true).mode(0o755).create(&fresh)?;
        fs::write(fresh.join(RECORD), serde_json::to_vec(&record)?)?;
        fs::rename(private_root, fresh.join(ROOT))?;
        fs::rename(&fresh, &place)
    }

    /// Lays out a package that is kept in `private_root`, which must not exist; `None` where it is not kept as it was.
    ///
    /// # Errors
    /// What cannot be written to `private_root`.
    pub(crate) fn lay_out(
        &self,
        artifact: &Artifact,
        private_root: &Path,
    ) -> Result<Option<Unpacked>, Error> {
        let place = self.place(artifact.sha256);
        let Ok(text) = fs::read(place.join(RECORD)) else { return Ok(None) };
        let Ok(record) = serde_json::from_slice::<Record>(&text) else { return Ok(None) };
        fs::DirBuilder::new()
            .mode(PRIVATE.as_raw_mode())
            .create(private_root)
            .map_err(|source| Error::write(private_root, source))?;
        match lay_out(&record, &place.join(ROOT), private_root)? {
            true => Ok(unpacked_of(record, artifact)),
            false => {
                remove(private_root).map_err(|source| Error::write(private_root, source))?;
                Ok(None)
            }
        }
    }

    /// These are fetched the next time.
    pub(crate) fn forget(&self, packages: impl Iterator<Item = Sha256>) {
        for sha256 in packages {
            let _ = remove(&self.place(sha256));
        }
    }

    /// Removes all packages but these, and what was begun.
    pub(crate) fn retain(&self, wanted: &[Sha256]) {
        Self::retain_in(&self.folder, wanted);
    }

    /// The same, however these were unpacked.
    pub(crate) fn retain_in(folder: &Path, wanted: &[Sha256]) {
        let wanted: HashSet<String> = wanted.iter().map(ToString::to_string).collect();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.rsplit_once('-').is_some_and(|(how, sha256)| how != ".new" && wanted.contains(sha256)) {
                // what stays takes space and does no other harm
                let _ = remove(&entry.path());
            }
        }
    }
}

/// Removes a folder, or nothing. Those of packages are open to their owner until a tree is finished.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn record_of(unpacked: &Unpacked, root: &Path) -> io::Result<Record> {
    let mut entries = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let meta = fs::symlink_metadata(entry.path())?;
            let kind = meta.file_type();
            let entry = if kind.is_dir() {
                folders.push(path);
                continue;
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path())?.into_os_string().into_vec().into();
                Entry::Link { target, mtime: meta.mtime() }
            } else if kind.is_fifo() {
                Entry::Fifo { mode: meta.permissions().mode() & 0o777 }
            } else {
                Entry::File { size: meta.len(), mtime: meta.mtime() }
            };
            entries.push((path, entry));
        }
    }
    if !unpacked.owned.is_empty() || unpacked.directories.iter().any(|directory| directory.owner.is_some()) {
        return Err(io::Error::other("owners are not kept"));
    }
    let control = &unpacked.control;
    let directories = unpacked.directories.iter();
    Ok(Record {
        artifact: unpacked.artifact.clone(),
        paragraph: control.paragraph.clone(),
        control: control
            .files
            .iter()
            .map(|file| (file.name.clone(), file.mode, file.bytes.clone().into()))
            .collect(),
        paths: unpacked.paths.clone(),
        widened: unpacked.widened,
        left_out: (unpacked.left_out.paths, unpacked.left_out.bytes),
        directories: directories
            .map(|directory| (directory.path.clone(), directory.mode, directory.mtime))
            .collect(),
        aliases: unpacked.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        newest_mtime: unpacked.newest_mtime,
        notes: unpacked.notes.clone(),
        entries,
    })
}

/// `None` for a record that names what there cannot be.
fn unpacked_of(record: Record, artifact: &Artifact) -> Option<Unpacked> {
    let files = record.control.into_iter();
    let aliases = record.aliases.iter();
    let known = |alias: &String| ALIASES.into_iter().find(|known| known == alias);
    Some(Unpacked {
        // where it is to be had may be another place by now
        artifact: artifact.clone(),
        control: Control {
            paragraph: record.paragraph,
            files: files.map(|(name, mode, bytes)| ControlFile { name, mode, bytes: bytes.into() }).collect(),
        },
        paths: record.paths,
        owned: Vec::new(),
        widened: record.widened,
        left_out: LeftOut { paths: record.left_out.0, bytes: record.left_out.1 },
        directories: record
            .directories
            .into_iter()
            .map(|(path, mode, mtime)| Directory { path, mode, mtime, owner: None })
            .collect(),
        aliases: aliases.map(known).collect::<Option<_>>()?,
        newest_mtime: record.newest_mtime,
        notes: record.notes,
    })
}

/// Whether all of it is there as it was.
fn lay_out(record: &Record, from: &Path, to: &Path) -> Result<bool, Error> {
    for (folder, ..) in record.directories.iter().filter(|(folder, ..)| !folder.as_os_str().is_empty()) {
        match rustix::fs::mkdir(to.join(folder), PRIVATE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(Error::write(to.join(folder), errno)),
        }
    }
    for (path, entry) in &record.entries {
        let (kept, fresh) = (from.join(path), to.join(path));
        let unwritten = |source| Error::write(&fresh, source);
        match entry {
            Entry::File { size, mtime } => {
                let is_same =
                    |meta: fs::Metadata| meta.is_file() && (meta.len(), meta.mtime()) == (*size, *mtime);
                if !fs::symlink_metadata(&kept).is_ok_and(is_same) {
                    return Ok(false);
                }
                let is_shared = SHARED.iter().any(|folder| path.starts_with(folder));
                let linked = if is_shared { rustix::fs::link(&kept, &fresh) } else { Err(Errno::XDEV) };
                match linked {
                    Err(errno) if refuses_hard_link(errno) => copy(&kept, &fresh).map_err(unwritten)?,
                    linked => linked.map_err(|errno| unwritten(errno.into()))?,
                }
            }
            Entry::Link { target, mtime } => {
                let target = match target {
                    Bytes::Text(text) => text.as_bytes(),
                    Bytes::Other(bytes) => bytes,
                };
                symlink(std::ffi::OsStr::from_bytes(target), &fresh).map_err(unwritten)?;
                set_time_of_link(CWD, &fresh, *mtime).map_err(|errno| unwritten(errno.into()))?;
            }
            Entry::Fifo { mode } => {
                rustix::fs::mknodat(CWD, &fresh, FileType::Fifo, Mode::from_raw_mode(*mode), 0)
                    .map_err(|errno| unwritten(errno.into()))?;
            }
        }
    }
    Ok(true)
}

/// A file of its own, with mode and time.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut original = File::open(from)?;
    let meta = original.metadata()?;
    let mut made = File::create_new(to)?;
    io::copy(&mut original, &mut made)?;
    set_mode_of(&made, meta.permissions().mode() & 0o7777)?;
    set_time(&made, meta.mtime())
}
