//! What can go wrong with an image.

use std::io;
use std::path::{Path, PathBuf};

use crate::fetch;
use crate::on_disk::OnDisk;

/// An image that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the file system refuses: a file that is to be a part of the image, or the image itself.
    #[error(transparent)]
    OnDisk(#[from] OnDisk),
    /// A registry that does not take it.
    #[error(transparent)]
    Registry(#[from] fetch::Error),
    /// An image of somebody else that cannot be used.
    #[error("image {image}: {problem}")]
    BadImage {
        /// As it was named.
        image: String,
        /// Why not.
        problem: String,
    },
    /// An image for other machines.
    #[error("image {image} is not for {wanted}: it is for {there}")]
    NoPlatform {
        /// As it was named.
        image: String,
        /// The platform that was asked for.
        wanted: String,
        /// Those that there are.
        there: String,
    },
    /// A folder with something else in it.
    #[error("{} is no image layout: {reason}", folder.display())]
    NoLayout {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Error {
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        OnDisk::write(path, source).into()
    }

    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        OnDisk::read(path, source).into()
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::OnDisk(OnDisk::Write { source, .. }) if source.kind() == io::ErrorKind::StorageFull => {
                "make room there, or write to another place with -o".to_owned()
            }
            Self::OnDisk(OnDisk::Write { .. }) => {
                "name a place with -o that this user can write to".to_owned()
            }
            Self::OnDisk(OnDisk::Read { .. }) => {
                "leave it out with --path-exclude, or run this as a user who can read it".to_owned()
            }
            Self::Registry(error) => of_registry(error),
            Self::BadImage { .. } => {
                "look at it with 'skopeo inspect', and pull or build it again; or name another one".to_owned()
            }
            Self::NoPlatform { .. } => "choose an image for that platform, or another --arch".to_owned(),
            Self::NoLayout { .. } => {
                "name a folder that is not there yet, or one that 'aptlet bake' or skopeo has made".to_owned()
            }
        }
    }
}

/// What to do about a registry: what is said of mirrors does not help, since there is but one of it.
fn of_registry(error: &fetch::Error) -> String {
    let hint = match error {
        fetch::Error::Status { status, .. } if matches!(status.as_u16(), 429 | 503) => {
            "wait longer with --patience, or lower --connections; many registries let those who are logged in ask more often"
        }
        fetch::Error::Status { .. } => {
            "try again later, or look in the log of the registry and of what is in front of it"
        }
        fetch::Error::NotFound { .. } => {
            "check the name and the tag of the image; some registries answer this to those who are not logged in as well"
        }
        fetch::Error::Truncated { .. } | fetch::Error::Slow { .. } => {
            "check for a proxy in front of the registry that limits size or time, or lower --min-speed"
        }
        fetch::Error::Mismatch { .. } | fetch::Error::TooLarge { .. } => {
            "check for a proxy in front of the registry that changes what it sends, or push the image again"
        }
        error => {
            let hint = error.hint().map(|hint| hint.replace("mirror", "registry"));
            return hint.unwrap_or_else(|| "look in the log of the registry".to_owned());
        }
    };
    hint.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_no_mirror() {
        let url = || "https://registry.example/v2/".to_owned();
        let status = |code: u16| fetch::Error::Status {
            url: url(),
            status: reqwest::StatusCode::from_u16(code).unwrap_or_default(),
            retry_after: None,
            tries: 1,
        };
        let silent = fetch::Error::Slow { url: url(), received: 0, seconds: 9, tries: 1 };
        let missing = fetch::Error::NotFound { url: url(), cause: String::new() };
        for error in [status(429), status(502), silent, missing] {
            let hint = Error::from(error).hint();
            assert!(!hint.contains("mirror"), "{hint}");
        }
        assert!(Error::from(status(429)).hint().contains("logged in"));
    }
}
