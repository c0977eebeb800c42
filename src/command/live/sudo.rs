//! `sudo`, where nobody can become root: apt's and dpkg's commands need no root here, what writes sources and keys writes them to the
//! volume, and nothing else gets any.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::outcome::{Failure, print};
use crate::live::{NAMES, Place};
use crate::process::DEFAULT_PATH;

/// Flags with a value of their own.
const VALUED: &str = "CDghprRtTuU";

pub(super) fn sudo(place: &Place, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    if let Some(own) = of_image(place) {
        let error = Command::new(&own).args(arguments).exec();
        return Err(Failure::plain(format!("sudo: cannot start {}: {error}", own.display()), None, 1));
    }
    let (mut variables, mut rest) = (Vec::new(), arguments.iter());
    let mut command = Vec::new();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if !command.is_empty() {
            command.push(argument.clone());
        } else if text == "--" {
            command.extend(rest.by_ref().cloned());
        } else if matches!(text.as_ref(), "-V" | "--version") {
            print(&format!("sudo of aptlet {}: there is no root here\n", env!("CARGO_PKG_VERSION")))?;
            return Ok(ExitCode::SUCCESS);
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.starts_with('-')) {
            if letters.len() == 1 && VALUED.contains(letters) {
                rest.next();
            }
        } else if text.starts_with("--") {
            // --preserve-env=…, --non-interactive, --user=root
        } else if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_variable(name)) {
            variables.push((name.to_owned(), value.to_owned()));
        } else {
            command.push(argument.clone());
        }
    }
    let Some(program) = command.first() else {
        return Err(no_root("a shell"));
    };
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !NAMES.contains(&name) || name == "sudo" {
        return match redirected(place, name, &command) {
            Some(command) => Err(become_program(&command, variables)),
            None => Err(no_root(&program.to_string_lossy())),
        };
    }
    command[0] = place.dest().join("commands").join(name).into();
    Err(become_program(&command, variables))
}

/// Programs by which install guides write source lists, keys and pins.
const WRITERS: [&str; 18] = [
    "tee", "install", "mkdir", "chmod", "cp", "mv", "ln", "rm", "touch", "cat", "ls", "test", "sed", "gpg",
    "curl", "wget", "sh", "bash",
];

/// A command that writes below `/etc/apt`, as one that writes to the volume, where apt's commands of the destination look as well.
fn redirected(place: &Place, name: &str, command: &[OsString]) -> Option<Vec<OsString>> {
    if !WRITERS.contains(&name) {
        return None;
    }
    let appends = name == "tee" && command.iter().any(|word| word == "-a" || word == "--append");
    let mut redirected = vec![command[0].clone()];
    let mut rest = command[1..].iter();
    let mut is_any = false;
    while let Some(word) = rest.next() {
        let text = word.to_str()?;
        if name == "install" && matches!(text, "-o" | "-g") {
            // files are this user's
            rest.next();
            continue;
        }
        let other = match text {
            "/etc/apt/sources.list" if appends => place.sources().join("added.list").display().to_string(),
            text => place.redirected(text, false),
        };
        if other != text {
            is_any = true;
            // a script of a shell is too long to be told
            if text.starts_with('/') {
                let _ = writeln!(io::stderr(), "sudo: there is no root here: {text} is {other}");
            }
        }
        redirected.push(other.into());
    }
    if !is_any {
        return None;
    }
    for folder in place.system_folders() {
        // what cannot be made is said by whoever writes there
        let _ = fs::create_dir_all(folder);
    }
    Some(redirected)
}

fn become_program(command: &[OsString], variables: Vec<(String, String)>) -> Failure {
    let error = Command::new(&command[0]).args(&command[1..]).envs(variables).exec();
    Failure::plain(format!("sudo: cannot start {}: {error}", command[0].display()), None, 1)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn no_root(what: &str) -> Failure {
    Failure::plain(
        format!("sudo: there is no root here: '{what}' was not run"),
        Some(
            "What needs no root runs without sudo. apt-get, apt, dpkg, apt-mark and add-apt-repository need none: they install for \
             this user. What is written below /etc/apt or /usr/share/keyrings goes to the volume.",
        ),
        1,
    )
}

/// The image's own, where it can work: set-user-id, and new privileges are allowed (PR_SET_NO_NEW_PRIVS(2const)).
fn of_image(place: &Place) -> Option<PathBuf> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().any(|line| line.split_whitespace().eq(["NoNewPrivs:", "0"]));
    if !allowed {
        return None;
    }
    let here = fs::canonicalize(place.dest()).ok();
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    std::env::split_paths(&path)
        .chain(std::env::split_paths(DEFAULT_PATH))
        .map(|folder| folder.join("sudo"))
        .find(|file| {
            let is_own = || {
                fs::canonicalize(file)
                    .ok()
                    .zip(here.as_ref())
                    .is_some_and(|(file, here)| file.starts_with(here))
            };
            fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o4111 == 0o4111) && !is_own()
        })
}
