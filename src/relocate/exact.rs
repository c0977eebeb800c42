//! The exact form: for a prefix of two characters, the folders of the root have short homes below the prefix that are as
//! long as they are themselves (`/usr` and `/p/u`), so that every path can be rewritten in place.

use std::io;
use std::path::Path;

use super::ours::{Among, Left, ROOTS, Root, ours};
use super::paths::Paths;
use super::variable::Variable;

/// The exact relocation to one prefix.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    letter: u8,
    variable: Option<Variable>,
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
    pub(super) fn for_tree(&self, root: &Path, paths: &Paths) -> io::Result<Self> {
        Ok(Self { variable: Variable::of(root, paths, self.letter)?, ..self.clone() })
    }

    /// Short homes, and the paths of the tree (without `/`) that they stand for.
    pub(super) fn links() -> impl Iterator<Item = (&'static str, &'static str)> {
        ROOTS.iter().map(|root| (root.home, root.folder))
    }

    /// What to write over the path, or the name of the linker's variable, that begins at `at`.
    pub(super) fn decide(
        &self,
        bytes: &[u8],
        at: usize,
        among: Among,
        paths: &Paths,
    ) -> Result<Vec<u8>, Left> {
        let (before, rest) = bytes.split_at(at);
        if rest.starts_with(b"L") {
            let renamed = self.variable.as_ref().and_then(|variable| variable.decide(before, rest, among));
            return renamed.ok_or(Left::NotABeginning);
        }
        ours(bytes, at, among, paths).map(|ours| self.home(ours.root))
    }

    /// As long as the root's own path: `/sbin` becomes `/p//s`.
    fn home(&self, root: &Root) -> Vec<u8> {
        let slashes = "/".repeat(root.path.len() - root.home.len() - 2);
        format!("/{}{slashes}{}", char::from(self.letter), root.home).into_bytes()
    }
}
