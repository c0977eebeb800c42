//! Requests to end while a command is being prepared for.
//!
//! They are held back (blocked) and read from a signalfd(2), instead of being caught: as process 1 of a container that
//! makes the kernel deliver them although nobody has a handler, no disposition changes, and none that arrives
//! just before the command takes over is lost in a handler.

use std::io;
use std::sync::Arc;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::oneshot;

use super::inherited::Inherited;

/// Those that end a process that does not care, and that container runtimes and terminals send to end one (`STOPSIGNAL`
/// of an image).
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// Signals that are held back.
pub(super) struct Held {
    /// The signal mask before.
    before: SigSet,
    signals: Arc<SignalFd>,
}

impl Held {
    /// Holds back requests to end, but for those that this process was started to ignore or to hold back already.
    /// Threads inherit that, so there must be none yet.
    pub(super) fn new(inherited: Inherited) -> io::Result<Self> {
        let before = SigSet::thread_get_mask()?;
        let ours = |signal: &Signal| !inherited.ignores(*signal) && !before.contains(*signal);
        let held: SigSet = ENDING.into_iter().filter(ours).collect();
        held.thread_block()?;
        let signals = SignalFd::with_flags(&held, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { before, signals: Arc::new(signals) })
    }

    /// Waits for a request to end.
    pub(super) fn next(&self) -> impl Future<Output = io::Result<i32>> + use<> {
        let signals = Arc::clone(&self.signals);
        async move {
            loop {
                let (ready, waiting) = oneshot::channel();
                let waited = Arc::clone(&signals);
                // a thread of its own, which ends with the process: tokio's own wait for a file takes unsafe code
                thread::Builder::new().spawn(move || {
                    let _ = ready.send(poll(&mut [PollFd::new(&*waited, PollFlags::IN)], None));
                })?;
                if let Ok(polled) = waiting.await {
                    polled?;
                }
                if let Some(signal) = read(&signals)? {
                    return Ok(signal);
                }
            }
        }
    }

    /// A request to end that has come meanwhile.
    pub(super) fn pending(&self) -> io::Result<Option<i32>> {
        read(&self.signals)
    }

    /// Lets them through again; one that waits does its work now.
    pub(super) fn release(&self) -> io::Result<()> {
        Ok(self.before.thread_set_mask()?)
    }
}

fn read(signals: &SignalFd) -> io::Result<Option<i32>> {
    Ok(signals.read_signal()?.and_then(|signal| i32::try_from(signal.ssi_signo).ok()))
}
