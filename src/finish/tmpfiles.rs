//! The folders and links that tmpfiles.d(5) files ask for, as far as they last: what is below `/run` and the like is
//! made anew at each start of a machine, and is no part of a tree.

use super::dropins::{self, field, plain};
use super::error::Error;
use super::inside::{Inside, is_sound};
use super::note::Note;

/// What a container brings itself, or what another file system covers.
const VOLATILE: [&str; 8] = ["/run", "/tmp", "/dev", "/proc", "/sys", "/var/run", "/var/lock", "/var/tmp"];

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Folder {
        path: String,
        mode: u32,
    },
    Link {
        path: String,
        target: String,
    },
    /// Nothing that a tree could have: owners, modes and ages of what is there already, or volatile files.
    Nothing,
    /// A file, a copy, a device: not made here.
    Other,
}

/// Makes the folders and links; returns notes on what is left out.
pub(super) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Note>, Error> {
    let mut notes = Vec::new();
    for (path, words) in dropins::lines(&inside.root(), "tmpfiles.d")? {
        let made = match wanted(&words) {
            Wanted::Folder { path, mode } => inside.folder(&path, mode)?.is_some(),
            Wanted::Link { path, target } => inside.link(&target, &path)?,
            Wanted::Nothing => true,
            Wanted::Other => false,
        };
        if !made {
            notes.push(Note::TmpfilesLine { path, line: words.join(" ") });
        }
    }
    Ok(notes)
}

/// Whether a path is in a folder that no tree has.
pub(super) fn is_volatile(path: &str) -> bool {
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    VOLATILE.iter().any(|folder| path.strip_prefix(folder).is_some_and(is_below))
}

fn wanted(words: &[String]) -> Wanted {
    let Some((kind, path)) = words.first().zip(field(words, 1)) else { return Wanted::Other };
    if is_volatile(path) {
        return Wanted::Nothing;
    }
    let (letter, modifiers) = kind.split_at(kind.len().min(1));
    if modifiers.chars().any(|modifier| !"+!-=~^$?".contains(modifier)) {
        return Wanted::Other;
    }
    // only at boot: a tree does not boot
    if modifiers.contains('!') || "rRxXzZtThHaAmeE".contains(letter) {
        return Wanted::Nothing;
    }
    let Some(path) =
        plain(path).map(|path| path.trim_end_matches('/').to_owned()).filter(|path| is_sound(path))
    else {
        return Wanted::Other;
    };
    match letter {
        "d" | "D" | "v" | "q" | "Q" => {
            let mode = field(words, 2).map_or("0755", |mode| mode.trim_start_matches(['~', ':']));
            match u32::from_str_radix(mode, 8) {
                Ok(mode) if mode <= 0o7777 => Wanted::Folder { path, mode },
                _ => Wanted::Other,
            }
        }
        "L" => {
            let factory = || format!("/usr/share/factory{path}");
            let target =
                words.get(6..).map(|rest| rest.join(" ")).filter(|target| !matches!(&**target, "" | "-"));
            match target.map_or_else(|| Some(factory()), |target| plain(&target)) {
                Some(target) if !target.contains(char::is_control) => Wanted::Link { path, target },
                _ => Wanted::Other,
            }
        }
        _ => Wanted::Other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn makes_what_lasts() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        tree.create_directory(Path::new("usr/lib/tmpfiles.d")).unwrap();
        tree.create_directory(Path::new("var/kept")).unwrap();
        symlink(folder.path(), root.join("var/away")).unwrap();
        let text = "d /var/lib/x 2750 root adm -\nd /var/kept 0700\nd /run/x 0755\nL /etc/link - - - - ../usr/x\n\
            L+ /etc/made - - - -\nz /var/lib/x 0600\nd! /var/boot\nd /var/away/x\nf /var/file 0644 - - - text\n\
            d /var/%H\nd /var/../../up\nd relative\nd /var/bad 9\nd\nD /var/d - - -\nLx /var/l\n";
        fs::write(root.join("usr/lib/tmpfiles.d/x.conf"), text).unwrap();
        let mut inside = Inside::new(&mut tree, 1);
        let notes = apply(&mut inside).unwrap();
        assert_eq!(notes.len(), 8, "{notes:#?}");
        let link = |path: &str| fs::read_link(root.join(path)).unwrap();
        assert_eq!(link("etc/link"), Path::new("../usr/x"));
        assert_eq!(link("etc/made"), Path::new("/usr/share/factory/etc/made"));
        tree.finish().unwrap();
        let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!([mode("var/lib/x"), mode("var/lib"), mode("var/d")], [0o2750, 0o755, 0o755]);
        assert_eq!(mode("var/kept"), 0o755, "a folder that is there stays as it is");
        for path in ["run", "var/boot", "var/file", "var/bad", "var/l"] {
            assert!(!root.join(path).exists(), "{path}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing outside");
    }
}
