//! Runs one program, confined: without a network, with its own environment, and with limits of time, memory and space.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// All of TeX's formats take some minutes of a slow machine.
const LONGEST: Duration = Duration::from_mins(15);
const MOST_MEMORY: u64 = 2 << 30;
const LARGEST_FILE: u64 = 1 << 30;

/// Of what it says, this much is told, from its end.
const MOST_SAID: usize = 300;

/// Numbers of system calls and of what they take, which have no name in the libraries here: `AF_UNIX`; socket(2) and
/// io_uring_setup(2), which could open one as well.
const UNIX: u64 = 1;
const IO_URING_SETUP: i64 = 425;
#[cfg(target_arch = "x86_64")]
const SOCKET: i64 = 41;
#[cfg(not(target_arch = "x86_64"))]
const SOCKET: i64 = 198;
/// `EPERM`.
const REFUSED: u32 = 1;

/// What a program is started with.
pub(super) struct Start<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [String],
    /// Its PATH.
    pub(super) path: &'a str,
    /// A locale that the tree has.
    pub(super) locale: &'a str,
    /// A folder of its own, which is its home as well.
    pub(super) folder: &'a Path,
    /// The time that it is to say, in seconds since 1970.
    pub(super) date: i64,
}

/// Runs it to its end; what went wrong, if it did.
pub(super) fn run(start: &Start<'_>) -> Result<(), String> {
    let filter = filter()?;
    let said = start.folder.join("said");
    let spawn = || -> Result<Child, String> {
        // of this thread, which ends with it, and of what it starts
        seccompiler::apply_filter(&filter)
            .map_err(|error| format!("the kernel does not confine it: {error}"))?;
        let output = File::create(&said).map_err(|error| error.to_string())?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        Command::new(start.program)
            .args(start.arguments)
            .env_clear()
            .envs([("PATH", start.path), ("LC_ALL", start.locale), ("DEBIAN_FRONTEND", "noninteractive")])
            .envs([("HOME", start.folder), ("TMPDIR", start.folder)])
            // the second is TeX's, which otherwise takes the first for the time of a file alone
            .envs([("SOURCE_DATE_EPOCH", start.date.to_string()), ("FORCE_SOURCE_DATE", "1".to_owned())])
            .current_dir(start.folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", start.program.display()))
    };
    let child = std::thread::scope(|scope| scope.spawn(spawn).join());
    let mut child = child.map_err(|_| "it could not be started".to_owned())??;
    let ended = wait(&mut child);
    let text = fs::read(&said).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(MOST_SAID)..]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match ended? {
        // a script that goes on without a command makes half of its file, or an empty one
        _ if text.contains(": not found") || text.contains(": command not found") => Err(text),
        status if status.success() => Ok(()),
        status => Err(format!("{status}: {text}")),
    }
}

fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    for (resource, most) in [
        (Resource::Data, MOST_MEMORY),
        (Resource::Fsize, LARGEST_FILE),
        (Resource::Cpu, LONGEST.as_secs()),
        (Resource::Core, 0),
    ] {
        // it may have ended already
        let _ = prlimit(pid, resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if begun.elapsed() > LONGEST => {
                break Err(format!("it took more than {} s", LONGEST.as_secs()));
            }
            Ok(None) => std::thread::sleep(pause),
            Err(error) => break Err(error.to_string()),
        }
        pause = (pause * 2).min(Duration::from_millis(100));
    };
    // what it has started and left behind
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    if ended.is_err() {
        let _ = child.wait();
    }
    ended
}

/// Refuses sockets but those of this machine's own files.
fn filter() -> Result<BpfProgram, String> {
    let said = |error: &dyn std::fmt::Display| format!("it cannot be confined: {error}");
    let architecture = std::env::consts::ARCH.try_into().map_err(|error| said(&error))?;
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, UNIX);
    let rule = other.and_then(|other| SeccompRule::new(vec![other])).map_err(|error| said(&error))?;
    let rules = BTreeMap::from([(SOCKET, vec![rule]), (IO_URING_SETUP, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(REFUSED), architecture);
    filter.and_then(TryInto::try_into).map_err(|error| said(&error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shell(script: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-c".to_owned(), script.to_owned()];
        run(&Start {
            program: Path::new("/bin/sh"),
            arguments: &arguments,
            path: "/usr/bin:/bin",
            locale: "C",
            folder: folder.path(),
            date: 7,
        })
    }

    #[test]
    fn a_program_has_a_folder_and_no_network() {
        assert_eq!(
            shell("test \"$HOME\" = \"$PWD\" && echo x >file && test -z \"$CARGO_MANIFEST_DIR\""),
            Ok(())
        );
        let refused = shell("echo one; bash -c 'echo >/dev/tcp/127.0.0.1/9' 2>&1").unwrap_err();
        assert!(refused.contains("one") && refused.contains("Operation not permitted"), "{refused}");
        assert!(shell("no-such-command | cat >file").unwrap_err().contains("not found"));
        let error = run(&Start {
            program: Path::new("/nonexistent"),
            arguments: &[],
            path: "",
            locale: "C",
            folder: tempfile::tempdir().unwrap().path(),
            date: 7,
        });
        assert!(error.unwrap_err().starts_with("/nonexistent: No such file"));
        // this thread itself is not confined
        assert!(std::net::TcpListener::bind("127.0.0.1:0").is_ok());
    }
}
