//! Layers, several at once.

use std::cmp::Reverse;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::error::Error;
use super::layers::Planned;
use crate::arrange::Arrange as _;
use crate::oci::{Content, Layer, Packing};

/// Each takes half a MiB for what it compresses.
const MOST_AT_ONCE: usize = 4;

/// Writes layers of what is below `root`, which in the image is `at`, into the folder `blobs`, in their order; what they are depends on
/// nothing else. What is in a layer is taken away: it is not needed again, and what is gone need not reach the disk.
/// `progress` is told the bytes of each.
///
/// # Errors
/// The first that cannot be written.
pub(crate) fn write_layers(
    (root, at): (&Path, &Path),
    planned: &[Planned],
    packing: Packing,
    blobs: &Path,
    progress: impl Fn(u64) + Sync,
) -> Result<Vec<Layer>, Error> {
    // the largest first, so that none of them is left alone at the end
    let mut order: Vec<usize> = (0..planned.len()).collect();
    order.arrange_by_key(|number| Reverse(planned[*number].size));
    let next = AtomicUsize::new(0);
    let written: Mutex<Vec<Option<Layer>>> = Mutex::new(planned.iter().map(|_| None).collect());
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        while let Some(&number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            match Layer::write(root, &planned[number].items, at, packing, blobs) {
                Ok(layer) => {
                    forget(root, &planned[number]);
                    progress(planned[number].size);
                    written.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(layer);
                }
                Err(error) => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.into());
                    next.store(order.len(), Ordering::Relaxed);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE);
        for _ in 1..threads.min(planned.len()) {
            // where there are no more, this one does it alone
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => {
            let written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(written.into_iter().flatten().collect())
        }
    }
}

/// What cannot be removed goes with the folder that all of it is in.
fn forget(root: &Path, layer: &Planned) {
    for item in layer.items.iter().filter(|item| item.content != Content::Directory) {
        let _ = fs::remove_file(root.join(&item.path));
    }
}
