//! The manifest of a tree: every path with its mode and content, in the format of mtree(5), so that it can be told later
//! whether the tree still is what was installed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::group::is_of_kubelet;
use super::mtree::{Entries, Entry, Kind, read_line, write_line};
use super::records;
use crate::digest::{Checksum, Sha256};

/// What may change without the tree being another: the manifest itself, and what is noted of its sources.
const CHANGING: [&str; 2] = [records::MANIFEST, records::STATE];
const BUFFER_SIZE: usize = 256 << 10;

/// How one path differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As it is seen in the tree, absolute.
    pub path: PathBuf,
    /// What is the matter.
    pub what: What,
}

/// What is the matter with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It is gone.
    Missing,
    /// Nothing that was installed is there.
    Added,
    /// It is a file where a link was, or the like.
    Kind,
    /// Its permission bits.
    Mode {
        /// As installed.
        installed: u32,
        /// As it is.
        found: u32,
    },
    /// Whose it is.
    Owner {
        /// User and group as installed.
        installed: (u32, u32),
        /// User and group as they are.
        found: (u32, u32),
    },
    /// What is in the file.
    Content,
    /// The file is what its package has, without the relocation.
    NotRelocated,
    /// Where the link leads.
    Target,
    /// It cannot be read by this user, so that its content is not known.
    Unreadable,
}

impl What {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Kind => "type",
            Self::Mode { .. } => "mode",
            Self::Owner { .. } => "owner",
            Self::Content | Self::NotRelocated => "content",
            Self::Target => "target",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what.word(), self.path.display())?;
        match self.what {
            What::Mode { installed, found } => write!(f, " ({installed:04o} is now {found:04o})"),
            What::NotRelocated => f.write_str(" (as its package has it, not relocated)"),
            What::Owner { installed: (user, group), found } => {
                write!(f, " ({user}:{group} is now {}:{})", found.0, found.1)
            }
            _ => Ok(()),
        }
    }
}

/// The manifest of a tree, as text. `mode_of` knows the modes that directories will have when the tree is finished,
/// `known` the digests of files that need not be read again; `owners` says whether it matters whose everything is.
pub fn describe(
    root: &Path,
    owners: bool,
    mode_of: impl Fn(&Path) -> Option<u32>,
    known: &BTreeMap<PathBuf, Sha256>,
) -> io::Result<Vec<u8>> {
    let mut entries = walk(root, &|path: &Path, _| !known.contains_key(path))?;
    for (path, digest) in known {
        if let Some(Entry { kind: Kind::File { sha256, .. }, .. }) = entries.get_mut(path) {
            *sha256 = Some(*digest);
        }
    }
    let mut text = b"#mtree\n".to_vec();
    for (path, entry) in &mut entries {
        if entry.kind == Kind::Directory
            && let Some(mode) = mode_of(path)
        {
            entry.mode = mode;
        }
        entry.owner = entry.owner.filter(|_| owners);
        write_line(&mut text, path, entry);
    }
    Ok(text)
}

/// Compares a tree with its manifest. `group` is the number of the group that shares the volume, if one does: what the kubelet
/// does to give a volume to its `fsGroup` is no difference. `originals` are digests of files before they were relocated.
///
/// # Errors
/// A manifest that is missing or cannot be understood, and a tree that cannot be read.
pub fn verify(
    root: &Path,
    group: Option<u32>,
    originals: &BTreeMap<PathBuf, Sha256>,
) -> io::Result<Vec<Difference>> {
    let text = fs::read(root.join(records::MANIFEST))?;
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
            Some(now) => difference(entry, now, group),
        };
        differences.extend(what.map(|what| Difference { path: Path::new("/").join(path), what }));
    }
    let added = found.keys().filter(|path| !installed.contains_key(*path));
    differences.extend(added.map(|path| Difference { path: Path::new("/").join(path), what: What::Added }));
    differences.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(differences)
}

fn difference(installed: &Entry, found: &Entry, group: Option<u32>) -> Option<What> {
    let of_kubelet =
        |mode: u32| group.is_some() && is_of_kubelet(installed.mode, mode, installed.kind == Kind::Directory);
    match what_differs(installed, found) {
        Some(What::Mode { found, .. }) if of_kubelet(found) => {}
        None => {}
        differs => return differs,
    }
    match (installed.owner, found.owner) {
        (Some(was), Some(is)) if was != is && (was.0, group) != (is.0, Some(is.1)) => {
            Some(What::Owner { installed: was, found: is })
        }
        _ => None,
    }
}

fn what_differs(installed: &Entry, found: &Entry) -> Option<What> {
    match (&installed.kind, &found.kind) {
        (Kind::Link { target: was }, Kind::Link { target: is }) => (was != is).then_some(What::Target),
        (Kind::File { size: was, sha256: digest }, Kind::File { size: is, sha256: now }) => {
            match (digest, now) {
                _ if was != is => Some(What::Content),
                (Some(digest), Some(now)) if digest != now => Some(What::Content),
                (Some(_), None) => Some(What::Unreadable),
                _ => mode(installed, found),
            }
        }
        (Kind::Directory, Kind::Directory) | (Kind::Fifo, Kind::Fifo) => mode(installed, found),
        _ => Some(What::Kind),
    }
}

fn mode(installed: &Entry, found: &Entry) -> Option<What> {
    (installed.mode != found.mode).then_some(What::Mode { installed: installed.mode, found: found.mode })
}

/// All paths of a tree; the contents are hashed by as many threads as there are cores, at most four.
fn walk(root: &Path, worth_hashing: &(dyn Fn(&Path, u64) -> bool + Sync)) -> io::Result<Entries> {
    let mut entries = Entries::new();
    let mut files: Vec<(PathBuf, u64)> = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if CHANGING.iter().any(|own| path == Path::new(own)) {
                continue;
            }
            let meta = entry.metadata()?;
            let mode = meta.mode() & 0o7777;
            let kind = if meta.is_dir() {
                folders.push(path.clone());
                Kind::Directory
            } else if meta.is_symlink() {
                Kind::Link { target: fs::read_link(root.join(&path))?.into_os_string() }
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

type Digests<'a> = Vec<(&'a Path, Option<Sha256>)>;

fn digests<'a>(root: &Path, files: &'a [(PathBuf, u64)]) -> io::Result<Digests<'a>> {
    let next = AtomicUsize::new(0);
    let all: Mutex<io::Result<Digests<'a>>> = Mutex::new(Ok(Vec::with_capacity(files.len())));
    let work = || {
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut own = Vec::new();
        let mut failed = None;
        while let Some((path, _)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            match digest(&root.join(path), &mut buffer) {
                Ok(digest) => own.push((path.as_path(), digest)),
                Err(error) => {
                    failed = Some(error);
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
            scope.spawn(work);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const ODD: &[u8] = b"usr/share/a b#c\\d=e\n\xff*[x]";

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("usr/share")).unwrap();
        fs::create_dir_all(root.join("var/lib/aptlet")).unwrap();
        fs::write(root.join("usr/tool"), "tool").unwrap();
        fs::write(root.join(OsStr::from_bytes(ODD)), "").unwrap();
        fs::set_permissions(root.join("usr/tool"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("usr/a b", root.join("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        fs::write(root.join(records::MANIFEST), describe(root, false, |_| None, &BTreeMap::new()).unwrap())
            .unwrap();
        folder
    }

    fn said(root: &Path) -> String {
        verify(root, None, &BTreeMap::new())
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn a_tree_that_nobody_touched() {
        let folder = tree();
        assert_eq!(said(folder.path()), "");
        fs::write(folder.path().join("var/lib/aptlet/state.json"), "anything").unwrap();
        assert_eq!(said(folder.path()), "");
    }

    #[test]
    fn the_text_is_mtree() {
        let folder = tree();
        let text = String::from_utf8(fs::read(folder.path().join(records::MANIFEST)).unwrap()).unwrap();
        assert!(text.starts_with("#mtree\n./link type=link link=usr/a\\040b\n"), "{text}");
        let digest = Sha256::of(b"tool");
        assert!(
            text.contains(&format!("./usr/tool type=file mode=0755 size=4 sha256digest={digest}\n")),
            "{text}"
        );
        assert!(
            text.contains("./usr/share/a\\040b\\043c\\134d\\075e\\012\\377\\052\\133x] type=file"),
            "{text}"
        );
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        let folder = tree();
        let root = folder.path();
        let change = |path: &str, how: &dyn Fn(&Path)| {
            how(&root.join(path));
            said(root)
        };
        assert_eq!(change("usr/tool", &|path| fs::write(path, "tolo").unwrap()), "content: /usr/tool");
        fs::write(root.join("usr/tool"), "tools").unwrap();
        assert_eq!(said(root), "content: /usr/tool");
        fs::write(root.join("usr/tool"), "tool").unwrap();
        let mode =
            |mode| move |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(change("usr/tool", &mode(0o777)), "mode: /usr/tool (0755 is now 0777)");
        assert_eq!(change("usr/tool", &mode(0o755)), "");
        assert_eq!(change("usr/more", &|path| fs::write(path, "").unwrap()), "added: /usr/more");
        fs::remove_file(root.join("usr/more")).unwrap();
        fs::remove_file(root.join("link")).unwrap();
        assert_eq!(said(root), "missing: /link");
        symlink("/etc/shadow", root.join("link")).unwrap();
        assert_eq!(said(root), "target: /link");
        assert_eq!(
            change("pipe", &|path| fs::remove_file(path).and_then(|()| fs::create_dir(path)).unwrap()),
            "target: /link; type: /pipe"
        );
    }

    #[test]
    fn owners_are_compared_where_they_matter() {
        let folder = tree();
        let root = folder.path();
        let owner = |path: &str| {
            (root.join(path).metadata().unwrap().uid(), root.join(path).metadata().unwrap().gid())
        };
        let text = describe(root, true, |_| None, &BTreeMap::new()).unwrap();
        let (user, group) = owner("usr/tool");
        let tool = format!("./usr/tool type=file mode=0755 uid={user} gid={group} size=4 ");
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(&tool), "{text}");
        fs::write(root.join(records::MANIFEST), &text).unwrap();
        assert_eq!(said(root), "");
        let other = tool.replace(&format!("gid={group}"), "gid=12345");
        fs::write(root.join(records::MANIFEST), text.replace(&tool, &other)).unwrap();
        assert_eq!(said(root), format!("owner: /usr/tool ({user}:12345 is now {user}:{group})"));
    }

    #[test]
    fn what_the_kubelet_does_is_no_difference() {
        let folder = tree();
        let root = folder.path();
        let mode = |path: &str, mode| {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode("usr/tool", 0o775);
        mode("pipe", 0o660);
        mode("usr/share", 0o2775);
        assert_eq!(verify(root, None, &BTreeMap::new()).unwrap().len(), 3);
        assert_eq!(verify(root, Some(1), &BTreeMap::new()).unwrap(), []);
        mode("usr/tool", 0o777);
        assert_eq!(verify(root, Some(1), &BTreeMap::new()).unwrap().len(), 1);
    }

    #[test]
    fn a_manifest_that_is_missing_or_damaged_is_an_error() {
        let folder = tree();
        fs::write(folder.path().join(records::MANIFEST), "./usr type=dir\n").unwrap();
        assert!(verify(folder.path(), None, &BTreeMap::new()).unwrap_err().to_string().contains("line 1"));
        fs::remove_file(folder.path().join(records::MANIFEST)).unwrap();
        assert_eq!(
            verify(folder.path(), None, &BTreeMap::new()).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
