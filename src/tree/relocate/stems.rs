//! What a longer prefix has room for: the great folders of `/usr`, each by a short link in the destination.
//! `/usr/share/X` becomes, for the prefix `/tmp/p`, `/tmp/p/s//X`: as long as before. What a prefix is too long for stays
//! as it is; launchers do what variables can do.

use super::exact::Left;
use super::paths::Paths;
use super::token::{begins, token};

const PARTS: [Stem; 5] = [
    Stem { path: "/usr/share", link: "s" },
    Stem { path: "/usr/libexec", link: "x" },
    Stem { path: "/usr/lib", link: "l" },
    Stem { path: "/usr/sbin", link: "a" },
    Stem { path: "/usr/bin", link: "b" },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stem {
    path: &'static str,
    link: &'static str,
}

/// The folders whose paths are rewritten, and what is written over them.
#[derive(Debug, Clone)]
pub(super) struct Stems(Vec<(Stem, Vec<u8>)>);

impl Stems {
    /// Those that fit the prefix, which has no slash at its end.
    pub(super) fn of(prefix: &str) -> Self {
        let fitting = |stem: Stem| {
            let mut target = format!("{prefix}/{}", stem.link).into_bytes();
            if target.len() > stem.path.len() {
                return None;
            }
            target.resize(stem.path.len(), b'/');
            Some((stem, target))
        };
        Self(PARTS.into_iter().filter_map(fitting).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().map(|(stem, _)| (stem.link, stem.path.trim_start_matches('/')))
    }

    /// What to write over the path that begins at `at`, if anything.
    pub(super) fn decide(&self, bytes: &[u8], at: usize, paths: &Paths) -> Result<Vec<u8>, Left> {
        let (before, rest) = bytes.split_at(at);
        if !begins(before) {
            return Err(Left::NotABeginning);
        }
        let token = token(rest);
        let stem = self.0.iter().find(|(stem, _)| {
            token.strip_prefix(stem.path.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
        });
        match stem {
            Some((_, target)) if is_ours(token, paths) => Ok(target.clone()),
            _ => Err(Left::NotInTheTree),
        }
    }
}

/// Whether a path is the tree's: something it has, or would have in a folder of its own. The great common folders
/// (`/usr/share`, `/usr/lib`) are the main image's as well, so only what lies in them counts.
fn is_ours(token: &[u8], paths: &Paths) -> bool {
    let names: Vec<&[u8]> = token.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
    let parent = || [b"/", names[..names.len() - 1].join(&b'/').as_slice()].concat();
    (names.len() >= 3 && paths.has(token)) || (names.len() >= 4 && paths.has(&parent()))
}
