//! Of paths in programs, whatever a prefix leaves room for: a path of the tree gets a link with a short name, and stands in
//! the program through it, as long as before. The name is what the prefix leaves of the path: for `/opt/tools`,
//! `/usr/share/perl5/X` becomes `/opt/tools/r/rl5/X`, and `rl5` is a link to `usr/share/perl5`. So most of the path stays
//! what it is, which linkers may use as another string.
//!
//! Where two paths would have the same name, the second gets one made from a digest. Programs are looked through twice: for
//! what wants a name, and to write it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::digest::Sha256;

/// The link in the destination, and the folder of links in a tree that it stands for.
pub(super) const LINK: (&str, &str) = ("r", "var/lib/aptlet/r");
/// Names that are made, in letters.
const LONGEST: usize = 3;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// As many tries to make a name as there are names of two letters.
const TRIES: u32 = 4000;

/// Paths of the tree (absolute), and the names of their links.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    prefix: Vec<u8>,
    /// Those that want a name, while names are not given.
    wanted: Mutex<BTreeSet<Vec<u8>>>,
    names: HashMap<Vec<u8>, Vec<u8>>,
}

impl Aliases {
    pub(super) fn of(prefix: &str) -> Self {
        Self { prefix: format!("{prefix}/{}/", LINK.0).into_bytes(), ..Self::default() }
    }

    /// What to write over the beginning of a path, which ends where the path says, or goes on.
    pub(super) fn over(&self, path: &[u8], goes_on: bool) -> Option<Vec<u8>> {
        let (start, end) = self.place(path, goes_on)?;
        let name = self.names.get(&path[..end])?;
        if path[start..end] == **name {
            return Some(self.prefix.clone());
        }
        let slashes = end.checked_sub(self.prefix.len() + name.len())?;
        Some([&self.prefix, vec![b'/'; slashes].as_slice(), name].concat())
    }

    /// How many bytes of a path are written over, at least; `None` where there is no room.
    pub(super) fn room(&self, path: &[u8], goes_on: bool) -> Option<usize> {
        self.place(path, goes_on).map(|_| self.prefix.len())
    }

    /// Notes that a path wants a name.
    pub(super) fn want(&self, path: &[u8], goes_on: bool) {
        if let Some((_, end)) = self.place(path, goes_on) {
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(path[..end].to_vec());
        }
    }

    /// Where the name begins and ends that the prefix leaves of a path. What goes on is not all of its last name.
    fn place(&self, path: &[u8], goes_on: bool) -> Option<(usize, usize)> {
        let least = self.prefix.len();
        let start = least + path.get(least..)?.iter().position(|byte| *byte != b'/')?;
        let end = path[start..].iter().position(|byte| *byte == b'/').map(|length| start + length);
        Some((start, end.or((!goes_on).then_some(path.len()))?))
    }

    /// Gives names to all that want one.
    pub(super) fn named(self) -> Self {
        let (mut names, mut taken) = (HashMap::new(), HashSet::new());
        for path in self.wanted.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
            let own = &path[start.max(self.prefix.len())..];
            let made = (0..TRIES).map(|attempt| made(&path, own.len().min(LONGEST), attempt));
            let own = (own != b"." && own != b"..").then(|| own.to_vec());
            if let Some(name) = own.into_iter().chain(made).find(|name| !taken.contains(name)) {
                taken.insert(name.clone());
                names.insert(path, name);
            }
        }
        Self { prefix: self.prefix, wanted: Mutex::default(), names }
    }

    /// The links that a tree needs in its folder of links: their names, and where they lead from there.
    pub(super) fn links(&self) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
        let up = "../".repeat(LINK.1.split('/').count());
        self.names
            .iter()
            .map(move |(path, name)| (name.as_slice(), [up.trim_end_matches('/').as_bytes(), path].concat()))
    }
}

fn made(path: &[u8], letters: usize, attempt: u32) -> Vec<u8> {
    let digest = Sha256::of(&[path, &attempt.to_le_bytes()].concat());
    digest.0.iter().take(letters).map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(prefix: &str, paths: &[&str]) -> Aliases {
        let aliases = Aliases::of(prefix);
        for path in paths {
            aliases.want(path.as_bytes(), false);
        }
        aliases.named()
    }

    fn over(aliases: &Aliases, path: &str) -> Option<String> {
        aliases.over(path.as_bytes(), false).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The path that stands there then.
    fn written(aliases: &Aliases, path: &str) -> Option<String> {
        over(aliases, path).map(|over| format!("{over}{}", &path[over.len()..]))
    }

    #[test]
    fn the_name_is_what_the_prefix_leaves() {
        let aliases = Aliases::of("/opt/tools");
        for (path, goes_on, name) in [
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
            let place = aliases.place(path.as_bytes(), goes_on);
            assert_eq!(place.map(|(start, end)| &path[start..end]), name, "{path}");
        }
    }

    #[test]
    fn what_is_written_is_as_long_and_leads_there() {
        // the last two would have one name
        let paths = [
            "/usr/share/perl5/x",
            "/etc/ssl/certs/y",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/bin/perls",
            "/usr/bin/burls",
        ];
        let aliases = named("/opt/tools", &paths);
        let links: HashMap<String, String> = aliases
            .links()
            .map(|(name, to)| {
                (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(&to).into_owned())
            })
            .collect();
        assert_eq!(links.len(), paths.len());
        for path in paths {
            let written = written(&aliases, path).unwrap_or_default();
            assert_eq!(written.len(), path.len());
            let below = written.strip_prefix("/opt/tools/r/").unwrap_or_default().trim_start_matches('/');
            let (name, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
            assert_eq!(format!("{}{rest}", links[name]), format!("../../../..{path}"));
        }
        assert_eq!(written(&aliases, "/usr/share/perl5/x").as_deref(), Some("/opt/tools/r/rl5/x"));
        assert_eq!(over(&aliases, "/usr/share/other/x"), None, "nobody wanted it");
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
