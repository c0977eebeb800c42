//! The search for who has a file: which `Contents` indexes are worth a look, and what they have.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::contents::{Owners, owners};
use super::search::{AT_ONCE, PATIENCE};
use crate::source::loader::Loader;
use crate::source::release::IndexFile;
use crate::source::released::Released;

/// Why an index of files was not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// There was no time.
    Late,
    /// The mirror does not have it as the Release says: it is in the middle of an update, or behind.
    Unread,
}

/// Bytes that may be fetched: Ubuntu's three suites of one release, or all of Debian's.
const BUDGET: u64 = 128 << 20;

impl Loader {
    /// The packages of these suites that have the command or the library `name`, as their verified `Contents` indexes say;
    /// sorted; and why not all were looked into, if so.
    pub(crate) async fn owners(&self, releases: &[Released], name: &str) -> (Vec<String>, Option<Missed>) {
        let deadline = Instant::now() + PATIENCE;
        let mut budget = BUDGET;
        let mut tasks = JoinSet::new();
        let turn = Arc::new(Semaphore::new(AT_ONCE));
        for (released, files) in self.indexes_of_files(releases) {
            let Some(rest) = files[0].size.and_then(|size| budget.checked_sub(size)) else {
                tracing::debug!("{} of {} is too large to look into", files[0].path, released.url);
                continue;
            };
            budget = rest;
            let (loader, released, name, turn) =
                (self.clone(), released.clone(), name.to_owned(), Arc::clone(&turn));
            tasks.spawn(async move {
                let _turn = turn.acquire_owned().await;
                loader.owners_in(&released, &files, name).await
            });
        }
        let mut best: Option<Owners> = None;
        let mut missed = None;
        loop {
            match timeout_at(deadline, tasks.join_next()).await {
                Err(_) => {
                    missed = Some(Missed::Late);
                    break;
                }
                Ok(None) => break,
                Ok(Some(Ok(Ok(found)))) => match (&mut best, found) {
                    (Some(best), Some(more)) => best.add(more),
                    (None, more) => best = more,
                    (Some(_), None) => {}
                },
                Ok(Some(_)) => missed = Some(Missed::Unread),
            }
        }
        (best.map(|best| best.packages.into_iter().collect()).unwrap_or_default(), missed)
    }

    /// The `Contents` indexes of the components and architectures that are read, each once.
    fn indexes_of_files<'r>(&self, releases: &'r [Released]) -> Vec<(&'r Released, Vec<IndexFile>)> {
        let mut found: Vec<(&Released, Vec<IndexFile>)> = Vec::new();
        for released in releases.iter().filter(|released| !released.source.is_flat()) {
            let components = released.source.components.iter().map(String::as_str).chain([""]);
            for component in components {
                for architecture in self.architectures.iter().map(String::as_str).chain(["all"]) {
                    let files = released.release.contents_files(component, architecture);
                    let is_new = |first: &IndexFile| {
                        let same = |(other, files): &(&Released, Vec<IndexFile>)| {
                            other.url == released.url && files[0].path == first.path
                        };
                        !found.iter().any(same)
                    };
                    if files.first().is_some_and(is_new) {
                        found.push((released, files));
                    }
                }
            }
        }
        found
    }

    async fn owners_in(
        &self,
        released: &Released,
        files: &[IndexFile],
        name: String,
    ) -> Result<Option<Owners>, Missed> {
        let read = move |reader: &mut dyn std::io::Read, _| owners(reader, &name);
        self.read_index(released, files, read).await.map_err(|error| {
            tracing::debug!("cannot look into {} of {}: {error}", files[0].path, released.url);
            Missed::Unread
        })
    }
}
