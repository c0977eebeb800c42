//! Relocation: paths that are compiled or written into the files of a tree are rewritten in place, at the same length,
//! so that the tree works below a prefix. Whatever names nothing that the tree has stays as it is: it is the main image's.

mod elf;
mod exact;
pub mod examine;
mod file;
mod paths;
pub mod record;
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

pub use self::exact::Left;
use self::exact::{Among, Exact, NEEDLES};
use self::file::{Done, Worker};
use self::paths::Paths;
use self::record::{Original, Record};
use self::stems::Stems;
use super::{Error, Tree};
use crate::digest::Sha256;

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

/// Paths of a tree, without `/`, and their new MD5 digests.
pub(super) type Digests = BTreeMap<PathBuf, String>;

/// What a prefix allows.
#[derive(Debug, Clone)]
pub struct Relocation {
    prefix: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// The tree will be seen at `/`.
    None,
    Exact(Exact),
    Adapted(Stems),
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
}

impl Relocation {
    /// The relocation to `prefix`: an absolute path without a slash at its end. `/` needs none.
    pub fn to(prefix: &str) -> Self {
        let form = match (prefix, Exact::to(prefix)) {
            ("/", _) => Form::None,
            (_, Some(exact)) => Form::Exact(exact),
            (_, None) => Form::Adapted(Stems::of(prefix)),
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
            Form::Adapted(stems) => stems.links().collect(),
        }
    }

    /// Rewrites the files of a tree, and the digests of them that dpkg will compare.
    pub fn apply(&self, tree: &mut Tree) -> Result<Relocated, Error> {
        let is_empty = match &self.form {
            Form::None => true,
            Form::Exact(_) => false,
            Form::Adapted(stems) => stems.is_empty(),
        };
        if is_empty {
            return Ok(Relocated::default());
        }
        let root = tree.root().to_owned();
        let mut files = Files::default();
        let paths = Paths::read(&root, |path, meta| files.add(path, meta))
            .map_err(|source| Error::write(&root, source))?;
        let fitted = self.for_tree(&root, &paths).map_err(|source| Error::write(&root, source))?;
        let mut relocated = Relocated::default();
        relocated.record.prefix.clone_from(&self.prefix);
        let mut digests = Digests::new();
        for (path, done) in fitted.rewrite(&root, &paths, &files)? {
            if let Some(changed) = done.changed {
                relocated.files += 1;
                relocated.paths += changed.edits.len();
                digests.insert(path.clone(), changed.md5);
                let edits = changed.edits.into_iter().map(|edit| (edit.offset, edit.original)).collect();
                relocated.record.files.insert(path.clone(), Original { sha256: changed.original, edits });
            }
            relocated.digests.insert(path, done.sha256);
        }
        tree.update_digests(&digests);
        Ok(relocated)
    }

    fn rewrite(&self, root: &Path, paths: &Paths, files: &Files) -> Result<Vec<(PathBuf, Done)>, Error> {
        let searcher = searcher().map_err(|source| Error::write(root, source))?;
        let next = AtomicUsize::new(0);
        let all: Mutex<Result<Vec<(PathBuf, Done)>, Error>> = Mutex::new(Ok(Vec::new()));
        let work = || {
            let mut worker = Worker::new(self, paths, &searcher);
            while let Some(path) = files.first.get(next.fetch_add(1, Ordering::Relaxed)) {
                let full = root.join(path);
                let done = worker.rewrite(&full).map_err(|source| Error::write(&full, source));
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
                scope.spawn(work);
            }
            work();
        });
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        for (path, done) in all.clone() {
            let names = files.others.get(&path).into_iter().flatten();
            all.extend(names.map(|name| (name.clone(), done.clone())));
        }
        Ok(all)
    }

    fn for_tree(&self, root: &Path, paths: &Paths) -> io::Result<Self> {
        let form = match &self.form {
            Form::Exact(exact) => Form::Exact(exact.for_tree(root, paths)?),
            other => other.clone(),
        };
        Ok(Self { form, ..self.clone() })
    }

    fn wants(&self, is_elf: bool) -> bool {
        is_elf || self.is_exact()
    }

    fn decide(&self, bytes: &[u8], at: usize, among: Among, paths: &Paths) -> Result<Vec<u8>, Left> {
        match &self.form {
            Form::None => Err(Left::NotInTheTree),
            Form::Exact(exact) => exact.decide(bytes, at, among, paths),
            Form::Adapted(_) if among.is_code() => Err(Left::Code),
            Form::Adapted(stems) => stems.decide(bytes, at, paths),
        }
    }
}

fn searcher() -> io::Result<AhoCorasick> {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(NEEDLES);
    builder.map_err(io::Error::other)
}
