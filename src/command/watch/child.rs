//! An install in a process of its own: what it held in memory is gone when it ends, no crash of it is the end of the
//! watch, and it can be ended at any instant.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::{self, Command};

use crate::error::Class;
use crate::publish::Changes;

/// Of a last word, in bytes. The longest part of it are the notes.
const LONGEST: u64 = 16 << 20;
/// How long an install may take to remove what it made, so that the whole takes less than a second.
const PATIENCE: Duration = Duration::from_millis(700);
const BUG: &str = "Report this, with the log, to the makers of aptlet.";

/// What an install that succeeded says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Success {
    /// Whether it made a generation.
    pub(super) changed: bool,
    /// What of the generation before it changed, where there was one.
    #[serde(default)]
    pub(super) changes: Option<Changes>,
    /// The size of all packages.
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    pub(super) stops: BTreeMap<String, f64>,
}

/// What an install that failed says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) class: Class,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Whether the install could not tell of it itself.
    #[serde(skip)]
    pub(super) untold: bool,
}

/// An install that runs.
#[derive(Debug)]
pub(super) struct Child(process::Child);

impl Child {
    /// Starts `aptlet reconcile` with the arguments of this process, into `dest`.
    pub(super) fn start(dest: &Path) -> Result<Self, Failure> {
        // by this link it is the same file, even if another is by now where this process was started from
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0("aptlet")
            .arg("reconcile")
            .args(std::env::args_os().skip(2))
            // for the life of this process it is one destination; a flag says the same
            .env("APTLET_DEST", dest)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command.spawn().map(Self).map_err(|error| Failure {
            class: Class::Internal,
            message: format!("cannot start an install: {error}"),
            hint: Some("Give the container more memory and processes, and mount /proc in it.".to_owned()),
            untold: true,
        })
    }

    /// What comes of it. May be dropped, and asked for again.
    pub(super) async fn outcome(&mut self) -> Result<Success, Failure> {
        let mut said = Vec::new();
        if let Some(stdout) = &mut self.0.stdout {
            // what does not come is missed below
            let _ = stdout.take(LONGEST).read_to_end(&mut said).await;
        }
        let ended = match self.0.wait().await {
            Ok(status) if status.success() => match serde_json::from_slice(&said) {
                Ok(success) => return Ok(success),
                Err(error) => format!("an install ended without a last word: {error}"),
            },
            Ok(status) => match serde_json::from_slice(&said) {
                Ok(failure) => return Err(failure),
                Err(_) => format!("an install ended with {status}"),
            },
            Err(error) => format!("cannot wait for an install: {error}"),
        };
        let hint = if ended.contains("signal: 9") {
            "Give the container more memory, if its limit was reached."
        } else {
            BUG
        };
        Err(Failure { class: Class::Internal, message: ended, hint: Some(hint.to_owned()), untold: true })
    }

    /// Ends it, and waits for it. What it leaves if it must be killed, the next one removes.
    pub(super) async fn end(mut self) {
        let pid = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(PATIENCE, self.0.wait()).await.is_err() {
            let _ = self.0.kill().await;
        }
    }
}
