//! Memory that several decoders share, so that the sum of what headers demand is bounded, and not each alone.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of bytes, of which decoders take shares while they live.
#[derive(Debug)]
pub(crate) struct Budget {
    total: u64,
    free: Mutex<u64>,
    given_back: Condvar,
}

impl Budget {
    /// Shares of at most `bytes` can be taken.
    pub(crate) const fn new(bytes: u64) -> Self {
        Self { total: bytes, free: Mutex::new(bytes), given_back: Condvar::new() }
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> u64 {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of its bytes.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Waits until there are so many bytes, which must not be more than all. Who waits must hold no share: two could wait for each other for ever.
    pub(super) fn take(&self, bytes: u64) -> Share<'_> {
        let mut share = Share { budget: self, bytes: 0 };
        share.exchange(bytes);
        share
    }
}

/// A part of a [`Budget`]; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Share<'_> {
    /// The most that it can be exchanged for.
    pub(super) fn most(&self) -> u64 {
        self.budget.total
    }

    /// Gives this share back, then waits for another of so many bytes.
    pub(super) fn exchange(&mut self, bytes: u64) {
        let mut free = self.budget.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free += self.bytes;
        self.bytes = 0;
        self.budget.given_back.notify_all();
        let waited = self.budget.given_back.wait_while(free, |free| *free < bytes);
        *waited.unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.bytes = bytes;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.given_back.notify_all();
    }
}
