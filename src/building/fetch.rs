//! Fetch and verify: the packages of a plan, several at once. Each is handed on as an open file without a name, whose
//! size and digest are right.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;

use crate::arrange::Arrange as _;
use crate::error::Error;
use crate::fetch::{Client, Expected};
use crate::lock;
use crate::plan::{Artifact, Plan};
use crate::source::list::join;
use crate::tree;

/// A package by its number in the plan, and its verified `.deb`.
pub(crate) type VerifiedDeb = (usize, File);

/// Fetches all packages of a plan, with at most so many `connections` to one host. The files lie in `scratch`, and are
/// handed on in the order in which they arrive; nothing more is fetched once nobody takes them. `progress` is told the
/// bytes of each.
///
/// # Errors
/// The first package that no mirror has as the plan says; a `scratch` that cannot be written to.
pub(crate) async fn fetch(
    plan: &Arc<Plan>,
    client: &Client,
    scratch: &Path,
    connections: usize,
    verified: mpsc::Sender<VerifiedDeb>,
    progress: impl Fn(u64),
) -> Result<(), Error> {
    let fetchers = (connections * hosts(plan)).clamp(1, plan.packages.len().max(1));
    let queue = Arc::new(Queue::of(plan));
    let (done, mut fetched) = mpsc::unbounded_channel();
    // what is under way is given up when this is dropped
    let mut tasks = JoinSet::new();
    for _ in 0..fetchers {
        let fetcher = Fetcher {
            plan: Arc::clone(plan),
            client: client.clone(),
            scratch: scratch.to_owned(),
            queue: Arc::clone(&queue),
            verified: verified.clone(),
            done: done.clone(),
        };
        tasks.spawn(fetcher.work());
    }
    drop(done);
    // while `verified` is held here, whoever takes the files does not believe that there are no more
    loop {
        tokio::select! {
            biased;
            Some(bytes) = fetched.recv() => progress(bytes),
            joined = tasks.join_next() => match joined {
                Some(joined) => joined.map_err(|error| Error::Internal(error.to_string()))??,
                None => {
                    drop(verified);
                    return Ok(());
                }
            },
        }
    }
}

/// On how many hosts the packages may be.
fn hosts(plan: &Plan) -> usize {
    let uris = plan.sources.iter().flat_map(|source| &source.uris);
    let host = |uri: &String| Url::parse(uri).ok().and_then(|uri| uri.host_str().map(str::to_owned));
    uris.map(host).collect::<BTreeSet<_>>().len()
}

/// Numbers of packages, the largest first, so that none of them is left alone at the end.
struct Queue {
    order: Vec<usize>,
    next: AtomicUsize,
}

impl Queue {
    fn of(plan: &Plan) -> Self {
        let mut order: Vec<usize> = (0..plan.packages.len()).collect();
        order.arrange_by_key(|number| Reverse(plan.packages[*number].size));
        Self { order, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Option<usize> {
        self.order.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }
}

struct Fetcher {
    plan: Arc<Plan>,
    client: Client,
    scratch: std::path::PathBuf,
    queue: Arc<Queue>,
    verified: mpsc::Sender<VerifiedDeb>,
    done: mpsc::UnboundedSender<u64>,
}

impl Fetcher {
    async fn work(self) -> Result<(), Error> {
        while let Some(number) = self.queue.next() {
            let artifact = &self.plan.packages[number];
            let file = self.fetch(artifact).await?;
            // whoever counts them may have gone, as whoever takes the file
            let _ = self.done.send(artifact.size);
            if self.verified.send((number, file)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn fetch(&self, artifact: &Artifact) -> Result<File, Error> {
        // without a name, so that a crash leaves nothing
        let mut file = tempfile::tempfile_in(&self.scratch)
            .map_err(|source| tree::Error::write(&self.scratch, source))?;
        let expected = Expected { size: artifact.size, checksum: artifact.sha256.into() };
        let urls = urls(&self.plan, artifact)?;
        let downloaded = self.client.download(&urls, expected, &mut file, &|_| {}).await;
        downloaded.map_err(|source| Error::Package { package: artifact.label(), source })?;
        Ok(file)
    }
}

fn urls(plan: &Plan, artifact: &Artifact) -> Result<Vec<Url>, Error> {
    let places = artifact.places().filter_map(|(id, filename)| Some((plan.source(id)?, filename)));
    let urls: Vec<Url> = places
        .flat_map(|(source, filename)| source.uris.iter().map(move |uri| (uri, filename)))
        .filter_map(|(uri, filename)| Some(join(&Url::parse(uri).ok()?, filename)))
        .collect();
    match urls.is_empty() {
        false => Ok(urls),
        true => Err(Error::Lock(lock::Error::Inconsistent {
            path: "aptlet.lock".into(),
            reason: format!("source '{}' has no URI that can be read", artifact.source),
        })),
    }
}
