//! Why the image's own programs cannot be given the tree's libraries.

use super::version::{release_up_to, release_with};
use crate::control::dotted::Dotted;
use crate::{config, finish};

/// Why the image's own programs cannot be given the tree's libraries.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Libraries that need newer versions of symbols than the image has.
    #[error(transparent)]
    TooOld(Box<TooOld>),
    /// An image whose programs have another C library.
    #[error("the image's own programs cannot load libraries of Debian: its C library is musl, {told_by}")]
    Musl {
        /// Who says so.
        told_by: String,
    },
    /// The packages of the image.
    #[error(transparent)]
    Status(#[from] config::Error),
    /// A folder of libraries.
    #[error(transparent)]
    Read(#[from] finish::Error),
}

/// A library that needs newer versions of symbols than the image has.
#[derive(Debug, thiserror::Error)]
#[error("the image's own programs cannot load {library} of {package}: it needs {version}, and the image has {has}, {told_by}{}", besides(*others))]
pub struct TooOld {
    /// The soname of the one that needs the newest.
    pub(super) library: String,
    /// Its package.
    pub(super) package: String,
    /// The version of symbols that it needs.
    pub(super) version: String,
    /// What the image has instead.
    pub(super) has: String,
    /// Who says so.
    pub(super) told_by: String,
    /// How many other libraries need too much.
    pub(super) others: usize,
    /// What to take instead.
    pub(super) remedy: Remedy,
}

/// What fits together: a release of packages for the image, or an image for the packages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remedy {
    /// The release that the image is of.
    pub(super) release: Option<&'static str>,
    /// The glibc that the image has.
    pub(super) has: Option<Dotted>,
    /// The glibc that the libraries need.
    pub(super) needed: Option<Dotted>,
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::TooOld(lack) => Some(lack.remedy.text()),
            Self::Musl { .. } => Some(
                "leave --libraries out, since the tree's own commands work in any image; and take libraries for the image's own \
                 programs from its own distribution (apk), or an image with glibc"
                    .to_owned(),
            ),
            Self::Status(error) => error.hint(),
            Self::Read(error) => error.hint(),
        }
    }
}

impl Remedy {
    fn text(&self) -> String {
        let release = self.release.or_else(|| release_up_to(self.has.as_ref()?));
        let take =
            release.map_or("take packages of a release that is as old as the image".to_owned(), |release| {
                format!(
                    "take packages of the image's own release: --release {release} (APTLET_RELEASE={release})"
                )
            });
        let newer = self.needed.as_ref().and_then(release_with);
        let image = newer.map_or("a newer image".to_owned(), |newer| format!("an image of {newer} or newer"));
        format!(
            "{take}; or {image}; without --libraries the tree's own commands work all the same, since they have their own C library"
        )
    }
}

fn besides(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; and one other library needs too much".to_owned(),
        count => format!("; and {count} other libraries need too much"),
    }
}
