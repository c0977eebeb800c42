//! The files that a script sees: those of the tree, and in memory those that no tree has, such as its own in `/tmp`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::pattern::{self, Letter};
use super::value::Run;
use crate::arrange::Arrange as _;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists, is_sound, resolve};
use crate::finish::tmpfiles::is_volatile;

/// Configuration, lists, small data: nothing larger is read or copied.
const LARGEST: u64 = 8 << 20;

/// Names of one folder that are looked at for a pattern, and files that are copied with it.
const MOST_NAMES: usize = 5_000;

/// Whether something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// It was, or it was so before.
    Yes,
    /// It was not; what a package ships stays as it is.
    No,
}

impl From<bool> for Made {
    fn from(made: bool) -> Self {
        if made { Self::Yes } else { Self::No }
    }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
}

/// The files of a tree while its scripts are followed.
pub(in crate::finish::scripts) struct Files<'a> {
    pub(super) inside: Inside<'a>,
    /// Files in folders that no tree has; what they hold may be unknown.
    volatile: BTreeMap<String, Option<Vec<u8>>>,
    /// What was made here, by its place in the tree.
    own: BTreeSet<PathBuf>,
    /// What a script may have changed.
    doubtful: BTreeSet<String>,
}

impl<'a> Files<'a> {
    pub(in crate::finish::scripts) fn new(inside: Inside<'a>) -> Self {
        Self { inside, volatile: BTreeMap::new(), own: BTreeSet::new(), doubtful: BTreeSet::new() }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.inside.root()
    }

    /// What is at a path, links followed: the outer `None` where that cannot be told.
    #[allow(clippy::option_option)]
    pub(super) fn kind(&self, path: &str) -> Run<Option<Option<Kind>>> {
        let is_machine = |folder: &str| path == folder || path.starts_with(&format!("{folder}/"));
        if self.doubtful.contains(path) || ["/dev", "/proc", "/sys"].into_iter().any(is_machine) {
            return Ok(None);
        }
        if is_volatile(path) {
            let is_root = ["/run", "/tmp", "/var/run", "/var/lock", "/var/tmp"].contains(&path);
            let kind = match self.volatile.contains_key(path) {
                true => Some(Kind::File),
                false => is_root.then_some(Kind::Folder),
            };
            return Ok(Some(kind));
        }
        let root = self.root();
        let Some(place) = resolve(&root, path)? else { return Ok(Some(None)) };
        let is_folder = root.join(place).is_dir();
        Ok(Some(Some(if is_folder { Kind::Folder } else { Kind::File })))
    }

    /// Where the entry itself is, the last link not followed; `None` if its folder is not there.
    pub(super) fn entry(&self, path: &str) -> Run<Option<PathBuf>> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Ok(None) };
        let folder = resolve(&self.root(), if folder.is_empty() { "/" } else { folder })?;
        Ok(folder.map(|folder| folder.join(name)))
    }

    /// Where a link leads, as it says.
    pub(super) fn link_target(&self, path: &str) -> Run<Option<String>> {
        let root = self.root();
        let target = self.entry(path)?.and_then(|entry| fs::read_link(root.join(entry)).ok());
        Ok(target.and_then(|target| target.into_os_string().into_string().ok()))
    }

    /// The permissions and the size of a file, links followed.
    pub(super) fn meta(&self, path: &str) -> Run<Option<fs::Metadata>> {
        let root = self.root();
        Ok(resolve(&root, path)?.and_then(|place| fs::symlink_metadata(root.join(place)).ok()))
    }

    /// The text of a file: the outer `None` where there is none, the inner one where it cannot be told.
    #[allow(clippy::option_option)]
    pub(super) fn text(&self, path: &str) -> Run<Option<Option<String>>> {
        Ok(self.bytes(path)?.map(|bytes| bytes.and_then(|bytes| String::from_utf8(bytes).ok())))
    }

    #[allow(clippy::option_option)]
    pub(super) fn bytes(&self, path: &str) -> Run<Option<Option<Vec<u8>>>> {
        if path == "/dev/null" {
            return Ok(Some(Some(Vec::new())));
        }
        if let Some(content) = self.volatile.get(path) {
            return Ok(Some(content.clone()));
        }
        match self.kind(path)? {
            Some(Some(Kind::File)) => Ok(Some(inside::read(&self.root(), path, LARGEST)?)),
            Some(_) => Ok(None),
            None => Ok(Some(None)),
        }
    }

    /// Whether something may be made or changed here: nothing is there, or what was made here.
    fn is_free(&self, path: &str) -> Run<bool> {
        let root = self.root();
        let Some(entry) = self.entry(path)? else { return Ok(false) };
        let Ok(meta) = root.join(&entry).symlink_metadata() else { return Ok(true) };
        if self.own.contains(&entry) {
            return Ok(true);
        }
        // configuration and state, which scripts have a right to
        let changes = entry.starts_with("etc") || entry.starts_with("var");
        Ok(changes && meta.is_file())
    }

    /// Writes a file whose folder is there.
    pub(super) fn write(&mut self, path: &str, content: &[u8], append: bool) -> Run<Made> {
        let before = if append { self.bytes(path)?.unwrap_or(Some(Vec::new())) } else { Some(Vec::new()) };
        if is_volatile(path) {
            let whole = before.map(|before| [&before, content].concat());
            self.volatile.insert(path.to_owned(), whole);
            return Ok(Made::Yes);
        }
        let Some(before) = before else { return Ok(Made::No) };
        if !is_sound(path) || self.doubtful.contains(path) {
            return Ok(Made::No);
        }
        // through a link, as a shell would
        let root = self.root();
        let target = match resolve(&root, path)? {
            Some(place) => format!("/{}", place.display()),
            None => path.to_owned(),
        };
        if !self.is_free(&target)? {
            return Ok(Made::No);
        }
        let mode = self.meta(&target)?.map(|meta| meta.permissions());
        let made = self.inside.file(&target, &[&before, content].concat())?;
        if made {
            self.remember(&target)?;
            if let Some(mode) = mode.filter(|mode| mode.mode() & 0o7777 != 0o644) {
                self.set_mode(&target, mode.mode())?;
            }
        }
        Ok(made.into())
    }

    fn remember(&mut self, path: &str) -> Run<()> {
        let entry = self.entry(path)?;
        self.own.extend(entry);
        Ok(())
    }

    fn set_mode(&self, path: &str, mode: u32) -> Run<()> {
        if let Some(entry) = self.entry(path)? {
            let place = self.root().join(entry);
            fs::set_permissions(&place, fs::Permissions::from_mode(mode & 0o1777))
                .map_err(|source| Error::write(&place, source))?;
        }
        Ok(())
    }

    /// Gives a file that was made here a mode.
    pub(super) fn change_mode(&mut self, path: &str, mode: u32) -> Run<()> {
        let is_own = self.entry(path)?.is_some_and(|entry| self.own.contains(&entry));
        let is_link = self.link_target(path)?.is_some();
        if is_own && !is_link { self.set_mode(path, mode) } else { Ok(()) }
    }

    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Run<Made> {
        // an empty folder below /usr/local is there for an administrator (Debian Policy, section 9.1.2), and that one's is the image
        if is_volatile(path) || path == "/" || path.starts_with("/usr/local/") {
            return Ok(Made::Yes);
        }
        match self.kind(path)? {
            Some(Some(Kind::Folder)) => Ok(Made::Yes),
            Some(None) if is_sound(path) => Ok(self.inside.folder(path, mode)?.is_some().into()),
            _ => Ok(Made::No),
        }
    }

    /// A symbolic link. In place of another file only with `force`, and then of none that a package ships.
    pub(super) fn link(&mut self, target: &str, path: &str, force: bool) -> Run<Made> {
        if is_volatile(path) {
            self.volatile.insert(path.to_owned(), None);
            return Ok(Made::Yes);
        }
        let root = self.root();
        if !is_sound(path) || self.doubtful.contains(path) {
            return Ok(Made::No);
        }
        if let Some(entry) = self.entry(path)? {
            // one path by merged-usr, where the link of an alternative is yet to be: `ln -s /bin/ksh /usr/bin/ksh`
            if target.starts_with('/') && self.entry(target)?.as_ref() == Some(&entry) {
                return Ok(Made::Yes);
            }
            let place = root.join(&entry);
            let is_there = place.symlink_metadata().is_ok();
            if is_there && force && self.own.contains(&entry) {
                fs::remove_file(&place).map_err(|source| Error::write(&place, source))?;
            } else if is_there {
                return Ok(Made::Yes);
            }
        }
        let made = self.inside.link(target, path)?;
        if made {
            self.remember(path)?;
        }
        Ok(made.into())
    }

    /// A copy of a file; what is there stays.
    pub(super) fn copy(&mut self, from: &str, to: &str, mode: Option<u32>) -> Run<Made> {
        let Some(Some(content)) = self.bytes(from)? else { return Ok(Made::No) };
        let source = self.meta(from)?.map(|meta| meta.permissions().mode() & 0o777);
        let is_own = self.entry(to)?.is_some_and(|entry| self.own.contains(&entry));
        if !is_own && !is_volatile(to) && exists(&self.root(), to) {
            return Ok(Made::Yes);
        }
        let made = self.write(to, &content, false)?;
        let mode = mode.or(source).unwrap_or(0o644);
        if made == Made::Yes && !is_volatile(to) {
            self.set_mode(to, mode)?;
        }
        Ok(made)
    }

    /// A copy of a folder with all that it has.
    pub(super) fn copy_all(&mut self, from: &str, to: &str) -> Run<Made> {
        let mut queue = vec![(from.to_owned(), to.to_owned())];
        let mut count = 0;
        let mut made = Made::Yes;
        while let Some((from, to)) = queue.pop() {
            count += 1;
            if count > MOST_NAMES {
                return Ok(Made::No);
            }
            let one = if let Some(target) = self.link_target(&from)? {
                self.link(&target, &to, false)?
            } else if self.kind(&from)? == Some(Some(Kind::Folder)) {
                for name in self.names(&from)? {
                    queue.push((format!("{from}/{name}"), format!("{to}/{name}")));
                }
                self.folder(&to, 0o755)?
            } else {
                self.copy(&from, &to, None)?
            };
            if one == Made::No {
                made = Made::No;
            }
        }
        Ok(made)
    }

    /// Removes what was made here. What a package ships stays.
    pub(super) fn remove(&mut self, path: &str) -> Run<()> {
        self.volatile.remove(path);
        if let Some(entry) = self.entry(path)?
            && self.own.remove(&entry)
        {
            let place = self.root().join(entry);
            fs::remove_file(&place).map_err(|source| Error::write(&place, source))?;
        }
        Ok(())
    }

    pub(super) fn is_own(&self, path: &str) -> Run<bool> {
        let entry = self.entry(path)?;
        Ok(self.volatile.contains_key(path) || entry.is_some_and(|entry| self.own.contains(&entry)))
    }

    /// That a file may have been changed; whether that is all, since no tree has it.
    pub(super) fn forget(&mut self, path: &str) -> bool {
        if is_volatile(path) {
            self.volatile.insert(path.to_owned(), None);
            return true;
        }
        self.doubtful.insert(path.to_owned());
        false
    }

    /// What a folder has, in order.
    pub(super) fn names(&self, folder: &str) -> Run<Vec<String>> {
        let root = self.root();
        let mut names = Vec::new();
        if let Some(place) = resolve(&root, folder)?.map(|place| root.join(place))
            && place.is_dir()
        {
            for entry in fs::read_dir(&place).map_err(|source| Error::read(&place, source))?.take(MOST_NAMES)
            {
                let entry = entry.map_err(|source| Error::read(&place, source))?;
                names.extend(entry.file_name().into_string());
            }
        }
        names.arrange();
        Ok(names)
    }

    /// The absolute paths that a pattern means.
    pub(super) fn glob(&self, letters: &[Letter]) -> Run<Vec<String>> {
        if letters.first() != Some(&('/', false)) && letters.first() != Some(&('/', true)) {
            return Ok(Vec::new());
        }
        let mut found = vec![String::new()];
        for part in letters[1..].split(|(letter, _)| *letter == '/').filter(|part| !part.is_empty()) {
            let text: String = part.iter().map(|(letter, _)| *letter).collect();
            let mut next = Vec::new();
            for folder in found {
                if !pattern::is_pattern(part) {
                    next.push(format!("{folder}/{text}"));
                    continue;
                }
                for name in self.names(if folder.is_empty() { "/" } else { &folder })? {
                    let hidden = name.starts_with('.') && !text.starts_with('.');
                    if !hidden && pattern::matches(part, &name.chars().collect::<Vec<_>>()) {
                        next.push(format!("{folder}/{name}"));
                    }
                }
            }
            found = next;
            if found.len() > MOST_NAMES {
                return Ok(Vec::new());
            }
        }
        let mut there = Vec::new();
        for path in found {
            let root = self.root();
            if self.entry(&path)?.is_some_and(|entry| root.join(entry).symlink_metadata().is_ok()) {
                there.push(path);
            }
        }
        Ok(there)
    }

    /// A program that the shell would find by its name.
    pub(super) fn program(&self, name: &str) -> Option<String> {
        let root = self.root();
        let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        let mut paths = folders.into_iter().map(|folder| format!("{folder}/{name}"));
        paths.find(|path| exists(&root, path))
    }
}

/// An absolute path without `.`, `..` and doubled slashes, as the text says.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The last part of a path.
pub(super) fn name_of(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or("/")
}
