//! Short links for the great folders of `/usr`, for paths in programs of the adapted form.
//!
//! A folder has a link of one letter in the destination, if the prefix leaves room for it. Slashes fill up. For the prefix
//! `/tmp/p`, the link `s` stands for `/usr/share`, and `/usr/share/perl5` becomes `/tmp/p/s///perl5`: as long as before,
//! whatever follows. The prefix `/opt/tools` is itself as long as
//! `/usr/share`, so that there is room for none of these links: it needs those of [`super::path_links`].

/// The folders that may have a link. The first of them that a path begins with counts.
const FOLDERS: [Folder; 5] = [
    Folder { path: "/usr/share", link: "s" },
    Folder { path: "/usr/libexec", link: "x" },
    Folder { path: "/usr/lib", link: "l" },
    Folder { path: "/usr/sbin", link: "a" },
    Folder { path: "/usr/bin", link: "b" },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folder {
    path: &'static str,
    link: &'static str,
}

/// The folders that have a link, and what is written over their paths: `/tmp/p/s//`, as long as `/usr/share`.
#[derive(Debug, Clone)]
pub(super) struct FolderLinks(Vec<(Folder, Vec<u8>)>);

impl FolderLinks {
    /// Those that fit the prefix, which has no slash at its end.
    pub(super) fn of(prefix: &str) -> Self {
        let fitting = |folder: Folder| {
            let mut target = format!("{prefix}/{}", folder.link).into_bytes();
            if target.len() > folder.path.len() {
                return None;
            }
            target.resize(folder.path.len(), b'/');
            Some((folder, target))
        };
        Self(FOLDERS.into_iter().filter_map(fitting).collect())
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().map(|(folder, _)| (folder.link, folder.path.trim_start_matches('/')))
    }

    /// What to write over the beginning of a path.
    pub(super) fn replacement(&self, path: &[u8]) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|(folder, _)| {
            path.strip_prefix(folder.path.as_bytes())
                .is_some_and(|below| below.first().is_none_or(|byte| *byte == b'/'))
        });
        found.map(|(_, target)| target.clone())
    }
}
