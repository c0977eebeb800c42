//! How a command of apt or dpkg fails: `E: …` on standard error, and the exit code that theirs has.

use std::io::Write as _;
use std::process::ExitCode;

use crate::config::nearest;
use crate::error::Error;
use crate::masking;
use crate::resolve;

/// apt's for everything that is wrong (apt-get(8)).
const OF_APT: u8 = 100;

/// What people mean when they mistype one of apt's operations.
const OPERATIONS: [&str; 16] = [
    "install",
    "reinstall",
    "remove",
    "purge",
    "autoremove",
    "update",
    "upgrade",
    "full-upgrade",
    "dist-upgrade",
    "build-dep",
    "download",
    "clean",
    "search",
    "show",
    "list",
    "policy",
];

/// Why a command ends, what to do next, and with which exit code.
#[derive(Debug)]
pub(super) struct Failure {
    line: String,
    hint: Option<String>,
    code: u8,
    /// What it comes of, where that is an error of aptlet's own.
    error: Option<Box<Error>>,
}

impl Failure {
    /// As apt tells it.
    pub(super) fn apt(line: impl Into<String>, hint: impl Into<String>) -> Self {
        let line = format!("E: {}", line.into());
        Self { line, hint: Some(hint.into()), code: OF_APT, error: None }
    }

    /// As dpkg does, and dpkg-query.
    pub(super) fn dpkg(name: &str, line: impl Into<String>, hint: Option<&str>, code: u8) -> Self {
        Self::plain(format!("{name}: {}", line.into()), hint, code)
    }

    /// A line as it is.
    pub(super) fn plain(line: impl Into<String>, hint: Option<&str>, code: u8) -> Self {
        Self { line: line.into(), hint: hint.map(str::to_owned), code, error: None }
    }

    pub(super) fn unknown_command(name: &str, command: &str) -> Self {
        let meant = nearest(command, OPERATIONS).map(|known| format!("Did you mean '{name} {known}'? "));
        Self::apt(
            format!("Invalid operation {command}"),
            format!("{}'{name} --help' lists what there is.", meant.unwrap_or_default()),
        )
    }

    /// Whether what is asked for cannot be beside what is there.
    pub(super) fn is_without_solution(&self) -> bool {
        let Some(Error::LeftOut { error, .. } | Error::Resolve(error)) = self.error.as_deref() else {
            return false;
        };
        matches!(error, resolve::Error::NoSolution(_))
    }

    /// As aptlet's own commands fail.
    pub(super) fn into_error(self) -> Error {
        self.error.map_or_else(|| resolve::Error::NoSolution(self.line).into(), |error| *error)
    }

    /// Tells it, and gives the exit code.
    pub(super) fn tell(&self) -> ExitCode {
        let mut text = masking::text(&self.line).into_owned();
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\n   {}", masking::text(hint)));
        }
        // a closed standard error is no other failure
        let _ = writeln!(std::io::stderr().lock(), "{text}");
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // the words that scripts look for
        let line = match &error {
            Error::Resolve(resolve::Error::UnknownPackage(unknown)) => {
                format!("Unable to locate package {}: {error}", unknown.name)
            }
            Error::LeftOut { error: resolve::Error::UnknownPackage(unknown), .. } => {
                format!("Unable to locate package {}: {error}", unknown.name)
            }
            Error::Resolve(resolve::Error::NoSuchVersion { name, wanted, .. }) => {
                format!("{} for '{name}' was not found: {error}", capital(wanted))
            }
            Error::Resolve(resolve::Error::Virtual { name, .. }) => {
                format!("Package '{name}' has no installation candidate: {error}")
            }
            _ => error.to_string(),
        };
        Self { line: format!("E: {line}"), hint: error.hint(), code: OF_APT, error: Some(Box::new(error)) }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Output to standard output; whoever reads it may have had enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    crate::report::print(text).map_err(Failure::from)
}
