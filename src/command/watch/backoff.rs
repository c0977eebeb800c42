//! When to try again.

use std::time::Duration;

use crate::fetch::jittered;

/// The longest that the first wait can be.
const FIRST: Duration = Duration::from_secs(5);
/// The longest that any wait can be.
const LONGEST: Duration = Duration::from_mins(5);

/// Waits that double with each failure, each of them shortened by chance by up to a half.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let doublings = self.failures.min(16);
        self.failures += 1;
        jittered(FIRST.saturating_mul(1 << doublings).min(LONGEST))
    }
}

/// An interval, shortened by chance by up to a tenth.
pub(super) fn earlier(interval: Duration) -> Duration {
    interval * 4 / 5 + jittered(interval / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_five_minutes() {
        let mut backoff = Backoff::default();
        for most in [5, 10, 20, 40, 80, 160, 300, 300, 300] {
            let (wait, most) = (backoff.next(), Duration::from_secs(most));
            assert!(wait >= most / 2 && wait <= most, "{wait:?} for {most:?}");
        }
        backoff.failures = u32::MAX - 1;
        assert!(backoff.next() <= LONGEST);
        let after_a_success = Backoff::default().next();
        assert!(after_a_success <= FIRST);
    }

    #[test]
    fn an_interval_is_shortened_a_little() {
        for seconds in [1, 60, 21_600] {
            let interval = Duration::from_secs(seconds);
            let wait = earlier(interval);
            assert!(wait <= interval && wait >= interval * 9 / 10, "{wait:?}");
        }
    }
}
