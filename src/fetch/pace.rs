//! Whether a body comes fast enough: one byte every few seconds would else hold a pod up for as long as a server likes.

use std::time::Duration;

/// What has come within one stretch of waiting. Only waiting for the server counts: a consumer may take its time.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes a second.
    least: u64,
    window: Duration,
    waited: Duration,
    bytes: u64,
}

/// What one stretch of waiting came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// It is not over.
    Open,
    /// It was fast enough.
    Good,
    /// So many bytes came, which is too few.
    Slow(u64),
}

impl Pace {
    /// At least so many bytes a second, on the average of each window.
    pub(super) fn new(least: u64, window: Duration) -> Self {
        Self { least, window, waited: Duration::ZERO, bytes: 0 }
    }

    /// The time over which the average is taken.
    pub(super) fn window(&self) -> Duration {
        self.window
    }

    /// So many bytes came after so much waiting.
    pub(super) fn add(&mut self, bytes: u64, waited: Duration) -> Stretch {
        self.bytes += bytes;
        self.waited += waited;
        if self.waited < self.window {
            return Stretch::Open;
        }
        let needed = u128::from(self.least) * self.waited.as_millis() / 1000;
        let bytes = std::mem::take(&mut self.bytes);
        self.waited = Duration::ZERO;
        if u128::from(bytes) < needed { Stretch::Slow(bytes) } else { Stretch::Good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_slow_by_the_average_of_a_window() {
        let mut pace = Pace::new(100, Duration::from_secs(10));
        assert_eq!(pace.add(0, Duration::from_secs(9)), Stretch::Open);
        assert_eq!(pace.add(1000, Duration::from_secs(1)), Stretch::Good);
        assert_eq!(pace.add(999, Duration::from_secs(10)), Stretch::Slow(999));
        assert_eq!(pace.add(1, Duration::from_secs(9)), Stretch::Open, "each window begins anew");
        let mut any = Pace::new(0, Duration::from_secs(1));
        assert_eq!(any.add(0, Duration::from_secs(5)), Stretch::Good);
    }
}
