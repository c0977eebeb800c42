//! Short links for single paths of a tree, for programs of the adapted form.
//!
//! A path in a program cannot grow. If it is longer than the prefix, it can be rewritten all the same: the tree gets a link
//! with a short name, and the path leads through the link. All such links are in one folder, which is `r` at the destination.
//! For the prefix `/opt/tools`:
//!
//! | in the program | becomes, as long as before | the link | leads to |
//! | --- | --- | --- | --- |
//! | `/usr/lib/git-core` | `/opt/tools/r/core` | `core` | `/usr/lib/git-core` |
//! | `/usr/share/perl5/Foo/Bar.pm` | `/opt/tools/r/rl5/Foo/Bar.pm` | `rl5` | `/usr/share/perl5` |
//! | `/usr/bin/perl` | stays | | there is room for `/opt/tools/r/` and no name |
//!
//! The name is what the beginning, `/opt/tools/r/`, leaves of the path: of `/usr/share/perl5`, `rl5`. So the end of the path
//! stays what it is. That matters, since linkers let another string be a part of this one: `core` may be used alone.
//!
//! Two paths may leave the same name, such as `/usr/bin/perls` and `/usr/bin/burls` the name `s`. The second of them gets a name
//! made from its digest, as long or shorter.
//!
//! Which paths want a link is known only when all programs have been looked through. So there are two passes: in the first,
//! [`PathLinks::want`] collects them; [`PathLinks::named`] gives them their names; and in the second,
//! [`PathLinks::replacement`] knows what to write.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::digest::Sha256;

/// The link in the destination, and the folder of links in a tree that it stands for.
pub(super) const LINK: (&str, &str) = ("r", "var/lib/aptlet/r");
/// How long a name is that is made from a digest, at most, in letters.
const LONGEST_MADE: usize = 3;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// As many tries to make a name as there are names of two letters.
const TRIES: u32 = 4000;

/// Paths of the tree (absolute), and the names of their links.
#[derive(Debug, Default)]
pub(super) struct PathLinks {
    /// What stands before each name: `/opt/tools/r/`.
    beginning: Vec<u8>,
    /// Paths that want a link, while none has a name.
    wanted: Mutex<BTreeSet<Vec<u8>>>,
    names: HashMap<Vec<u8>, Vec<u8>>,
}

impl PathLinks {
    pub(super) fn of(prefix: &str) -> Self {
        Self { beginning: format!("{prefix}/{}/", LINK.0).into_bytes(), ..Self::default() }
    }

    /// What to write over the beginning of a path. `goes_on` says that the path is not all there: `/usr/lib/python%d`.
    pub(super) fn replacement(&self, path: &[u8], goes_on: bool) -> Option<Vec<u8>> {
        let (start, end) = self.name_of(path, goes_on)?;
        let name = self.names.get(&path[..end])?;
        if path[start..end] == **name {
            return Some(self.beginning.clone());
        }
        let slashes = end.checked_sub(self.beginning.len() + name.len())?;
        Some([&self.beginning, vec![b'/'; slashes].as_slice(), name].concat())
    }

    /// How many bytes of a path are written over, at least; `None` where there is no room.
    pub(super) fn room(&self, path: &[u8], goes_on: bool) -> Option<usize> {
        self.name_of(path, goes_on).map(|_| self.beginning.len())
    }

    /// Notes that a path wants a link.
    pub(super) fn want(&self, path: &[u8], goes_on: bool) {
        if let Some((_, end)) = self.name_of(path, goes_on) {
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(path[..end].to_vec());
        }
    }

    /// Where in a path the name begins and ends that the beginning leaves of it. The last part of a path that goes on is no
    /// name, since it is not all there.
    fn name_of(&self, path: &[u8], goes_on: bool) -> Option<(usize, usize)> {
        let least = self.beginning.len();
        let start = least + path.get(least..)?.iter().position(|byte| *byte != b'/')?;
        let end = path[start..].iter().position(|byte| *byte == b'/').map(|length| start + length);
        Some((start, end.or((!goes_on).then_some(path.len()))?))
    }

    /// Gives names to all that want a link.
    pub(super) fn named(self) -> Self {
        let (mut names, mut taken) = (HashMap::new(), HashSet::new());
        for path in self.wanted.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
            let own = &path[start.max(self.beginning.len())..];
            let made = (0..TRIES).map(|attempt| made(&path, own.len().min(LONGEST_MADE), attempt));
            let own = (own != b"." && own != b"..").then(|| own.to_vec());
            if let Some(name) = own.into_iter().chain(made).find(|name| !taken.contains(name)) {
                taken.insert(name.clone());
                names.insert(path, name);
            }
        }
        Self { beginning: self.beginning, wanted: Mutex::default(), names }
    }

    /// The links that a tree needs in its folder of links: their names, and where they lead from there.
    pub(super) fn links(&self) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
        let up = "../".repeat(LINK.1.split('/').count());
        self.names
            .iter()
            .map(move |(path, name)| (name.as_slice(), [up.trim_end_matches('/').as_bytes(), path].concat()))
    }
}

/// A name made from a digest of the path; each attempt gives another.
fn made(path: &[u8], letters: usize, attempt: u32) -> Vec<u8> {
    let digest = Sha256::of(&[path, &attempt.to_le_bytes()].concat());
    digest.0.iter().take(letters).map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(prefix: &str, paths: &[&str]) -> PathLinks {
        let links = PathLinks::of(prefix);
        for path in paths {
            links.want(path.as_bytes(), false);
        }
        links.named()
    }

    fn over(links: &PathLinks, path: &str) -> Option<String> {
        links.replacement(path.as_bytes(), false).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The path that stands there then.
    fn written(links: &PathLinks, path: &str) -> Option<String> {
        over(links, path).map(|over| format!("{over}{}", &path[over.len()..]))
    }

    #[test]
    fn the_name_is_what_the_prefix_leaves() {
        let links = PathLinks::of("/opt/tools");
        for (path, goes_on, name) in [
            ("/usr/lib/git-core", false, Some("core")),
            ("/usr/share/perl5/Foo/Bar.pm", false, Some("rl5")),
            ("/usr/bin/python3", false, Some("on3")),
            ("/usr/bin/perls", false, Some("s")),
            ("/usr/bin/perls", true, None),
            ("/usr/bin/perl", false, None),
            ("/usr/lib/tool/", true, None),
            ("/usr/lib/tool/x", false, Some("x")),
            ("/usr/lib/tools/", true, Some("s")),
            ("/usr/lib/tools/x", false, Some("s")),
            ("/usr/share/to//x", false, Some("x")),
            ("/usr/lib/x86_64-linux-gnu/%", true, Some("64-linux-gnu")),
        ] {
            let place = links.name_of(path.as_bytes(), goes_on);
            assert_eq!(place.map(|(start, end)| &path[start..end]), name, "{path}");
        }
    }

    #[test]
    fn what_is_written_is_as_long_and_leads_there() {
        // the last two would have one name
        let paths = [
            "/usr/share/perl5/x",
            "/usr/lib/git-core",
            "/etc/ssl/certs/y",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/bin/perls",
            "/usr/bin/burls",
        ];
        let links = named("/opt/tools", &paths);
        let targets: HashMap<String, String> = links
            .links()
            .map(|(name, to)| {
                (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(&to).into_owned())
            })
            .collect();
        assert_eq!(targets.len(), paths.len());
        for path in paths {
            let written = written(&links, path).unwrap_or_default();
            assert_eq!(written.len(), path.len());
            let below = written.strip_prefix("/opt/tools/r/").unwrap_or_default().trim_start_matches('/');
            let (name, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
            assert_eq!(format!("{}{rest}", targets[name]), format!("../../../..{path}"));
        }
        assert_eq!(written(&links, "/usr/share/perl5/x").as_deref(), Some("/opt/tools/r/rl5/x"));
        assert_eq!(written(&links, "/usr/lib/git-core").as_deref(), Some("/opt/tools/r/core"));
        assert_eq!(over(&links, "/usr/share/other/x"), None, "nobody wanted it");
    }

    #[test]
    fn names_do_not_depend_on_order_and_are_shared_by_none() {
        // each leaves one letter, and always the same
        let paths: Vec<String> = (0..300).map(|number| format!("/usr/bin/{number:03}x")).collect();
        let forth: Vec<&str> = paths.iter().map(String::as_str).collect();
        let back: Vec<&str> = forth.iter().rev().copied().collect();
        let (one, other) = (named("/opt/tool", &forth), named("/opt/tool", &back));
        assert_eq!(one.names, other.names);
        assert_eq!(one.names.len(), 62, "names of one letter");
        let names: HashSet<&Vec<u8>> = one.names.values().collect();
        assert_eq!(names.len(), 62);
    }
}
