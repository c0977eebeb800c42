//! Requests to end, heeded whatever the work is just doing: a solver or a merge does not look up for seconds, and the
//! kubelet would wait for the whole grace period.
//!
//! The signals are held back (blocked) and read from a signalfd(2), instead of being caught: as process 1 of a container
//! that makes the kernel deliver them although nobody has a handler, no disposition changes, and none that arrives just
//! before `aptlet run` becomes its command is lost in a handler. A thread of its own reads them: it asks the work to
//! stop, and ends the process if that takes long. What is half-done then is as after a crash: the next run removes it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::oneshot;

use super::inherited::Inherited;

/// Those that end a process that does not care, and that container runtimes and terminals send to end one (`STOPSIGNAL`
/// of an image).
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];
/// How long work that was asked to stop may take to remove what it made. `aptlet watch` kills an install that takes
/// longer than 700 ms.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait for whoever reads the log.
const LOG_PATIENCE: Duration = Duration::from_millis(100);

/// Listens for requests to end.
pub(crate) struct Ending {
    /// The signal mask before.
    before: SigSet,
    shared: Arc<Shared>,
}

/// Where it is told besides the log that work was stopped, such as to the kubelet.
type LastWord = Box<dyn Fn(&str) + Send + Sync>;

struct Shared {
    signals: SignalFd,
    stage: Mutex<Stage>,
    last_word: LastWord,
    /// Whether the end has been logged.
    told: AtomicBool,
}

/// What a request to end does.
enum Stage {
    /// It ends the process at once: there is nothing to remove.
    Plain,
    /// It asks work to stop.
    Working(oneshot::Sender<i32>),
    /// Nothing more: this one came before.
    Stopping(i32),
    /// Nothing: it waits for what becomes of this process.
    Over,
}

impl Ending {
    /// Holds back requests to end from now on, but for those that this process was started to ignore or to hold back
    /// already. Threads inherit that, so there must be none yet.
    pub(crate) fn listen(inherited: Inherited, last_word: LastWord) -> io::Result<Self> {
        let before = SigSet::thread_get_mask()?;
        let ours = |signal: &Signal| !inherited.ignores(*signal) && !before.contains(*signal);
        let held: SigSet = ENDING.into_iter().filter(ours).collect();
        held.thread_block()?;
        // a file that is too large for this process's limit is an error as others are, and not its end
        SigSet::from(Signal::SIGXFSZ).thread_block()?;
        let signals = SignalFd::with_flags(&held, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let (stage, told) = (Mutex::new(Stage::Plain), AtomicBool::new(false));
        let shared = Arc::new(Shared { signals, stage, last_word, told });
        let attending = Arc::clone(&shared);
        thread::Builder::new().spawn(move || attending.attend())?;
        Ok(Self { before, shared })
    }

    /// Waits for a request to end. Whoever gets one has [`PATIENCE`] to stop, and to call [`end`](Self::end).
    pub(crate) fn requested(&self) -> impl Future<Output = i32> + use<> {
        let (sender, receiver) = oneshot::channel();
        let mut stage = self.shared.stage();
        if matches!(*stage, Stage::Plain) {
            *stage = Stage::Working(sender);
        }
        async {
            match receiver.await {
                Ok(signal) => signal,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Ends this process as a shell tells that a signal did.
    pub(crate) fn end(&self, signal: i32, state: &str) -> ! {
        self.shared.tell(signal, state);
        std::process::exit(128 + signal)
    }

    /// From now on requests to end stay pending. Returns one that has come before.
    pub(crate) fn stop_listening(&self) -> io::Result<Option<i32>> {
        let mut stage = self.shared.stage();
        if let Stage::Stopping(signal) = *stage {
            return Ok(Some(signal));
        }
        *stage = Stage::Over;
        self.shared.read()
    }

    /// Lets them through again; one that waits does its work now.
    pub(crate) fn release(&self) -> io::Result<()> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        // one that waits was for this process, not for what it becomes
        let too_large = SignalFd::with_flags(&Signal::SIGXFSZ.into(), flags)?;
        while too_large.read_signal()?.is_some() {}
        Ok(self.before.thread_set_mask()?)
    }
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the thread.
    fn attend(self: Arc<Self>) {
        loop {
            if self.wait(None).is_err() {
                return;
            }
            let mut stage = self.stage();
            if matches!(*stage, Stage::Over) {
                return;
            }
            let Ok(Some(signal)) = self.read() else { continue };
            match std::mem::replace(&mut *stage, Stage::Stopping(signal)) {
                Stage::Working(work) => {
                    // work that has just ended has nothing to remove
                    let _ = work.send(signal);
                    drop(stage);
                    // for the work, or for another signal of whoever does not want to wait
                    let _ = self.wait(Some(PATIENCE));
                    self.end(signal, "; the next run removes what is half-done");
                }
                Stage::Plain | Stage::Stopping(_) | Stage::Over => self.end(signal, ""),
            }
        }
    }

    fn wait(&self, most: Option<Duration>) -> Result<(), Errno> {
        let most = most.map(|most| Timespec {
            tv_sec: most.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: most.subsec_nanos().into(),
        });
        match poll(&mut [PollFd::new(&self.signals, PollFlags::IN)], most.as_ref()) {
            Err(Errno::INTR) => Ok(()),
            polled => polled.map(drop),
        }
    }

    fn read(&self) -> io::Result<Option<i32>> {
        Ok(self.signals.read_signal()?.and_then(|signal| i32::try_from(signal.ssi_signo).ok()))
    }

    fn tell(&self, signal: i32, state: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let text = format!("stopped by signal {signal}{state}");
            if !state.is_empty() {
                (self.last_word)(&text);
            }
            tracing::warn!("{text}");
        }
    }

    /// Ends this process, also if nobody reads its log.
    fn end(self: &Arc<Self>, signal: i32, state: &'static str) -> ! {
        let (told, waiting) = mpsc::channel();
        let shared = Arc::clone(self);
        let teller = thread::Builder::new().spawn(move || {
            shared.tell(signal, state);
            let _ = told.send(());
        });
        if teller.is_ok() {
            let _ = waiting.recv_timeout(LOG_PATIENCE);
        }
        std::process::exit(128 + signal)
    }
}
