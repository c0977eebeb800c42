//! The commands: each file wires the stops together for one of them.

mod build;
mod elsewhere;
mod fingerprint;
mod freshness;
mod install;
mod lock;
mod pipeline;
mod relocation;
mod render;
mod run;
mod sources;
mod space;
mod status;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{self, Arguments};
use crate::config::{Command, Host, LogFormat, Options, Settings};
use crate::error::{Class, Error};
use crate::fetch::{Client, ClientOptions, auth};
use crate::report::{self, Report};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    report_panics();
    let mut arguments = match cli::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // a closed standard output is no reason to fail
            let _ = error.print();
            if error.exit_code() == 0 {
                return ExitCode::SUCCESS;
            }
            report::terminate(&error.to_string(), &before_settings(None).1);
            return Class::Configuration.into();
        }
    };
    match arguments.command {
        Command::Watch => watch::watch(arguments),
        Command::Probe(endpoint) => watch::probe(endpoint, arguments.options),
        Command::Reconcile => watch::reconcile(arguments),
        Command::Run => {
            let program = std::mem::take(&mut arguments.program);
            perform(arguments, |settings, report| run::run(settings, &program, report))
        }
        Command::Install => perform(arguments, |settings, report| {
            done(block_on(install::install(settings, report), end_signal()))
        }),
        Command::Lock => {
            perform(arguments, |settings, report| done(block_on(lock::lock(settings, report), end_signal())))
        }
        Command::Render => {
            let flags = arguments.options.clone();
            perform(arguments, |settings, _| done(render::render(flags, settings)))
        }
        Command::Status => perform(arguments, |settings, _| done(status::status(settings))),
        Command::Verify => perform(arguments, |settings, report| done(verify::verify(settings, report))),
    }
}

fn done(result: Result<(), Error>) -> Result<ExitCode, Error> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Does the work of a command that ends, and tells how it ended.
fn perform(
    arguments: Arguments,
    work: impl FnOnce(&Settings, &Report) -> Result<ExitCode, Error>,
) -> ExitCode {
    let (format, termination_log) = before_settings(Some(&arguments.options));
    let echo = arguments.command == Command::Reconcile;
    let fails = |error: &Error| {
        if echo {
            report::echo(&report::object_of(error));
        }
        error.class().into()
    };
    let settings = Host::this()
        .and_then(|host| Settings::resolve(arguments.command, arguments.options, &arguments.requests, &host));
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            let error = Error::from(error);
            report::failure(format, &error, &termination_log);
            return fails(&error);
        }
    };
    let report = Report::new(settings.log_format, settings.verbosity);
    let report = if echo { report.echoing() } else { report };
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    match work(&settings, &report) {
        Ok(code) => code,
        Err(error) => {
            report.failure(&error, &settings.termination_log);
            fails(&error)
        }
    }
}

/// How and where a failure is told while there are no settings: as the flags, else the environment, say.
fn before_settings(flags: Option<&Options>) -> (LogFormat, PathBuf) {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let json = || variable("APTLET_LOG_FORMAT").filter(|format| format == "json").map(|_| LogFormat::Json);
    let log = || variable("APTLET_TERMINATION_LOG").map(PathBuf::from);
    (
        flags.and_then(|flags| flags.log_format).or_else(json).unwrap_or_default(),
        flags
            .and_then(|flags| flags.termination_log.clone())
            .or_else(log)
            .unwrap_or_else(|| "/dev/termination-log".into()),
    )
}

/// Does the work, unless `end` comes first, with the number of a signal: then this process ends.
fn block_on(
    work: impl Future<Output = Result<(), Error>>,
    end: impl Future<Output = std::io::Result<i32>>,
) -> Result<(), Error> {
    let broken = |error| Error::Internal(format!("cannot start threads: {error}"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(broken)?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work => result.map(|()| None),
            signal = end => signal.map(Some).map_err(broken),
        }
    });
    // dropping `work` has removed what was half-done; a thread that is still unpacking has nothing to add
    runtime.shutdown_background();
    match result? {
        None => Ok(()),
        Some(signal) => {
            tracing::warn!("stopped by signal {signal}; nothing was installed");
            std::process::exit(128 + signal);
        }
    }
}

/// Waits for a request to end.
async fn end_signal() -> std::io::Result<i32> {
    Ok(EndSignals::listen()?.next().await)
}

/// Requests to end. As process 1 of a container aptlet must listen for them: there, the kernel ignores signals that
/// have no handler, and the kubelet would wait for the whole grace period.
struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// None is missed from now on.
    fn listen() -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    /// The number of the next one.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}

/// A bug ends with exit code 1 and a last word, not with a signal.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = format!(
            "error: internal error: {panic}\n hint: Report this, with the log, to the makers of aptlet."
        );
        eprintln!("{text}");
        report::terminate(&text, &before_settings(None).1);
        std::process::exit(Class::Internal.code().into());
    }));
}

fn client(settings: &Settings) -> Result<Client, Error> {
    let mut entries = Vec::new();
    for path in settings.auth.iter().chain(sources::machine_auth(settings)) {
        entries.extend(auth::parse(&crate::config::read_text(path)?, path)?);
    }
    entries.extend(sources::credentials(settings)?);
    Ok(Client::new(ClientOptions {
        connections_per_host: settings.connections,
        retries: settings.retries,
        timeout: settings.timeout,
        ca_certificates: settings.ca_certificates.clone(),
        auth: entries,
        ..ClientOptions::default()
    })?)
}
