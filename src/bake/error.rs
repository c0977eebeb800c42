//! What can go wrong between a tree and an image.

use std::path::PathBuf;

use crate::oci;

/// An image that cannot be baked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be written, or a file of the tree cannot be read.
    #[error(transparent)]
    Oci(#[from] oci::Error),
    /// A folder that keeps less than an image has.
    #[error("the volume of {} does not keep {lacks}, which an image has", folder.display())]
    Lacks {
        /// The folder that the tree was to be made in.
        folder: PathBuf,
        /// What it lacks.
        lacks: String,
    },
    /// The tree cannot be made in its folder.
    #[error("{source}")]
    WorkDir {
        /// The folder.
        folder: PathBuf,
        /// What could not be written.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something in the tree that no archive can hold.
    #[error("{} is no file, folder, link or FIFO", path.display())]
    Odd {
        /// Its path.
        path: PathBuf,
    },
    /// A form that has room for one image.
    #[error("{target} takes one image, and there is one for each architecture")]
    OneImage {
        /// The target.
        target: String,
    },
    /// A base image that has folders where Debian has had links since 12.
    #[error("the base image has a folder {}, where a root file system of Debian has a link", path.display())]
    NotMerged {
        /// Its path.
        path: PathBuf,
    },
    /// A package that the base image has already.
    #[error(
        "the base image has {package} already, and no package of an image is put in the place of another"
    )]
    Upgrades {
        /// Its name.
        package: String,
    },
    /// Something else than the tree has there.
    #[error("the base image has something else at {} than a package", path.display())]
    InTheWay {
        /// Its path.
        path: PathBuf,
    },
    /// A file that cannot be aptlet in an image of nothing else.
    #[error("{} cannot be aptlet in its image: {reason}", path.display())]
    NoBinary {
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Launchers for machines that this binary does not run on.
    #[error("commands at {prefix} are started by aptlet itself, and this one is not for {architecture}")]
    OtherMachine {
        /// The prefix.
        prefix: String,
        /// The architecture of the image.
        architecture: String,
    },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Oci(error) => error.hint(),
            Self::Lacks { .. } => "name a folder on a local disk or in memory with --work-dir".to_owned(),
            Self::WorkDir { folder, .. } => format!(
                "make room in {}, or name another folder that this user can write to with --work-dir",
                folder.display()
            ),
            Self::OneImage { .. } => "write to oci:DIR, oci-archive:FILE or a registry, or name one architecture with --arch".to_owned(),
            Self::NotMerged { .. } => {
                "choose a base image of Debian 12 or later, or bake for a prefix such as /p, which needs nothing of the base".to_owned()
            }
            Self::Upgrades { .. } => "drop --upgrade-base, or bake for a prefix such as /p".to_owned(),
            Self::InTheWay { .. } => "bake for a prefix such as /p, or leave it out with --path-exclude".to_owned(),
            Self::Odd { .. } => "leave it out with --path-exclude".to_owned(),
            Self::NoBinary { .. } => "build it for x86_64-unknown-linux-musl or aarch64-unknown-linux-musl, one for each architecture".to_owned(),
            Self::OtherMachine { architecture, .. } => format!(
                "bake it for a prefix of two characters, such as /p, or by an aptlet that is built for {architecture}"
            ),
        }
    }
}
