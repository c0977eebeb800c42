//! What this process was given by whoever started it, and what Rust's runtime changes of it before `main`: it ignores
//! SIGPIPE, and opens /dev/null where a standard stream is closed. A command that takes this process over is to have
//! all of it as it was.

use std::sync::OnceLock;

use ctor::ctor;
use nix::sys::signal::Signal;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags};
use rustix::process::umask;
use rustix::stdio::{stderr, stdin, stdout};

static AT_START: OnceLock<Inherited> = OnceLock::new();
/// The umask, where it has been changed since.
static UMASK: OnceLock<Mode> = OnceLock::new();

/// More than /proc/self/status has ever had, in bytes.
const LONGEST_STATUS: usize = 8192;

/// What a process is born with, besides what stays as it is: working folder, umask, user, limits, environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inherited {
    /// A bit for each ignored signal, the lowest for signal 1; none where there is no `/proc`.
    ignored: u64,
    /// Whether standard input, output and error are closed.
    closed: [bool; 3],
}

/// Before `main`. Only system calls: Rust's library is not ready.
#[ctor(unsafe)]
fn at_start() {
    let closed = [stdin(), stdout(), stderr()].map(|fd| rustix::io::fcntl_getfd(fd) == Err(Errno::BADF));
    let ignored = read_ignored().unwrap_or_default();
    let _ = AT_START.set(Inherited { ignored, closed });
}

/// `SigIgn` of proc_pid_status(5).
fn read_ignored() -> Option<u64> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(c"/proc/self/status", flags, Mode::empty()).ok()?;
    let mut buffer = [0; LONGEST_STATUS];
    let length = rustix::io::read(&file, &mut buffer).ok()?;
    let text = std::str::from_utf8(buffer.get(..length)?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

impl Inherited {
    /// As it was when this process started.
    pub(crate) fn at_start() -> Self {
        AT_START.get().copied().unwrap_or_default()
    }

    /// Whether this signal was ignored.
    pub(crate) fn ignores(self, signal: Signal) -> bool {
        self.ignored & (1 << (signal as u32 - 1)) != 0
    }

    /// Makes what this process makes its own to use, whatever the umask.
    pub(crate) fn use_own_files() {
        let before = umask(Mode::RWXG | Mode::RWXO);
        umask(before - Mode::RWXU);
        let _ = UMASK.set(before);
    }

    /// Brings it back, for the command that is started next.
    pub(crate) fn restore(self) {
        if let Some(before) = UMASK.get() {
            umask(*before);
        }
        if !self.ignores(Signal::SIGPIPE) {
            sigpipe::reset();
        }
        for (fd, closed) in [stdin(), stdout(), stderr()].into_iter().zip(self.closed) {
            if closed {
                // until then it is /dev/null, so that no other file takes its place
                let _ = rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC);
            }
        }
    }
}
