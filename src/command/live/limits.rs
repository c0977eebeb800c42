//! What whoever runs the platform lets be added: `allow` and `deny`, by the names of packages. The size of the volume has
//! `size-limit` and `max-unpacked`.

use super::outcome::Failure;
use super::steps::Steps;
use crate::config::Settings;
use crate::control::glob::Glob;
use crate::planning::Meant;
use crate::request::Request;

/// Who knows more.
const HINT: &str = "It is a rule of this platform, which its own settings have: ask who runs it.";

/// Refuses what no rule lets be asked for, and what one keeps out.
///
/// # Errors
/// The first of these, with the rule.
pub(super) fn check(
    settings: &Settings,
    requests: &[Request],
    named: &[Meant],
    steps: &Steps,
) -> Result<(), Failure> {
    for pattern in &settings.deny {
        let glob = glob("deny", pattern)?;
        if let Some(step) = steps.coming().find(|step| glob.matches(&step.name)) {
            let asked = named.iter().any(|meant| meant.name == step.name);
            let why = if asked { "" } else { ", which comes with what is asked for," };
            return Err(Failure::apt(
                format!("Package '{}'{why} is not installed here: it matches 'deny: {pattern}'", step.name),
                HINT,
            ));
        }
    }
    if settings.allow.is_empty() {
        return Ok(());
    }
    let allowed: Vec<Glob> =
        settings.allow.iter().map(|pattern| glob("allow", pattern)).collect::<Result<_, _>>()?;
    // what is there already was asked for before; a pattern, a command or an archive has a name of its own
    let comes = |meant: &&Meant| steps.coming().any(|step| step.name == meant.name);
    let is_asked = || requests.iter().any(|request| !request.forbid);
    let refused = named.iter().filter(|_| is_asked()).filter(comes);
    match refused.into_iter().find(|meant| !allowed.iter().any(|glob| glob.matches(&meant.name))) {
        None => Ok(()),
        Some(meant) => Err(Failure::apt(
            format!(
                "Package '{}' is not installed here: it matches none of 'allow: {}'",
                meant.name,
                settings.allow.join(", ")
            ),
            HINT,
        )),
    }
}

fn glob(key: &str, pattern: &str) -> Result<Glob, Failure> {
    Glob::new(pattern).map_err(|bad| {
        Failure::apt(
            format!("'{key}: {pattern}' is no pattern: {bad}"),
            "It is a setting: aptlet.yaml, or a flag.",
        )
    })
}
