//! Diversions (dpkg-divert(1)): files of one package that make way for those of another. They are read from the
//! preinst scripts of all packages, and take effect as if they had been there before any package was unpacked.

use std::path::{Path, PathBuf};

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::confined::{Blocked, Confined};
use super::error::Error;
use super::note::Note;
use super::package::Unpacked;
use super::path::{self, in_tree, is_of_records, name_of};
use crate::deb::shell::{Call, calls};

/// The end of names that packages give to what merged-usr has under another.
const ALIASED: &str = ".usr-is-merged";

/// One file that is elsewhere in all packages but one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// Absolute, as packages have it.
    pub(crate) from: PathBuf,
    /// Where it is instead; absolute.
    pub(crate) to: PathBuf,
    /// The package whose own file stays; none for a local diversion.
    pub(crate) package: Option<String>,
}

/// A package, and a line of its preinst whose call of `dpkg-divert` cannot be told from the text.
pub(crate) type Unread = (String, String);

/// The diversions that preinst scripts add, and the calls that cannot be read. Fails
/// where two packages divert one file, as `dpkg-divert` does.
pub fn read(packages: &[Unpacked]) -> Result<(Vec<Diversion>, Vec<Unread>), Error> {
    let (mut diversions, mut unread) = (Vec::<(&str, Diversion)>::new(), Vec::new());
    for package in packages {
        let name = &package.artifact.name;
        let script = String::from_utf8_lossy(package.control.file("preinst").unwrap_or_default());
        for call in calls(&script, "dpkg-divert") {
            match call {
                // they keep what merged-usr moves on machines that are not merged yet, or are upgraded; this tree is neither
                Call::Unknown(line) if line.contains(ALIASED) => {}
                Call::Known(arguments) if arguments.iter().any(|argument| argument.ends_with(ALIASED)) => {}
                Call::Known(arguments) => match parse(&arguments, name) {
                    Some(diversion) => {
                        let known = diversions.iter().find(|(_, known)| known.from == diversion.from);
                        match known {
                            None => diversions.push((name, diversion)),
                            Some((first, known)) if first != name && *known != diversion => {
                                return Err(Error::Diverted {
                                    path: diversion.from,
                                    first: (*first).to_owned(),
                                    second: name.clone(),
                                });
                            }
                            Some(_) => {}
                        }
                    }
                    None if adds(&arguments) => unread.push((name.clone(), arguments.join(" "))),
                    None => {}
                },
                Call::Unknown(line) if !line.contains("--remove") => unread.push((name.clone(), line)),
                Call::Unknown(_) => {}
            }
        }
    }
    Ok((diversions.into_iter().map(|(_, diversion)| diversion).collect(), unread))
}

fn adds(arguments: &[String]) -> bool {
    let others = ["--remove", "--list", "--listpackage", "--truename", "--help", "--version", "--test"];
    !arguments.iter().any(|argument| others.contains(&argument.as_str()))
}

/// The arguments of one call; `None` where it adds nothing, or means another system than this tree.
fn parse(arguments: &[String], package: &str) -> Option<Diversion> {
    if !adds(arguments) {
        return None;
    }
    let (mut to, mut owner, mut files) = (None, Some(package.to_owned()), Vec::new());
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        let (option, given) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (argument, None),
        };
        match option {
            "--add" | "--rename" | "--no-rename" | "--quiet" => {}
            "--local" => owner = None,
            "--package" => owner = Some(given.or_else(|| rest.next())?.to_owned()),
            "--divert" => to = Some(given.or_else(|| rest.next())?.to_owned()),
            _ if option.starts_with('-') => return None,
            file => files.push(file),
        }
    }
    let [file] = files[..] else { return None };
    let to = to.unwrap_or_else(|| format!("{file}.distrib"));
    Some(Diversion { from: absolute(file)?, to: absolute(&to)?, package: owner })
}

/// A script is a package's word: what it names must stay in the tree.
fn absolute(text: &str) -> Option<PathBuf> {
    let inside = path::parse(text.strip_prefix('/')?.as_bytes()).ok()?;
    (!is_of_records(&in_tree(&inside))).then(|| Path::new("/").join(inside))
}

impl Diversion {
    /// Whether a path of a package is elsewhere because of this.
    pub(super) fn concerns(&self, package: &Unpacked, archived: &Path) -> bool {
        self.package.as_deref() != Some(package.artifact.name.as_str())
            && in_tree(archived) == in_tree(&self.from)
    }

    /// Moves the file, if the package has it, within its private root.
    pub(super) fn apply(&self, package: &mut Unpacked, private_root: &Path) -> Result<(), Error> {
        let Some(archived) = package.paths.iter().find(|path| self.concerns(package, path)).cloned() else {
            return Ok(());
        };
        let (from, to) = (in_tree(&archived), in_tree(&self.to));
        // a directory is not diverted
        if package.directories.iter().any(|directory| directory.path == from) {
            return Ok(());
        }
        // one that is left out is nowhere
        if private_root.join(&from).symlink_metadata().is_err() {
            return Ok(());
        }
        let mut confined = Confined::open(private_root)?;
        let mut enter = |path: &Path| {
            confined.enter_parent(path, &mut package.directories).map_err(|blocked| match blocked {
                Blocked::Failed(error) => error,
                Blocked::Link | Blocked::NotDirectory => Error::write(private_root.join(path), Errno::NOTDIR),
            })
        };
        let (here, there) = (enter(&from)?, enter(&to)?);
        let (old, new) = (name_of(&from), name_of(&to));
        match rustix::fs::renameat_with(&*here, old, &*there, new, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => Err(Error::Duplicate {
                package: package.artifact.label(),
                path: self.to.to_string_lossy().escape_debug().to_string(),
            }),
            moved => moved.map_err(|errno| Error::write(private_root.join(&to), errno)),
        }?;
        let owner = self.package.clone().unwrap_or_else(|| "(local)".to_owned());
        package.notes.push(Note::Diverted { path: archived, to: self.to.clone(), owner });
        Ok(())
    }
}
