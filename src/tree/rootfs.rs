//! The tree: a root file system in the making, its directories and merged-usr links, and the packages that are in it.
//!
//! Directories stay open to the current user alone, and have whatever time they have, until [`Tree::finish`] gives them the
//! modes and times of the packages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;

use super::dpkg_divert::Diversion;
use super::error::Error;
use super::group::{readable, readable_folder};
use super::opened::Opened;
use super::ownership::Owner;
use super::package::{Directory, Unpacked, newest_mtime};
use super::path::{ALIASES, in_tree};
use super::volume::{if_modes_are_kept, set_time_of_link, times, unless_refused};

/// A merged-usr tree that packages are being merged into. One at a time: nobody else may write to it.
#[derive(Debug)]
pub struct Tree {
    pub(super) root: PathBuf,
    architecture: String,
    pub(super) packages: Vec<Unpacked>,
    /// All directories below the root, by their place.
    directories: BTreeMap<PathBuf, Directory>,
    /// Links that stand in for a later package's directory, and the directories that they lead to.
    pub(super) redirects: BTreeMap<PathBuf, PathBuf>,
    pub(super) diversions: Vec<Diversion>,
    aliases: Vec<&'static str>,
    /// Whether a group shares the volume.
    shared: bool,
}

impl Tree {
    /// An empty tree with its merged-usr links. `root` must be empty or not exist; `architecture` is the native
    /// one in dpkg's spelling.
    pub fn create(root: &Path, architecture: &str) -> Result<Self, Error> {
        match rustix::fs::mkdir(root, Mode::RWXU) {
            Err(Errno::EXIST) => {
                let mut entries = root.read_dir().map_err(|source| Error::read(root, source))?;
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
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The native architecture.
    pub(crate) fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The packages merged so far, in order.
    pub(crate) fn packages(&self) -> &[Unpacked] {
        &self.packages
    }

    /// The newest modification time in any archive so far, in seconds since the epoch; 0 without packages.
    pub(crate) fn newest_mtime(&self) -> i64 {
        newest_mtime(&self.packages)
    }

    /// Diverts files of the packages that are merged from now on.
    pub fn divert(&mut self, diversions: Vec<Diversion>) {
        self.diversions = diversions;
    }

    /// What is diverted, for the database.
    pub(crate) fn diversions(&self) -> &[Diversion] {
        &self.diversions
    }

    /// Makes a directory, and those that it is in, which no package need have. `path` is relative, below the
    /// merged-usr links' targets, and must not pass through a link.
    pub(crate) fn create_directory(&mut self, path: &Path) -> Result<(), Error> {
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
    pub(crate) fn directory_mode(&self, path: &Path) -> Option<u32> {
        self.directories.get(path).map(|directory| self.final_mode(directory))
    }

    /// Opens all directories to the group that shares the volume ([`super::group`]).
    pub(crate) fn share(&mut self) {
        self.shared = true;
    }

    fn final_mode(&self, directory: &Directory) -> u32 {
        if self.shared { readable_folder(directory.mode) } else { directory.mode }
    }

    /// How many files and directories the group may read only because it shares the volume.
    pub(crate) fn widened(&self) -> u64 {
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

    /// Gives all directories and the merged-usr links their modes and times, which any later change to the tree
    /// would spoil.
    pub fn finish(self) -> Result<(), Error> {
        let newest_mtime = self.newest_mtime();
        let root = Opened::open(&self.root)?;
        for alias in &self.aliases {
            set_time_of_link(&root, *alias, newest_mtime)
                .map_err(|errno| Error::write(self.root.join(alias), errno))?;
        }
        // From the leaves to the root: a directory may become inaccessible to ourselves.
        for (path, directory) in self.directories.iter().rev() {
            let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let time = times(directory.mtime.unwrap_or(newest_mtime));
            unless_refused(rustix::fs::utimensat(&root, name, &time, AtFlags::SYMLINK_NOFOLLOW))
                .and_then(|()| {
                    let mode = Mode::from_raw_mode(self.final_mode(directory));
                    if_modes_are_kept(rustix::fs::chmodat(&root, name, mode, AtFlags::empty()))
                })
                .map_err(|errno| Error::write(self.root.join(path), errno))?;
        }
        Ok(())
    }

    /// The place in the tree of a path as a package has it, relative to the root.
    pub(crate) fn place(&self, archived: &Path) -> PathBuf {
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
    pub(crate) fn place_for(&self, package: &Unpacked, archived: &Path) -> PathBuf {
        let diversion = self.diversions.iter().find(|diversion| diversion.concerns(package, archived));
        self.place(diversion.map_or(archived, |diversion| &diversion.to))
    }

    pub(super) fn add_alias(&mut self, alias: &'static str) -> Result<(), Error> {
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
    pub(super) fn register(&mut self, directory: &Directory) {
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
}
