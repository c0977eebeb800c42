//! Compares a tree with its manifest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::difference::{Difference, What, difference};
use super::walk::walk;
use crate::arrange::Arrange as _;
use crate::digest::Sha256;
use crate::tree::error::Error;
use crate::tree::mtree::{Entries, Entry, Kind, read_line};
use crate::tree::records;
use crate::tree::volume::Lacks;

/// Compares a tree with its manifest. `group` is the number of the group that shares the volume, if one does: what the kubelet
/// does to give a volume to its `fsGroup` is no difference. `lacks` is what the volume does not keep. `originals` are digests of files before they were relocated.
///
/// # Errors
/// [`Error::OnDisk`], with the path that cannot be read: of the manifest, where that is missing or cannot be understood; or of
/// something in the tree.
pub(crate) fn verify(
    root: &Path,
    (group, lacks): (Option<u32>, Lacks),
    originals: &BTreeMap<PathBuf, Sha256>,
) -> Result<Vec<Difference>, Error> {
    let manifest = root.join(records::MANIFEST);
    let installed = read(&manifest).map_err(|source| Error::read(&manifest, source))?;
    // of what has another size anyway, the content need not be read
    let worth_hashing = |path: &Path, size: u64| matches!(installed.get(path), Some(Entry { kind: Kind::File { size: known, sha256: Some(_) }, .. }) if *known == size);
    let found = walk(root, &worth_hashing)?;
    let mut differences = Vec::new();
    for (path, entry) in &installed {
        let what = match found.get(path) {
            None => Some(What::Missing),
            Some(Entry { kind: Kind::File { sha256: Some(now), .. }, .. })
                if originals.get(path) == Some(now) =>
            {
                Some(What::NotRelocated)
            }
            Some(now) => difference(entry, now, group).filter(|what| !lacks.modes || !what.is_mode()),
        };
        differences.extend(what.map(|what| Difference { path: Path::new("/").join(path), what }));
    }
    let added = found.keys().filter(|path| !installed.contains_key(*path));
    differences.extend(added.map(|path| Difference { path: Path::new("/").join(path), what: What::Added }));
    differences.arrange_by(|left, right| left.path.cmp(&right.path));
    Ok(differences)
}

pub(super) fn read(manifest: &Path) -> io::Result<Entries> {
    let text = fs::read(manifest)?;
    let mut installed = Entries::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let (path, entry) = read_line(line).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {} cannot be understood", number + 1))
        })?;
        installed.insert(path, entry);
    }
    Ok(installed)
}
