//! Commands of maintainer scripts that make folders, empty files, links and copies, and that are sure to run at a first
//! installation. They are done where all that they name can be told from the text; a target that is there stays.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists, is_sound, resolve};
use crate::finish::tmpfiles;

/// Copies are of configuration; LibreOffice's has 2 MiB.
const LARGEST: u64 = 8 << 20;

/// What a command makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Folder { path: String, mode: u32 },
    Empty { path: String },
    Copy { from: String, to: String },
    Link { target: String, path: String },
}

/// What a command would make; `None` where that cannot be told, or is something else.
pub(super) fn read(words: &[&str]) -> Option<Vec<Effect>> {
    let words = match words {
        [words @ .., "||", "true" | ":"] => words,
        words => words,
    };
    let mut words = words.iter().filter(|word| !matches!(**word, "2>/dev/null" | ">/dev/null" | "2>&1"));
    let program = words.next()?;
    let arguments = words.map(|word| literal(word)).collect::<Option<Vec<_>>>()?;
    let (options, names): (Vec<&str>, Vec<&str>) = split(program, &arguments)?;
    let letters = |allowed: &str| {
        options
            .iter()
            .all(|option| option.starts_with('-') && option[1..].chars().all(|c| allowed.contains(c)))
    };
    let mode = arguments.iter().position(|word| word == "-m").map_or(Some(0o755), |at| {
        u32::from_str_radix(arguments.get(at + 1)?, 8).ok().filter(|mode| *mode <= 0o7777)
    });
    let path = |name: &str| Some(name.trim_end_matches('/').to_owned()).filter(|path| is_sound(path));
    let effects = match (*program, &names[..]) {
        ("mkdir", names) if letters("pmv") => {
            let mode = mode?;
            let folders = names.iter().map(|name| Some(Effect::Folder { path: path(name)?, mode }));
            folders.collect::<Option<Vec<_>>>()?
        }
        ("install", names) if letters("dmogv") && options.iter().any(|option| option.contains('d')) => {
            let mode = mode?;
            let folders = names.iter().map(|name| Some(Effect::Folder { path: path(name)?, mode }));
            folders.collect::<Option<Vec<_>>>()?
        }
        ("touch", names) if options.is_empty() => {
            names.iter().map(|name| Some(Effect::Empty { path: path(name)? })).collect::<Option<Vec<_>>>()?
        }
        ("cp", [from, to]) if letters("pafZ") && !to.ends_with('/') => {
            vec![Effect::Copy { from: path(from)?, to: path(to)? }]
        }
        ("ucf", [from, to]) => vec![Effect::Copy { from: path(from)?, to: path(to)? }],
        ("ln", [target, link]) if letters("sfnv") && options.iter().any(|option| option.contains('s')) => {
            vec![Effect::Link { target: (*target).to_owned(), path: path(link)? }]
        }
        _ => return None,
    };
    (!effects.is_empty()).then_some(effects)
}

/// Options, and what is none; the value of an option that has one is neither.
fn split<'a>(program: &str, arguments: &'a [String]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let (mut options, mut names) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        match word {
            "--" => {}
            "-m" | "-o" | "-g" if matches!(program, "mkdir" | "install") => {
                options.push(word);
                rest.next()?;
            }
            "--debconf-ok" | "--three-way" if program == "ucf" => {}
            _ if word.starts_with("--") => return None,
            _ if word.starts_with('-') => options.push(word),
            _ => names.push(word),
        }
    }
    Some((options, names))
}

/// A word that means the same in any shell; the root that dpkg works on is ours.
fn literal(word: &str) -> Option<String> {
    let word = word.replace(['"', '\''], "");
    let word = word.trim_start_matches("${DPKG_ROOT}").trim_start_matches("$DPKG_ROOT");
    let is_plain = !word.is_empty() && !word.contains(|letter: char| "$`*?[]{}~\\<>&|;()#=".contains(letter));
    (is_plain && !word.contains(|letter: char| letter.is_control())).then(|| word.to_owned())
}

/// Does it; `false` where it cannot be done.
pub(crate) fn apply(inside: &mut Inside<'_>, effect: &Effect) -> Result<bool, Error> {
    let root = inside.root();
    let (Effect::Folder { path, .. }
    | Effect::Empty { path }
    | Effect::Copy { to: path, .. }
    | Effect::Link { path, .. }) = effect;
    if tmpfiles::is_volatile(path) || exists(&root, path) {
        return Ok(true);
    }
    match effect {
        Effect::Folder { path, mode } => Ok(inside.folder(path, *mode)?.is_some()),
        Effect::Link { target, path } => inside.link(target, path),
        Effect::Empty { path } => Ok(is_free(inside, path)? && inside.file(path, b"")?),
        Effect::Copy { from, to } => {
            let mode = resolve(&root, from)?.and_then(|source| fs::metadata(root.join(source)).ok());
            let is_plain =
                mode.is_some_and(|meta| meta.is_file() && meta.permissions().mode() & 0o777 == 0o644);
            match inside::read(&root, from, LARGEST)? {
                Some(content) if is_plain && is_free(inside, to)? => inside.file(to, &content),
                _ => Ok(false),
            }
        }
    }
}

/// Whether a file can be made here: its folder is there, and no link in its place.
fn is_free(inside: &Inside<'_>, path: &str) -> Result<bool, Error> {
    let root = inside.root();
    let Some((folder, name)) = path.rsplit_once('/') else { return Ok(false) };
    let folder = if folder.is_empty() { "/" } else { folder };
    Ok(resolve(&root, folder)?.is_some_and(|folder| root.join(folder).join(name).symlink_metadata().is_err()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    fn of(command: &str) -> Option<Vec<Effect>> {
        read(&command.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn reads_what_can_be_told() {
        let folder = |path: &str, mode| Effect::Folder { path: path.into(), mode };
        let copy = |from: &str, to: &str| Some(vec![Effect::Copy { from: from.into(), to: to.into() }]);
        assert_eq!(
            of("mkdir -p /a/b \"$DPKG_ROOT/c/\""),
            Some(vec![folder("/a/b", 0o755), folder("/c", 0o755)])
        );
        assert_eq!(of("mkdir -m 2775 -p /a 2>/dev/null || true"), Some(vec![folder("/a", 0o2775)]));
        assert_eq!(of("install -d -o x -g y -m 700 /a"), Some(vec![folder("/a", 0o700)]));
        assert_eq!(of("touch /a"), Some(vec![Effect::Empty { path: "/a".into() }]));
        assert_eq!(of("cp -p /a /b"), copy("/a", "/b"));
        assert_eq!(of("ucf --three-way --debconf-ok /a /b"), copy("/a", "/b"));
        let link = Effect::Link { target: "../a".into(), path: "/b".into() };
        assert_eq!(of("ln -sf '../a' /b"), Some(vec![link]));
        for other in [
            "mkdir $x",
            "mkdir a",
            "mkdir /a/../b",
            "mkdir -p /a && other",
            "mkdir -Z /a",
            "mkdir -m u=x /a",
            "touch -r /a /b",
            "cp -r /a /b",
            "cp /a/* /b",
            "cp /a /b /c",
            "ln /a /b",
            "ln -s /a",
            "install /a /b",
            "ucf --purge /a",
            "rm /a",
            "touch /a | other",
            "touch",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_there_stays_and_nothing_is_made_outside() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        tree.create_directory(Path::new("etc")).unwrap();
        let root = tree.root().to_owned();
        fs::write(root.join("etc/source"), "new").unwrap();
        fs::set_permissions(root.join("etc/source"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(root.join("etc/old"), "old").unwrap();
        symlink(&outside, root.join("etc/away")).unwrap();
        symlink(outside.join("file"), root.join("etc/dangling")).unwrap();
        let mut inside = Inside::new(&mut tree, 1);
        let mut run = |command: &str| {
            let effects = of(command).unwrap();
            effects.iter().all(|effect| apply(&mut inside, effect).unwrap())
        };
        assert!(
            run("cp /etc/source /etc/copy")
                && run("cp /etc/source /etc/old")
                && run("touch /etc/empty /etc/old")
        );
        assert!(run("mkdir -p /var/deep/folder") && run("ln -s source /etc/link") && run("touch /run/x"));
        for bad in [
            "cp /etc/gone /etc/x",
            "touch /etc/away/x",
            "touch /etc/dangling",
            "mkdir /etc/away/x",
            "touch /no/x",
        ] {
            assert!(!run(bad), "{bad}");
        }
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(
            [read("etc/copy"), read("etc/old"), read("etc/empty"), read("etc/link")],
            ["new", "old", "", "new"]
        );
        assert!(root.join("var/deep/folder").is_dir() && !root.join("run").exists());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
}
