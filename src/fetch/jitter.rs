//! Pauses that are not the same for all.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Between half and all of `wait`, so that a thousand pods do not come back in step.
pub(crate) fn jittered(wait: Duration) -> Duration {
    // a fresh RandomState is seeded by the system; a generator of its own would be one more dependency
    let random = RandomState::new().build_hasher().finish();
    let half = wait / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    half + Duration::from_nanos(random % nanos.max(1))
}
