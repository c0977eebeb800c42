//! The three forms of relocation, of which a prefix has one: none, exact or adapted.

use std::path::Path;

use super::adapted::Adapted;
use super::error::Error;
use super::exact::Exact;
use super::kept::Kept;
use super::paths::Paths;
use super::region::Region;
use super::top_level::TopLevel;

/// How paths are rewritten.
#[derive(Debug)]
pub(super) enum Form {
    /// The tree will be seen at `/`.
    None,
    /// For a prefix such as `/p`.
    Exact(Exact),
    /// For any other, such as `/opt/tools`.
    Adapted(Adapted),
}

impl Form {
    /// For a prefix: an absolute path without a slash at its end, or `/`.
    pub(super) fn to(prefix: &str) -> Self {
        match (prefix, Exact::to(prefix)) {
            ("/", _) => Self::None,
            (_, Some(exact)) => Self::Exact(exact),
            (_, None) => Self::Adapted(Adapted::to(prefix)),
        }
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::None => Vec::new(),
            Self::Exact(_) => Exact::links().collect(),
            Self::Adapted(adapted) => adapted.links().collect(),
        }
    }

    /// The same for one tree, with what must be known of it before its files are looked through.
    pub(super) fn for_tree(self, root: &Path, paths: &Paths) -> Result<Self, Error> {
        Ok(match self {
            Self::None => Self::None,
            Self::Exact(exact) => Self::Exact(exact.for_tree(root, paths)?),
            Self::Adapted(adapted) => Self::Adapted(adapted.for_tree(root, paths)?),
        })
    }

    /// The same after a first pass over all files: with names for the path links that are wanted.
    pub(super) fn named(self) -> Self {
        match self {
            Self::Adapted(adapted) => Self::Adapted(adapted.named()),
            other => other,
        }
    }

    pub(super) fn exact(&self) -> Option<&Exact> {
        match self {
            Self::Exact(exact) => Some(exact),
            _ => None,
        }
    }

    pub(super) fn adapted(&self) -> Option<&Adapted> {
        match self {
            Self::Adapted(adapted) => Some(adapted),
            _ => None,
        }
    }

    /// What stands for the name of a directory at the top of the tree, where the path of it is joined from names; a text that
    /// `may_grow` takes it whatever its length.
    pub(super) fn joined(&self, top: &TopLevel, may_grow: bool) -> Option<Vec<u8>> {
        let path = match self {
            Self::None => return None,
            Self::Exact(exact) => exact.link(top),
            Self::Adapted(adapted) => adapted.place_of(top).into_bytes(),
        };
        (may_grow || path.len() == top.path.len()).then(|| path[1..].to_vec())
    }

    /// What to write over the path at `at`, as long as that; `alone` bytes of it are part of no other string.
    pub(super) fn replacement(
        &self,
        bytes: &[u8],
        at: usize,
        (region, alone): (Region, usize),
        paths: &Paths,
    ) -> Result<Vec<u8>, Kept> {
        match self {
            Self::None => Err(Kept::NotInTheTree),
            Self::Exact(exact) => exact.replacement(bytes, at, region, paths),
            Self::Adapted(adapted) => adapted.replacement(bytes, at, (region, alone), paths),
        }
    }
}
