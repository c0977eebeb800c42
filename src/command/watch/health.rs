//! What is known of a destination that is watched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::child::{Failure, Success};
use crate::current_generation;
use crate::error::Class;
use crate::publish::State;
use crate::wording::counted;

/// What has happened since the process was started.
#[derive(Debug)]
pub(super) struct Health {
    dest: PathBuf,
    pub(super) started: Timestamp,
    /// Whether an install is under way.
    pub(super) working: bool,
    /// Whether the first install has ended, in whatever way.
    tried: bool,
    /// How often the settings have changed while nothing was under way, or while something was.
    pub(super) changes: u64,
    /// Installs that made a generation.
    pub(super) installed: u64,
    /// Installs that found that what is there is what is asked for.
    pub(super) unchanged: u64,
    pub(super) failed: BTreeMap<Class, u64>,
    /// Of all installs that succeeded.
    pub(super) seconds: f64,
    /// The size of all packages of installs that made a generation.
    pub(super) bytes: u64,
    /// Seconds of the stops of the last install that made a generation.
    pub(super) stops: BTreeMap<String, f64>,
    /// Packages that came, went, and are other ones by the last install that took the place of a generation.
    pub(super) changes_of_packages: [usize; 3],
    pub(super) last_success: Option<Timestamp>,
    pub(super) last_end: Option<Timestamp>,
    /// Why the last install failed, if it did.
    failure: Option<Failure>,
    next: Option<Instant>,
    pub(super) generation: Option<Generation>,
}

/// The current generation.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) id: String,
    /// How many packages are in it, where it tells.
    pub(super) packages: Option<usize>,
}

/// For the server and the status file.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Health>>);

impl Shared {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Health) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Health {
    /// For the beginning.
    pub(super) fn of(dest: &Path) -> Shared {
        let health = Self {
            dest: dest.to_owned(),
            started: Timestamp::now(),
            working: false,
            tried: false,
            changes: 0,
            installed: 0,
            unchanged: 0,
            failed: Class::ALL.into_iter().map(|class| (class, 0)).collect(),
            seconds: 0.0,
            bytes: 0,
            stops: BTreeMap::new(),
            changes_of_packages: [0; 3],
            last_success: None,
            last_end: None,
            failure: None,
            next: None,
            generation: current(dest),
        };
        Shared(Arc::new(Mutex::new(health)))
    }

    /// Notes what came of an install; the next one is after `pause`, unless the settings change before.
    pub(super) fn record(&mut self, outcome: Result<Success, Failure>, pause: Option<Duration>) {
        let now = Timestamp::now();
        self.working = false;
        self.tried = true;
        self.last_end = Some(now);
        self.next = pause.and_then(|pause| Instant::now().checked_add(pause));
        self.generation = current(&self.dest);
        match outcome {
            Ok(success) => {
                self.failure = None;
                self.last_success = Some(now);
                self.seconds += success.seconds;
                if success.changed {
                    self.installed += 1;
                    self.bytes = self.bytes.saturating_add(success.bytes);
                    self.stops = success.stops;
                    self.changes_of_packages = success.changes.map_or([0; 3], |changes| changes.counts());
                } else {
                    self.unchanged += 1;
                }
            }
            Err(failure) => {
                *self.failed.entry(failure.class).or_default() += 1;
                self.failure = Some(failure);
            }
        }
    }

    /// Whether there is something to use. Until the first install has ended, what is there may be what an earlier pod
    /// asked for.
    pub(super) fn is_ready(&self) -> bool {
        self.tried && self.generation.is_some()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What to say of it: one line for each thing.
    pub(super) fn detail(&self) -> Vec<String> {
        let dest = self.dest.display();
        let mut lines = vec![match &self.generation {
            Some(Generation { id, packages: Some(packages) }) if self.tried => {
                format!("ready: generation {id} with {} in {dest}", counted(*packages, "package"))
            }
            Some(Generation { id, .. }) if self.tried => format!("ready: generation {id} in {dest}"),
            _ if self.tried => format!("not ready: nothing is installed in {dest}"),
            _ => "not ready: the first install has not ended".to_owned(),
        }];
        if let Some(Failure { class, message, hint, .. }) = &self.failure {
            let mut line = format!("the last install failed ({class}): {message}");
            line.extend(hint.iter().map(|hint| format!(" ({hint})")));
            lines.push(line);
        }
        if self.working {
            lines.push("an install is under way".to_owned());
        } else if let Some(next) = self.next {
            let seconds = next.saturating_duration_since(Instant::now()).as_secs();
            lines.push(format!("the next one is in {seconds} s, or when the settings change"));
        }
        lines
    }
}

fn current(dest: &Path) -> Option<Generation> {
    let path = current_generation::current(dest)?;
    let id = path.file_name()?.to_string_lossy().into_owned();
    Some(Generation { id, packages: State::read(&path).map(|state| state.packages) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn success(changed: bool) -> Success {
        Success { changed, changes: None, bytes: 7, seconds: 0.5, stops: BTreeMap::new() }
    }

    fn failure(class: Class) -> Result<Success, Failure> {
        Err(Failure { class, message: "no".to_owned(), hint: Some("Try.".to_owned()), untold: false })
    }

    #[test]
    fn it_is_ready_when_the_first_install_has_ended_and_something_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let health = Health::of(folder.path());
        let said = || health.with(|health| (health.is_ready(), health.detail().join("\n")));
        assert_eq!(said(), (false, "not ready: the first install has not ended".to_owned()));
        health.with(|health| health.record(failure(Class::Mirror), Some(Duration::from_mins(1))));
        let (ready, detail) = said();
        assert!(!ready && detail.starts_with("not ready: nothing is installed in "), "{detail}");
        assert!(
            detail.contains("\nthe last install failed (mirror): no (Try.)\nthe next one is in "),
            "{detail}"
        );

        fs::create_dir_all(folder.path().join(".aptlet/generations/a")).unwrap();
        symlink("generations/a", folder.path().join(".aptlet/current")).unwrap();
        health.with(|health| health.record(Ok(success(true)), None));
        assert_eq!(said(), (true, format!("ready: generation a in {}", folder.path().display())));
        health.with(|health| health.record(failure(Class::NoSolution), None));
        let (ready, detail) = said();
        assert!(ready && detail.contains("(no-solution)"), "{detail}");
        health.with(|health| health.working = true);
        assert!(said().1.ends_with("\nan install is under way"));
    }

    #[test]
    fn what_an_earlier_container_left_is_not_taken_for_what_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".aptlet/generations/a")).unwrap();
        symlink("generations/a", folder.path().join(".aptlet/current")).unwrap();
        let health = Health::of(folder.path());
        assert!(!health.with(|health| health.is_ready()));
        health.with(|health| health.record(failure(Class::Mirror), None));
        assert!(health.with(|health| health.is_ready()), "a mirror that is down does not take it away");
    }

    #[test]
    fn installs_are_counted_by_what_came_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let health = Health::of(folder.path());
        health.with(|health| {
            for outcome in [Ok(success(true)), Ok(success(false)), failure(Class::Mirror), Ok(success(true))]
            {
                health.record(outcome, None);
            }
            assert_eq!((health.installed, health.unchanged, health.bytes), (2, 1, 14));
            assert_eq!(health.failed.values().sum::<u64>(), 1);
            assert_eq!(health.failed[&Class::Mirror], 1);
            assert!(!health.has_failed() && health.last_success.is_some());
        });
    }
}
