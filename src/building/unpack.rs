//! Unpack: verified packages, each into a root of its own, by a few threads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::fetch::VerifiedDeb;
use super::staging::private_root;
use crate::error::Error;
use crate::plan::Plan;
use crate::tree::filter::Filter;
use crate::tree::{self, Allowance, Limits, Placement, Unpacked};

/// How long a run that is stopped waits for its threads, so that what they write can be removed.
const LONGEST_WAIT: Duration = Duration::from_millis(800);
/// Packages that are unpacked at once. Each may need the 8 MiB of an ordinary xz dictionary, some 64.
const MOST_AT_ONCE: usize = 4;

/// How packages are unpacked.
#[derive(Debug, Clone)]
pub(crate) struct Unpacking {
    /// What all packages together may unpack to, in bytes.
    pub(crate) most: Option<u64>,
    /// What is left out of them.
    pub(crate) filter: Filter,
    /// Whether they keep their owners.
    pub(crate) keep_owners: bool,
    /// Whether a group shares the volume.
    pub(crate) shared: bool,
}

/// Unpacks the packages of a plan below `staging` as they come; the result is in the plan's order.
///
/// # Errors
/// The first package that cannot be unpacked.
pub(crate) async fn unpack(
    plan: &Arc<Plan>,
    staging: &Path,
    how: &Unpacking,
    mut verified: mpsc::Receiver<VerifiedDeb>,
) -> Result<Vec<Unpacked>, Error> {
    let most = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE);
    let job = Arc::new(Job {
        plan: Arc::clone(plan),
        staging: staging.to_owned(),
        allowance: how.most.map(Allowance::new),
        how: how.clone(),
    });
    let mut unpacked: Vec<Option<Unpacked>> = plan.packages.iter().map(|_| None).collect();
    // dropped after the tasks, whose end it waits for
    let running = Threads::default();
    let mut tasks = JoinSet::new();
    let mut more = true;
    loop {
        tokio::select! {
            next = verified.recv(), if more && tasks.len() < most => match next {
                Some(package) => {
                    let (job, running) = (Arc::clone(&job), running.start_one());
                    tasks.spawn_blocking(move || {
                        let result = job.unpack(package);
                        drop(running);
                        result
                    });
                }
                None => more = false,
            },
            Some(joined) = tasks.join_next() => {
                let (number, package) = joined.map_err(|error| Error::Internal(error.to_string()))??;
                unpacked[number] = Some(package);
            }
            else => break,
        }
    }
    let complete: Option<Vec<Unpacked>> = unpacked.into_iter().collect();
    complete.ok_or_else(|| Error::Internal("a package was not unpacked".to_owned()))
}

struct Job {
    plan: Arc<Plan>,
    staging: PathBuf,
    allowance: Option<Allowance>,
    how: Unpacking,
}

impl Job {
    fn unpack(&self, (number, mut file): VerifiedDeb) -> Result<(usize, Unpacked), Error> {
        let artifact = &self.plan.packages[number];
        let root = private_root(&self.staging, number);
        let limits = Limits { allowance: self.allowance.as_ref(), ..Limits::for_artifact(artifact) };
        let Unpacking { keep_owners, shared, ref filter, .. } = self.how;
        let filter = Some(filter).filter(|filter| !filter.is_empty());
        let placement = Placement { filter, keep_owners, shared };
        Ok((number, tree::unpack(&mut file, artifact, &root, &limits, placement)?))
    }
}

/// Counts the threads, and waits for them when the run ends, in whatever way: they cannot be dropped as futures can.
#[derive(Default)]
struct Threads(Arc<(Mutex<usize>, Condvar)>);

impl Threads {
    fn start_one(&self) -> Thread {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Thread(Arc::clone(&self.0))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let (count, ended) = &*self.0;
        let count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.wait_timeout_while(count, LONGEST_WAIT, |count| *count > 0);
    }
}

/// One of them, counted out even if it panics.
struct Thread(Arc<(Mutex<usize>, Condvar)>);

impl Drop for Thread {
    fn drop(&mut self) {
        let (count, ended) = &*self.0;
        *count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ended.notify_all();
    }
}
