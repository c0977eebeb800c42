//! Which failures are tried again, and when.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use super::cause::Cause;
use super::error::Error;

/// No wait between two tries is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(5);
/// A server's `Retry-After` is honoured up to here.
const LONGEST_ASKED: Duration = Duration::from_secs(30);

/// The tries of one request.
#[derive(Debug, Clone)]
pub(super) struct Retry {
    retries: u32,
    base: Duration,
    failures: u32,
}

impl Retry {
    /// `retries` further tries after the first; the first wait is about `base`.
    pub(super) fn new(retries: u32, base: Duration) -> Self {
        Self { retries, base, failures: 0 }
    }

    /// Forgets earlier failures: new bytes have arrived.
    pub(super) fn progress(&mut self) {
        self.failures = 0;
    }

    /// Waits until the next try is due, or gives the error back if there shall be none.
    pub(super) async fn after(&mut self, error: Error) -> Result<(), Error> {
        self.failures += 1;
        if !error.is_transient() || self.failures > self.retries {
            return Err(error.tried(self.failures));
        }
        let wait = self.wait(&error);
        tracing::warn!("{error}; trying again in {} ms", wait.as_millis());
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn wait(&self, error: &Error) -> Duration {
        match error {
            Error::Status { retry_after: Some(asked), .. } => (*asked).min(LONGEST_ASKED),
            // a Service whose pod is starting: it costs nothing to ask again soon
            Error::Unreachable { cause: Cause::Refused, .. } => jittered(self.base),
            _ => {
                let doublings = self.failures.saturating_sub(1).min(16);
                jittered(self.base.saturating_mul(1 << doublings).min(LONGEST))
            }
        }
    }
}

/// Between half and all of `wait`, so that a thousand pods do not come back in step.
pub(crate) fn jittered(wait: Duration) -> Duration {
    // a fresh RandomState is seeded by the system; a generator of its own would be one more dependency
    let random = RandomState::new().build_hasher().finish();
    let half = wait / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    half + Duration::from_nanos(random % nanos.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable(cause: Cause) -> Error {
        Error::Unreachable { url: "http://mirror.example/".to_owned(), cause, proxied: false, tries: 1 }
    }

    #[test]
    fn waits_longer_each_time_but_not_for_ever() {
        let mut retry = Retry::new(3, Duration::from_millis(250));
        for (failures, least, most) in [(1, 125, 250), (2, 250, 500), (3, 500, 1000), (40, 2500, 5000)] {
            retry.failures = failures;
            let wait = retry.wait(&unreachable(Cause::Reset)).as_millis();
            assert!((least..=most).contains(&wait), "{failures}: {wait}");
        }
        assert!(retry.wait(&unreachable(Cause::Refused)) <= Duration::from_millis(250));
    }

    #[test]
    fn waits_as_the_server_asks_within_reason() {
        let retry = Retry::new(3, Duration::from_millis(250));
        for (asked, wait) in [(2, 2), (3600, 30)] {
            let error = Error::Status {
                url: String::new(),
                status: reqwest::StatusCode::SERVICE_UNAVAILABLE,
                retry_after: Some(Duration::from_secs(asked)),
                tries: 1,
            };
            assert_eq!(retry.wait(&error), Duration::from_secs(wait));
        }
    }

    #[tokio::test]
    async fn gives_up_at_once_on_what_cannot_get_better() {
        let mut retry = Retry::new(3, Duration::ZERO);
        assert!(retry.after(unreachable(Cause::Certificate("expired".to_owned()))).await.is_err());
    }
}
