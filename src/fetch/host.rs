//! What is known of a host: how many requests it takes at once, when it last answered, and until when it wants to be left
//! alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::error::Error;
use super::jitter::jittered;

/// After so many good answers, a host that was too busy gets one more request at once.
const GOOD_ANSWERS: usize = 32;

/// A host and port.
#[derive(Debug)]
pub(super) struct Host {
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many requests it gets at once.
    connections: usize,
    /// How many it may ever get.
    most: usize,
    /// Good answers since it was last too busy, or got one more.
    answers: usize,
    last_answer: Option<Instant>,
    not_before: Option<Instant>,
    given_up: bool,
}

/// The right to have one request open to a host.
#[derive(Debug)]
pub(super) struct Place {
    host: Arc<Host>,
    permit: OwnedSemaphorePermit,
}

impl Host {
    /// One that gets so many requests at once.
    pub(super) fn new(connections: usize) -> Self {
        let connections = connections.max(1);
        let state = State {
            connections,
            most: connections,
            answers: 0,
            last_answer: None,
            not_before: None,
            given_up: false,
        };
        Self { places: Arc::new(Semaphore::new(connections)), state: Mutex::new(state) }
    }

    /// Waits until there may be one more request.
    pub(super) async fn place(self: &Arc<Self>) -> Result<Place, Error> {
        let places = Arc::clone(&self.places);
        let permit = places.acquire_owned().await.map_err(|error| Error::Setup(error.to_string()))?;
        loop {
            let until = self.state().not_before;
            match until.and_then(|until| until.checked_duration_since(Instant::now())) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left + jittered(left / 8)).await,
                _ => return Ok(Place { host: Arc::clone(self), permit }),
            }
        }
    }

    /// When it last gave what was asked for.
    pub(super) fn last_answer(&self) -> Option<Instant> {
        self.state().last_answer
    }

    /// Whether it was given up because it could not be reached, or said nothing.
    pub(super) fn is_given_up(&self) -> bool {
        self.state().given_up
    }

    pub(super) fn was_given_up(&self) {
        self.state().given_up = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The host gave what was asked for.
    pub(super) fn answered(&self) {
        let mut state = self.host.state();
        state.last_answer = Some(Instant::now());
        state.given_up = false;
        state.answers += 1;
        if state.connections < state.most && state.answers >= GOOD_ANSWERS {
            state.answers = 0;
            state.connections += 1;
            self.host.places.add_permits(1);
        }
    }

    /// The host is too busy, and wants to be left alone for so long: from now on it gets fewer requests at once.
    pub(super) fn refused(self, retry_after: Option<Duration>) {
        let mut state = self.host.state();
        state.answers = 0;
        if let Some(until) = retry_after.and_then(|asked| Instant::now().checked_add(asked)) {
            state.not_before = Some(state.not_before.map_or(until, |known| known.max(until)));
        }
        if state.connections > 1 {
            state.connections -= 1;
            self.permit.forget();
        }
    }
}
