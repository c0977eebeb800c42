//! What every command begins with: from arguments to settings, a report, and listening for requests to end; and how it
//! tells that it failed.

use std::path::PathBuf;
use std::process::ExitCode;

use rustix::io::Errno;

use crate::cli::{self, Arguments};
use crate::config::{Architectures, Command, Host, LogFormat, Options, Settings};
use crate::error::{Class, Error};
use crate::planning::base_image;
use crate::process::aftermath::{self, Cause, Remains};
use crate::process::{Ending, Inherited};
use crate::publish;
use crate::report::{self, Report};

pub(crate) fn done(result: Result<(), Error>) -> Result<ExitCode, Error> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Does the work of a command that ends by itself, and tells how it ended.
pub(crate) fn perform(
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
    aftermath::note(|remains| {
        remains.json = format == LogFormat::Json;
        remains.echo = echo;
        remains.termination_log.clone_from(&termination_log);
    });
    Inherited::use_own_files();
    let to_kubelet = termination_log.clone();
    // of an install of `aptlet watch`, the watch is what the kubelet asks for
    let last_word = move |text: &str| {
        if !echo {
            report::terminate(text, &to_kubelet);
        }
    };
    let ending = match Ending::listen(Inherited::at_start(), Box::new(last_word)) {
        Ok(ending) => ending,
        Err(error) => {
            let error = Error::Starved { what: "listen for signals", source: error };
            report::failure(format, &error, &termination_log);
            return fails(&error);
        }
    };
    let Arguments { command, options, requests, .. } = arguments;
    let resolve = |architecture: Option<Architectures>, known| {
        let mut options = options.clone();
        options.choosing.arch = architecture.or(options.choosing.arch);
        Host::this().and_then(|host| Settings::resolve_on(command, options, &requests, &host, known))
    };
    let mut settings = match resolve(None, None) {
        Ok(settings) => settings,
        Err(error) => {
            let error = Error::from(error);
            report::failure(format, &error, &termination_log);
            return fails(&error);
        }
    };
    aftermath::note(|remains| {
        remains.json = settings.log_format == LogFormat::Json;
        remains.termination_log.clone_from(&settings.termination_log);
    });
    let report = Report::new(settings.log_format, settings.verbosity);
    let report = if echo { report.echoing() } else { report };
    // the folders of images are there until the work is done
    let mut images = Vec::new();
    let mut whole = |architecture: Option<Architectures>| {
        let first = resolve(architecture.clone(), None)?;
        if first.base_image.is_none() || !command.installs() {
            return Ok(first);
        }
        let mut looked = None;
        let look = async {
            looked = base_image::look(command, &first).await?;
            Ok(())
        };
        block_on(look, &ending)?;
        let Some(looked) = looked else { return Ok(first) };
        let settings = resolve(architecture, Some(looked.image.clone()))?;
        images.push(looked);
        Ok::<Settings, Error>(settings)
    };
    if settings.base_image.is_some() || !settings.other_architectures.is_empty() {
        let others = settings.other_architectures.clone();
        let all = whole(settings.own_architecture()).and_then(|mut first| {
            first.others = others.into_iter().map(|other| whole(Some(other))).collect::<Result<_, _>>()?;
            Ok(first)
        });
        match all {
            Ok(all) => settings = all,
            Err(error) => {
                report.failure(&error, &settings.termination_log);
                return fails(&error);
            }
        }
    }
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

/// The exit code of what has no settings; a failure is told.
pub(crate) fn ended(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (format, termination_log) = before_settings(None);
            report::failure(format, &error, &termination_log);
            error.class().into()
        }
    }
}

/// Says what takes the place of a command of apt.
pub(crate) fn instead(word: &str) -> ExitCode {
    let Some(instead) = cli::instead_of(word) else { return ExitCode::SUCCESS };
    let word = word.to_owned();
    if instead.is_done {
        report::say(&format!("{word}: there is nothing to do: {}", instead.why));
        return ExitCode::SUCCESS;
    }
    ended(Err(Error::Instead { word, why: instead.why, hint: instead.hint }))
}

/// How and where a failure is told while there are no settings: as the flags, else the environment, say.
pub(crate) fn before_settings(flags: Option<&Options>) -> (LogFormat, PathBuf) {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let json = || variable("APTLET_LOG_FORMAT").filter(|format| format == "json").map(|_| LogFormat::Json);
    let log = || variable("APTLET_TERMINATION_LOG").map(PathBuf::from);
    (
        flags.and_then(|flags| flags.logging.log_format).or_else(json).unwrap_or_default(),
        flags
            .and_then(|flags| flags.termination.termination_log.clone())
            .or_else(log)
            .unwrap_or_else(|| "/dev/termination-log".into()),
    )
}

/// Does the work, unless a request to end comes first: then this process ends.
pub(crate) fn block_on(work: impl Future<Output = Result<(), Error>>, ending: &Ending) -> Result<(), Error> {
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

/// A bug ends with exit code 1 and a last word, not with a signal, and leaves nothing half-done.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        // libraries panic where the system gives them no thread, descriptor or memory
        let says = |errno: &Errno| {
            let number = errno.raw_os_error();
            text.contains(&format!("(os error {number})")) || text.contains(&format!("code: {number},"))
        };
        let lack = LACKS.into_iter().find(says);
        let cause = lack.map_or(Cause::Panic(text), |errno| Cause::Lack(errno.raw_os_error()));
        let _ = aftermath::begin(&cause);
        let remains = Remains { termination_log: before_settings(None).1, ..Remains::default() };
        std::process::exit(tell(&remains, cause).code().into());
    }));
}

/// What limits of a container make the system say.
const LACKS: [Errno; 4] = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE];

/// Where this process takes the place of one that could not go on: does what is left to do, and tells why.
pub(crate) fn after_another() -> Option<ExitCode> {
    let (remains, cause) = aftermath::of(std::env::args_os())?;
    if let Some(destination) = &remains.destination {
        publish::remove_unfinished(destination, &remains.made);
    }
    Some(tell(&remains, cause).into())
}

fn tell(remains: &Remains, cause: Cause) -> Class {
    let error = match cause {
        Cause::Panic(text) => Error::Internal(text),
        Cause::Lack(number) => {
            let source = std::io::Error::from_raw_os_error(number);
            Error::Starved { what: "go on", source }
        }
    };
    if remains.echo {
        report::echo(&report::object_of(&error));
    }
    let format = if remains.json { LogFormat::Json } else { LogFormat::Text };
    report::failure(format, &error, &remains.termination_log);
    error.class()
}
