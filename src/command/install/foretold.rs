//! Who is killed for memory says nothing any more, so it is said before: in the log, and as the pod's last word until all is well.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Settings;
use crate::process::memory;
use crate::publish::space;
use crate::report;

/// What is told in advance of a container's memory limit.
pub(super) struct Foretold<'a> {
    settings: &'a Settings,
    told: AtomicBool,
}

impl<'a> Foretold<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self { settings, told: AtomicBool::new(false) }
    }

    /// Before anything is done.
    pub(super) fn of_run(&self) {
        let Some(limit) = memory::limit() else { return };
        let held = space::held_in_memory(&self.settings.dest).unwrap_or(0);
        if !memory::is_too_little(limit.saturating_sub(held)) {
            return;
        }
        let (limit, dest) = (limit >> 20, self.settings.dest.display());
        if held == 0 {
            self.tell(&format!(
                "the memory limit is {limit} MiB, which may be too little for an installation; should it be killed (exit code \
                 137), raise the limit: 160Mi is enough for every package"
            ));
        } else {
            self.tell(&format!(
                "the memory limit is {limit} MiB, and the volume at {dest} is in memory and holds {} MiB that count towards \
                 it; should this be killed (exit code 137), raise the limit, or leave 'medium: Memory' out of the emptyDir",
                mebibytes(held)
            ));
        }
    }

    /// When it is known that `needed` bytes come into the volume.
    pub(super) fn of_packages(&self, needed: u64) {
        let Some(limit) = memory::limit() else { return };
        let Some(held) = space::held_in_memory(&self.settings.dest) else { return };
        let volume = held.saturating_add(needed);
        if volume.saturating_add(memory::LEAST) <= limit {
            return;
        }
        self.tell(&format!(
            "the volume at {} is in memory, and with the packages it takes {} MiB that count towards the memory limit of {} MiB; \
             should this be killed (exit code 137), raise the limit to {}Mi, or leave 'medium: Memory' out of the emptyDir",
            self.settings.dest.display(),
            mebibytes(volume),
            limit >> 20,
            mebibytes(volume.saturating_add(memory::AMPLE))
        ));
    }

    /// It was not killed.
    pub(super) fn take_back(&self) {
        if self.told.load(Ordering::Relaxed) {
            report::terminate("", &self.settings.termination_log);
        }
    }

    fn tell(&self, text: &str) {
        tracing::warn!("{text}");
        report::terminate(text, &self.settings.termination_log);
        self.told.store(true, Ordering::Relaxed);
    }
}

/// As a limit is written, rounded up.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
