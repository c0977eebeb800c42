//! What is to be installed: the requests or the lock of the highest layer that has either.

use std::path::{Path, PathBuf};

use super::command::Command;
use super::error::{Error, Warning};
use super::text;
use crate::request::{self, Origin, Request};

/// What one layer wants installed.
pub(super) struct Wants<'a> {
    pub(super) lock: Option<PathBuf>,
    pub(super) requests: Asked<'a>,
    /// What the user calls the lock and the requests.
    pub(super) names: [&'static str; 2],
}

/// Requests that are read only if no higher layer has any.
pub(super) enum Asked<'a> {
    Arguments(&'a [String]),
    Variable(&'a str),
    Key(Option<&'a Path>),
}

impl Asked<'_> {
    pub(super) fn read(&self, working_directory: &Path) -> Result<Vec<Request>, Error> {
        let parse =
            |text: &str, origin: Origin| request::parse(text, working_directory, move |_, _| origin.clone());
        match self {
            Self::Arguments(arguments) => {
                let lists = arguments.iter().map(|text| parse(text, Origin::Flag));
                Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Self::Variable(text) => Ok(parse(text, Origin::Environment)?),
            Self::Key(path) => path.map_or(Ok(Vec::new()), |path| read_requests(path, working_directory)),
        }
    }
}

/// The requests of the key `packages`; relative paths are beside it, and what it is relative to itself is
/// `working_directory`.
fn read_requests(path: &Path, working_directory: &Path) -> Result<Vec<Request>, Error> {
    let origin = |line, column| Origin::File { path: path.to_owned(), line, column };
    let folder = path.parent().unwrap_or(Path::new("/"));
    Ok(request::parse(&text::read(path)?, &working_directory.join(folder), origin)?)
}

/// What a command has to install: a lock, or requests, or a lock with the requests that it was made from.
pub(super) type Wanted = (Option<PathBuf>, Vec<Request>);

/// What the highest layer that wants anything wants; none if no layer does and the command needs it.
pub(super) fn wanted(
    command: Command,
    layers: [Wants<'_>; 3],
    working_directory: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Wanted>, Error> {
    if !command.installs() {
        return Ok(Some((None, Vec::new())));
    }
    let own = layers[layers.len() - 1].lock.clone();
    let mut layers = layers.into_iter().peekable();
    while let Some(layer) = layers.next() {
        let requests = layer.requests.read(working_directory)?;
        let lock = layer.lock.filter(|_| command != Command::Lock);
        // whoever names the ConfigMap's own lock means that with what is beside it
        if requests.is_empty() && lock.is_some() && lock == own && layers.peek().is_some() {
            continue;
        }
        // In a ConfigMap the one is made from the other; anywhere else they contradict each other.
        if lock.is_some() && !requests.is_empty() && !matches!(layer.requests, Asked::Key(_)) {
            let [lock, requests] = layer.names;
            return Err(Error::LockAndRequests { lock, requests });
        }
        if lock.is_some() || !requests.is_empty() {
            let [of_lock, of_requests] = layer.names;
            let by = if lock.is_some() { of_lock } else { of_requests };
            // what a pod is to get is decided elsewhere, by the same rules
            let told = command != Command::Render;
            warnings.extend(
                layers
                    .filter(|_| told)
                    .flat_map(|lower| passed_over(by, &requests, &lower, command, working_directory)),
            );
            return Ok(Some((lock, requests)));
        }
    }
    Ok(None)
}

/// What a lower layer wants, and does not get.
fn passed_over(
    by: &'static str,
    requests: &[Request],
    lower: &Wants<'_>,
    command: Command,
    working_directory: &Path,
) -> Vec<Warning> {
    let [of_lock, of_requests] = lower.names;
    let texts =
        |requests: &[Request]| requests.iter().map(|request| request.text.clone()).collect::<Vec<_>>();
    let mut all = Vec::new();
    if lower.lock.is_some() && command != Command::Lock {
        all.push(Warning::PassedOver { what: of_lock, requests: Vec::new(), by, instead: texts(requests) });
    }
    // what nobody asks for may be wrong
    let theirs = lower.requests.read(working_directory).map(|requests| texts(&requests)).unwrap_or_default();
    if theirs.iter().any(|request| !texts(requests).contains(request)) {
        all.push(Warning::PassedOver { what: of_requests, requests: theirs, by, instead: texts(requests) });
    }
    all
}
