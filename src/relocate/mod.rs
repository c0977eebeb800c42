//! Relocation: paths that are compiled or written into the files of a tree are rewritten, so that the tree works below a
//! prefix. Whatever names nothing that the tree has stays as it is: it is the main image's.

mod aarch64;
mod adapted;
mod aliases;
mod elf;
mod exact;
pub mod examine;
mod file;
mod ours;
mod paths;
mod program;
pub mod record;
mod references;
mod stems;
#[cfg(test)]
mod tests;
mod token;
mod variable;

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use self::adapted::Adapted;
use self::exact::Exact;
use self::file::Worker;
pub use self::ours::Left;
use self::ours::{Among, NEEDLES};
use self::paths::Paths;
use self::record::{Edit, Original, Record};
use crate::digest::Sha256;
use crate::tree::{Error, Tree};

/// Folders of aptlet's and dpkg's own records, whose paths are those of the packages; and of what only people read.
const PASSED_OVER: [&str; 11] = [
    "var/lib/dpkg",
    "var/lib/aptlet",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/doc-base",
    "usr/share/locale",
    // patterns for files of others
    "usr/share/misc",
    "usr/lib/file",
];

/// What a prefix allows.
#[derive(Debug)]
pub struct Relocation {
    prefix: String,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// The tree will be seen at `/`.
    None,
    Exact(Exact),
    Adapted(Adapted),
}

/// Files to look through.
#[derive(Debug, Default)]
struct Files {
    /// Each file once, under one of its names.
    first: Vec<PathBuf>,
    /// The other names of those that have several.
    others: HashMap<PathBuf, Vec<PathBuf>>,
    inodes: HashMap<u64, PathBuf>,
}

impl Files {
    fn add(&mut self, path: &Path, meta: &Metadata) {
        if meta.len() < 4 || PASSED_OVER.iter().any(|folder| path.starts_with(folder)) {
            return;
        }
        if meta.nlink() > 1 {
            if let Some(name) = self.inodes.get(&meta.ino()) {
                self.others.entry(name.clone()).or_default().push(path.to_owned());
                return;
            }
            self.inodes.insert(meta.ino(), path.to_owned());
        }
        self.first.push(path.to_owned());
    }
}

/// What was rewritten.
#[derive(Debug, Default)]
pub struct Relocated {
    /// Files that are not what their package has.
    pub files: usize,
    /// Paths in them.
    pub paths: usize,
    /// Digests of files as they are now, for paths of the tree without `/`.
    pub digests: BTreeMap<PathBuf, Sha256>,
    /// What was done to each file, to be kept in the tree.
    pub record: Record,
    /// Links that rewritten paths go through: their paths in the tree, and where they lead.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Files, with the paths of the tree in them that stay for lack of room.
    pub cramped: BTreeMap<PathBuf, Vec<Vec<u8>>>,
}

impl Relocation {
    /// The relocation to `prefix`: an absolute path without a slash at its end. `/` needs none.
    pub fn to(prefix: &str) -> Self {
        let form = match (prefix, Exact::to(prefix)) {
            ("/", _) => Form::None,
            (_, Some(exact)) => Form::Exact(exact),
            (_, None) => Form::Adapted(Adapted::to(prefix)),
        };
        Self { prefix: prefix.to_owned(), form }
    }

    /// Whether the tree will be seen at `/`, where everything is where it should be.
    pub fn is_none(&self) -> bool {
        matches!(self.form, Form::None)
    }

    /// Whether all paths can be rewritten, so that commands need no launchers.
    pub fn is_exact(&self) -> bool {
        matches!(self.form, Form::Exact(_))
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub fn links(&self) -> Vec<(&'static str, &'static str)> {
        match &self.form {
            Form::None => Vec::new(),
            Form::Exact(_) => Exact::links().collect(),
            Form::Adapted(adapted) => adapted.links().collect(),
        }
    }

    /// Rewrites the files of a tree, and the digests of them that dpkg will compare.
    pub fn apply(self, tree: &mut Tree) -> Result<Relocated, Error> {
        let root = tree.root().to_owned();
        let failed = |source| Error::write(&root, source);
        let mut relocated = Relocated::default();
        if self.is_none() {
            return Ok(relocated);
        }
        let mut files = Files::default();
        let paths = Paths::read(&root, |path, meta| files.add(path, meta)).map_err(failed)?;
        let searcher = searcher().map_err(failed)?;
        let all = All { root: &root, paths: &paths, files: &files.first, searcher: &searcher };
        let fitted = self.for_tree(&root, &all)?;
        let mut done = all.each(&fitted, |worker, path| worker.rewrite(&root.join(path)))?;
        for (path, one) in done.clone() {
            let names = files.others.get(&path).into_iter().flatten();
            done.extend(names.map(|name| (name.clone(), one.clone())));
        }
        relocated.record.prefix.clone_from(&fitted.prefix);
        let mut digests = BTreeMap::new();
        for (path, done) in done {
            if let Some(changed) = done.changed {
                relocated.files += 1;
                relocated.paths += changed.edits.len();
                digests.insert(path.clone(), changed.md5);
                let mut edits: Vec<Edit> = changed.edits.into_iter().map(Edit::from).collect();
                edits.sort_unstable_by_key(|edit| edit.offset);
                relocated.record.files.insert(path.clone(), Original { sha256: changed.original, edits });
            }
            if !done.cramped.is_empty() {
                relocated.cramped.insert(path.clone(), done.cramped);
            }
            relocated.digests.insert(path, done.sha256);
        }
        tree.update_digests(&digests);
        if let Some(adapted) = fitted.adapted() {
            tree.create_directory(Path::new(Adapted::FOLDER))?;
            relocated.links = adapted.tree_links();
        }
        Ok(relocated)
    }

    /// What must be known of the whole tree before its files are rewritten.
    fn for_tree(self, root: &Path, all: &All<'_>) -> Result<Self, Error> {
        let form = match self.form {
            Form::None => Form::None,
            Form::Exact(exact) => {
                Form::Exact(exact.for_tree(root, all.paths).map_err(|source| Error::write(root, source))?)
            }
            Form::Adapted(adapted) => {
                let adapted =
                    adapted.for_tree(root, all.paths).map_err(|source| Error::write(root, source))?;
                let asked = Self { form: Form::Adapted(adapted), prefix: self.prefix };
                all.each(&asked, |worker, path| worker.look_through(&root.join(path)).map(|()| None::<()>))?;
                return Ok(asked.named());
            }
        };
        Ok(Self { form, prefix: self.prefix })
    }

    fn named(self) -> Self {
        let form = match self.form {
            Form::Adapted(adapted) => Form::Adapted(adapted.named()),
            other => other,
        };
        Self { form, prefix: self.prefix }
    }

    fn adapted(&self) -> Option<&Adapted> {
        match &self.form {
            Form::Adapted(adapted) => Some(adapted),
            _ => None,
        }
    }

    /// What to write over a path, as long as that; `alone` bytes of it are part of no other string.
    fn decide(
        &self,
        bytes: &[u8],
        at: usize,
        (among, alone): (Among, usize),
        paths: &Paths,
    ) -> Result<Vec<u8>, Left> {
        match &self.form {
            Form::None => Err(Left::NotInTheTree),
            Form::Exact(exact) => exact.decide(bytes, at, among, paths),
            Form::Adapted(adapted) => adapted.decide(bytes, at, (among, alone), paths),
        }
    }
}

/// All files of a tree, by several threads.
struct All<'a> {
    root: &'a Path,
    paths: &'a Paths,
    files: &'a [PathBuf],
    searcher: &'a AhoCorasick,
}

impl All<'_> {
    /// What `work` makes of each file, whose path is relative to the tree; nothing of some.
    fn each<T: Send>(
        &self,
        relocation: &Relocation,
        work: impl Fn(&mut Worker<'_>, &Path) -> io::Result<Option<T>> + Sync,
    ) -> Result<Vec<(PathBuf, T)>, Error> {
        let next = AtomicUsize::new(0);
        let all: Mutex<Result<Vec<(PathBuf, T)>, Error>> = Mutex::new(Ok(Vec::new()));
        let run = || {
            let mut worker = Worker::new(relocation, self.paths, self.searcher);
            while let Some(path) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done =
                    work(&mut worker, path).map_err(|source| Error::write(self.root.join(path), source));
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                match (done, &mut *all) {
                    (Err(error), _) => *all = Err(error),
                    (Ok(Some(done)), Ok(list)) => list.push((path.clone(), done)),
                    (Ok(None), Ok(_)) => continue,
                    (Ok(_), Err(_)) => {}
                }
                if all.is_err() {
                    break;
                }
            }
        };
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
            for _ in 1..threads {
                scope.spawn(run);
            }
            run();
        });
        all.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn searcher() -> io::Result<AhoCorasick> {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(NEEDLES);
    builder.map_err(io::Error::other)
}
