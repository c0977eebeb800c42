//! Folders on the way to a destination, and aptlet's own in it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::Error;
use super::generations::check_folders;
use crate::current_generation::FOLDER;
use crate::tree::volume::set_mode;

/// The folder of a destination for what is aptlet's own, made where it is missing.
///
/// # Errors
/// [`Error::Foreign`] where a link or file is in its place, [`Error::OnDisk`].
pub(crate) fn own_folder(destination: &Path) -> Result<PathBuf, Error> {
    check_folders(destination)?;
    let folder = destination.join(FOLDER);
    make_dirs(&folder, &mut Vec::new())?;
    Ok(folder)
}

/// Makes a folder, and those that it is in; what was made is noted in `made`, outermost first.
pub(super) fn make_dirs(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::write(path, source);
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => return Err(failed(io::ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if let Ok(target) = fs::read_link(path) {
        return Err(Error::Dangling { path: path.to_owned(), target });
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dirs(parent, made)?;
    }
    match fs::DirBuilder::new().mode(0o755).create(path) {
        // another run was faster
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        created => created.map_err(failed)?,
    }
    made.push(path.to_owned());
    // whatever the umask: the main container may run as another user
    set_mode(path, 0o755).map_err(failed)
}
