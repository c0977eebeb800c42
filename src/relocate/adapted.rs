//! The adapted form, for a prefix of any length. The examples are for `/opt/tools`.
//!
//! - In text, which may grow, a path gets the whole prefix: `/usr/lib/git-core` becomes `/opt/tools/usr/lib/git-core`, and
//!   `/bin/sh` becomes `/opt/tools/usr/bin/sh`.
//! - In a program, which may not grow, a path leads through a short link, if the prefix leaves room for that:
//!   `/usr/lib/git-core` becomes `/opt/tools/r/core`. See [`super::folder_links`] and [`super::path_links`].
//! - If there is no room, as for `/usr/bin/sh`, the path stays, and [`crate::relocate::Relocated::cramped`] tells of it.
//! - The dynamic linker and the folders of libraries are named at the end of a program, where there is always room
//!   ([`super::loader`]).

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::boundaries::goes_on;
use super::decide::{TreePath, decide};
use super::error::Error;
use super::folder_links::FolderLinks;
use super::kept::Kept;
use super::ld_library_path::RenamedVariable;
use super::loader::{self, LoaderPaths, Patch};
use super::path_links::{self, PathLinks};
use super::paths::Paths;
use super::region::Region;
use super::top_level::TopLevel;
use crate::tree::libraries::library_path;

/// The adapted relocation to one prefix.
#[derive(Debug)]
pub(super) struct Adapted {
    prefix: String,
    folder_links: FolderLinks,
    path_links: PathLinks,
    /// Folders of libraries, below the prefix.
    libraries: Vec<String>,
    /// A script that sets `LD_LIBRARY_PATH` for the tree's programs would set it for the main image's, too.
    variable: Option<RenamedVariable>,
    /// Whether the path links have their names.
    is_named: bool,
}

impl Adapted {
    /// The folder of links that a tree needs, without `/`.
    pub(super) const FOLDER: &str = path_links::LINK.1;

    pub(super) fn to(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            folder_links: FolderLinks::of(prefix),
            path_links: PathLinks::of(prefix),
            libraries: Vec::new(),
            variable: None,
            is_named: false,
        }
    }

    /// The same, with names for all path links that were wanted.
    pub(super) fn named(self) -> Self {
        Self { path_links: self.path_links.named(), is_named: true, ..self }
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.folder_links.links().chain([path_links::LINK])
    }

    /// The links that the tree needs: their paths in it, and where they lead.
    pub(super) fn tree_links(&self) -> Vec<(PathBuf, PathBuf)> {
        let links = self.path_links.links().map(|(name, target)| {
            let path = Path::new(Self::FOLDER).join(OsStr::from_bytes(name));
            (path, PathBuf::from(OsStr::from_bytes(&target)))
        });
        links.collect()
    }

    /// The same for one tree: with its folders of libraries, and its linker's own variable, which is named after the
    /// prefix.
    pub(super) fn for_tree(mut self, root: &Path, paths: &Paths) -> Result<Self, Error> {
        self.libraries =
            library_path(root).iter().map(|folder| format!("{}/{folder}", self.prefix)).collect();
        let letter = self.prefix.bytes().find(u8::is_ascii_alphanumeric);
        if let Some(letter) = letter {
            self.variable = RenamedVariable::of(root, paths, letter)?;
        }
        Ok(self)
    }

    /// See [`RenamedVariable::replacement`].
    fn rename(&self, bytes: &[u8], at: usize, region: Region) -> Result<Vec<u8>, Kept> {
        let (before, rest) = bytes.split_at(at);
        let renamed = self.variable.as_ref().and_then(|variable| variable.replacement(before, rest, region));
        renamed.ok_or(Kept::NotABeginning)
    }

    /// What a program needs to find the tree's dynamic linker and libraries.
    pub(super) fn patch(&self, file: &File, paths: &Paths) -> io::Result<Patch> {
        let linker = |path: &[u8]| {
            let top = TopLevel::of(path).filter(|_| paths.resolves(path))?;
            Some([self.place_of(top).as_bytes(), &path[top.path.len()..]].concat())
        };
        loader::patch(
            file,
            &LoaderPaths { linker: &linker, libraries: &self.libraries, prefix: &self.prefix },
        )
    }

    /// How many bytes of a text to replace, and by what.
    pub(super) fn replacement_in_text(
        &self,
        bytes: &[u8],
        at: usize,
        paths: &Paths,
    ) -> Result<(usize, Vec<u8>), Kept> {
        if bytes[at] == b'L' {
            return self.rename(bytes, at, Region::Data).map(|name| (name.len(), name));
        }
        let found = decide(bytes, at, Region::Data, paths)?;
        Ok((found.top.path.len(), self.place_of(found.top).into_bytes()))
    }

    /// What to write over the path that begins at `at`, of which `alone` bytes are part of no other string. As long as
    /// path links have no names, a path that wants one stays, and is noted.
    pub(super) fn replacement(
        &self,
        bytes: &[u8],
        at: usize,
        (region, alone): (Region, usize),
        paths: &Paths,
    ) -> Result<Vec<u8>, Kept> {
        if region == Region::Interpreter {
            return Err(Kept::Replaced);
        }
        if bytes[at] == b'L' {
            return self.rename(bytes, at, region);
        }
        let TreePath { path, is_part, .. } = decide(bytes, at, region, paths)?;
        if is_part {
            return Err(Kept::NoRoom);
        }
        let goes_on = path.ends_with(b"/") || goes_on(path, bytes.get(at + path.len()).copied());
        let fits = |over: &Vec<u8>| over.len() <= alone;
        if let Some(over) = self.folder_links.replacement(path).filter(fits) {
            return Ok(over);
        }
        if !self.is_named && self.path_links.room(path, goes_on).is_some_and(|room| room <= alone) {
            self.path_links.want(path, goes_on);
        }
        self.path_links.replacement(path, goes_on).filter(fits).ok_or(Kept::NoRoom)
    }

    /// Where a directory of the packages is below the prefix. Trees are merged: all of `/bin` is in `/usr/bin`.
    pub(super) fn place_of(&self, top: &TopLevel) -> String {
        let usr = if matches!(top.target, "usr" | "etc" | "var" | "opt") { "" } else { "usr/" };
        format!("{}/{usr}{}", self.prefix, top.target)
    }
}
