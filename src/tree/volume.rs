//! What a volume does not keep of what packages have. Modes, times, hard links and FIFOs are done without where it cannot
//! be helped; without symbolic links there is no tree.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Access, AtFlags, CWD, Mode, StatVfsMountFlags, Timespec, Timestamps};
use rustix::io::Errno;
use rustix::path::Arg;
use serde::{Deserialize, Serialize};

use super::error::Error;

/// Whether modes are kept, as far as [`Lacks::of`] has seen.
static KEEPS_MODES: AtomicBool = AtomicBool::new(true);
/// Whether what sets the time of a link sets that of the file that it leads to, as over SFTP.
static TIMES_GO_THROUGH_LINKS: AtomicBool = AtomicBool::new(false);

/// A time that every file system can write down: even, for those that count in steps of two seconds.
const TIME: i64 = 1_000_000_000;

/// Where packages' links lead to, for all that a file system knows: out of it.
const OUTSIDE: &str = "/usr/../etc/alternatives/probe";

/// What a volume does not keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(crate) struct Lacks {
    /// The permission bits of files.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) modes: bool,
    /// Their times.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) times: bool,
    /// Several names of one file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) hard_links: bool,
    /// The difference between `a` and `A` in names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) case: bool,
    /// Execute permission.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) execution: bool,
}

impl Lacks {
    /// Tries it out in a folder of the volume that is `at` a place, and leaves nothing there.
    ///
    /// # Errors
    /// [`Error::NoLinks`], [`Error::OtherLinks`], and where not even a file can be made.
    pub(crate) fn of(folder: &Path, at: &Path) -> Result<Self, Error> {
        let [file, link, hard, upper] =
            ["probe", "probe-link", "probe-hard", "PROBE"].map(|name| folder.join(name));
        let found = try_out(&file, &link, &hard, &upper, at);
        for path in [&link, &hard, &file] {
            let _ = std::fs::remove_file(path);
        }
        found
    }

    /// Whether it keeps all that packages have.
    pub(crate) fn nothing(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacking = [
            (self.modes, "modes"),
            (self.times, "times"),
            (self.hard_links, "hard links"),
            (self.case, "upper and lower case apart"),
            (self.execution, "execute permission"),
        ];
        let lacking: Vec<&str> =
            lacking.into_iter().filter_map(|(lacks, what)| lacks.then_some(what)).collect();
        f.write_str(&lacking.join(", "))
    }
}

fn try_out(path: &Path, link: &Path, hard: &Path, upper: &Path, at: &Path) -> Result<Lacks, Error> {
    let mut lacks = Lacks::default();
    let mut file = File::create_new(path).map_err(|source| Error::write(path, source))?;
    // what is written late may come after the time
    file.write_all(b"x").map_err(|source| Error::write(path, source))?;
    let unwritten = |errno: Errno| Error::write(path, errno);
    for mode in [0o440, 0o755] {
        let set = rustix::fs::fchmod(&file, Mode::from_raw_mode(mode));
        lacks.modes |= is_refused(set).map_err(unwritten)?;
        let now = rustix::fs::stat(path).map_err(|errno| Error::read(path, errno))?.st_mode;
        lacks.modes |= now & 0o7777 != mode;
    }
    KEEPS_MODES.store(!lacks.modes, Ordering::Relaxed);
    lacks.times = is_refused(rustix::fs::futimens(&file, &times(TIME))).map_err(unwritten)?;
    drop(file);
    let stat = rustix::fs::stat(path).map_err(|errno| Error::read(path, errno))?;
    lacks.times |= (stat.st_mtime - TIME).abs() > 2;
    // of a mount that is noexec, another warning tells
    lacks.execution = rustix::fs::access(path, Access::EXEC_OK).is_err() && !is_noexec(path);
    match rustix::fs::symlinkat("probe", CWD, link) {
        // in whatever way it says so, such as EIO: a file could be made
        Err(errno) if !is_full(errno) => {
            return Err(Error::NoLinks { path: at.to_owned(), source: errno.into() });
        }
        made => made.map_err(|errno| Error::write(link, errno))?,
    }
    if !lacks.times {
        set_time_of_link(CWD, link, 0).map_err(|errno| Error::write(link, errno))?;
        let stat = rustix::fs::stat(path).map_err(|errno| Error::read(path, errno))?;
        TIMES_GO_THROUGH_LINKS.store(stat.st_mtime == 0, Ordering::Relaxed);
    }
    rustix::fs::unlink(link).map_err(|errno| Error::write(link, errno))?;
    rustix::fs::symlink(OUTSIDE, link).map_err(|errno| Error::write(link, errno))?;
    let changed = match rustix::fs::readlink(link, Vec::new()) {
        Ok(target) if target.as_bytes() == OUTSIDE.as_bytes() => None,
        Ok(target) => Some(io::Error::other(format!("it became {}", target.to_string_lossy()))),
        Err(errno) => Some(errno.into()),
    };
    if let Some(source) = changed {
        return Err(Error::OtherLinks { path: at.to_owned(), target: OUTSIDE, source });
    }
    let linked = rustix::fs::linkat(CWD, path, CWD, hard, AtFlags::empty());
    lacks.hard_links = linked.is_err_and(refuses_hard_link);
    lacks.case = rustix::fs::lstat(upper).is_ok();
    Ok(lacks)
}

/// Whether the volume does not have this at all, as against having no room for it, or being broken.
pub(crate) fn refuses(errno: Errno) -> bool {
    use Errno as E;
    matches!(errno, E::PERM | E::ACCESS | E::NOSYS | E::OPNOTSUPP | E::INVAL | E::NOTTY)
}

/// The same of a hard link. Those who have none say so in any way, such as EIO, and a copy is as good; where the volume is broken
/// it fails as well.
pub(super) fn refuses_hard_link(errno: Errno) -> bool {
    !is_full(errno) && !matches!(errno, Errno::EXIST | Errno::NOENT)
}

/// Whether it is no matter of what the volume has, but of how much.
fn is_full(errno: Errno) -> bool {
    use Errno as E;
    matches!(errno, E::NOSPC | E::DQUOT | E::ROFS | E::NOMEM | E::MFILE | E::NFILE)
}

fn is_refused(set: Result<(), Errno>) -> Result<bool, Errno> {
    match set {
        Err(errno) if refuses(errno) => Ok(true),
        set => set.map(|()| false),
    }
}

/// What came of setting a time: that it is refused is no error, as nobody misses it.
pub(crate) fn unless_refused(set: Result<(), Errno>) -> Result<(), Errno> {
    is_refused(set).map(drop)
}

/// What came of setting a mode, which is an error where the volume keeps modes: others may depend on it.
pub(crate) fn if_modes_are_kept(set: Result<(), Errno>) -> Result<(), Errno> {
    if KEEPS_MODES.load(Ordering::Relaxed) { set } else { unless_refused(set) }
}

/// Sets the time of a symbolic link, which nobody misses where there is none.
pub(crate) fn set_time_of_link(folder: impl AsFd, name: impl Arg, mtime: i64) -> Result<(), Errno> {
    if TIMES_GO_THROUGH_LINKS.load(Ordering::Relaxed) {
        return Ok(());
    }
    match rustix::fs::utimensat(folder, name, &times(mtime), AtFlags::SYMLINK_NOFOLLOW) {
        Err(errno) if refuses(errno) || errno == Errno::NOENT => Ok(()),
        set => set,
    }
}

/// A time of modification in seconds since 1970, for a file that nobody has read since.
pub(crate) fn times(mtime: i64) -> Timestamps {
    let time = Timespec { tv_sec: mtime, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

/// Sets the time of a file, which nobody misses where that is refused.
pub(crate) fn set_time(file: &File, mtime: i64) -> io::Result<()> {
    Ok(unless_refused(rustix::fs::futimens(file, &times(mtime)))?)
}

/// [`std::fs::set_permissions`], unless that is refused.
pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    Ok(unless_refused(rustix::fs::chmod(path, Mode::from_raw_mode(mode)))?)
}

/// The same for an open file of a tree, where modes are kept.
pub(crate) fn set_mode_of(file: &File, mode: u32) -> io::Result<()> {
    Ok(if_modes_are_kept(rustix::fs::fchmod(file.as_fd(), Mode::from_raw_mode(mode)))?)
}

/// Whether the file system of a path is mounted `noexec` here.
pub(crate) fn is_noexec(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::on_disk::OnDisk;

    #[test]
    fn a_folder_that_keeps_everything_lacks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let lacks = Lacks::of(folder.path(), folder.path()).unwrap();
        assert!(lacks.nothing(), "{lacks}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let none = folder.path().join("none");
        assert!(matches!(Lacks::of(&none, &none), Err(Error::OnDisk(OnDisk::Write { .. }))));
    }

    #[test]
    fn what_is_lacking_is_named_and_remembered() {
        let lacks = Lacks { modes: true, hard_links: true, ..Lacks::default() };
        assert_eq!(lacks.to_string(), "modes, hard links");
        let text = serde_json::to_string(&lacks).unwrap();
        assert_eq!(text, r#"{"modes":true,"hard-links":true}"#);
        assert_eq!(serde_json::from_str::<Lacks>(&text).unwrap(), lacks);
        assert!(serde_json::from_str::<Lacks>("{}").unwrap().nothing());
    }
}
