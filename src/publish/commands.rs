//! `commands/`: the folder that a container mounts to get the commands that were asked for, and nothing else. It outlives
//! generations, since such a mount does not follow links.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Error;
use crate::current_generation::is_folder;

/// Where launchers find the binary that they are, below the destination.
pub(super) const BINARY: &str = ".aptlet/aptlet";
/// Its name in the destination.
pub(super) const COMMANDS: &str = "commands";

/// The commands of a generation, as they are exposed.
pub(super) struct Exposure<'a> {
    destination: PathBuf,
    /// What every entry leads to, wherever the folder is mounted: the binary in the volume itself.
    target: PathBuf,
    names: BTreeSet<&'a str>,
}

impl<'a> Exposure<'a> {
    /// Of `destination`, which containers see at `prefix`.
    pub(super) fn new(destination: &Path, prefix: &Path, names: &'a [String]) -> Self {
        let names = names.iter().map(String::as_str);
        Self { destination: destination.to_owned(), target: prefix.join(BINARY), names: names.collect() }
    }

    /// Adds the entries that are missing, and returns them. Until their generation is current they say that there is no such
    /// command.
    ///
    /// # Errors
    /// [`Error::Foreign`] for what aptlet did not make; [`Error::OnDisk`], and then what was added is in `added` as well.
    pub(super) fn add(&self, added: &mut Vec<PathBuf>) -> Result<(), Error> {
        let folder = self.destination.join(COMMANDS);
        for name in &self.names {
            let path = folder.join(name);
            match fs::read_link(&path) {
                Ok(target) if target == self.target => {}
                Ok(target) if is_entry(&target) => {
                    // of another prefix, which nobody can have started it by since the volume is seen at this one
                    let fresh = folder.join(format!(".{name}"));
                    let _ = fs::remove_file(&fresh);
                    symlink(&self.target, &fresh)
                        .and_then(|()| fs::rename(&fresh, &path))
                        .map_err(|source| Error::write(&path, source))?;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    symlink(&self.target, &path).map_err(|source| Error::write(&path, source))?;
                    added.push(path);
                }
                _ => return Err(Error::Foreign { path, destination: self.destination.clone() }),
            }
        }
        Ok(())
    }

    /// Removes the entries of commands that there are no longer. What aptlet did not make stays.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(super) fn remove_others(&self) -> Result<(), Error> {
        let folder = self.destination.join(COMMANDS);
        let failed = |source| Error::write(&folder, source);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let is_wanted = entry.file_name().to_str().is_some_and(|name| self.names.contains(name));
            if !is_wanted && fs::read_link(entry.path()).is_ok_and(|target| is_entry(&target)) {
                fs::remove_file(entry.path()).map_err(|source| Error::write(&entry.path(), source))?;
            }
        }
        Ok(())
    }
}

/// Removes all entries, and the folder if nothing else is in it and no binary waits beside it: for a destination where nothing is
/// installed. With the binary, a container that is to install may have the folder mounted already.
pub(super) fn remove_all(destination: &Path) {
    let folder = destination.join(COMMANDS);
    if is_folder(&folder) {
        // what stays says that there is no such command
        let _ = Exposure::new(destination, Path::new("/"), &[]).remove_others();
        if !destination.join(BINARY).exists() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_entry(target: &Path) -> bool {
    target.is_absolute() && target.ends_with(BINARY)
}
