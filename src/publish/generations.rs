//! The generations of a destination: the current one, those that were current before it, and what is neither.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Error;
use super::in_use::used;
use crate::arrange::Arrange as _;
use crate::current_generation::{FOLDER, GENERATIONS, current, is_folder, is_plain};

/// Names of the generations that were current before, one a line, the newest first. It is written before `current`
/// moves, so it may also name the current one.
pub(super) const HISTORY: &str = ".aptlet/history";
/// The end of a file's name until it is renamed to its place.
pub(super) const NEW: &str = ".new";
/// The beginning of a link's name until it is renamed to its place.
pub(super) const LINK: &str = "link-";
/// What is among the generations and begins so is nobody's, but of the run that holds the lock.
const REMOVED: &str = ".removed-";
/// The same of a tree in the making. When it was begun stands behind it.
pub(super) const STAGING: &str = ".staging-";
/// No run takes as long.
const LONGEST_RUN: Duration = Duration::from_hours(24);

/// The names of the generations that are or were current, and are still there, the newest first.
pub(super) fn known(destination: &Path) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().and_then(|name| name.to_str().map(str::to_owned));
    let mut known: Vec<String> = current(destination).and_then(name).into_iter().collect();
    for id in fs::read_to_string(destination.join(HISTORY)).unwrap_or_default().lines() {
        let is_there = || is_folder(&destination.join(GENERATIONS).join(id));
        if is_plain(id) && !known.iter().any(|known| known == id) && is_there() {
            known.push(id.to_owned());
        }
    }
    known
}

/// The history for the moment when `id` becomes current; empty where nothing was current before.
pub(super) fn history_for(destination: &Path, id: &str) -> String {
    let lines = known(destination).into_iter().filter(|known| known != id);
    lines.map(|known| known + "\n").collect()
}

/// Others may write to the volume, and what they put there must not lead the work on generations, which removes what
/// is in the way, to another place.
pub(super) fn check_folders(destination: &Path) -> Result<(), Error> {
    for path in [FOLDER, GENERATIONS].map(|folder| destination.join(folder)) {
        match fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_dir() => {
                return Err(Error::Foreign { path, destination: destination.to_owned() });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::write(&path, error)),
            _ => {}
        }
    }
    Ok(())
}

/// Removes what killed runs left, and all generations but the current one and those before it, `keep` in all.
///
/// Nobody else can be at work while the caller holds the lock, which `alone` says: else only what is too old for that is
/// removed. What cannot be removed takes space, but does no other harm: a warning says so.
pub(super) fn tidy(destination: &Path, keep: usize, alone: bool) -> Result<(), Error> {
    let known = known(destination);
    let (kept, superseded) = known.split_at(keep.min(known.len()));
    let used = used(destination);
    let in_use = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| used.contains(name));
    if !alone {
        let begun = read_dir(&destination.join(GENERATIONS))?.into_iter().filter(|path| is_old_staging(path));
        let superseded = superseded.iter().map(|id| destination.join(GENERATIONS).join(id));
        let superseded = superseded.filter(|path| !in_use(path.file_name().unwrap_or_default()));
        for path in begun.chain(superseded) {
            discard(&path).unwrap_or_else(|error| stays(&path, &error));
        }
        return Ok(());
    }
    for path in read_dir(&destination.join(FOLDER))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(LINK) || name.ends_with(NEW) {
            fs::remove_file(&path).unwrap_or_else(|error| stays(&path, &error));
        }
    }
    let mut entries = read_dir(&destination.join(GENERATIONS))?;
    // names with a dot come first, and make way for those that are to be renamed
    entries.arrange();
    for path in entries {
        let name = path.file_name().unwrap_or_default();
        if !kept.iter().any(|kept| name == kept.as_str()) && !in_use(name) {
            discard(&path).unwrap_or_else(|error| stays(&path, &error));
        }
    }
    Ok(())
}

/// The beginning of a name for a tree in the making.
pub(super) fn staging_name() -> String {
    format!("{STAGING}{}-", now())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn is_old_staging(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let begun = name.strip_prefix(STAGING).and_then(|rest| rest.split('-').next()?.parse::<u64>().ok());
    begun.is_some_and(|begun| begun.saturating_add(LONGEST_RUN.as_secs()) < now())
}

fn stays(path: &Path, error: &io::Error) {
    tracing::warn!("cannot remove {}, which nothing needs: {error}", path.display());
}

/// Removes a generation, so that a run that is killed meanwhile leaves no half of one under its name.
fn discard(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let doomed = path.with_file_name(format!("{REMOVED}{name}"));
    if name.starts_with('.') || fs::rename(path, &doomed).is_err() {
        return remove_tree(path);
    }
    remove_tree(&doomed)
}

/// Removes a tree whose folders may forbid writing, as packages may ship them.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
        result => result,
    }
}

fn open_up(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::current_generation::CURRENT;

    /// A destination with generations of these names, `current` and a history.
    fn destination(names: &[&str], current: &str, history: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir_all(folder.path().join(GENERATIONS).join(name).join("usr")).unwrap();
        }
        symlink(current, folder.path().join(CURRENT)).unwrap();
        fs::write(folder.path().join(HISTORY), history).unwrap();
        folder
    }

    fn left(destination: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(destination.join(GENERATIONS))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn those_before_the_current_one_are_kept_and_what_never_was_current_is_not() {
        for (keep, expected) in
            [(1, vec!["c"]), (2, vec!["b", "c"]), (3, vec!["a", "b", "c"]), (9, vec!["a", "b", "c"])]
        {
            let folder = destination(&["a", "b", "c", "never"], "generations/c", "c\nb\ngone\nb\na\n");
            tidy(folder.path(), keep, true).unwrap();
            assert_eq!(left(folder.path()), expected, "{keep}");
        }
    }

    #[test]
    fn a_current_link_that_leads_nowhere_or_elsewhere_is_none() {
        for target in
            ["generations/gone", "generations/../generations/a", "/", "a", "generations", "generations/.x"]
        {
            let folder = destination(&["a", ".x"], target, "a\n");
            assert_eq!(current(folder.path()), None, "{target}");
            tidy(folder.path(), 1, true).unwrap();
            assert_eq!(left(folder.path()), ["a"], "the last one that was whole");
        }
    }

    #[test]
    fn a_history_that_is_garbage_names_nothing() {
        for history in ["", "\0\0\0", "../..\n/etc\n.\n..\n\n", "a/usr\n"] {
            let folder = destination(&["a", "b"], "generations/b", history);
            assert_eq!(known(folder.path()), ["b"]);
            tidy(folder.path(), 2, true).unwrap();
            assert_eq!(left(folder.path()), ["b"]);
        }
    }

    #[test]
    fn what_killed_runs_left_goes_whatever_it_is() {
        let folder = destination(&["a", ".removed-b/usr", "b", ".staging-1"], "generations/a", "");
        let inside = |name: &str| folder.path().join(FOLDER).join(name);
        fs::set_permissions(inside("generations/.staging-1"), fs::Permissions::from_mode(0o500)).unwrap();
        fs::write(inside("generations/file"), "").unwrap();
        fs::write(inside("aptlet.new"), "").unwrap();
        fs::write(inside("aptlet"), "").unwrap();
        symlink("x", inside("link-7")).unwrap();
        tidy(folder.path(), 2, true).unwrap();
        assert_eq!(left(folder.path()), ["a"]);
        let mut names: Vec<_> =
            fs::read_dir(inside("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["aptlet", "current", "generations", "history"]);
    }

    #[test]
    fn who_may_not_be_alone_removes_nothing_that_may_be_anothers() {
        let fresh = format!("{}x1", staging_name());
        let names = ["a", "b", "c", "never", ".removed-x", ".staging-1000-abc", &fresh];
        let folder = destination(&names, "generations/c", "b\na\n");
        fs::write(folder.path().join(FOLDER).join("state.new"), "").unwrap();
        tidy(folder.path(), 2, false).unwrap();
        assert_eq!(left(folder.path()), [".removed-x", &fresh, "b", "c", "never"]);
        assert!(folder.path().join(FOLDER).join("state.new").exists());
    }
}
