//! Whether the settings have changed: by the files that they are read from. inotify(7) tells when to look; where it
//! says nothing (network file systems, too many watches), they are looked at every few seconds all the same.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::net::unix::pipe::Receiver;

use crate::config::Watching;

/// How often the files are looked at unasked.
const POLL: Duration = Duration::from_secs(5);
/// A change is over when nothing has changed for so long.
const SETTLED: Duration = Duration::from_millis(300);
/// One that does not come to an end after so many looks is taken as it is.
const MOST_LOOKS: u32 = 20;

/// What tells one version of a file from another: device, inode, size, and times of modification and of change.
type Stamp = (u64, u64, u64, [i64; 4]);

/// The files of the settings as they are; what is not there has no stamp.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen(BTreeMap<PathBuf, Option<Stamp>>);

impl Seen {
    pub(super) fn of(watching: &Watching) -> Self {
        let mut seen = BTreeMap::from([(watching.config.clone(), None)]);
        if let Ok(entries) = fs::read_dir(&watching.config) {
            // the kubelet's own names are passed over: keys lead through them, and tell when they have moved
            let keys =
                entries.flatten().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
            seen.extend(keys.map(|key| (key.path(), stamp(&key.path()))));
            seen.insert(watching.config.clone(), Some(Stamp::default()));
        }
        seen.extend(watching.files.iter().map(|path| (path.clone(), stamp(path))));
        Self(seen)
    }

    /// Whether the files still are as they were seen.
    pub(super) fn is_true(&self, watching: &Watching) -> bool {
        Self::of(watching) == *self
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::metadata(path).ok()?;
    Some((
        meta.dev(),
        meta.ino(),
        meta.size(),
        [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()],
    ))
}

/// Waits for changes.
pub(super) struct Changes {
    events: Option<Receiver>,
}

impl Changes {
    pub(super) fn new() -> Self {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)
            .map_err(std::io::Error::from)
            // of the safe types of tokio, the one that takes any descriptor which can be polled and read
            .and_then(Receiver::from_owned_fd_unchecked);
        if let Err(error) = &events {
            tracing::debug!("no inotify, so settings are looked at every {} s: {error}", POLL.as_secs());
        }
        Self { events: events.ok() }
    }

    /// Returns when the files are others than those that were `seen`, and stay as they are for a moment.
    pub(super) async fn wait(&mut self, watching: &Watching, seen: &Seen) {
        // each time: the folder may be another one by now, and the same one is not watched twice
        if let Some(events) = &self.events {
            let flags = WatchFlags::CREATE
                | WatchFlags::MOVE
                | WatchFlags::DELETE
                | WatchFlags::CLOSE_WRITE
                | WatchFlags::ATTRIB
                | WatchFlags::ONLYDIR;
            if let Err(error) = inotify::add_watch(events, &watching.config, flags) {
                tracing::debug!("cannot watch {}: {error}", watching.config.display());
            }
        }
        while seen.is_true(watching) {
            tokio::select! {
                () = self.event() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        let mut last = Seen::of(watching);
        for _ in 0..MOST_LOOKS {
            tokio::time::sleep(SETTLED).await;
            let now = Seen::of(watching);
            if now == last {
                return;
            }
            last = now;
        }
    }

    /// Returns when there was any event since the last call, whichever.
    async fn event(&self) {
        match &self.events {
            Some(events) if events.readable().await.is_ok() => {
                let mut buffer = [0; 4096];
                while events.try_read(&mut buffer).is_ok_and(|length| length > 0) {}
            }
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Host, Options};

    /// What is read in a folder of settings that is as the kubelet mounts it.
    fn watching(folder: &Path) -> Watching {
        let mut options = Options::default();
        options.folder.config = Some(folder.join("config"));
        let host = Host {
            environment: Vec::new(),
            working_directory: folder.to_owned(),
            etc_aptlet: folder.join("etc"),
            etc_apt: folder.join("etc"),
            dpkg: folder.join("dpkg"),
        };
        Watching::resolve(options, &[], &host).unwrap()
    }

    /// An update as the kubelet makes it.
    fn update(config: &Path, number: u32, packages: &str) {
        let name = format!("..2026_01_01_00_00_00.{number}");
        fs::create_dir_all(config.join(&name)).unwrap();
        fs::write(config.join(&name).join("packages"), packages).unwrap();
        symlink(&name, config.join("..data_tmp")).unwrap();
        let old = fs::read_link(config.join("..data")).ok();
        fs::rename(config.join("..data_tmp"), config.join("..data")).unwrap();
        if let Some(old) = old {
            fs::remove_dir_all(config.join(old)).unwrap();
        } else {
            symlink("..data/packages", config.join("packages")).unwrap();
        }
    }

    #[test]
    fn an_update_is_seen_and_what_precedes_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        let watching = watching(folder.path());
        let empty = Seen::of(&watching);
        update(&config, 1, "jq");
        let first = Seen::of(&watching);
        assert_ne!(empty, first);
        fs::create_dir(config.join("..2026_01_01_00_00_00.2")).unwrap();
        fs::write(config.join("..2026_01_01_00_00_00.2/packages"), "jq").unwrap();
        assert_eq!(first, Seen::of(&watching), "half an update");
        update(&config, 2, "jq");
        assert_ne!(first, Seen::of(&watching), "the same text in the same length is another file");
        let second = Seen::of(&watching);
        fs::remove_dir_all(&config).unwrap();
        let gone = Seen::of(&watching);
        assert_ne!(second, gone);
        fs::create_dir(&config).unwrap();
        assert_ne!(gone, Seen::of(&watching), "an empty folder is not a missing one");
        assert_eq!(empty, Seen::of(&watching));
    }

    #[test]
    fn files_that_settings_name_count_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        fs::write(config.join("aptlet.yaml"), "auth: ../secret/auth.conf\n").unwrap();
        let watching = watching(folder.path());
        let before = Seen::of(&watching);
        fs::create_dir(folder.path().join("secret")).unwrap();
        fs::write(folder.path().join("secret/auth.conf"), "").unwrap();
        assert_ne!(before, Seen::of(&watching));
    }

    #[tokio::test]
    async fn waits_for_the_end_of_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        let watching = watching(folder.path());
        let seen = Seen::of(&watching);
        let mut changes = Changes::new();
        let writer = async {
            for number in 0..5 {
                fs::write(config.join(format!("{number}.sources")), "").unwrap();
                tokio::time::sleep(SETTLED / 4).await;
            }
            fs::write(config.join("packages"), "jq").unwrap();
        };
        let waited = async {
            changes.wait(&watching, &seen).await;
            config.join("packages").exists()
        };
        let (complete, ()) = tokio::join!(waited, writer);
        assert!(complete);
    }
}
