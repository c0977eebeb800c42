//! Relocation, as far as it needs no change of length: paths that are compiled into ELF files are rewritten in
//! place, so that a program finds its own files below the prefix.
//!
//! `/usr/share/X` becomes, for the prefix `/tmp/p`, `/tmp/p/s//X`: as long as before, with a link `s` in the
//! destination that leads to `usr/share`. A prefix of two characters has room for `/usr` itself (`/p/u`). What a
//! prefix is too long for stays as it is, and so does whatever names nothing that the tree has.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use md5::{Digest as _, Md5};
use memchr::memmem::Finder;

use super::links::resolve_in_root;
use super::unpack::times;
use super::{Error, Tree};

/// The folders whose paths are rewritten, and the links that stand for them: the first that fits is used alone,
/// because it covers the others.
const WHOLE: Stem = Stem { path: "/usr", link: "u" };
const PARTS: [Stem; 5] = [
    Stem { path: "/usr/share", link: "s" },
    Stem { path: "/usr/libexec", link: "x" },
    Stem { path: "/usr/lib", link: "l" },
    Stem { path: "/usr/sbin", link: "a" },
    Stem { path: "/usr/bin", link: "b" },
];

const ELF_MAGIC: &[u8; 4] = b"\x7fELF";
const CHUNK: usize = 1 << 20;
/// As long as a path can be (PATH_MAX): what a chunk keeps of the one before it.
const OVERLAP: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stem {
    path: &'static str,
    link: &'static str,
}

/// What a prefix allows.
#[derive(Debug, Clone)]
pub struct Relocation {
    at_root: bool,
    stems: Vec<(Stem, Vec<u8>)>,
}

impl Relocation {
    /// The relocation to `prefix`: an absolute path without a slash at its end. `/` needs none.
    pub fn to(prefix: &str) -> Self {
        let fitting = |stem: Stem| {
            let mut target = format!("{}/{}", prefix.trim_end_matches('/'), stem.link).into_bytes();
            if target.len() > stem.path.len() {
                return None;
            }
            target.resize(stem.path.len(), b'/');
            Some((stem, target))
        };
        let stems = match (prefix, fitting(WHOLE)) {
            ("/", _) => Vec::new(),
            (_, Some(whole)) => vec![whole],
            (_, None) => PARTS.into_iter().filter_map(fitting).collect(),
        };
        Self { at_root: prefix == "/", stems }
    }

    /// Whether the tree will be seen at `/`, where everything is where it should be.
    pub fn is_none(&self) -> bool {
        self.at_root
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.stems.iter().map(|(stem, _)| (stem.link, stem.path.trim_start_matches('/')))
    }

    /// Rewrites the ELF files of a tree, and the digests of them that dpkg will compare; returns their number.
    pub fn apply(&self, tree: &mut Tree) -> Result<usize, Error> {
        if self.stems.is_empty() {
            return Ok(0);
        }
        let root = tree.root().to_owned();
        let mut changed = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut queue = vec![root.clone()];
        while let Some(folder) = queue.pop() {
            let failed = |source| Error::write(&folder, source);
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
                if kind.is_dir() {
                    queue.push(path);
                } else if kind.is_file()
                    && let Some(digest) =
                        self.rewrite(&root, &path, &mut seen).map_err(|source| Error::write(&path, source))?
                    && let Ok(inside) = path.strip_prefix(&root)
                {
                    changed.insert(inside.to_owned(), digest);
                }
            }
        }
        tree.update_digests(&changed);
        Ok(changed.len())
    }

    /// Rewrites one file, each inode once; the new MD5 digest where it changed.
    fn rewrite(&self, root: &Path, path: &Path, seen: &mut HashSet<u64>) -> io::Result<Option<String>> {
        let mut file = match File::open(path) {
            // a package may ship what its owner cannot read; nobody could run it either
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            file => file?,
        };
        let mut magic = [0; 4];
        if file.read_exact(&mut magic).is_err() || magic != *ELF_MAGIC {
            return Ok(None);
        }
        let meta = file.metadata()?;
        let edits = if meta.nlink() > 1 && !seen.insert(meta.ino()) {
            // another name of a file that is done; its digest is still needed
            Vec::new()
        } else {
            self.edits(root, &file)?
        };
        if edits.is_empty() && meta.nlink() == 1 {
            return Ok(None);
        }
        if !edits.is_empty() {
            write_edits(path, &meta, &edits)?;
        }
        digest(path).map(Some)
    }

    /// Where to write what.
    fn edits(&self, root: &Path, file: &File) -> io::Result<Vec<(u64, &[u8])>> {
        let finder = Finder::new("/usr");
        let mut edits = Vec::new();
        let mut known: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        let mut buffer = vec![0; CHUNK + OVERLAP];
        let (mut offset, mut done) = (0_u64, 0_u64);
        loop {
            let filled = read_full(file, &mut buffer, offset)?;
            let at_end = filled < buffer.len();
            let chunk = &buffer[..filled];
            // what begins later than this may go on in the next chunk
            let limit = if at_end { filled } else { filled - OVERLAP };
            for at in finder.find_iter(chunk) {
                let place = offset + at as u64;
                if at >= limit || place < done {
                    continue;
                }
                // the byte before the first of a chunk is the last but one overlap of the chunk before
                if !begins(&chunk[..at]) {
                    continue;
                }
                let token = token(&chunk[at..]);
                if let Some((_, target)) = self.stem_of(token)
                    && *known.entry(token.to_owned()).or_insert_with(|| is_ours(root, token))
                {
                    edits.push((place, target.as_slice()));
                }
            }
            if at_end {
                return Ok(edits);
            }
            // one byte more is kept, for what stands before the first
            offset += limit as u64 - 1;
            done = offset + 1;
        }
    }

    fn stem_of(&self, token: &[u8]) -> Option<&(Stem, Vec<u8>)> {
        self.stems.iter().find(|(stem, _)| {
            token.strip_prefix(stem.path.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
        })
    }
}

/// The path at the beginning of some bytes; a `%` begins what printf(3) would fill in.
fn token(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !is_path_byte(*byte) && *byte != b'/').unwrap_or(bytes.len());
    &bytes[..end.min(OVERLAP - 1)]
}

/// Whether a path can begin after these bytes; compiler options stand before theirs without a space.
fn begins(before: &[u8]) -> bool {
    before.ends_with(b"-I")
        || before.ends_with(b"-L")
        || before.last().is_none_or(|byte| !is_path_byte(*byte) && *byte != b'/')
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+' | b'@' | b'~')
}

/// Whether a path is the tree's: something it has, or would have in a folder of its own. The great common folders
/// (`/usr/share`, `/usr/lib`) are the main image's as well, so only what lies in them counts.
fn is_ours(root: &Path, token: &[u8]) -> bool {
    let path = Path::new(std::ffi::OsStr::from_bytes(token));
    let depth = path.components().count() - 1;
    let has = |path: &Path| matches!(resolve_in_root(root, path), Ok(Some(_)));
    (depth >= 3 && has(path)) || (depth >= 4 && path.parent().is_some_and(has))
}

fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Keeps mode and time of the file; one that its owner may not write to is opened up for the moment.
fn write_edits(path: &Path, meta: &fs::Metadata, edits: &[(u64, &[u8])]) -> io::Result<()> {
    let mode = meta.permissions().mode();
    if mode & 0o200 == 0 {
        fs::set_permissions(path, Permissions::from_mode(mode | 0o200))?;
    }
    let file = OpenOptions::new().write(true).open(path)?;
    for (offset, bytes) in edits {
        file.write_all_at(bytes, *offset)?;
    }
    file.set_permissions(Permissions::from_mode(mode))?;
    rustix::fs::futimens(&file, &times(meta.mtime()))?;
    Ok(())
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Md5::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

/// Paths of a tree, without `/`, and their new digests.
pub(super) type Digests = BTreeMap<PathBuf, String>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn relocated(prefix: &str, content: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        for path in ["usr/share/tool", "usr/lib/tool", "usr/bin"] {
            tree.create_directory(Path::new(path)).unwrap();
        }
        let path = tree.root().join("usr/bin/tool");
        fs::write(&path, [ELF_MAGIC, content].concat()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o555)).unwrap();
        Relocation::to(prefix).apply(&mut tree).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o555);
        fs::read(path).unwrap()[4..].to_vec()
    }

    #[test]
    fn paths_of_the_tree_are_rewritten_at_the_same_length() {
        let content = b"\0/usr/share/tool/x.js\0-L/usr/lib/tool:/usr/share/tool/%s\0";
        assert_eq!(
            relocated("/tmp/p", content),
            b"\0/tmp/p/s///tool/x.js\0-L/tmp/p/l/tool:/tmp/p/s///tool/%s\0"
        );
        assert_eq!(relocated("/p", content), b"\0/p/u/share/tool/x.js\0-L/p/u/lib/tool:/p/u/share/tool/%s\0");
        assert_eq!(relocated("/opt/toolbox", content), content, "no room");
        assert_eq!(relocated("/", content), content);
    }

    #[test]
    fn what_is_not_the_trees_stays() {
        for content in [
            &b"\0/usr/share\0/usr/share/\0/usr/lib\0"[..],
            b"\0/usr/share/other\0/usr/share/other/x\0",
            b"\0/opt/usr/share/tool\0x/usr/share/tool\0",
            b"\0/usrshare/tool\0/usr\0",
        ] {
            assert_eq!(relocated("/p", content), content, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn paths_across_the_ends_of_chunks_are_found() {
        for shift in [0, 1, 3, 10, 20, 4095, 4096, 4097, 4200] {
            let mut content = vec![0; CHUNK + OVERLAP - 4 - shift];
            content.extend(b"/usr/share/tool/x\0");
            content.resize(2 * CHUNK + 9000, 0);
            let result = relocated("/p", &content);
            assert_eq!(
                memchr::memmem::find(&result, b"/p/u/share/tool/x\0"),
                Some(CHUNK + OVERLAP - 4 - shift)
            );
            assert_eq!(result.len(), content.len());
        }
    }
}
