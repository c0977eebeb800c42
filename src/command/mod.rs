//! The commands: each file wires the stops together for one of them.

mod build;
mod elsewhere;
mod ending;
mod fingerprint;
mod freshness;
mod inherited;
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

use ending::Ending;
use inherited::Inherited;

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
            perform(arguments, |settings, report, ending| run::run(settings, &program, report, ending))
        }
        Command::Install => perform(arguments, |settings, report, ending| {
            done(block_on(install::install(settings, report), ending))
        }),
        Command::Lock => perform(arguments, |settings, report, ending| {
            done(block_on(lock::lock(settings, report), ending))
        }),
        Command::Render => {
            let flags = arguments.options.clone();
            perform(arguments, |settings, _, _| done(render::render(flags, settings)))
        }
        Command::Status => perform(arguments, |settings, _, _| done(status::status(settings))),
        Command::Verify => perform(arguments, |settings, report, _| done(verify::verify(settings, report))),
    }
}

fn done(result: Result<(), Error>) -> Result<ExitCode, Error> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Does the work of a command that ends by itself, and tells how it ended.
fn perform(
    arguments: Arguments,
    work: impl FnOnce(&Settings, &Report, &Ending) -> Result<ExitCode, Error>,
) -> ExitCode {
    let (format, termination_log) = before_settings(Some(&arguments.options));
    let echo = arguments.command == Command::Reconcile;
    let fails = |error: &Error| {
        if echo {
            report::echo(&report::object_of(error));
        }
        error.class().into()
    };
    let ending = match Ending::listen(Inherited::at_start()) {
        Ok(ending) => ending,
        Err(error) => {
            let error = Error::Starved { what: "listen for signals", source: error };
            report::failure(format, &error, &termination_log);
            return fails(&error);
        }
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
    match work(&settings, &report, &ending) {
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

/// Does the work, unless a request to end comes first: then this process ends.
fn block_on(work: impl Future<Output = Result<(), Error>>, ending: &Ending) -> Result<(), Error> {
    let broken = |source| Error::Starved { what: "start threads", source };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(broken)?;
    let requested = ending.requested();
    let outcome = runtime.block_on(async {
        tokio::select! {
            result = work => Ok(result),
            signal = requested => Err(signal),
        }
    });
    // dropping `work` has removed what was half-done; a thread that is still unpacking has nothing to add
    runtime.shutdown_background();
    outcome.unwrap_or_else(|signal| ending.end(signal, "; nothing was installed"))
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
