//! Fetch and unpack at once: each package is unpacked as soon as it is verified, while others arrive.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::fetch::fetch;
use super::unpack::{Unpacking, unpack};
use crate::error::Error;
use crate::fetch::Client;
use crate::plan::Plan;
use crate::tree::Unpacked;

/// Verified files that wait to be unpacked; they lie on the destination's volume.
const WAITING: usize = 4;

/// Fetches and unpacks all packages of a plan below `staging`, with at most so many `connections` to one host; the
/// result is in the plan's order. `progress` is told the bytes of each package that has arrived.
///
/// # Errors
/// The first of either.
pub(crate) async fn fetch_and_unpack(
    plan: &Arc<Plan>,
    client: &Client,
    staging: &Path,
    connections: usize,
    how: &Unpacking,
    progress: impl Fn(u64),
) -> Result<Vec<Unpacked>, Error> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let fetching = fetch(plan, client, staging, connections, sender, progress);
    let unpacking = unpack(plan, staging, how, receiver);
    tokio::try_join!(fetching, unpacking).map(|((), unpacked)| unpacked)
}
