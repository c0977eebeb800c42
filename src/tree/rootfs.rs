//! Merges private roots into one tree, in plan order, by dpkg's rules for paths that two packages have.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::divert::Diversion;
use super::group::{readable, readable_folder};
use super::links::resolve_in_root;
use super::owners::Owner;
use super::package::{Directory, Unpacked};
use super::path::{ALIASES, in_tree, is_of_records};
use super::write::times;
use super::{Error, Note};
use crate::control::{relation, version};

const READ_DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A merged-usr tree that packages are being merged into. One at a time: nobody else may write to it.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    architecture: String,
    packages: Vec<Unpacked>,
    /// All directories below the root, by their place.
    directories: BTreeMap<PathBuf, Directory>,
    /// Links that stand in for a later package's directory, and the directories that they lead to.
    redirects: BTreeMap<PathBuf, PathBuf>,
    diversions: Vec<Diversion>,
    /// Whether the package that is being merged replaces another, or is replaced.
    related: bool,
    aliases: Vec<&'static str>,
    /// Whether a group shares the volume.
    shared: bool,
}

/// A tree to which nothing is added any more.
#[derive(Debug)]
pub struct Finished {
    /// The packages, in plan order.
    pub packages: Vec<Unpacked>,
    /// The newest modification time in any of the archives, in seconds since the epoch.
    pub newest_mtime: i64,
}

impl Finished {
    /// Where the tree differs from what the archives hold, with the package that each note is about.
    pub fn notes(&self) -> impl Iterator<Item = (&Unpacked, &Note)> {
        self.packages.iter().flat_map(|package| package.notes.iter().map(move |note| (package, note)))
    }
}

impl Tree {
    /// An empty tree with its merged-usr links. `root` must be empty or not exist; `architecture` is the native
    /// one in dpkg's spelling.
    pub fn create(root: &Path, architecture: &str) -> Result<Self, Error> {
        match rustix::fs::mkdir(root, Mode::RWXU) {
            Err(Errno::EXIST) => {
                let mut entries = root.read_dir().map_err(|source| Error::write(root, source))?;
                if entries.next().is_some() {
                    return Err(Error::write(root, Errno::NOTEMPTY));
                }
            }
            made => made.map_err(|errno| Error::write(root, errno))?,
        }
        let mut tree = Self {
            root: root.to_owned(),
            architecture: architecture.to_owned(),
            packages: Vec::new(),
            directories: BTreeMap::from([(PathBuf::new(), Directory::implied(PathBuf::new()))]),
            redirects: BTreeMap::new(),
            diversions: Vec::new(),
            related: false,
            aliases: Vec::new(),
            shared: false,
        };
        for alias in ["bin", "sbin", "lib"] {
            tree.add_alias(alias)?;
        }
        // Where the ABI has the dynamic loader in /lib64.
        if matches!(architecture, "amd64" | "loong64" | "mips64el" | "ppc64" | "ppc64el" | "sparc64") {
            tree.add_alias("lib64")?;
        }
        Ok(tree)
    }

    /// Where the tree is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The native architecture.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The packages merged so far, in order.
    pub fn packages(&self) -> &[Unpacked] {
        &self.packages
    }

    /// The newest modification time in any archive so far, in seconds since the epoch; 0 without packages.
    pub fn newest_mtime(&self) -> i64 {
        self.packages
            .iter()
            .map(|package| package.newest_mtime)
            .max()
            .filter(|time| *time != i64::MIN)
            .unwrap_or(0)
    }

    /// Diverts files of the packages that are merged from now on.
    pub fn divert(&mut self, diversions: Vec<Diversion>) {
        self.diversions = diversions;
    }

    /// What is diverted, for the database.
    pub fn diversions(&self) -> &[Diversion] {
        &self.diversions
    }

    /// Makes a directory, and those that it is in, which no package need have. `path` is relative, below the
    /// merged-usr links' targets, and must not pass through a link.
    pub fn create_directory(&mut self, path: &Path) -> Result<(), Error> {
        let missing: Vec<_> =
            path.ancestors().take_while(|ancestor| !self.directories.contains_key(*ancestor)).collect();
        for path in missing.into_iter().rev() {
            let full = self.root.join(path);
            rustix::fs::mkdir(&full, Mode::RWXU).map_err(|errno| Error::write(full, errno))?;
            self.directories.insert(path.to_owned(), Directory::implied(path.to_owned()));
        }
        Ok(())
    }

    /// The permission bits that a directory will have when the tree is finished; `path` is relative to the root.
    pub fn directory_mode(&self, path: &Path) -> Option<u32> {
        self.directories.get(path).map(|directory| self.final_mode(directory))
    }

    /// Opens all directories to the group that shares the volume ([`super::group`]).
    pub fn share(&mut self) {
        self.shared = true;
    }

    fn final_mode(&self, directory: &Directory) -> u32 {
        if self.shared { readable_folder(directory.mode) } else { directory.mode }
    }

    /// How many files and directories the group may read only because it shares the volume.
    pub fn widened(&self) -> u64 {
        let files: u64 = self.packages.iter().map(|package| package.widened).sum();
        let is_closed = |directory: &&Directory| readable(directory.mode) != directory.mode;
        let closed = self.directories.values().filter(is_closed).filter(|_| self.shared).count();
        files + closed as u64
    }

    /// The directories that are not all root's, by their place.
    pub(super) fn directory_owners(&self) -> impl Iterator<Item = (&Path, &Owner)> {
        self.directories
            .iter()
            .filter_map(|(place, directory)| Some((place.as_path(), directory.owner.as_ref()?)))
    }

    /// As [`Self::create_directory`], with these permission bits for a directory that is not there yet.
    pub(crate) fn create_directory_as(&mut self, path: &Path, mode: u32) -> Result<(), Error> {
        if self.directories.contains_key(path) {
            return Ok(());
        }
        self.create_directory(path)?;
        let directory = Directory { mode, ..Directory::implied(path.to_owned()) };
        self.directories.insert(path.to_owned(), directory);
        Ok(())
    }

    /// Corrects the digests in the packages' md5sums files, for files that were changed on purpose.
    pub(crate) fn update_digests(&mut self, changed: &BTreeMap<PathBuf, String>) {
        for file in self.packages.iter_mut().flat_map(|package| &mut package.control.files) {
            if file.name != "md5sums" {
                continue;
            }
            let text = String::from_utf8_lossy(&file.bytes);
            let lines = text.lines().map(|line| match line.split_once("  ") {
                Some((_, path)) => match changed.get(&in_tree(Path::new(path))) {
                    Some(digest) => format!("{digest}  {path}\n"),
                    None => format!("{line}\n"),
                },
                None => format!("{line}\n"),
            });
            file.bytes = lines.collect::<String>().into_bytes();
        }
    }

    /// Moves a package's files from its private root into the tree; `private_root` is gone afterwards. It must be
    /// on the tree's file system. After an error the tree is of no use.
    pub fn merge(&mut self, unpacked: Unpacked, private_root: &Path) -> Result<(), Error> {
        for alias in &unpacked.aliases {
            self.add_alias(alias)?;
        }
        let staged = open_directory(CWD, private_root).map_err(|errno| Error::write(private_root, errno))?;
        let target = open_directory(CWD, &self.root).map_err(|errno| Error::write(&self.root, errno))?;
        let mut newcomer = unpacked;
        for diversion in &self.diversions {
            diversion.apply(&mut newcomer, private_root)?;
        }
        self.related =
            self.packages.iter().any(|other| replaces(&newcomer, other) || replaces(other, &newcomer));
        self.merge_directory(&mut newcomer, &staged, &target, Path::new(""))?;
        rustix::fs::rmdir(private_root).map_err(|errno| Error::write(private_root, errno))?;
        for directory in &newcomer.directories {
            self.register(directory);
        }
        self.packages.push(newcomer);
        Ok(())
    }

    /// Gives all directories and the merged-usr links their modes and times, which any later change to the tree
    /// would spoil.
    pub fn finish(self) -> Result<Finished, Error> {
        let newest_mtime = self.newest_mtime();
        let root = open_directory(CWD, &self.root).map_err(|errno| Error::write(&self.root, errno))?;
        for alias in &self.aliases {
            rustix::fs::utimensat(&root, *alias, &times(newest_mtime), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|errno| Error::write(self.root.join(alias), errno))?;
        }
        // From the leaves to the root: a directory may become inaccessible to ourselves.
        for (path, directory) in self.directories.iter().rev() {
            let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let time = times(directory.mtime.unwrap_or(newest_mtime));
            rustix::fs::utimensat(&root, name, &time, AtFlags::SYMLINK_NOFOLLOW)
                .and_then(|()| {
                    let mode = Mode::from_raw_mode(self.final_mode(directory));
                    rustix::fs::chmodat(&root, name, mode, AtFlags::empty())
                })
                .map_err(|errno| Error::write(self.root.join(path), errno))?;
        }
        Ok(Finished { packages: self.packages, newest_mtime })
    }

    /// The place in the tree of a path as a package has it, relative to the root.
    pub fn place(&self, archived: &Path) -> PathBuf {
        let mut path = in_tree(archived);
        // A redirect leads to a real directory, so following them in turn comes to an end.
        while let Some((from, to)) =
            path.ancestors().skip(1).find_map(|link| self.redirects.get_key_value(link))
        {
            path = path.strip_prefix(from).map_or_else(|_| to.clone(), |rest| to.join(rest));
        }
        path
    }

    /// As [`Tree::place`], for a path that may be diverted for this package.
    pub fn place_for(&self, package: &Unpacked, archived: &Path) -> PathBuf {
        let diversion = self.diversions.iter().find(|diversion| diversion.concerns(package, archived));
        self.place(diversion.map_or(archived, |diversion| &diversion.to))
    }

    fn add_alias(&mut self, alias: &'static str) -> Result<(), Error> {
        debug_assert!(ALIASES.contains(&alias));
        if self.aliases.contains(&alias) {
            return Ok(());
        }
        let target = Path::new("usr").join(alias);
        self.create_directory(&target)?;
        let link = self.root.join(alias);
        rustix::fs::symlink(&target, &link).map_err(|errno| Error::write(link, errno))?;
        self.aliases.push(alias);
        Ok(())
    }

    /// dpkg leaves mode and owner of a directory that exists alone; the time is the last package's.
    fn register(&mut self, directory: &Directory) {
        let place = self.place(&directory.path);
        let place = self.redirects.get(&place).cloned().unwrap_or(place);
        let known = self.directories.entry(place.clone()).or_insert_with(|| Directory::implied(place));
        if directory.mtime.is_some() {
            if known.mtime.is_none() {
                known.mode = directory.mode;
                known.owner.clone_from(&directory.owner);
            }
            known.mtime = directory.mtime;
        }
    }

    fn merge_directory(
        &mut self,
        newcomer: &mut Unpacked,
        staged: &OwnedFd,
        target: &OwnedFd,
        path: &Path,
    ) -> Result<(), Error> {
        let failed = |errno: Errno| Error::write(self.root.join(path), errno);
        let mut names: Vec<OsString> = Vec::new();
        for entry in Dir::read_from(staged).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        // The order of a directory is the file system's whim.
        names.sort_unstable();
        for name in names {
            self.merge_entry(newcomer, staged, target, &path.join(&name), &name)?;
        }
        Ok(())
    }

    fn merge_entry(
        &mut self,
        newcomer: &mut Unpacked,
        staged: &OwnedFd,
        target: &OwnedFd,
        path: &Path,
        name: &OsStr,
    ) -> Result<(), Error> {
        let full = self.root.join(path);
        let failed = |errno: Errno| Error::write(&full, errno);
        let here = match rustix::fs::statat(target, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return rustix::fs::renameat(staged, name, target, name).map_err(failed),
            Err(errno) => return Err(failed(errno)),
        };
        let new = rustix::fs::statat(staged, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        match (kind(&new), kind(&here)) {
            (FileType::Directory, here) => {
                let (below, place) = if here == FileType::Directory {
                    (open_directory(target, name).map_err(failed)?, path.to_owned())
                } else if let Some(place) = self.directory_at(path) {
                    if is_of_records(&place) {
                        return Err(self.overlap(newcomer, path));
                    }
                    let below = open_directory(CWD, self.root.join(&place)).map_err(failed)?;
                    self.redirects.insert(path.to_owned(), place.clone());
                    (below, place)
                } else {
                    if self.yields(newcomer, path)? {
                        return Err(self.overlap(newcomer, path));
                    }
                    rustix::fs::unlinkat(target, name, AtFlags::empty()).map_err(failed)?;
                    return rustix::fs::renameat(staged, name, target, name).map_err(failed);
                };
                let inside = open_directory(staged, name).map_err(failed)?;
                self.merge_directory(newcomer, &inside, &below, &place)?;
                rustix::fs::unlinkat(staged, name, AtFlags::REMOVEDIR).map_err(failed)
            }
            (FileType::Symlink, FileType::Directory) => {
                newcomer.notes.push(Note::KeptDirectory { path: Path::new("/").join(path) });
                rustix::fs::unlinkat(staged, name, AtFlags::empty()).map_err(failed)
            }
            (_, FileType::Directory) => Err(self.overlap(newcomer, path)),
            _ => {
                let same = same_file(staged, &new, target, &here, name)
                    .map_err(|source| Error::write(&full, source))?;
                let stays = if self.leads_to_the_same_directory(staged, path, name) || same && !self.related {
                    true
                } else {
                    // of equal files, too, the one that dpkg would have is listed
                    match self.yields(newcomer, path) {
                        Err(Error::Overlap { .. }) if same => true,
                        decided => decided?,
                    }
                };
                if stays {
                    rustix::fs::unlinkat(staged, name, AtFlags::empty()).map_err(failed)
                } else {
                    rustix::fs::renameat(staged, name, target, name).map_err(failed)
                }
            }
        }
    }

    /// The real directory that a path of the tree is, or that links lead to; relative to the root.
    fn directory_at(&self, path: &Path) -> Option<PathBuf> {
        let place = resolve_in_root(&self.root, path).ok().flatten();
        place.filter(|place| self.root.join(place).is_dir())
    }

    /// Whether a link is another way to say what the link that is there says, as dpkg allows for directories.
    fn leads_to_the_same_directory(&self, staged: &OwnedFd, path: &Path, name: &OsStr) -> bool {
        let Ok(target) = rustix::fs::readlinkat(staged, name, Vec::new()) else { return false };
        let target = path.with_file_name(OsStr::from_bytes(target.as_bytes()));
        let place = self.directory_at(path);
        place.is_some() && self.directory_at(&target) == place
    }

    /// Decides by `Replaces` which of two different files stays (Debian Policy 7.6.1): true for the one that is
    /// there. The path leaves the file list of the package that lost it.
    fn yields(&mut self, newcomer: &mut Unpacked, path: &Path) -> Result<bool, Error> {
        let owners = self.owners(path);
        let absolute = Path::new("/").join(path);
        let labels: Vec<_> = owners.iter().map(|index| self.packages[*index].artifact.label()).collect();
        let owner = labels.join(", ");
        if owners.is_empty() {
            return Err(self.overlap(newcomer, path));
        }
        if owners.iter().all(|index| replaces(newcomer, &self.packages[*index])) {
            for index in owners {
                let mut paths = std::mem::take(&mut self.packages[index].paths);
                paths.retain(|listed| self.place_for(&self.packages[index], listed) != path);
                self.packages[index].paths = paths;
            }
            newcomer.notes.push(Note::Replaced { path: absolute, owner });
            return Ok(false);
        }
        if owners.iter().any(|index| replaces(&self.packages[*index], newcomer)) {
            let mut paths = std::mem::take(&mut newcomer.paths);
            paths.retain(|listed| self.place_for(newcomer, listed) != path);
            newcomer.paths = paths;
            newcomer.notes.push(Note::Yielded { path: absolute, owner });
            return Ok(true);
        }
        Err(self.overlap(newcomer, path))
    }

    /// The packages that have a path of the tree: conflicts are rare, so nothing is indexed.
    fn owners(&self, path: &Path) -> Vec<usize> {
        let has =
            |package: &Unpacked| package.paths.iter().any(|listed| self.place_for(package, listed) == path);
        self.packages.iter().enumerate().filter(|(_, package)| has(package)).map(|(index, _)| index).collect()
    }

    fn overlap(&self, newcomer: &Unpacked, path: &Path) -> Error {
        let first = self.owners(path).first().map(|index| self.packages[*index].artifact.label());
        Error::Overlap {
            path: Path::new("/").join(path),
            first: first.unwrap_or_else(|| "(the tree itself)".to_owned()),
            second: newcomer.artifact.label(),
        }
    }
}

/// Whether the `Replaces` of one package name another in its version, as dpkg reads them: a name that the other only
/// provides does not count, and alternatives are no value of that field (Debian Policy 7.6.1).
fn replaces(package: &Unpacked, other: &Unpacked) -> bool {
    // two architectures of a package share what is equal, and nothing else
    if package.artifact.name == other.artifact.name {
        return false;
    }
    let field = package.control.field("Replaces").unwrap_or_default();
    let Ok(relations) = relation::parse(field).collect::<Result<Vec<_>, _>>() else { return false };
    relations.iter().all(|relation| relation.last)
        && relations.iter().any(|relation| {
            relation.name == other.artifact.name
                && relation.qualifier.is_none_or(|name| name == "any" || name == other.artifact.architecture)
                && relation.operator.accepts(version::compare(&other.artifact.version, relation.version))
        })
}

fn open_directory(parent: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(parent, path, READ_DIRECTORY, Mode::empty())
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Whether two files, none of them a directory, are of one kind and content.
fn same_file(staged: &OwnedFd, new: &Stat, target: &OwnedFd, here: &Stat, name: &OsStr) -> io::Result<bool> {
    match (kind(new), kind(here)) {
        (FileType::RegularFile, FileType::RegularFile) if new.st_size == here.st_size => {
            let open = |directory: &OwnedFd| -> io::Result<File> {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                Ok(File::from(rustix::fs::openat(directory, name, flags, Mode::empty())?))
            };
            same_content(open(staged)?, open(target)?)
        }
        (FileType::Symlink, FileType::Symlink) => {
            let target_of = |directory: &OwnedFd| rustix::fs::readlinkat(directory, name, Vec::new());
            Ok(target_of(staged)? == target_of(target)?)
        }
        (FileType::Fifo, FileType::Fifo) => Ok(true),
        _ => Ok(false),
    }
}

fn same_content(mut one: File, mut other: File) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(true);
        }
        match other.read_exact(&mut right[..count]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if left[..count] != right[..count] {
            return Ok(false);
        }
    }
}
