//! `aptlet watch`: keeps a destination as the settings say, and answers for it. Each install is a process of its own.

mod backoff;
mod changes;
mod child;
mod health;
mod heartbeat;
mod metrics;
mod server;

use std::process::ExitCode;
use std::time::Duration;

use rustix::process::Signal;

use self::backoff::{Backoff, earlier};
use self::changes::{Changes, Seen};
use self::child::{Child, Failure};
use self::health::Health;
use self::heartbeat::Heartbeat;
use super::install;
use crate::cli::Arguments;
use crate::config::{Host, Watching};
use crate::current_generation::current;
use crate::error::Error;
use crate::process::EndSignals;
use crate::report::{self, Report};
use crate::startup::{before_settings, block_on, done, perform};

pub(super) use self::heartbeat::ask;

/// Runs until it is told to end, which is a success.
pub(super) fn watch(arguments: Arguments) -> ExitCode {
    let (format, termination_log) = before_settings(Some(&arguments.options));
    let broken = |error| Error::Internal(format!("cannot start: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken);
    let result = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let end = EndSignals::listen().map_err(broken)?;
            let host = Host::this()?;
            let watching = Watching::resolve(arguments.options.clone(), &arguments.requests, &host)?;
            // for the log of this process; nothing is done here that has stops to tell of
            let _ = Report::new(watching.log_format, watching.verbosity);
            Keeper { arguments, host, watching }.watch(end).await
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(format, &error, &termination_log);
            error.class().into()
        }
    }
}

/// `aptlet install`, for [`watch`] in another process.
pub(super) fn reconcile(arguments: Arguments) -> ExitCode {
    // fails on no kernel that has /proc; an install that outlives the watch does no harm
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    perform(arguments, |settings, report, ending| done(block_on(install::install(settings, report), ending)))
}

/// What the process goes by.
struct Keeper {
    arguments: Arguments,
    host: Host,
    watching: Watching,
}

impl Keeper {
    async fn watch(mut self, mut end: EndSignals) -> Result<(), Error> {
        let (dest, listen) = (self.watching.dest.clone(), self.watching.listen.clone());
        let termination_log = self.watching.termination_log.clone();
        let health = Health::of(&dest);
        let heartbeat = tokio::select! {
            signal = end.next() => {
                stopped(signal);
                return Ok(());
            }
            heartbeat = Heartbeat::start(&dest, &health) => heartbeat?,
        };
        if let Some(listen) = listen {
            server::start(&listen, &health)?;
        }
        if let Some(error) = &self.watching.unread {
            tracing::warn!("--dest, --listen and the log are as flags and environment say, for {error}");
        }
        let mut changes = Changes::new();
        let mut backoff = Backoff::default();
        loop {
            self.refresh();
            // before the child reads anything, so that a change while it does so is one
            let seen = Seen::of(&self.watching);
            // what was changed in between may name other files, which then have not been seen
            self.refresh();
            health.with(|health| health.working = true);
            let outcome = match Child::start(&dest) {
                Err(failure) => Err(failure),
                Ok(mut child) => tokio::select! {
                    signal = end.next() => {
                        child.end().await;
                        stopped(signal);
                        return Ok(());
                    }
                    outcome = child.outcome() => outcome,
                },
            };
            let pause = match &outcome {
                Ok(_) => {
                    backoff = Backoff::default();
                    report::terminate("", &termination_log);
                    self.watching.interval.map(earlier)
                }
                Err(failure) => {
                    self.tell(failure);
                    Some(backoff.next())
                }
            };
            let failed = outcome.is_err() && seen.is_true(&self.watching);
            health.with(|health| health.record(outcome, pause));
            heartbeat.beat();
            if let Some(pause) = pause.filter(|_| failed) {
                let seconds = pause.as_secs();
                match current(&dest) {
                    Some(_) => tracing::warn!("what was installed before stays; next try in {seconds} s"),
                    None => tracing::warn!("nothing is installed yet; next try in {seconds} s"),
                }
            }
            tokio::select! {
                signal = end.next() => {
                    stopped(signal);
                    return Ok(());
                }
                () = changes.wait(&self.watching, &seen) => {
                    tracing::info!("the settings have changed");
                    health.with(|health| health.changes += 1);
                    backoff = Backoff::default();
                }
                () = sleep(pause) => {}
            }
        }
    }

    /// Says what an install could not say itself.
    fn tell(&self, failure: &Failure) {
        if failure.untold {
            let Failure { class, message, hint, .. } = failure;
            let Watching { log_format, termination_log, .. } = &self.watching;
            report::failure_of_another(*log_format, *class, message, hint.as_deref(), termination_log);
        }
    }

    /// Reads anew what may be in the `ConfigMap`; while that cannot be read, things stay as they were.
    fn refresh(&mut self) {
        let read = Watching::resolve(self.arguments.options.clone(), &self.arguments.requests, &self.host);
        if let Ok(watching @ Watching { unread: None, .. }) = read {
            self.watching = watching;
        }
    }
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

fn stopped(signal: i32) {
    tracing::info!("stopped by signal {signal}");
}
