//! When this process cannot go on. After a panic, or without memory, threads are in the middle of things and hold what others
//! wait for, and a program that aborts unwinds nothing. So the process becomes another of the same program: execve(2) ends
//! all threads at once, and the new one has nothing to do but to remove what is half-done, and to say why.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::binary::own_binary;

/// How the new process is told from others: no user gives this.
const ARGUMENT: &str = "--aftermath";

/// What a process leaves, and how it tells of its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Remains {
    pub(crate) json: bool,
    /// Whether the last word goes to standard output as well.
    pub(crate) echo: bool,
    pub(crate) termination_log: PathBuf,
    /// The destination that it is at work on.
    pub(crate) destination: Option<PathBuf>,
    /// The folders that it made on the way there, outermost first.
    pub(crate) made: Vec<PathBuf>,
}

/// Why a process cannot go on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Cause {
    /// A bug, in its own words.
    Panic(String),
    /// The system gives no more of something, by the number of its error.
    Lack(i32),
}

static REMAINS: OnceLock<Mutex<Remains>> = OnceLock::new();
/// The arguments for when there is no memory to make any.
static WITHOUT_MEMORY: Mutex<Option<[CString; 3]>> = Mutex::new(None);
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Says what this process would leave. Until it is first said, a process just ends.
pub(crate) fn note(change: impl FnOnce(&mut Remains)) {
    let mut remains = REMAINS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut remains);
    let prepared = arguments(&remains, &Cause::Lack(rustix::io::Errno::NOMEM.raw_os_error())).ok();
    *WITHOUT_MEMORY.lock().unwrap_or_else(PoisonError::into_inner) = prepared;
}

fn arguments(remains: &Remains, cause: &Cause) -> io::Result<[CString; 3]> {
    let text = CString::new(serde_json::to_string(&(remains, cause))?)?;
    Ok([c"aptlet".into(), CString::new(ARGUMENT)?, text])
}

/// Becomes the process that tells of the end of this one. Returns only where that is not possible.
pub(crate) fn begin(cause: &Cause) -> io::Result<Infallible> {
    if BEGUN.swap(true, Ordering::SeqCst) {
        // another thread is about to; this one must not tell of the end of the process in another way
        loop {
            std::thread::park();
        }
    }
    let remains = REMAINS.get().ok_or(io::ErrorKind::NotFound)?;
    // what panics may hold the lock
    let remains = remains.try_lock().map(|remains| remains.clone()).map_err(|_| io::ErrorKind::WouldBlock)?;
    execute(&arguments(&remains, cause)?)
}

/// Ends this process because there is no memory, in which nothing can be put together any more.
pub(crate) fn end_without_memory() -> ! {
    // also where it has begun: that may be what has run out of memory
    BEGUN.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        match WITHOUT_MEMORY.try_lock() {
            Ok(prepared) => {
                if let Some(prepared) = &*prepared {
                    become_prepared(prepared);
                }
                break;
            }
            // another thread is about to, and ends this one with it
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    let text = "error: cannot get more memory\n hint: Raise the limits of the container: processes (pids), open files, memory.\n";
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
    std::process::exit(1)
}

/// execv(3), for which nix would put together the pointers in memory of its own.
#[expect(
    unsafe_code,
    reason = "the pointers are of strings that end with NUL and outlive the call, and the last is null"
)]
fn become_prepared([name, argument, text]: &[CString; 3]) {
    let pointers = [name.as_ptr(), argument.as_ptr(), text.as_ptr(), std::ptr::null()];
    unsafe { nix::libc::execv(c"/proc/self/exe".as_ptr(), pointers.as_ptr()) };
}

fn execute(arguments: &[CString; 3]) -> io::Result<Infallible> {
    use std::os::unix::ffi::OsStrExt as _;
    nix::unistd::execv(c"/proc/self/exe", arguments).or_else(|_| {
        let binary = CString::new(own_binary()?.as_os_str().as_bytes())?;
        Ok(nix::unistd::execv(&binary, arguments)?)
    })
}

/// What the process left that this one takes the place of, and why; `None` where this one was started for its own sake.
pub(crate) fn of(mut arguments: impl Iterator<Item = OsString>) -> Option<(Remains, Cause)> {
    arguments.next()?;
    if arguments.next()? != ARGUMENT {
        return None;
    }
    serde_json::from_str(arguments.next()?.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn what_is_left_is_told_to_the_one_that_comes_after() {
        let remains = Remains { json: true, destination: Some("/p q".into()), ..Remains::default() };
        let said = arguments(&remains, &Cause::Panic("it's\nbroken".to_owned())).unwrap();
        let said = said.map(|argument| OsString::from_vec(argument.into_bytes()));
        let (left, cause) = of(said.into_iter()).unwrap();
        assert!(left.json && left.destination == remains.destination);
        assert!(matches!(cause, Cause::Panic(text) if text == "it's\nbroken"));
        assert!(of(["aptlet", "install", "{}"].map(OsString::from).into_iter()).is_none());
    }
}
