//! The destination: generations side by side, one of them current by a single link.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags};
use rustix::io::Errno;

use super::Error;
use super::launch::own_binary;
use super::launchers::BIN;
use crate::tree::relocate::Relocation;

/// Where launchers find the binary that they are, below the destination.
const BINARY: &str = ".aptlet/aptlet";
const GENERATIONS: &str = ".aptlet/generations";
const CURRENT: &str = ".aptlet/current";
const STAGING: &str = ".staging-";

/// How a destination shows the current generation.
#[derive(Debug, Clone)]
pub struct View {
    /// Names in the destination, and the paths of the tree that they lead to.
    links: Vec<(&'static str, &'static str)>,
    /// Whether `bin` has launchers, and so needs this binary.
    launchers: bool,
}

impl View {
    /// What people and PATH look for.
    const COMMON: [(&'static str, &'static str); 4] =
        [("usr", "usr"), ("etc", "etc"), ("var", "var"), ("opt", "opt")];

    /// A tree that is used at `/`: its commands are what they are.
    pub fn plain() -> Self {
        Self { links: [&Self::COMMON[..], &[("bin", "usr/bin")]].concat(), launchers: false }
    }

    /// A tree that is used below a prefix, with links that relocated paths go through, and with launchers unless all
    /// paths could be.
    pub fn relocated(relocation: &Relocation) -> Self {
        let mut links = [&Self::COMMON[..], &[("bin", BIN)]].concat();
        links.extend(relocation.links());
        Self { links, launchers: !relocation.is_exact() }
    }
}

/// An opened destination, locked against other runs until it is dropped.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    view: View,
    /// Holds the lock; the directory itself is locked, so that no lock file is left behind.
    _lock: File,
    /// What this run made of the way to it, outermost first; taken back when nothing is published.
    made: Vec<PathBuf>,
    published: bool,
}

impl Destination {
    /// Makes the destination if it is missing, and waits for other runs on it to end. `waiting` is called once
    /// if there is one.
    pub fn open(path: &Path, view: View, waiting: impl FnOnce()) -> Result<Self, Error> {
        let mut made = Vec::new();
        make_dirs(path, &mut made).map_err(|source| Error::write(path, source))?;
        let lock = File::open(path).map_err(|source| Error::write(path, source))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                waiting();
                rustix::fs::flock(&lock, FlockOperation::LockExclusive)
                    .map_err(|errno| Error::write(path, errno.into()))?;
            }
            Err(errno) => return Err(Error::write(path, errno.into())),
        }
        let mut destination = Self { path: path.to_owned(), view, _lock: lock, made, published: false };
        for (link, _) in &destination.view.links {
            destination.check_ours(&path.join(link))?;
        }
        destination.remove_litter()?;
        let generations = path.join(GENERATIONS);
        make_dirs(&generations, &mut destination.made)
            .map_err(|source| Error::write(&generations, source))?;
        Ok(destination)
    }

    /// A link of the destination may be missing or ours; anything else belongs to somebody.
    fn check_ours(&self, link: &Path) -> Result<(), Error> {
        match fs::symlink_metadata(link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(Error::write(link, source)),
            Ok(_) => match fs::read_link(link) {
                Ok(target) if target.starts_with(".aptlet") => Ok(()),
                _ => Err(Error::Foreign { path: link.to_owned(), destination: self.path.clone() }),
            },
        }
    }

    /// What a killed run left: nobody else can be at work while this one holds the lock.
    fn remove_litter(&self) -> Result<(), Error> {
        for entry in read_dir(&self.path.join(GENERATIONS))? {
            if entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(STAGING.as_bytes())) {
                remove_tree(&entry).map_err(|source| Error::write(&entry, source))?;
            }
        }
        Ok(())
    }

    /// The folder of a generation, whether it exists or not.
    pub fn generation(&self, id: &str) -> PathBuf {
        self.path.join(GENERATIONS).join(id)
    }

    /// An empty folder on the same file system, removed when it is dropped.
    pub fn staging(&self) -> Result<Staging, Error> {
        let path = self.path.join(GENERATIONS).join(format!("{STAGING}{}", std::process::id()));
        fs::DirBuilder::new().mode(0o755).create(&path).map_err(|source| Error::write(&path, source))?;
        Ok(Staging { path })
    }

    /// What is to be published has launchers, whatever its prefix.
    pub fn need_launchers(&mut self) {
        self.view.launchers = true;
    }

    /// Free bytes for this user, where the file system tells.
    pub fn free_space(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.path).ok()?;
        // some network and memory file systems report nothing at all
        (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Bytes that publishing takes besides the tree: those of the launchers' binary, until it is there.
    pub fn own_size(&self) -> u64 {
        if !self.view.launchers || self.path.join(BINARY).exists() {
            return 0;
        }
        own_binary().and_then(fs::metadata).map_or(0, |meta| meta.len())
    }

    /// Makes a finished tree the current generation. Everything is in place before the one rename that shows it.
    pub fn publish(&mut self, tree: &Path, id: &str) -> Result<PathBuf, Error> {
        // first, because it is the last that takes space: what fails after it fails for stranger reasons
        if self.view.launchers {
            self.copy_binary()?;
        }
        let generation = self.generation(id);
        replace(tree, &generation).map_err(|source| Error::write(&generation, source))?;
        self.published = true;
        for (link, target) in &self.view.links {
            self.link(link, &format!("{CURRENT}/{target}"))?;
        }
        self.link(CURRENT, &format!("generations/{id}"))?;
        Ok(generation)
    }

    fn link(&self, name: &str, target: &str) -> Result<(), Error> {
        let link = self.path.join(name);
        if fs::read_link(&link).is_ok_and(|old| old == Path::new(target)) {
            return Ok(());
        }
        let fresh = self.path.join(".aptlet").join(format!("link-{}", std::process::id()));
        let _ = fs::remove_file(&fresh);
        symlink(target, &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .map_err(|source| Error::write(&link, source))
    }

    fn copy_binary(&self) -> Result<(), Error> {
        let target = self.path.join(BINARY);
        let own = own_binary().map_err(|source| Error::write(&target, source))?;
        let same = |old: &Path| -> io::Result<bool> {
            let (old_meta, own_meta) = (fs::metadata(old)?, fs::metadata(&own)?);
            let one_file = (old_meta.dev(), old_meta.ino()) == (own_meta.dev(), own_meta.ino());
            Ok(one_file || (old_meta.len() == own_meta.len() && fs::read(old)? == fs::read(&own)?))
        };
        if same(&target).unwrap_or(false) {
            return Ok(());
        }
        // a rename, because a binary that runs cannot be written to
        let fresh = target.with_extension("new");
        fs::copy(&own, &fresh).and_then(|_| fs::rename(&fresh, &target)).map_err(|source| {
            let _ = fs::remove_file(&fresh);
            Error::write(&target, source)
        })
    }

    /// Removes all generations but the current one and the one before it.
    pub fn remove_old(&self, current: &Path, previous: Option<&Path>) -> Result<(), Error> {
        for entry in read_dir(&self.path.join(GENERATIONS))? {
            if entry != current && Some(entry.as_path()) != previous {
                remove_tree(&entry).map_err(|source| Error::write(&entry, source))?;
            }
        }
        Ok(())
    }
}

/// The current generation of a destination, if there is one.
pub fn current(destination: &Path) -> Option<PathBuf> {
    let target = fs::read_link(destination.join(CURRENT)).ok()?;
    let generation = destination.join(".aptlet").join(target);
    generation.is_dir().then_some(generation)
}

impl Drop for Destination {
    fn drop(&mut self) {
        if !self.published {
            for path in self.made.iter().rev() {
                // fails, as it should, where something else is in it by now
                let _ = fs::remove_dir(path);
            }
        }
    }
}

/// A folder for a tree in the making; removed with all it holds when it is dropped.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
}

impl Staging {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = remove_tree(&self.path);
    }
}

fn make_dirs(path: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dirs(parent, made)?;
    }
    fs::DirBuilder::new().mode(0o755).create(path)?;
    made.push(path.to_owned());
    // whatever the umask: the main container may run as another user
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn read_dir(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::write(path, source);
    match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => {
            entries.map_err(failed)?.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
        }
    }
}

/// Moves a tree to a place where there may be one, which may be the current generation: in one step, where the
/// file system can.
fn replace(tree: &Path, generation: &Path) -> io::Result<()> {
    if generation.exists() {
        match rustix::fs::renameat_with(CWD, tree, CWD, generation, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => remove_tree(generation)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    fs::rename(tree, generation)
}

/// Removes a tree whose folders may forbid writing, as packages may ship them.
fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
        result => result,
    }
}

fn open_up(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
