//! What was done, and what was not: what only root could do, and services.

use std::path::Path;

use super::making::Made;
use super::outcome::{Failure, print};
use super::steps::Steps;
use super::telling::amount;

/// What was done, and what a maintainer script would have done as root.
pub(super) fn done(steps: &Steps, made: &Made, quiet: u8) -> Result<(), Failure> {
    let mut text = String::new();
    if made.fetched > 0 && quiet < 2 {
        text.push_str(&format!("Fetched {}\n", amount(made.fetched)));
    }
    for step in &steps.removed {
        text.push_str(&format!(
            "Removing {} ({}) ...\n",
            step.name,
            step.before.as_deref().unwrap_or_default()
        ));
    }
    for step in steps.coming() {
        let after = step.after.as_deref().unwrap_or_default();
        match &step.before {
            Some(before) => {
                text.push_str(&format!("Unpacking {} ({after}) over ({before}) ...\n", step.name));
            }
            None => text.push_str(&format!("Unpacking {} ({after}) ...\n", step.name)),
        }
    }
    for step in steps.coming() {
        text.push_str(&format!(
            "Setting up {} ({}) ...\n",
            step.name,
            step.after.as_deref().unwrap_or_default()
        ));
    }
    print(&text)?;
    let is_new = |name: &str| steps.coming().any(|step| step.name == name);
    for note in made.notes.iter().filter(|note| note.about().is_some_and(is_new) && note.is_of_script()) {
        tracing::warn!("{note}; nobody is root here: do it yourself if you need it");
    }
    for note in made.notes.iter().filter(|note| note.is_told()) {
        tracing::warn!("{note}");
    }
    if let Some(generation) = &made.generation {
        let names = steps.new.iter().map(|step| step.name.as_str());
        let units: Vec<Unit> = names.flat_map(|name| units(generation, name, &made.prefix)).collect();
        if let Some(told) = not_started(&units) {
            tracing::warn!("{told}");
        }
    }
    Ok(())
}

/// More services are not told one by one.
const FEW: usize = 3;

/// A service of a package.
struct Unit {
    name: String,
    package: String,
    /// What would start it, as it is here.
    command: Option<String>,
}

/// That services are not started, and what starts each, where there are few; those of many packages are there for others.
fn not_started(units: &[Unit]) -> Option<String> {
    let what = match units {
        [] => return None,
        [one] => format!("the service {} of {}", one.name, one.package),
        several => {
            let names: Vec<&str> = several.iter().map(|unit| unit.name.as_str()).collect();
            format!("the services {}", names.join(", "))
        }
    };
    let verb = if units.len() == 1 { "is" } else { "are" };
    let commands: Vec<&str> = units.iter().filter_map(|unit| unit.command.as_deref()).collect();
    let how = match commands.as_slice() {
        [] => String::new(),
        _ if units.len() > FEW => {
            ": the line ExecStart of each has the command, for those that you need".to_owned()
        }
        [one] => format!(". To run it yourself: {one}"),
        several => format!(". To run one yourself: {}", several.join("; ")),
    };
    Some(format!("{what} {verb} not started: nothing starts services here{how}"))
}

/// The services of a package.
fn units(generation: &Path, package: &str, prefix: &str) -> Vec<Unit> {
    let list = generation.join("var/lib/dpkg/info").join(format!("{package}.list"));
    let list = std::fs::read_to_string(list).unwrap_or_default();
    let mut units = Vec::new();
    for path in list.lines() {
        let unit = path
            .strip_prefix("/lib/systemd/system/")
            .or_else(|| path.strip_prefix("/usr/lib/systemd/system/"));
        let Some(unit) = unit.filter(|unit| unit.ends_with(".service") && !unit.contains(['@', '/'])) else {
            continue;
        };
        let text =
            std::fs::read_to_string(generation.join("usr/lib/systemd/system").join(unit)).unwrap_or_default();
        if text.lines().any(|line| line.trim() == "Type=oneshot") {
            continue;
        }
        let start = text.lines().find_map(|line| line.strip_prefix("ExecStart="));
        let command = start.map(|line| line.trim_start_matches(['-', '@', ':', '+', '!']));
        let command =
            command.map(|line| match line.strip_prefix(prefix).is_none() && line.starts_with("/usr/") {
                true => format!("{prefix}{line}"),
                false => line.to_owned(),
            });
        units.push(Unit { name: unit.to_owned(), package: package.to_owned(), command });
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_told_in_one_line_and_few_of_them_with_their_commands() {
        let unit = |name: &str| Unit {
            name: format!("{name}.service"),
            package: "x".to_owned(),
            command: Some(format!("/p/usr/bin/{name}")),
        };
        assert_eq!(not_started(&[]), None);
        let one = not_started(&[unit("a")]);
        assert_eq!(
            one.as_deref(),
            Some(
                "the service a.service of x is not started: nothing starts services here. To run it yourself: /p/usr/bin/a"
            )
        );
        let two = not_started(&["a", "b"].map(unit)).unwrap_or_default();
        assert!(two.ends_with("To run one yourself: /p/usr/bin/a; /p/usr/bin/b"), "{two}");
        let four = not_started(&["a", "b", "c", "d"].map(unit)).unwrap_or_default();
        assert!(
            four.starts_with("the services a.service, b.service, c.service, d.service are not"),
            "{four}"
        );
        assert!(!four.contains("/p/usr/bin"), "{four}");
    }
}
