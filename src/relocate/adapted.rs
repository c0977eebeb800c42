//! The adapted form, for any other prefix: text may grow, so each path in it gets the whole prefix; in programs a path is
//! rewritten where the prefix leaves room for it, through the short links of [`super::stems`] and [`super::aliases`].

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::aliases::{self, Aliases};
use super::ours::{Among, Left, Ours, Root, goes_on, ours, root_of};
use super::paths::Paths;
use super::program::{self, Adaption, Wanted};
use super::stems::Stems;
use super::variable::Variable;
use crate::tree::libraries::library_path;

/// The adapted relocation to one prefix.
#[derive(Debug)]
pub(super) struct Adapted {
    prefix: String,
    stems: Stems,
    aliases: Aliases,
    /// Folders of libraries, below the prefix.
    libraries: Vec<String>,
    /// A script that sets it for the tree's programs would set it for the main image's, too.
    variable: Option<Variable>,
    /// Whether the links have their names.
    is_named: bool,
}

impl Adapted {
    /// The folder of links that a tree needs, without `/`.
    pub(super) const FOLDER: &str = aliases::LINK.1;

    pub(super) fn to(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            stems: Stems::of(prefix),
            aliases: Aliases::of(prefix),
            libraries: Vec::new(),
            variable: None,
            is_named: false,
        }
    }

    /// The same, with names for all links that were wanted.
    pub(super) fn named(self) -> Self {
        Self { aliases: self.aliases.named(), is_named: true, ..self }
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.stems.links().chain([aliases::LINK])
    }

    /// The links that the tree needs: their paths in it, and where they lead.
    pub(super) fn tree_links(&self) -> Vec<(PathBuf, PathBuf)> {
        let links = self.aliases.links().map(|(name, target)| {
            let path = Path::new(Self::FOLDER).join(OsStr::from_bytes(name));
            (path, PathBuf::from(OsStr::from_bytes(&target)))
        });
        links.collect()
    }

    /// The same for one tree: with its folders of libraries, and its linker's own variable, which is named after the
    /// prefix.
    pub(super) fn for_tree(mut self, root: &Path, paths: &Paths) -> io::Result<Self> {
        self.libraries =
            library_path(root).iter().map(|folder| format!("{}/{folder}", self.prefix)).collect();
        let letter = self.prefix.bytes().find(u8::is_ascii_alphanumeric);
        if let Some(letter) = letter {
            self.variable = Variable::of(root, paths, letter)?;
        }
        Ok(self)
    }

    /// See [`Variable::decide`].
    fn rename(&self, bytes: &[u8], at: usize, among: Among) -> Result<Vec<u8>, Left> {
        let (before, rest) = bytes.split_at(at);
        let renamed = self.variable.as_ref().and_then(|variable| variable.decide(before, rest, among));
        renamed.ok_or(Left::NotABeginning)
    }

    /// What a program needs to find the tree's dynamic linker and libraries.
    pub(super) fn adapt(&self, file: &File, paths: &Paths) -> io::Result<Adaption> {
        let linker = |path: &[u8]| {
            let root = root_of(path).filter(|_| paths.resolves(path))?;
            Some([self.home(root).as_bytes(), &path[root.path.len()..]].concat())
        };
        program::adapt(file, &Wanted { linker: &linker, libraries: &self.libraries, prefix: &self.prefix })
    }

    /// How many bytes of a text to replace, and by what.
    pub(super) fn decide_in_text(
        &self,
        bytes: &[u8],
        at: usize,
        paths: &Paths,
    ) -> Result<(usize, Vec<u8>), Left> {
        if bytes[at] == b'L' {
            return self.rename(bytes, at, Among::Data).map(|name| (name.len(), name));
        }
        let ours = ours(bytes, at, Among::Data, paths)?;
        Ok((ours.root.path.len(), self.home(ours.root).into_bytes()))
    }

    /// What to write over the path that begins at `at`, of which `alone` bytes are part of no other string. As long as
    /// links have no names, what wants one gets none.
    pub(super) fn decide(
        &self,
        bytes: &[u8],
        at: usize,
        (among, alone): (Among, usize),
        paths: &Paths,
    ) -> Result<Vec<u8>, Left> {
        if among == Among::Interpreter {
            return Err(Left::Replaced);
        }
        if bytes[at] == b'L' {
            return self.rename(bytes, at, among);
        }
        let Ours { path, is_part, .. } = ours(bytes, at, among, paths)?;
        if is_part {
            return Err(Left::NoRoom);
        }
        let goes_on = path.ends_with(b"/") || goes_on(path, bytes.get(at + path.len()).copied());
        let fits = |over: &Vec<u8>| over.len() <= alone;
        if let Some(over) = self.stems.over(path).filter(fits) {
            return Ok(over);
        }
        if !self.is_named && self.aliases.room(path, goes_on).is_some_and(|room| room <= alone) {
            self.aliases.want(path, goes_on);
        }
        self.aliases.over(path, goes_on).filter(fits).ok_or(Left::NoRoom)
    }

    /// Where a path of the packages is below the prefix. Trees are merged: all of `/bin` is in `/usr/bin`.
    fn home(&self, root: &Root) -> String {
        let usr = if matches!(root.folder, "usr" | "etc" | "var" | "opt") { "" } else { "usr/" };
        format!("{}/{usr}{}", self.prefix, root.folder)
    }
}
