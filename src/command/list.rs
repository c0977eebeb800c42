//! `aptlet list`: the packages that are installed.

use serde_json::json;

use crate::config::{LogFormat, Settings};
use crate::control::glob::Glob;
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::plan::{Artifact, Plan};
use crate::publish;
use crate::report;
use crate::request::Request;
use crate::tree::records;

pub(super) fn list(settings: &Settings, names: &[String]) -> Result<(), Error> {
    let generation = current_generation::current(&settings.dest)
        .ok_or_else(|| publish::Error::Empty { destination: settings.dest.clone() })?;
    let plan = lock::read(&generation.join(records::LOCK))?;
    let patterns: Vec<Glob> = names.iter().filter_map(|name| Glob::new(name).ok()).collect();
    let is_meant = |package: &&Artifact| {
        names.is_empty()
            || names.contains(&package.name)
            || patterns.iter().any(|pattern| pattern.matches(&package.name))
    };
    let meant: Vec<&Artifact> = plan.packages.iter().filter(is_meant).collect();
    if meant.is_empty() && !names.is_empty() {
        return Err(Error::NotInstalled { names: names.join(" "), destination: settings.dest.clone() });
    }
    report::print(&meant.iter().map(|package| line(package, &plan, settings.log_format)).collect::<String>())
}

/// As `apt list --installed` has it.
fn line(package: &Artifact, plan: &Plan, format: LogFormat) -> String {
    let Artifact { name, version, architecture, .. } = package;
    let automatic = !plan.basis.packages.iter().any(|request| asks_for(request, package));
    let suite = plan.source(&package.source).map(|source| source.suite.as_str()).unwrap_or_default();
    match format {
        LogFormat::Text => {
            let mark = if automatic { "installed,automatic" } else { "installed" };
            format!("{name}/{suite} {version} {architecture} [{mark}]\n")
        }
        LogFormat::Json => format!(
            "{}\n",
            json!({
                "name": name, "version": version, "architecture": architecture, "suite": suite,
                "automatic": automatic,
            })
        ),
    }
}

fn asks_for(request: &str, package: &Artifact) -> bool {
    let Ok(request) = request.parse::<Request>() else { return false };
    let named = request.name == package.name
        || Glob::is_pattern(&request.name)
            && Glob::new(&request.name).is_ok_and(|glob| glob.matches(&package.name));
    !request.forbid && named
}
