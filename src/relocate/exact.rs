//! The exact form, for a prefix of a slash and one letter or digit: every path can be rewritten in place, in text and in programs.
//!
//! Each directory at the top of the tree has a link at the destination, and the link's path is as long as the directory's
//! own. `/p/u` stands for `/usr`, so `/usr/lib/git-core` becomes `/p/u/lib/git-core`. Slashes fill up where the link would be
//! shorter: `/sbin` becomes `/p//s`.

use std::path::Path;

use super::decide::decide;
use super::error::Error;
use super::kept::Kept;
use super::ld_library_path::RenamedVariable;
use super::paths::Paths;
use super::region::Region;
use super::top_level::{TOP_LEVEL, TopLevel};

/// The exact relocation to one prefix.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    letter: u8,
    variable: Option<RenamedVariable>,
}

impl Exact {
    /// For a prefix of a slash and one letter or digit.
    pub(super) fn to(prefix: &str) -> Option<Self> {
        match prefix.as_bytes() {
            [b'/', letter] if letter.is_ascii_alphanumeric() => {
                Some(Self { letter: *letter, variable: None })
            }
            _ => None,
        }
    }

    /// The same for one tree, whose dynamic linker may be told to look at a variable of its own.
    pub(super) fn for_tree(&self, root: &Path, paths: &Paths) -> Result<Self, Error> {
        Ok(Self { variable: RenamedVariable::of(root, paths, self.letter)?, ..self.clone() })
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links() -> impl Iterator<Item = (&'static str, &'static str)> {
        TOP_LEVEL.iter().map(|top| (top.link, top.target))
    }

    /// What to write over the path, or the name of the linker's variable, that begins at `at`.
    pub(super) fn replacement(
        &self,
        bytes: &[u8],
        at: usize,
        region: Region,
        paths: &Paths,
    ) -> Result<Vec<u8>, Kept> {
        let (before, rest) = bytes.split_at(at);
        if rest.starts_with(b"L") {
            let renamed =
                self.variable.as_ref().and_then(|variable| variable.replacement(before, rest, region));
            return renamed.ok_or(Kept::NotABeginning);
        }
        decide(bytes, at, region, paths).map(|found| self.link(found.top))
    }

    /// What stands for a directory at the top of the tree, as long as its own path.
    pub(super) fn link(&self, top: &TopLevel) -> Vec<u8> {
        let slashes = "/".repeat(top.path.len() - top.link.len() - 2);
        format!("/{}{slashes}{}", char::from(self.letter), top.link).into_bytes()
    }
}
