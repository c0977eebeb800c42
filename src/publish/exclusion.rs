//! One run at a time: a destination is locked with flock(2) on its folder, so that no file of a lock is left behind. Where
//! the volume has no locks, a run goes on without, and removes nothing that could be another's.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::Error;
use super::folders::make_dirs;

/// An open destination.
#[derive(Debug)]
pub(super) struct Exclusion {
    /// The folder. Whoever holds it open holds the lock.
    pub(super) folder: File,
    /// Why there is no lock, where there is none.
    pub(super) unlocked: Option<Errno>,
}

impl Exclusion {
    /// Makes the folder where it is missing, which is noted in `made`, and waits until no other run is at work on it.
    /// `waiting` is called once if there is one.
    pub(super) fn of(path: &Path, made: &mut Vec<PathBuf>, waiting: impl FnOnce()) -> Result<Self, Error> {
        let failed = |source| Error::write(path, source);
        let mut waiting = Some(waiting);
        loop {
            make_dirs(path, made)?;
            let folder = match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                folder => folder.map_err(failed)?,
            };
            let locked = match lock(&folder, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => {
                    if let Some(waiting) = waiting.take() {
                        waiting();
                    }
                    lock(&folder, FlockOperation::LockExclusive)
                }
                locked => locked,
            };
            match locked {
                Err(errno) if has_no_locks(errno) => return Ok(Self { folder, unlocked: Some(errno) }),
                locked => locked.map_err(|errno| failed(errno.into()))?,
            }
            // the run that held the lock may have failed and removed the folder that it had made
            let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
            if fs::metadata(path).is_ok_and(|there| folder.metadata().is_ok_and(|ours| id(there) == id(ours)))
            {
                return Ok(Self { folder, unlocked: None });
            }
        }
    }

    /// The same for a folder that is there, if nobody else is at work on it.
    pub(super) fn if_free(path: &Path) -> Option<Self> {
        let folder = File::open(path).ok()?;
        lock(&folder, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Self { folder, unlocked: None })
    }
}

/// flock(2), again where a signal came in between.
pub(crate) fn lock(file: &File, operation: FlockOperation) -> Result<(), Errno> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(file, operation))
}

/// Whether this is said by a volume that has no locks: NFS without its lock daemon, FUSE, a sandbox.
pub(crate) fn has_no_locks(errno: Errno) -> bool {
    use Errno as E;
    matches!(errno, E::NOLCK | E::NOSYS | E::OPNOTSUPP | E::INVAL | E::BADF | E::PERM | E::NOTTY)
}
