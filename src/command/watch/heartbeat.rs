//! The file by which a watch shows that it runs, and how it is: `.aptlet/watch` in the destination. It is locked as long
//! as the process lives, whose heartbeat is in it, so neither a killed nor a stuck one seems to be well.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::time::ClockId;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::health::Shared;
use crate::error::Error;
use crate::on_disk::OnDisk;
use crate::publish::{self, own_folder};

const FILE: &str = "watch";
/// How often the heart beats.
const BEAT: Duration = Duration::from_secs(10);
/// A process whose last heartbeat is older is stuck.
const LONGEST: Duration = Duration::from_mins(1);
/// Whoever asks holds the lock for an instant.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(100);

/// What is in the file: one line of JSON, after which there may be the end of a longer one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Beat {
    /// Milliseconds since the machine was started, which no setting of a clock changes.
    at: u64,
    ready: bool,
    detail: Vec<String>,
}

/// Keeps the file true.
#[derive(Debug)]
pub(super) struct Heartbeat(Arc<Notify>);

impl Heartbeat {
    /// Makes and locks the file. If the destination does not take it, it is tried again with each heartbeat.
    ///
    /// # Errors
    /// [`publish::Error::Watched`].
    pub(super) async fn start(dest: &Path, health: &Shared) -> Result<Self, Error> {
        let mut file = match open(dest).await {
            Err(error @ publish::Error::Watched { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::warn!("'aptlet probe' will fail: {error}");
                None
            }
            Ok(file) => Some(file),
        };
        let heartbeat = Self(Arc::new(Notify::new()));
        let (wanted, health, dest) = (Arc::clone(&heartbeat.0), health.clone(), dest.to_owned());
        let mut beat = async move || {
            if file.is_none() {
                file = open(&dest).await.ok();
            }
            if let Some(Err(error)) = file.as_ref().map(|file| write(file, &health)) {
                tracing::debug!("cannot write to {}/.aptlet/{FILE}: {error}", dest.display());
            }
        };
        beat().await;
        tokio::spawn(async move {
            loop {
                let _ = tokio::time::timeout(BEAT, wanted.notified()).await;
                beat().await;
            }
        });
        Ok(heartbeat)
    }

    /// Tells that there is news.
    pub(super) fn beat(&self) {
        self.0.notify_one();
    }
}

async fn open(dest: &Path) -> Result<File, publish::Error> {
    let path = own_folder(dest)?.join(FILE);
    let failed = |source| publish::Error::from(OnDisk::write(&path, source));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o644);
    // others may write to the volume, and this writes to what is there
    let follow_no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = options.custom_flags(follow_no_link).open(&path).map_err(failed)?;
    for _ in 0..TRIES {
        match publish::lock(&file, FlockOperation::NonBlockingLockExclusive) {
            // where there are no locks, its beats alone tell of it
            Err(errno) if publish::has_no_locks(errno) => return Ok(file),
            Err(Errno::WOULDBLOCK) => tokio::time::sleep(BETWEEN).await,
            locked => return locked.map(|()| file).map_err(|errno| failed(errno.into())),
        }
    }
    Err(publish::Error::Watched { destination: dest.to_owned() })
}

fn write(file: &File, health: &Shared) -> io::Result<()> {
    let beat = health.with(|health| Beat { at: now(), ready: health.is_ready(), detail: health.detail() });
    let mut text = serde_json::to_vec(&beat)?;
    text.push(b'\n');
    // in place: what is locked is this very file
    file.write_all_at(&text, 0)?;
    file.set_len(text.len() as u64)
}

/// How a watch of a destination is: whether it is ready, and what it says.
///
/// # Errors
/// Why it cannot be told, or that it does not work.
pub(in crate::command) fn ask(dest: &Path) -> Result<(bool, Vec<String>), String> {
    let path = dest.join(".aptlet").join(FILE);
    let nobody = |why: &str| format!("no 'aptlet watch' is at work on {}: {why}", dest.display());
    let file = File::open(&path).map_err(|error| nobody(&format!("{}: {error}", path.display())))?;
    match publish::lock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => {}
        Err(errno) if publish::has_no_locks(errno) => {}
        Err(errno) => return Err(format!("cannot ask for the lock of {}: {errno}", path.display())),
        Ok(()) => return Err(nobody(&format!("nobody holds {}", path.display()))),
    }
    let read = || -> Option<Beat> {
        let text = io::read_to_string(File::open(&path).ok()?).ok()?;
        serde_json::from_str(text.lines().next()?).ok()
    };
    // it may be in the middle of writing
    let beat = (0..TRIES).find_map(|_| {
        read().or_else(|| {
            std::thread::sleep(BETWEEN / 10);
            None
        })
    });
    let beat = beat.ok_or_else(|| format!("cannot understand {}", path.display()))?;
    let age = Duration::from_millis(now().saturating_sub(beat.at));
    if age > LONGEST {
        return Err(format!("'aptlet watch' is stuck: its last heartbeat was {} s ago", age.as_secs()));
    }
    Ok((beat.ready, beat.detail))
}

fn now() -> u64 {
    let time = rustix::time::clock_gettime(ClockId::Boottime);
    let milliseconds = time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000);
    u64::try_from(milliseconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::command::watch::health::Health;

    #[tokio::test]
    async fn who_runs_can_be_asked_and_who_has_ended_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ask(folder.path()).unwrap_err().starts_with("no 'aptlet watch' is at work"));
        let health = Health::of(folder.path());
        let file = open(folder.path()).await.unwrap();
        assert!(ask(folder.path()).unwrap_err().starts_with("cannot understand"), "nothing is in it yet");
        write(&file, &health).unwrap();
        let (ready, detail) = ask(folder.path()).unwrap();
        assert!(!ready && detail == ["not ready: the first install has not ended"]);
        assert!(matches!(open(folder.path()).await, Err(publish::Error::Watched { .. })));
        drop(file);
        assert!(ask(folder.path()).unwrap_err().contains("nobody holds"));
        open(folder.path()).await.unwrap();
    }

    #[tokio::test]
    async fn who_is_stuck_is_not_well() {
        let folder = tempfile::tempdir().unwrap();
        let file = open(folder.path()).await.unwrap();
        let old = now() - u64::try_from(LONGEST.as_millis()).unwrap() - 1000;
        fs::write(
            folder.path().join(".aptlet/watch"),
            format!("{{\"at\":{old},\"ready\":true,\"detail\":[]}}\nrest of a longer line"),
        )
        .unwrap();
        let said = ask(folder.path()).unwrap_err();
        assert!(said.starts_with("'aptlet watch' is stuck: its last heartbeat was 61 s ago"), "{said}");
        drop(file);
    }
}
