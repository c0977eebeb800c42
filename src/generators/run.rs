//! Runs what scripts have called for, and keeps what was made of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::before::Before;
use super::confined::{self, Start};
use super::known::Call;
use super::room::Room;
use crate::process::memory;
use crate::tree::links::resolve_in_root;
use crate::tree::{Error, volume};

/// What was made by which call, one path a line: for the next generation.
const RECORD: &str = "var/lib/aptlet/generated";

/// Where programs are looked for that a script names without a folder.
const FOLDERS: [&str; 4] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/// Where a tree is made, and where it will be seen.
pub(crate) struct Place<'a> {
    /// The tree, its paths rewritten.
    pub(crate) root: &'a Path,
    /// The destination, which is the prefix as well.
    pub(crate) destination: &'a Path,
    /// The generation that is current, if there is one.
    pub(crate) current: Option<PathBuf>,
    /// Names in the destination, and what of the tree they stand for.
    pub(crate) links: Vec<(&'static str, &'static str)>,
    /// The time of what is made, in seconds since 1970.
    pub(crate) date: i64,
    /// The packages that ship a file; its path is relative to the root, without links.
    pub(crate) owners: &'a dyn Fn(&Path) -> Vec<String>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has run.
    Done,
    /// What it made for the generation before is taken over.
    Kept,
    /// It has not run, or failed: why.
    Not(String),
}

/// Runs each call once, in their order.
pub(crate) fn run(calls: &[Call], place: &Place<'_>) -> Result<Vec<(Call, Outcome)>, Error> {
    let mut once: Vec<&Call> = Vec::new();
    for call in calls {
        if !once.iter().any(|other| other.line() == call.line()) {
            once.push(call);
        }
    }
    let mut made: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let outcomes = match &place.current {
        Some(current) => taken_over(&once, current, place, &mut made)?,
        None => all(&once, place, &mut made)?,
    };
    if !made.is_empty() {
        let lines: String = made
            .iter()
            .flat_map(|(line, paths)| paths.iter().map(move |path| format!("{line}\t{}\n", path.display())))
            .collect();
        let path = place.root.join(RECORD);
        let write = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, lines));
        write.map_err(|source| Error::write(&path, source))?;
        stamp(&path, place.date)?;
    }
    Ok(outcomes)
}

fn all(
    calls: &[&Call],
    place: &Place<'_>,
    made: &mut BTreeMap<String, Vec<PathBuf>>,
) -> Result<Vec<(Call, Outcome)>, Error> {
    let room = match Room::open(place.destination, place.root, &place.links) {
        Ok(room) => room,
        Err(error) => {
            let reason = format!("the tree cannot be put to {}: {error}", place.destination.display());
            return Ok(calls.iter().map(|call| ((*call).clone(), Outcome::Not(reason.clone()))).collect());
        }
    };
    let folder = place.root.with_extension("generating");
    let mut outcomes = Vec::new();
    for call in calls {
        let outcome = match start_of(call, place) {
            Ok((program, arguments)) => one(call, &program, &arguments, place, &folder)?,
            Err(reason) => Err(reason),
        };
        let outcome = match outcome {
            Ok(paths) => {
                made.insert(call.line(), paths);
                Outcome::Done
            }
            Err(reason) => Outcome::Not(reason),
        };
        outcomes.push(((*call).clone(), outcome));
    }
    drop(room);
    Ok(outcomes)
}

/// Runs a program in a folder of its own; what it has made, or why it has failed.
fn one(
    call: &Call,
    program: &Path,
    arguments: &[String],
    place: &Place<'_>,
    folder: &Path,
) -> Result<Result<Vec<PathBuf>, String>, Error> {
    let work = folder.join("work");
    fs::create_dir_all(&work).map_err(|source| Error::write(&work, source))?;
    let before = Before::of(place.root, &folder.join("before"))?;
    let path = FOLDERS.map(|folder| seen(folder, place)).join(":");
    let begun = call.begins().and_then(|file| resolved(place.root, file)).map(|file| place.root.join(file));
    let rest = begun.as_ref().map(fs::read).transpose().unwrap_or_default();
    // LuaTeX ends where it has not the locale that it is told
    let locale = if place.root.join("usr/lib/locale/C.utf8").is_dir() { "C.UTF-8" } else { "C" };
    let start = Start { program, arguments, path: &path, locale, folder: &work, date: place.date };
    let ended = match confined::run(&start) {
        Ok(()) => {
            if let (Some(file), Some(rest)) = (&begun, rest) {
                let opened = fs::OpenOptions::new().append(true).open(file);
                let appended = opened.and_then(|mut file| file.write_all(&rest));
                appended.map_err(|source| Error::write(file, source))?;
            }
            let paths = before.changed()?;
            for path in &paths {
                stamp(&place.root.join(path), place.date)?;
            }
            Ok(paths)
        }
        // half of a file is worse than none, and none is worse than that of a package
        Err(reason) => {
            before.restore()?;
            Err(reason)
        }
    };
    drop(before);
    fs::remove_dir_all(folder).map_err(|source| Error::write(folder, source))?;
    Ok(ended)
}

/// The program of a call and its arguments, as they are seen at the prefix.
fn start_of(call: &Call, place: &Place<'_>) -> Result<(PathBuf, Vec<String>), String> {
    let program = match call.program.starts_with('/') {
        true => Some(call.program.clone()),
        false => {
            let mut paths = FOLDERS.iter().map(|folder| format!("{folder}/{}", call.program));
            paths.find(|path| resolved(place.root, path).is_some())
        }
    };
    let file = program.as_ref().and_then(|path| resolved(place.root, path));
    let (Some(program), Some(file)) = (program, file) else {
        return Err("the tree does not have it".to_owned());
    };
    call.is_of(&(place.owners)(&file))?;
    if let (Some(needs), Some(limit)) = (call.memory(), memory::limit())
        && memory::needed_beside(needs) > limit
    {
        let (needs, limit) = (memory::needed_beside(needs) >> 20, limit >> 20);
        return Err(format!("it needs a memory limit of {needs} MiB, and the container has {limit}"));
    }
    let arguments = call.arguments.iter().map(|argument| seen(argument, place)).collect();
    Ok((PathBuf::from(seen(&program, place)), arguments))
}

/// What the tree has by a path, links followed inside the tree.
fn resolved(root: &Path, path: &str) -> Option<PathBuf> {
    resolve_in_root(root, Path::new(path)).ok().flatten()
}

/// A path of the tree as it is seen at the prefix, also as the value of a setting; what is none stays.
fn seen(text: &str, place: &Place<'_>) -> String {
    if let Some((key, value)) = text.split_once("=/") {
        return format!("{key}={}", seen(&format!("/{value}"), place));
    }
    for (name, target) in &place.links {
        let below = text.strip_prefix('/').and_then(|text| text.strip_prefix(target));
        if let Some(below) = below.filter(|below| below.is_empty() || below.starts_with('/')) {
            return format!("{}/{name}{below}", place.destination.display());
        }
    }
    text.to_owned()
}

/// Gives a file the time of all that is made, and no writer but its owner.
fn stamp(path: &Path, date: i64) -> Result<(), Error> {
    let failed = |source| Error::write(path, source);
    let meta = path.symlink_metadata().map_err(failed)?;
    if meta.is_file() {
        let mode = meta.permissions().mode() & 0o755 | 0o444;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    volume::set_time_of_link(rustix::fs::CWD, path, date).map_err(|errno| failed(errno.into()))
}

/// Takes over what the generation before has of the same calls: a tree that is not current cannot be where it will be
/// seen while another one is.
fn taken_over(
    calls: &[&Call],
    current: &Path,
    place: &Place<'_>,
    made: &mut BTreeMap<String, Vec<PathBuf>>,
) -> Result<Vec<(Call, Outcome)>, Error> {
    let record = fs::read_to_string(current.join(RECORD)).unwrap_or_default();
    let root = place.root;
    let mut outcomes = Vec::new();
    for call in calls {
        let line = call.line();
        let known = record.lines().filter_map(|known| known.split_once('\t')).filter(|(of, _)| *of == line);
        let mut paths = Vec::new();
        for (_, path) in known {
            let path = Path::new(path);
            let (from, to) = (current.join(path), root.join(path));
            let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            // what was begun for the program may be there
            let is_free =
                to.symlink_metadata().map_or(true, |meta| meta.is_file() && (place.owners)(path).is_empty())
                    && to.parent().is_some_and(Path::is_dir);
            if plain && is_free && from.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
                // never into a file that another generation may have as well
                let removed = if to.symlink_metadata().is_ok() { fs::remove_file(&to) } else { Ok(()) };
                let copied = removed.and_then(|()| fs::copy(&from, &to));
                copied.map_err(|source| Error::write(&to, source))?;
                if let Ok(meta) = fs::metadata(&from) {
                    use std::os::unix::fs::MetadataExt as _;
                    stamp(&to, meta.mtime())?;
                }
                paths.push(path.to_owned());
            }
        }
        let outcome = if paths.is_empty() {
            Outcome::Not("another generation is in use, and a volume that has none yet is needed".to_owned())
        } else {
            Outcome::Kept
        };
        if !paths.is_empty() {
            made.insert(line, paths);
        }
        outcomes.push(((*call).clone(), outcome));
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    fn call(program: &str, arguments: &[&str]) -> Call {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Call { package: "x".to_owned(), program: program.to_owned(), arguments }
    }

    /// A tree with three programs, one of which fails; they need the machine's shell.
    fn tree(root: &Path) {
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        fs::create_dir_all(root.join("var/lib/x")).unwrap();
        fs::write(root.join("var/lib/x/shipped"), "shipped\n").unwrap();
        for (name, script) in [
            ("aspell-autobuildhash", "echo made of $0 >$1\n"),
            ("ghc-pkg", "echo half >${0%/*}/half; echo half >$1; echo odd >&2; exit 3\n"),
            ("mecab-dict-index", "echo theirs >$1\n"),
        ] {
            let path = root.join("usr/bin").join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn a_program_sees_the_tree_at_its_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().canonicalize().unwrap().join("p");
        let root = destination.join("tree");
        tree(&root);
        // as a run leaves it that was killed
        symlink("nowhere", destination.join("u")).unwrap();
        let links = vec![("u", "usr"), ("v", "var")];
        let place = |root, current| Place {
            root,
            destination: &destination,
            current,
            links: links.clone(),
            date: 77,
            owners: &|path| match path.file_name().and_then(|name| name.to_str()) {
                Some("aspell-autobuildhash") => vec!["dictionaries-common".to_owned()],
                Some("ghc-pkg") => vec!["ghc".to_owned()],
                Some("mecab-dict-index" | "shipped") => vec!["x".to_owned()],
                _ => Vec::new(),
            },
        };
        let calls = [
            call("aspell-autobuildhash", &["/var/lib/x/out"]),
            call("/usr/bin/aspell-autobuildhash", &["/var/lib/x/other"]),
            call("aspell-autobuildhash", &["/var/lib/x/out"]),
            call("ghc-pkg", &["/var/lib/x/shipped"]),
            call("ispell-autobuildhash", &[]),
            call("mecab-dict-index", &["/var/lib/x/shipped"]),
        ];
        let outcomes = run(&calls, &place(&root, None)).unwrap();
        let [(_, Outcome::Done), (_, Outcome::Done), rest @ ..] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        let reasons: Vec<_> = rest
            .iter()
            .map(|(_, outcome)| match outcome {
                Outcome::Not(reason) => reason.as_str(),
                _ => panic!("{outcome:?}"),
            })
            .collect();
        let expected =
            ["exit status: 3: odd", "the tree does not have it", "it is not the one that mecab-utils has"];
        assert_eq!(reasons, expected);
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        let program = destination.join("u/bin/aspell-autobuildhash");
        assert_eq!(read("var/lib/x/out"), format!("made of {}\n", program.display()));
        assert_eq!(read("var/lib/x/shipped"), "shipped\n");
        assert_eq!(root.join("var/lib/x/out").metadata().unwrap().mtime(), 77);
        assert_eq!(read(RECORD).lines().count(), 2);
        assert!(!root.join("usr/bin/half").exists());
        assert!(!destination.join("u").is_symlink() && !root.with_extension("generating").exists());

        // the next generation, while this one is in use
        let next = destination.join("next");
        tree(&next);
        let calls =
            ["out", "new"].map(|name| call("aspell-autobuildhash", &[format!("/var/lib/x/{name}").as_str()]));
        let outcomes = run(&calls, &place(&next, Some(root.clone()))).unwrap();
        assert!(matches!(&outcomes[..], [(_, Outcome::Kept), (_, Outcome::Not(_))]), "{outcomes:?}");
        assert_eq!(
            fs::read(next.join("var/lib/x/out")).unwrap(),
            fs::read(root.join("var/lib/x/out")).unwrap()
        );
        assert!(next.join(RECORD).exists());
    }
}
