//! Fetch, verify, unpack: several packages at once, each handed on as soon as it is verified.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;

use crate::error::Error;
use crate::fetch::{Client, Expected};
use crate::plan::{Artifact, Plan};
use crate::publish;
use crate::report::Running;
use crate::source::list::join;
use crate::tree::filter::Filter;
use crate::tree::{self, Allowance, Limits, Placement, Unpacked};

/// Verified files that wait for an unpacker; they lie on the destination's volume.
const WAITING: usize = 4;
/// How long a run that is stopped waits for its threads, so that what they write can be removed.
const LONGEST_WAIT: Duration = Duration::from_millis(800);
/// Each unpacker may need the 8 MiB of an ordinary xz dictionary, some 64.
const MOST_UNPACKERS: usize = 4;

/// The folder of staging where the packages are merged.
pub(crate) const TREE: &str = "tree";

/// Where a package is unpacked to before it is merged.
pub(crate) fn private_root(staging: &Path, number: usize) -> PathBuf {
    staging.join(number.to_string())
}

struct Shared {
    plan: Plan,
    client: Client,
    staging: PathBuf,
    allowance: Option<Allowance>,
    how: How,
    /// Numbers of packages, the largest first, so that none of them is left alone at the end.
    order: Vec<usize>,
    next: AtomicUsize,
    failed: AtomicBool,
    unpacked: Mutex<Vec<Option<Unpacked>>>,
    unpackers: Mutex<usize>,
    unpacker_ended: Condvar,
}

/// Ends the unpackers when the run ends, in whatever way: threads cannot be dropped as futures can.
struct Unpackers(Arc<Shared>);

impl Drop for Unpackers {
    fn drop(&mut self) {
        self.0.failed.store(true, Ordering::Relaxed);
        let unpackers = self.0.unpackers.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.0.unpacker_ended.wait_timeout_while(unpackers, LONGEST_WAIT, |count| *count > 0);
    }
}

/// Counts an unpacker out, even if it panics.
struct Unpacker(Arc<Shared>);

impl Drop for Unpacker {
    fn drop(&mut self) {
        *self.0.unpackers.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.unpacker_ended.notify_all();
    }
}

type Verified = (usize, File);

/// How packages are fetched and unpacked.
pub(crate) struct How {
    /// To one host.
    pub(crate) connections: usize,
    /// What all packages together may unpack to, in bytes.
    pub(crate) max_unpacked: Option<u64>,
    /// What is left out of them.
    pub(crate) filter: Filter,
    /// Whether they keep their owners.
    pub(crate) keep_owners: bool,
    /// Whether a group shares the volume.
    pub(crate) shared: bool,
}

/// Fetches and unpacks all packages of a plan below `staging`; the result is in the plan's order.
pub(crate) async fn run(
    plan: &Plan,
    client: &Client,
    staging: &Path,
    how: How,
    progress: &Running<'_>,
) -> Result<Vec<Unpacked>, Error> {
    let mut order: Vec<usize> = (0..plan.packages.len()).collect();
    order.sort_by_key(|number| Reverse(plan.packages[*number].size));
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        client: client.clone(),
        staging: staging.to_owned(),
        allowance: how.max_unpacked.map(Allowance::new),
        how,
        order,
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        unpacked: Mutex::new(plan.packages.iter().map(|_| None).collect()),
        unpackers: Mutex::new(0),
        unpacker_ended: Condvar::new(),
    });
    let hosts: BTreeSet<Option<String>> = plan
        .sources
        .iter()
        .flat_map(|source| &source.uris)
        .map(|uri| Url::parse(uri).ok().and_then(|uri| uri.host_str().map(str::to_owned)))
        .collect();
    let fetchers = (shared.how.connections * hosts.len()).clamp(1, plan.packages.len().max(1));
    let unpackers = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_UNPACKERS);

    let (sender, receiver) = mpsc::channel::<Verified>(WAITING);
    let (done, mut fetched) = mpsc::unbounded_channel::<u64>();
    let receiver = Arc::new(Mutex::new(receiver));
    // dropped after the tasks, whose end it waits for
    let _unpackers = Unpackers(Arc::clone(&shared));
    let mut tasks = JoinSet::new();
    for _ in 0..fetchers {
        let (shared, sender, done) = (Arc::clone(&shared), sender.clone(), done.clone());
        tasks.spawn(async move { shared.fetch(&sender, &done).await });
    }
    drop((sender, done));
    for _ in 0..unpackers {
        let (shared, receiver) = (Arc::clone(&shared), Arc::clone(&receiver));
        *shared.unpackers.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let counted = Unpacker(Arc::clone(&shared));
        tasks.spawn_blocking(move || {
            let result = shared.unpack(&receiver);
            drop(counted);
            result
        });
    }
    drop(receiver);

    let mut first_error = None;
    loop {
        let joined = tokio::select! {
            Some(bytes) = fetched.recv() => {
                progress.advance(bytes);
                continue;
            }
            joined = tasks.join_next() => joined,
        };
        let Some(joined) = joined else { break };
        let result = joined.unwrap_or_else(|error| match error.is_cancelled() {
            true => Ok(()),
            false => Err(Error::Internal(error.to_string())),
        });
        if let Err(error) = result
            && first_error.is_none()
        {
            first_error = Some(error);
            shared.failed.store(true, Ordering::Relaxed);
            tasks.abort_all();
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    let unpacked = std::mem::take(&mut *shared.unpacked.lock().unwrap_or_else(PoisonError::into_inner));
    let complete: Option<Vec<Unpacked>> = unpacked.into_iter().collect();
    complete.ok_or_else(|| Error::Internal("a package was not unpacked".to_owned()))
}

impl Shared {
    async fn fetch(
        &self,
        sender: &mpsc::Sender<Verified>,
        done: &mpsc::UnboundedSender<u64>,
    ) -> Result<(), Error> {
        while let Some(number) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let artifact = &self.plan.packages[*number];
            // without a name, so that a crash leaves nothing
            let mut file = tempfile::tempfile_in(&self.staging)
                .map_err(|source| publish::Error::Write { path: self.staging.clone(), source })?;
            let expected = Expected { size: artifact.size, checksum: artifact.sha256.into() };
            let urls = urls(&self.plan, artifact)?;
            self.client
                .download(&urls, expected, &mut file, &|_| {})
                .await
                .map_err(|source| Error::Package { package: artifact.label(), source })?;
            let _ = done.send(artifact.size);
            if sender.send((*number, file)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn unpack(&self, receiver: &Mutex<mpsc::Receiver<Verified>>) -> Result<(), Error> {
        loop {
            let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            let Some((number, mut file)) = next else { return Ok(()) };
            if self.failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            let artifact = &self.plan.packages[number];
            let root = private_root(&self.staging, number);
            let limits = Limits { allowance: self.allowance.as_ref(), ..Limits::for_artifact(artifact) };
            let How { keep_owners, shared, ref filter, .. } = self.how;
            let filter = Some(filter).filter(|filter| !filter.is_empty());
            let placement = Placement { filter, keep_owners, shared };
            let unpacked = tree::unpack(&mut file, artifact, &root, &limits, placement)?;
            self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(unpacked);
        }
    }
}

fn urls(plan: &Plan, artifact: &Artifact) -> Result<Vec<Url>, Error> {
    let uris = plan.source_of(artifact).map(|source| source.uris.as_slice()).unwrap_or_default();
    let urls: Vec<Url> = uris
        .iter()
        .filter_map(|uri| Url::parse(uri).ok())
        .map(|uri| join(&uri, &artifact.filename))
        .collect();
    match urls.is_empty() {
        false => Ok(urls),
        true => Err(Error::Lock(crate::lock::Error::Inconsistent {
            path: "aptlet.lock".into(),
            reason: format!("source '{}' has no URI that can be read", artifact.source),
        })),
    }
}
