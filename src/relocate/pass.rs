//! A pass over all files of a tree, by several threads. The adapted form takes two: see [`super::path_links`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aho_corasick::AhoCorasick;

use super::error::Error;
use super::form::Form;
use super::paths::Paths;
use super::worker::Worker;

/// A pass over all files of a tree.
pub(super) struct Pass<'a> {
    /// What the tree has.
    pub(super) paths: &'a Paths,
    /// The files, by their paths in the tree.
    pub(super) files: &'a [PathBuf],
    /// Finds the needles.
    pub(super) searcher: &'a AhoCorasick,
}

impl Pass<'_> {
    /// What `work` makes of each file, whose path is relative to the tree; nothing of some.
    pub(super) fn each<T: Send>(
        &self,
        form: &Form,
        work: impl Fn(&mut Worker<'_>, &Path) -> Result<Option<T>, Error> + Sync,
    ) -> Result<Vec<(PathBuf, T)>, Error> {
        let next = AtomicUsize::new(0);
        let all: Mutex<Result<Vec<(PathBuf, T)>, Error>> = Mutex::new(Ok(Vec::new()));
        let run = || {
            let mut worker = Worker::new(form, self.paths, self.searcher);
            while let Some(path) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = work(&mut worker, path);
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
                // where there are no more, this one does it alone
                let _ = std::thread::Builder::new().spawn_scoped(scope, run);
            }
            run();
        });
        all.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
