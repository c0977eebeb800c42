//! `aptlet live`: prepares a destination to which a running container adds packages by apt's own commands, with the first of them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, json};

use super::change::transact;
use super::goal::Goal;
use super::outcome::Failure;
use super::session::{Session, adapt};
use super::words::Words;
use crate::cli::Arguments;
use crate::config::{self, Settings};
use crate::error::Error;
use crate::live::{self, Installed, NAMES, Place};
use crate::process::Ending;
use crate::publish;
use crate::report::Report;
use crate::startup::{block_on, done, perform};

/// Files of the folder of settings are read whole, and no larger ones are meant.
const LARGEST: u64 = 1 << 20;

/// Runs it.
pub(in crate::command) fn prepare(arguments: Arguments, no_sudo: bool) -> ExitCode {
    let folder = arguments.options.folder.config.clone();
    perform(arguments, |settings, _, ending| done(run(settings, folder.as_deref(), no_sudo, ending)))
}

fn run(settings: &Settings, folder: Option<&Path>, no_sudo: bool, ending: &Ending) -> Result<(), Error> {
    let place = Place::of(&settings.dest);
    let requests = settings.requests.clone();
    let before = live::Settings::read(&place);
    let commands = if no_sudo { &NAMES[..NAMES.len() - 1] } else { &NAMES[..] };
    let told = live::Settings {
        arguments: std::env::args_os().map(|argument| text(&argument)).collect(),
        environment: variables(),
        commands: commands.iter().map(|name| (*name).to_owned()).collect(),
    };
    copy_config(&place, folder)?;
    told.write(&place)?;
    let mut settings = settings.clone();
    adapt(&place, &mut settings).map_err(Failure::into_error)?;
    let report = Report::new(settings.log_format, settings.verbosity);
    let session = Session { place: place.clone(), settings, report, default_release: None, ending: None };
    let goal = Goal {
        requests,
        first: before.is_some_and(|before| before.commands != told.commands),
        prepares: true,
        ..Goal::default()
    };
    let words = Words { command: "install".to_owned(), quiet: 2, yes: true, ..Words::default() };
    block_on(
        async { transact(&session, &words, goal, "aptlet live").await.map_err(Failure::into_error) },
        ending,
    )?;
    let installed = Installed::read(None, crate::current_generation::current(place.dest()).as_deref())?;
    let count = installed.of_tree().count();
    let summary = format!(
        "{} is live, with {}: {} are in {}",
        place.dest().display(),
        crate::wording::counted(count, "package"),
        told.commands.join(", "),
        place.dest().join("commands").display()
    );
    session.report.success(&summary, Map::from_iter([("packages".to_owned(), json!(count))]));
    Ok(())
}

fn text(argument: &OsString) -> String {
    argument.to_string_lossy().into_owned()
}

/// The variables that say what flags say.
fn variables() -> Vec<(String, String)> {
    let all = std::env::vars_os().map(|(name, value)| (text(&name), text(&value)));
    all.filter(|(name, _)| name.starts_with("APTLET_")).collect()
}

/// The folder of settings may be mounted in this container alone.
fn copy_config(place: &Place, folder: Option<&Path>) -> Result<(), Error> {
    let named = std::env::var_os("APTLET_CONFIG").map(std::path::PathBuf::from);
    let folder = folder.map(Path::to_owned).or(named).unwrap_or_else(|| "/etc/aptlet".into());
    let failed = |source: io::Error| publish::Error::write(&place.config(), source);
    match fs::remove_dir_all(place.config()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error).into()),
        _ => {}
    }
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_file = fs::metadata(entry.path()).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST);
        // what is to be installed is said once, and what logs in is for those who are given it
        if !is_file
            || name.starts_with('.')
            || matches!(name.as_str(), "packages" | "aptlet.lock" | "auth.conf")
        {
            continue;
        }
        let path = entry.path();
        let bytes = fs::read(&path).map_err(|source| config::Error::Read { path, source })?;
        place.put(&format!("config/{name}"), &bytes)?;
    }
    Ok(())
}
