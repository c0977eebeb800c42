//! What the layers of an image amount to: the highest one that has a path decides, and one that has a whiteout takes away what is
//! below it (<https://github.com/opencontainers/image-spec/blob/main/layer.md>). Of files, only those are written down that say
//! something about the image.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use tar::EntryType;

use super::super::hashing::Hashing;
use crate::compression::Compression;
use crate::digest::Sha256;

/// More paths are in no image.
const MOST_PATHS: usize = 4_000_000;
/// Larger files say nothing about an image; a dpkg status of 20,000 packages has 30 MB.
const LARGEST: u64 = 256 << 20;
/// Together.
const MOST_BYTES: u64 = 4 << 30;
/// What aptlet writes into a tree of what it was made of.
const LOCK: &str = "var/lib/aptlet/aptlet.lock";
const DOC: &str = "usr/share/doc/";
/// In front of the name of what is taken away.
const WHITEOUT: &[u8] = b".wh.";
/// In a folder of which nothing below shows.
const OPAQUE: &str = ".wh..wh..opq";

/// What a path of an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With its permission bits.
    Directory(u32),
    File,
    Link(PathBuf),
    Other,
}

/// What an image has, as far as its layers were read.
#[derive(Debug, Default)]
pub(crate) struct Root {
    /// Relative to the root.
    pub(crate) paths: BTreeMap<PathBuf, Kind>,
    /// Paths of which nothing that is below the layers read so far shows.
    hidden: BTreeSet<PathBuf>,
    bytes: u64,
}

/// Which files are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those that say what is installed, and of which release it is.
    Packages,
    /// The libraries as well.
    Libraries,
    /// Those that an image on top of it has to have as well.
    Everything,
    /// Those that say what the packages are, in trees for a prefix as well.
    Bill,
}

impl Root {
    /// Whether nothing that is wanted can come any more.
    pub(crate) fn is_settled(&self, wanted: Wanted) -> bool {
        let has = |path: &str| self.paths.get(Path::new(path)) == Some(&Kind::File);
        wanted == Wanted::Packages
            && has("var/lib/dpkg/status")
            && (has("etc/os-release") || has("usr/lib/os-release"))
    }

    /// Takes in the next lower layer, and writes what is wanted of it below `folder`; returns the digest of the layer before it was
    /// compressed.
    ///
    /// # Errors
    /// What cannot be read or written.
    pub(crate) fn add(&mut self, layer: &File, wanted: Wanted, folder: &Path) -> io::Result<Sha256> {
        let mut plain = Hashing::new(decoder(layer)?);
        let (mut found, mut hidden) = (BTreeMap::new(), BTreeSet::new());
        let mut archive = tar::Archive::new(&mut plain);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let Some(path) = inside(&entry.path()?) else { continue };
            if path.as_os_str().is_empty() {
                continue;
            }
            if let Some(name) = path.file_name() {
                let parent = path.parent().unwrap_or(Path::new(""));
                if name == OPAQUE {
                    hidden.insert(path);
                    continue;
                }
                if let Some(name) = without_mark(name) {
                    hidden.insert(parent.join(name));
                    continue;
                }
            }
            if self.is_hidden(&path) || self.paths.contains_key(&path) {
                continue;
            }
            let kind = match entry.header().entry_type() {
                EntryType::Directory => Kind::Directory(entry.header().mode()? & 0o7777),
                EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
                EntryType::Link => {
                    let target = entry.link_name()?.and_then(|target| inside(&target));
                    let place = folder.join(&path);
                    if let Some(target) = target.filter(|_| is_wanted(&path, wanted))
                        && found.get(&target) == Some(&Kind::File)
                        && folder.join(&target).is_file()
                    {
                        make_parent(&place)?;
                        fs::copy(folder.join(target), place)?;
                    }
                    Kind::File
                }
                EntryType::Symlink => Kind::Link(entry.link_name()?.unwrap_or_default().into_owned()),
                EntryType::XGlobalHeader => continue,
                _ => Kind::Other,
            };
            if is_wanted(&path, wanted) && entry.header().entry_type() != EntryType::Link {
                self.write(&mut entry, &kind, (&path, folder))?;
            }
            found.insert(path, kind);
            if self.paths.len() + found.len() > MOST_PATHS {
                return Err(io::Error::other("there are too many paths in it"));
            }
        }
        io::copy(&mut plain, &mut io::sink())?;
        self.paths.extend(found);
        self.hidden.extend(hidden);
        Ok(plain.digest())
    }

    fn write(
        &mut self,
        entry: &mut impl Entry,
        kind: &Kind,
        (path, folder): (&Path, &Path),
    ) -> io::Result<()> {
        let place = &folder.join(path);
        match kind {
            Kind::File => {
                let size = entry.length();
                self.bytes += size;
                if size > LARGEST || self.bytes > MOST_BYTES {
                    return Err(io::Error::other(format!("{} is too large", place.display())));
                }
                make_parent(place)?;
                io::copy(&mut entry.take(LARGEST), &mut File::create(place)?)?;
                Ok(())
            }
            // another file of the same folder; what leads out of it could lead out of here
            Kind::Link(target) if is_name(target) || *target == Path::new("usr").join(path) => {
                make_parent(place)?;
                match std::os::unix::fs::symlink(target, place) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    made => made,
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether a layer above has taken it away, or has something else than a folder in its place.
    fn is_hidden(&self, path: &Path) -> bool {
        path.ancestors().any(|above| {
            let is_folder = above != path;
            self.hidden.contains(above)
                || (is_folder && self.hidden.contains(&above.join(OPAQUE)))
                || (is_folder
                    && self.paths.get(above).is_some_and(|kind| !matches!(kind, Kind::Directory(_))))
        })
    }
}

/// What is read of an archive.
trait Entry: Read {
    fn length(&self) -> u64;
}

impl<R: Read> Entry for tar::Entry<'_, R> {
    fn length(&self) -> u64 {
        self.size()
    }
}

fn without_mark(name: &OsStr) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt as _;
    name.as_bytes().strip_prefix(WHITEOUT).map(OsStr::from_bytes)
}

fn is_name(target: &Path) -> bool {
    let mut parts = target.components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

fn make_parent(place: &Path) -> io::Result<()> {
    place.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A path of a layer from the root; nothing for one that leads out of it.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

fn is_wanted(path: &Path, wanted: Wanted) -> bool {
    let Some(mut text) = path.to_str() else { return false };
    if wanted == Wanted::Bill {
        // a tree on top of an image is below its prefix
        let starts = text.match_indices('/').map(|(slash, _)| &text[slash + 1..]);
        let of_tree = |rest: &&str| {
            ["var/lib/dpkg/", "var/lib/aptlet/", DOC].iter().any(|start| rest.starts_with(start))
        };
        text = starts.into_iter().find(of_tree).unwrap_or(text);
        // a folder of a package can be a link to that of another
        let is_doc = |name: &str| name.ends_with("/copyright") || !name.contains('/');
        if text == LOCK || text.strip_prefix(DOC).is_some_and(is_doc) {
            return true;
        }
    }
    let says = ["etc/os-release", "usr/lib/os-release", "lib/apk/db/installed", "var/lib/dpkg/status"];
    if says.contains(&text) || text.starts_with("var/lib/dpkg/status.d/") {
        return true;
    }
    if let Some(name) = text.strip_prefix("var/lib/dpkg/info/") {
        return Path::new(name).extension().is_some_and(|extension| extension == "list");
    }
    if wanted == Wanted::Everything
        && ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "var/lib/dpkg/diversions"].contains(&text)
    {
        return true;
    }
    if wanted != Wanted::Libraries {
        return false;
    }
    let in_libraries = ["lib/", "lib64/", "usr/lib/", "usr/lib64/", "usr/local/lib/"];
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_library = path.extension().is_some_and(|extension| extension == "so") || name.contains(".so.");
    text == "etc/ld.so.conf"
        || text.starts_with("etc/ld.so.conf.d/")
        || ["lib", "lib64", "usr/lib64"].contains(&text)
        || is_library && in_libraries.iter().any(|folder| text.starts_with(folder))
}

fn decoder(layer: &File) -> io::Result<Box<dyn Read + Send + '_>> {
    use std::io::BufRead as _;
    let mut reader = BufReader::with_capacity(256 << 10, layer);
    let compression = match reader.fill_buf()? {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    };
    compression.decoder(reader)
}

#[cfg(test)]
mod tests;
