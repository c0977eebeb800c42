//! Reads a tree as a manifest has it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::digest::{Checksum, Sha256};
use crate::tree::error::Error;
use crate::tree::mtree::{Entries, Entry, Kind};
use crate::tree::records;

/// What may change without the tree being another: the manifest itself, and what is noted of its sources.
const CHANGING: [&str; 2] = [records::MANIFEST, records::STATE];
const BUFFER_SIZE: usize = 256 << 10;

/// All paths of a tree; the contents are hashed by as many threads as there are cores, at most four.
pub(super) fn walk(
    root: &Path,
    worth_hashing: &(dyn Fn(&Path, u64) -> bool + Sync),
) -> Result<Entries, Error> {
    let mut entries = Entries::new();
    let mut files: Vec<(PathBuf, u64)> = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = if folder.as_os_str().is_empty() { root.to_owned() } else { root.join(&folder) };
        let unread = |source| Error::read(&here, source);
        for entry in fs::read_dir(&here).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let path = folder.join(entry.file_name());
            if CHANGING.iter().any(|own| path == Path::new(own)) {
                continue;
            }
            let unread = |source| Error::read(root.join(&path), source);
            let meta = entry.metadata().map_err(unread)?;
            let mode = meta.mode() & 0o7777;
            let kind = if meta.is_dir() {
                folders.push(path.clone());
                Kind::Directory
            } else if meta.is_symlink() {
                Kind::Link { target: fs::read_link(root.join(&path)).map_err(unread)?.into_os_string() }
            } else if meta.is_file() {
                if worth_hashing(&path, meta.len()) {
                    files.push((path.clone(), meta.len()));
                }
                Kind::File { size: meta.len(), sha256: None }
            } else if meta.file_type().is_fifo() {
                Kind::Fifo
            } else {
                Kind::Other
            };
            let owner = Some((meta.uid(), meta.gid()));
            entries.insert(path, Entry { mode, owner, kind });
        }
    }
    for (path, digest) in digests(root, &files)? {
        if let Some(Entry { kind: Kind::File { sha256, .. }, .. }) = entries.get_mut(path) {
            *sha256 = digest;
        }
    }
    Ok(entries)
}

/// Files and their digests; `None` for one that this user may not read.
type Hashed<'a> = Vec<(&'a Path, Option<Sha256>)>;

fn digests<'a>(root: &Path, files: &'a [(PathBuf, u64)]) -> Result<Hashed<'a>, Error> {
    let next = AtomicUsize::new(0);
    let all: Mutex<Result<Hashed<'a>, Error>> = Mutex::new(Ok(Vec::with_capacity(files.len())));
    let work = || {
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut own = Vec::new();
        let mut failed = None;
        while let Some((path, _)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            match digest(&root.join(path), &mut buffer) {
                Ok(digest) => own.push((path.as_path(), digest)),
                Err(error) => {
                    failed = Some(Error::read(root.join(path), error));
                    break;
                }
            }
        }
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        match (failed, &mut *all) {
            (Some(error), _) => *all = Err(error),
            (None, Ok(all)) => all.append(&mut own),
            (None, Err(_)) => {}
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        for _ in 1..threads {
            // where there are no more, this one does it alone
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// `None` for a file that this user may not read.
fn digest(path: &Path, buffer: &mut [u8]) -> io::Result<Option<Sha256>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        file => file?,
    };
    let mut hasher = Checksum::Sha256([0; 32]).hasher();
    loop {
        match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(match hasher.finish() {
        Checksum::Sha256(digest) => Some(Sha256(digest)),
        Checksum::Sha512(_) => None,
    })
}
