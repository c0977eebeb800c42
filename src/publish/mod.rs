//! The stop *publish*: a finished tree becomes the current generation of the destination, and its commands get
//! launchers.

mod changes;
mod commands;
mod destination;
mod exclusion;
mod folders;
mod generations;
mod in_use;
mod made;
pub(crate) mod size_limit;
pub(crate) mod space;
mod staging;
pub(crate) mod state;
mod synchronise;
mod whole;

use std::io;
use std::path::{Path, PathBuf};

use crate::on_disk::OnDisk;
use crate::tree;
pub(crate) use changes::Changes;
pub(crate) use destination::{Destination, View, remove_unfinished};
pub(crate) use exclusion::{has_no_locks, lock};
pub(crate) use folders::own_folder;
pub(crate) use staging::Staging;
pub(crate) use state::State;
pub(crate) use whole::Whole;

/// What can go wrong at the destination.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Anything the file system refuses.
    #[error(transparent)]
    OnDisk(#[from] OnDisk),
    /// A link to nowhere in place of a folder.
    #[error("{} is a link to {}, which is not there", path.display(), target.display())]
    Dangling {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A volume that took what was written to it, until it did not.
    #[error("{} turned read-only while it was written to: {source}", destination.display())]
    TurnedReadOnly {
        /// The destination.
        destination: PathBuf,
        /// What could not be written.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no generation.
    #[error("nothing is installed in {}", destination.display())]
    Empty {
        /// The destination.
        destination: PathBuf,
    },
    /// The current generation has no manifest that can be understood.
    #[error("cannot tell what was installed from {}: {source}", path.display())]
    Unverifiable {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A path that the current generation does not have.
    #[error("there is no {} in the tree", path.display())]
    NotThere {
        /// As it was asked for.
        path: PathBuf,
    },
    /// The current generation is not what was installed any more.
    #[error("{} differs from what was installed, in {count} path{}", destination.display(), if *count == 1 { "" } else { "s" })]
    Changed {
        /// The destination.
        destination: PathBuf,
        /// How many paths differ.
        count: usize,
    },
    /// Something that aptlet did not make stands where its links go.
    #[error("{} is in the way: aptlet did not make it", path.display())]
    Foreign {
        /// What stands there.
        path: PathBuf,
        /// The destination.
        destination: PathBuf,
    },
    /// Two sidecars for one volume.
    #[error("another 'aptlet watch' is at work on {}", destination.display())]
    Watched {
        /// The destination.
        destination: PathBuf,
    },
    /// What the volume cannot be used for.
    #[error(transparent)]
    Volume(#[from] tree::Error),
    /// The volume is too small.
    #[error(transparent)]
    Full(#[from] space::Shortage),
    /// The volume may not hold as much.
    #[error(transparent)]
    TooMuch(#[from] size_limit::TooMuch),
}

impl Error {
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        OnDisk::write(path, source).into()
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OnDisk(OnDisk::Write { source, .. }) => return write_hint(source),
            Self::OnDisk(OnDisk::Read { .. }) => return None,
            Self::Dangling { .. } => {
                "Make the folder that it leads to, or name another with --dest.".to_owned()
            }
            Self::TurnedReadOnly { .. } => {
                "Look in the node's kernel log for an error of its disk or server; what was installed before stays."
                    .to_owned()
            }
            Self::Empty { .. } => {
                "Run 'aptlet install' first, or name the right folder with --dest.".to_owned()
            }
            Self::Unverifiable { .. } => {
                "Run it as a user who can read the destination; a tree of an older aptlet has no manifest.".to_owned()
            }
            Self::NotThere { .. } => {
                "Name a file or folder of the tree by its usual path, such as /usr/bin/NAME.".to_owned()
            }
            Self::Changed { .. } => {
                "Find out who changed it; then install again into an empty volume, and mount it readOnly where it \
                 is used."
                    .to_owned()
            }
            Self::Foreign { destination, .. } => {
                format!(
                    "Give aptlet a folder of its own with --dest; {} holds other files.",
                    destination.display()
                )
            }
            Self::Watched { .. } => {
                "Let one container watch this volume, or give each a folder of its own with --dest.".to_owned()
            }
            Self::Volume(error) => return error.hint(),
            Self::Full(shortage) => shortage.hint(),
            Self::TooMuch(much) => much.hint(),
        })
    }
}

/// What to do when the file system says no.
pub(crate) fn write_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "Mount a volume there that this user can write (an emptyDir, with fsGroup if it is not root's), or choose \
             another --dest."
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "Mount a writable volume there (an emptyDir, without readOnly), or choose another --dest."
        }
        io::ErrorKind::StorageFull => {
            "Give the volume more space or inodes (an emptyDir in memory: a larger sizeLimit and memory limit), or ask for fewer \
             packages."
        }
        io::ErrorKind::NotFound | io::ErrorKind::Unsupported => {
            "Choose another --dest: a folder of a file system that takes files, which /proc and /sys do not."
        }
        io::ErrorKind::AlreadyExists => {
            "Use a volume where a name can take the place of one that is there, as rename(2) says."
        }
        io::ErrorKind::NotADirectory => "Name a folder with --dest: there is a file where it would be.",
        _ => tree::write_hint(error)?,
    };
    Some(hint.to_owned())
}
