//! The destination: generations side by side, one of them current by a single link.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use super::Error;
use super::changes::{self, Changes};
use super::commands::{self, BINARY, COMMANDS, Exposure};
use super::exclusion::Exclusion;
use super::folders::make_dirs;
use super::generations::{self, HISTORY, LINK, NEW, history_for, known};
use super::made::{Made, remove_dangling, turn};
use super::space::{Amount, Free, Full, Shortage, Volume, lacked, lacking, taken};
use super::staging::Staging;
use super::synchronise::{synchronise, synchronise_file};
use crate::current_generation::{CURRENT, FOLDER, GENERATIONS, current, is_plain};
use crate::on_disk::OnDisk;
use crate::process::{aftermath, own_binary};
use crate::tree::records;
use crate::tree::volume::set_mode;

/// Whatever the mode of the file that runs: containers of other users start it.
const BINARY_MODE: u32 = 0o755;
/// The bits of it that others need.
const BINARY_READ: u32 = 0o555;

/// How a destination shows the current generation.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Names in the destination, and the paths of the tree that they lead to.
    links: Vec<(&'static str, &'static str)>,
    /// Whether this binary is put there, as launchers need it.
    binary: bool,
    /// Where containers see it, if its commands are exposed by launchers.
    exposed_at: Option<PathBuf>,
}

impl View {
    /// What people and PATH look for.
    const COMMON: [(&'static str, &'static str); 4] =
        [("usr", "usr"), ("etc", "etc"), ("var", "var"), ("opt", "opt")];

    /// A tree that is used at `/`: its commands are what they are.
    pub(crate) fn plain() -> Self {
        Self { links: [&Self::COMMON[..], &[("bin", "usr/bin")]].concat(), binary: false, exposed_at: None }
    }

    /// A tree that is used below `prefix`: `through` are links that relocated paths go through, and `launchers` says
    /// whether its commands need this binary.
    pub(crate) fn relocated(
        prefix: &str,
        through: Vec<(&'static str, &'static str)>,
        launchers: bool,
    ) -> Self {
        let mut links = [&Self::COMMON[..], &[("bin", records::COMMANDS)]].concat();
        links.extend(through);
        Self { links, binary: launchers, exposed_at: Some(prefix.into()) }
    }

    /// Its links: names, and the paths of the tree that they lead to.
    pub(super) fn links(&self) -> &[(&'static str, &'static str)] {
        &self.links
    }

    /// Where containers see the destination, if its commands are exposed by launchers.
    pub(super) fn exposed_at(&self) -> Option<&Path> {
        self.exposed_at.as_deref()
    }
}

/// An opened destination, locked against other runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Destination {
    path: PathBuf,
    view: View,
    /// How many generations stay, the current one included.
    keep: usize,
    exclusion: Exclusion,
    /// What this run made of the way to it, outermost first; taken back when nothing is published.
    made: Vec<PathBuf>,
}

impl Destination {
    /// Makes the destination if it is missing, waits for other runs on it to end, and removes what killed ones left.
    /// `keep` is the number of generations that stay, the current one included. `waiting` is called once if there is
    /// another run.
    pub(crate) fn open(path: &Path, view: View, keep: usize, waiting: impl FnOnce()) -> Result<Self, Error> {
        let mut made = Vec::new();
        let exclusion = Exclusion::of(path, &mut made, waiting)?;
        let destination = Self { path: path.to_owned(), view, keep, exclusion, made };
        destination.note_for_aftermath();
        for (link, _) in &destination.view.links {
            destination.check_ours(&path.join(link), FOLDER)?;
        }
        generations::check_folders(path)?;
        if destination.view.exposed_at.is_some() {
            destination.check_folder(COMMANDS)?;
        }
        destination.check_ours(&path.join(CURRENT), "")?;
        destination.tidy()?;
        Ok(destination)
    }

    fn tidy(&self) -> Result<(), Error> {
        generations::tidy(&self.path, self.keep, self.exclusion.unlocked.is_none())
    }

    /// Should this process not be able to go on, the one that it becomes removes what this one made.
    fn note_for_aftermath(&self) {
        aftermath::note(|remains| {
            remains.destination = Some(self.path.clone());
            remains.made.clone_from(&self.made);
        });
    }

    /// A link of the destination may be missing or ours; anything else belongs to somebody.
    fn check_ours(&self, link: &Path, into: &str) -> Result<(), Error> {
        match fs::symlink_metadata(link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(Error::write(link, source)),
            Ok(_) => match fs::read_link(link) {
                Ok(target) if target.starts_with(into) => Ok(()),
                _ => Err(Error::Foreign { path: link.to_owned(), destination: self.path.clone() }),
            },
        }
    }

    /// A folder may be missing, but nothing else may stand in its place.
    fn check_folder(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        match fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_dir() => Err(Error::Foreign { path, destination: self.path.clone() }),
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::write(&path, source)),
            _ => Ok(()),
        }
    }

    /// The folder of a generation, whether it exists or not.
    pub(crate) fn generation(&self, id: &str) -> PathBuf {
        self.path.join(GENERATIONS).join(id)
    }

    /// An empty folder on the same file system, removed when it is dropped.
    pub(crate) fn staging(&mut self) -> Result<Staging, Error> {
        let generations = self.path.join(GENERATIONS);
        make_dirs(&generations, &mut self.made)?;
        self.note_for_aftermath();
        if let Some(errno) = self.exclusion.unlocked {
            tracing::warn!(
                "the volume at {} has no locks ({errno}): let no two runs write to it at once",
                self.path.display()
            );
        }
        Staging::within(&generations, &generations::staging_name(), &self.path)
    }

    /// This binary is put there, whatever the prefix: for launchers, or for another container.
    pub(crate) fn need_binary(&mut self) {
        self.view.binary = true;
    }

    /// Puts this binary there, and the empty folder of commands, which another container may mount before it installs.
    ///
    /// # Errors
    /// [`Error::OnDisk`]; then what was there before still is.
    pub(crate) fn put_binary(&mut self) -> Result<PathBuf, Error> {
        let folder = self.path.join(FOLDER);
        make_dirs(&folder, &mut self.made)?;
        if self.view.exposed_at.is_some() {
            make_dirs(&self.path.join(COMMANDS), &mut self.made)?;
        }
        let mut made = Made::default();
        self.copy_binary(&mut made)?;
        made.0.clear();
        self.made.clear();
        Ok(self.path.join(BINARY))
    }

    /// Whether the volume takes what `needed` says, before any work is done.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub(crate) fn check_space(&self, needed: Amount, packages: usize) -> Result<(), Error> {
        let own = self.own_need();
        let needed = needed + own;
        let volume = Volume::of(&self.path);
        match lacking(volume, needed) {
            None => Ok(()),
            Some((resource, free, needed)) => {
                let (destination, replaced) = (self.path.clone(), self.replaced().of(resource));
                let free = Free::Only(free);
                let in_memory = volume.is_some_and(|volume| volume.in_memory);
                let own = own.bytes;
                Err(Shortage { destination, resource, free, needed, own, replaced, packages, in_memory }
                    .into())
            }
        }
    }

    /// What to say when the volume turned out to be full, while what this run made is still in it: that is in
    /// `staging`, and `missing` is what it needs besides.
    /// `downloads` are the bytes that the run may have let go of since.
    pub(crate) fn shortage(
        &self,
        full: Full,
        staging: &Path,
        (missing, downloads): (Amount, u64),
        packages: usize,
    ) -> Shortage {
        let own = self.own_need();
        let missing = missing + own;
        let volume = Volume::of(&self.path);
        let (resource, free, needed) = lacked(volume, (taken(staging), missing), full, downloads);
        let destination = self.path.clone();
        let replaced = self.replaced().of(resource);
        let in_memory = volume.is_some_and(|volume| volume.in_memory);
        Shortage { destination, resource, free, needed, own: own.bytes, replaced, packages, in_memory }
    }

    /// What publishing takes besides the tree: mostly the launchers' binary, until it is there.
    pub(crate) fn own_need(&self) -> Amount {
        let entries = self.view.links.len() as u64 + 5;
        let wanted = self.view.binary || self.view.exposed_at.is_some();
        let binary = match wanted && !self.path.join(BINARY).exists() {
            true => own_binary().and_then(fs::metadata).map_or(0, |meta| meta.len()),
            false => 0,
        };
        Amount { bytes: binary, inodes: entries }
    }

    /// What the generations take that are kept, but not current.
    fn replaced(&self) -> Amount {
        let current = current(&self.path);
        let kept = known(&self.path).into_iter().map(|id| self.generation(&id));
        let replaced = kept.filter(|generation| Some(generation) != current.as_ref());
        replaced.map(|generation| taken(&generation)).fold(Amount::default(), |sum, amount| sum + amount)
    }

    /// Makes a finished tree the current generation, and removes those that are not to stay. All that takes space is
    /// in place before the one rename that shows the tree; what fails before it leaves nothing. `changes` are those
    /// since the generation before.
    pub(crate) fn publish(
        &mut self,
        tree: &Path,
        id: &str,
        changes: Option<&Changes>,
    ) -> Result<PathBuf, Error> {
        match self.publish_as(tree, id, changes) {
            // beside it, until it is no longer among those that stay
            Err(error) if is_no_exchange(&error) && self.generation(id).exists() => {
                let names = (2..).map(|number| format!("{id}-{number}"));
                let free = names.take(100).find(|name| !self.generation(name).exists());
                free.map_or(Err(error), |name| self.publish_as(tree, &name, changes))
            }
            published => published,
        }
    }

    fn publish_as(&mut self, tree: &Path, id: &str, changes: Option<&Changes>) -> Result<PathBuf, Error> {
        let mut made = Made::default();
        let mut fresh = Made::default();
        let names = exposed_in(tree);
        if self.view.binary || !names.is_empty() {
            self.copy_binary(&mut made)?;
        }
        let mut folders = Vec::new();
        let exposure = self.expose(&names, &mut made, &mut folders);
        self.made.append(&mut folders);
        self.note_for_aftermath();
        let exposure = exposure?;
        let turned = self.make_links(&mut made, &mut fresh)?;
        let history = self.write_history(id, &mut fresh)?;
        // they say of which generation they are, so that they count for nothing if it does not become current
        let changes = changes.and_then(|changes| {
            let path = self.path.join(changes::FILE);
            let beside = path.with_extension(&NEW[1..]);
            fresh.0.push(beside.clone());
            let noted = changes
                .write(&beside, id)
                .inspect_err(|error| tracing::warn!("cannot note for 'aptlet status' what changed: {error}"));
            noted.is_ok().then_some((beside, path))
        });
        let link = self.fresh_link("current", &format!("generations/{id}"), &mut fresh)?;
        let generation = self.generation(id);
        let failed = |source| Error::write(&generation, source);
        // volumes outlive nodes, an emptyDir a reboot at least: what is current must not turn out to be empty files
        synchronise(&self.exclusion.folder, tree).map_err(failed)?;
        let replaced = replace(tree, &generation).map_err(failed)?;
        let current = self.path.join(CURRENT);
        let moved = history
            .map_or(Ok(()), |fresh| fs::rename(fresh, self.path.join(HISTORY)))
            .and_then(|()| changes.map_or(Ok(()), |(beside, path)| fs::rename(beside, path)))
            .and_then(|()| fs::rename(link, &current));
        if let Err(source) = moved {
            if replaced { replace(&generation, tree).map(drop) } else { fs::rename(&generation, tree) }
                .map_err(failed)?;
            return Err(Error::write(&current, source));
        }
        made.0.clear();
        self.made.clear();
        self.note_for_aftermath();
        turn(turned)?;
        remove_dangling(&self.path, &self.view.links);
        exposure.map_or(Ok(()), |exposure| exposure.remove_others())?;
        self.tidy()?;
        Ok(generation)
    }

    /// Does for the current generation what a run that was killed right after it had made it current did not.
    pub(crate) fn complete(&self) -> Result<(), Error> {
        let (mut made, mut fresh) = (Made::default(), Made::default());
        let current = self.path.join(CURRENT);
        let names = exposed_in(&current);
        let has_launchers = || !names.is_empty() || current.join(records::LAUNCHERS).exists();
        if self.view.binary || has_launchers() && !self.path.join(BINARY).exists() {
            self.copy_binary(&mut made)?;
        }
        let exposure = self.expose(&names, &mut made, &mut Vec::new())?;
        let turned = self.make_links(&mut made, &mut fresh)?;
        made.0.clear();
        turn(turned)?;
        remove_dangling(&self.path, &self.view.links);
        exposure.map_or(Ok(()), |exposure| exposure.remove_others())
    }

    /// Adds to [`COMMANDS`] what is missing; the folder goes into `folders` where it was made.
    fn expose<'a>(
        &self,
        names: &'a [String],
        made: &mut Made,
        folders: &mut Vec<PathBuf>,
    ) -> Result<Option<Exposure<'a>>, Error> {
        let Some(prefix) = &self.view.exposed_at else { return Ok(None) };
        make_dirs(&self.path.join(COMMANDS), folders)?;
        let exposure = Exposure::new(&self.path, prefix, names);
        exposure.add(&mut made.0)?;
        Ok(Some(exposure))
    }

    /// Makes the links that are missing. Those that lead elsewhere, as for another prefix, belong to what is still
    /// current: they are made beside, for [`turn`].
    fn make_links(&self, made: &mut Made, fresh: &mut Made) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
        let mut turned = Vec::new();
        for (name, target) in &self.view.links {
            let (link, target) = (self.path.join(name), format!("{CURRENT}/{target}"));
            match fs::read_link(&link) {
                Ok(old) if old == Path::new(&target) => {}
                Ok(_) => turned.push((self.fresh_link(name, &target, fresh)?, link)),
                Err(_) => {
                    symlink(target, &link).map_err(|source| Error::write(&link, source))?;
                    made.0.push(link);
                }
            }
        }
        Ok(turned)
    }

    fn fresh_link(&self, name: &str, target: &str, fresh: &mut Made) -> Result<PathBuf, Error> {
        let link = self.path.join(FOLDER).join(format!("{LINK}{name}"));
        // that of a run that was killed, where nothing has been removed for want of a lock
        let _ = fs::remove_file(&link);
        symlink(target, &link).map_err(|source| Error::write(&link, source))?;
        fresh.0.push(link.clone());
        Ok(link)
    }

    /// Writes the history for the moment when `id` becomes current beside the old one, if it is another.
    fn write_history(&self, id: &str, fresh: &mut Made) -> Result<Option<PathBuf>, Error> {
        let path = self.path.join(HISTORY);
        let text = history_for(&self.path, id);
        if text == fs::read_to_string(&path).unwrap_or_default() {
            return Ok(None);
        }
        let beside = path.with_extension(&NEW[1..]);
        fresh.0.push(beside.clone());
        fs::write(&beside, text)
            .and_then(|()| set_mode(&beside, 0o644))
            .map_err(|source| Error::write(&path, source))?;
        Ok(Some(beside))
    }

    fn copy_binary(&self, made: &mut Made) -> Result<(), Error> {
        let target = self.path.join(BINARY);
        let own = own_binary().map_err(|source| Error::write(&target, source))?;
        let same = |old: &Path| -> io::Result<bool> {
            let (old_meta, own_meta) = (fs::metadata(old)?, fs::metadata(&own)?);
            let one_file = (old_meta.dev(), old_meta.ino()) == (own_meta.dev(), own_meta.ino());
            // a volume that keeps no modes may give it more
            let executable = old_meta.permissions().mode() & BINARY_READ == BINARY_READ;
            Ok(one_file
                || (executable && old_meta.len() == own_meta.len() && fs::read(old)? == fs::read(&own)?))
        };
        if same(&target).unwrap_or(false) {
            return Ok(());
        }
        if !target.exists() {
            made.0.push(target.clone());
        }
        // a rename, because a binary that runs cannot be written to
        let fresh = target.with_extension(&NEW[1..]);
        // on the disk first, because what starts containers must not turn out to be an empty file
        let copy = || -> io::Result<()> {
            let mut copy = File::create(&fresh)?;
            io::copy(&mut File::open(&own)?, &mut copy)?;
            set_mode(&fresh, BINARY_MODE)?;
            synchronise_file(&copy)?;
            drop(copy);
            fs::rename(&fresh, &target)
        };
        copy().map_err(|source| {
            let _ = fs::remove_file(&fresh);
            Error::write(&target, source)
        })
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        // those of an earlier run that was killed, too
        remove_empty(&self.path, &self.made);
        aftermath::note(|remains| remains.destination = None);
    }
}

/// The names of the commands that a tree exposes; none for a tree of an aptlet that knew no exposure.
fn exposed_in(tree: &Path) -> Vec<String> {
    let text = fs::read_to_string(tree.join(records::EXPOSED)).unwrap_or_default();
    text.lines().filter(|name| is_plain(name)).map(str::to_owned).collect()
}

/// Moves a tree to a place where there may be one, which may be the current generation, in one step. Tells whether there
/// was one, which is then where the tree was.
fn replace(tree: &Path, generation: &Path) -> io::Result<bool> {
    if !generation.exists() {
        return fs::rename(tree, generation).map(|()| false);
    }
    rustix::fs::renameat_with(CWD, tree, CWD, generation, RenameFlags::EXCHANGE)?;
    Ok(true)
}

/// Whether a file system does not exchange these two folders: some exchange none, and an overlay none that lies in one of its
/// lower layers.
fn is_no_exchange(error: &Error) -> bool {
    let Error::OnDisk(OnDisk::Write { source, .. }) = error else { return false };
    let errno = Errno::from_io_error(source);
    errno.is_some_and(|errno| matches!(errno, Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}

/// Removes what a run left that could not go on. Another that is at work by now has done that first.
pub(crate) fn remove_unfinished(destination: &Path, made: &[PathBuf]) {
    if let Some(_exclusion) = Exclusion::if_free(destination) {
        // what stays is told by a warning
        let _ = generations::tidy(destination, usize::MAX, true);
        remove_empty(destination, made);
    }
}

/// Removes the folders of a destination that has nothing in them, and of those on the way to it the ones that were made.
fn remove_empty(destination: &Path, made: &[PathBuf]) {
    if current(destination).is_none() {
        commands::remove_all(destination);
    }
    let own = [GENERATIONS, FOLDER].map(|folder| destination.join(folder));
    for path in own.iter().chain(made.iter().rev()) {
        // fails, as it should, where there is something in it
        let _ = fs::remove_dir(path);
    }
}
