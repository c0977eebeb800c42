//! What a command line of apt-get asks to be there.

use super::needs;
use super::outcome::Failure;
use super::session::{Session, requests};
use super::words::Words;
use crate::request::Request;

/// What is asked for, of what is installed.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(super) struct Goal {
    /// What is to be there.
    pub(super) requests: Vec<Request>,
    /// Whether that is then asked for, or there for others.
    pub(super) automatic: bool,
    /// What is to go, by name or pattern.
    pub(super) removals: Vec<String>,
    /// Whether all that is there is to be of its newest version.
    pub(super) upgrade: bool,
    /// Whether what nobody needs is to go.
    pub(super) auto_remove: bool,
    /// Whether a tree is made although its packages are the same.
    pub(super) first: bool,
    /// Whether this is `aptlet live`, which also puts what containers start.
    pub(super) prepares: bool,
}

impl Goal {
    pub(super) fn of(session: &Session, words: &Words) -> Result<Self, Failure> {
        let mut goal = Self { automatic: words.mark_auto, auto_remove: words.auto_remove, ..Self::default() };
        match words.command.as_str() {
            "install" | "reinstall" => {
                for request in requests(&words.names)? {
                    match request.forbid {
                        // what is not there is not to come either
                        true => {
                            goal.removals.push(label(&request));
                            goal.requests.push(request);
                        }
                        false => goal.requests.push(request),
                    }
                }
            }
            "remove" | "purge" => {
                for name in &words.names {
                    match name.strip_suffix('+').filter(|name| !name.ends_with('+')) {
                        Some(added) => goal.requests.extend(requests(&[added.to_owned()])?),
                        None => goal.removals.push(name.strip_suffix('-').unwrap_or(name).to_owned()),
                    }
                }
            }
            "autoremove" | "auto-remove" | "autopurge" => {
                goal.removals.clone_from(&words.names);
                goal.auto_remove = true;
            }
            "build-dep" => {
                goal.requests = requests(&needs::build_dependencies(session, &words.names)?)?;
                goal.automatic = true;
            }
            "satisfy" => {
                goal.requests = requests(&needs::unsatisfied(session, &words.names)?)?;
                goal.automatic = true;
            }
            _ => {
                goal.upgrade = true;
                goal.requests = requests(&words.names)?;
            }
        }
        Ok(goal)
    }
}

/// `name`, or `name:arch` where that was said.
pub(super) fn label(request: &Request) -> String {
    match &request.arch {
        Some(arch) => format!("{}:{arch}", request.name),
        None => request.name.clone(),
    }
}
