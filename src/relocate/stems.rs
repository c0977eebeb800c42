//! Of paths in programs, the great folders of `/usr`: each has a short link in the destination, where the prefix leaves room
//! for it. `/usr/share/X` becomes, for the prefix `/tmp/p`, `/tmp/p/s//X`: as long as before, whatever `X` may be.

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

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().map(|(stem, _)| (stem.link, stem.path.trim_start_matches('/')))
    }

    /// What to write over the beginning of a path.
    pub(super) fn over(&self, path: &[u8]) -> Option<Vec<u8>> {
        let stem = self.0.iter().find(|(stem, _)| {
            path.strip_prefix(stem.path.as_bytes())
                .is_some_and(|below| below.first().is_none_or(|byte| *byte == b'/'))
        });
        stem.map(|(_, target)| target.clone())
    }
}
