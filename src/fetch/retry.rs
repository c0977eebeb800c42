//! Which failures are tried again, and when.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::cause::Cause;
use super::error::{Error, LONGEST_ASKED};
use super::host::Host;
use super::jitter::jittered;

/// No wait between two tries is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(5);
/// However often a busy server serves others meanwhile, a request waits for it no longer than so many times the patience.
const PATIENCE_AT_MOST: u32 = 10;

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Retry {
    retries: u32,
    base: Duration,
    /// `None` where a server that is busy or silent is not waited for.
    patience: Option<Duration>,
    host: Arc<Host>,
    tries: u32,
    failures: u32,
    slow: u32,
    busy: u32,
    busy_since: Option<Instant>,
}

impl Retry {
    /// `retries` further tries after the first; the first wait is about `base`.
    pub(super) fn new(retries: u32, base: Duration, patience: Option<Duration>, host: Arc<Host>) -> Self {
        Self { retries, base, patience, host, tries: 0, failures: 0, slow: 0, busy: 0, busy_since: None }
    }

    /// Forgets earlier failures: new bytes have arrived.
    pub(super) fn progress(&mut self) {
        (self.tries, self.failures, self.busy, self.busy_since) = (0, 0, 0, None);
    }

    /// Forgets that it was slow earlier.
    pub(super) fn fast_enough(&mut self) {
        self.slow = 0;
    }

    /// Waits until the next try is due, or gives the error back if there shall be none. Tells how long it waited of itself, and
    /// not because the server asked for it.
    pub(super) async fn after(&mut self, error: Error) -> Result<Duration, Error> {
        self.tries += 1;
        if self.is_over(&error) {
            if matches!(error, Error::Unreachable { .. } | Error::Slow { .. }) {
                self.host.was_given_up();
            }
            return Err(error.tried(self.tries));
        }
        let wait = self.wait(&error);
        // a server that is too busy is asked often
        if self.busy > 1 {
            tracing::debug!("{error}; trying again in {} ms", wait.as_millis());
        } else {
            tracing::warn!("{error}; trying again in {} ms", wait.as_millis());
        }
        tokio::time::sleep(wait).await;
        Ok(if error.is_busy() { Duration::ZERO } else { wait })
    }

    /// Counts a failure; whether there shall be no further try.
    fn is_over(&mut self, error: &Error) -> bool {
        if !error.is_transient() || self.retries == 0 {
            return true;
        }
        if self.patience.is_none() && error.is_silence() {
            return true;
        }
        match error {
            Error::Status { retry_after, .. } if error.is_busy() => {
                self.busy += 1;
                let asks_too_much = retry_after.is_some_and(|asked| asked > LONGEST_ASKED);
                asks_too_much || self.is_out_of_patience()
            }
            // not forgotten for a byte that comes now and then
            error if error.is_silence() => {
                self.slow += 1;
                self.slow > self.retries
            }
            _ => {
                self.failures += 1;
                self.failures > self.retries
            }
        }
    }

    /// A busy server is waited for as long as it serves somebody: with sixty pods at one mirror, all get their turn.
    fn is_out_of_patience(&mut self) -> bool {
        let first = *self.busy_since.get_or_insert_with(Instant::now);
        let Some(patience) = self.patience else { return self.busy > self.retries };
        let since = self.host.last_answer().map_or(first, |answer| answer.max(first));
        self.busy > self.retries && since.elapsed() >= patience
            || first.elapsed() >= patience.saturating_mul(PATIENCE_AT_MOST)
    }

    fn wait(&self, error: &Error) -> Duration {
        let growing = |failures: u32| {
            let doublings = failures.saturating_sub(1).min(16);
            jittered(self.base.saturating_mul(1 << doublings).min(LONGEST))
        };
        match error {
            Error::Status { retry_after: Some(asked), .. } => {
                // those who were told the same do not come back in step
                (*asked).min(LONGEST_ASKED) + jittered(self.base.max(*asked / 8))
            }
            Error::Status { .. } if error.is_busy() => growing(self.busy),
            // a Service whose pod is starting: it costs nothing to ask again soon
            Error::Unreachable { cause: Cause::Refused, .. } => jittered(self.base),
            _ => growing(self.failures),
        }
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): a number of seconds, or a date.
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let seconds = date.as_second().saturating_sub(Timestamp::now().as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn retry(patience: Option<Duration>) -> Retry {
        Retry::new(3, Duration::from_millis(250), patience, Arc::new(Host::new(8)))
    }

    fn unreachable(cause: Cause) -> Error {
        Error::Unreachable { url: "http://mirror.example/".to_owned(), cause, proxy: None, tries: 1 }
    }

    fn busy(retry_after: Option<u64>) -> Error {
        Error::Status {
            url: String::new(),
            status: reqwest::StatusCode::SERVICE_UNAVAILABLE,
            retry_after: retry_after.map(Duration::from_secs),
            tries: 1,
        }
    }

    #[test]
    fn waits_longer_each_time_but_not_for_ever() {
        let mut retry = retry(None);
        for (failures, least, most) in [(1, 125, 250), (2, 250, 500), (3, 500, 1000), (40, 2500, 5000)] {
            (retry.failures, retry.busy) = (failures, failures);
            for error in [unreachable(Cause::Reset), busy(None)] {
                let wait = retry.wait(&error).as_millis();
                assert!((least..=most).contains(&wait), "{failures}: {wait}");
            }
        }
        assert!(retry.wait(&unreachable(Cause::Refused)) <= Duration::from_millis(250));
    }

    #[test]
    fn waits_as_the_server_asks_and_a_little_more() {
        let retry = retry(None);
        for (asked, least, most) in [(0, 0, 1), (2, 2, 3), (60, 60, 68)] {
            let wait = retry.wait(&busy(Some(asked))).as_secs();
            assert!((least..=most).contains(&wait), "{asked}: {wait}");
        }
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        assert_eq!(retry_after(" 120 "), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let soon = Timestamp::now() + jiff::SignedDuration::from_secs(100);
        let date = soon.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let asked = retry_after(&date).unwrap().as_secs();
        assert!((98..=100).contains(&asked), "{date}: {asked}");
        assert_eq!(retry_after("soon"), None);
    }

    fn quick(patience: Option<u64>) -> Retry {
        let host = Arc::new(Host::new(8));
        Retry::new(3, Duration::from_millis(1), patience.map(Duration::from_millis), host)
    }

    #[tokio::test]
    async fn a_busy_server_is_waited_for_as_long_as_it_serves_somebody() {
        let mut retry = quick(Some(200));
        let started = Instant::now();
        while retry.after(busy(None)).await.is_ok() {}
        let waited = started.elapsed().as_millis();
        assert!((200..2000).contains(&waited), "{waited}");

        let mut retry = quick(Some(200));
        let started = Instant::now();
        while retry.after(busy(None)).await.is_ok() {
            if started.elapsed() < Duration::from_millis(300) {
                retry.host.place().await.unwrap().answered();
            }
        }
        let waited = started.elapsed().as_millis();
        assert!((350..2000).contains(&waited), "{waited}");
    }

    #[tokio::test]
    async fn what_is_not_waited_for_is_given_up_soon() {
        let mut retry = quick(None);
        while retry.after(busy(None)).await.is_ok() {}
        assert_eq!(retry.tries, 4);
        assert!(retry.after(unreachable(Cause::Timeout(Duration::from_secs(30)))).await.is_err());
        assert!(retry.host.is_given_up());
    }

    #[tokio::test]
    async fn gives_up_at_once_on_what_cannot_get_better() {
        let mut retry = Retry::new(3, Duration::ZERO, Some(Duration::from_mins(1)), Arc::new(Host::new(1)));
        assert!(retry.after(unreachable(Cause::Certificate("expired".to_owned()))).await.is_err());
        assert!(retry.after(busy(Some(3600))).await.is_err());
    }
}
