//! `aptlet policy`: which versions there are, what they count, and which would be installed; as apt-cache shows it.

use serde_json::json;

use crate::config::{LogFormat, Settings};
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::planning::Catalogue;
use crate::report;
use crate::resolve::Policy;
use crate::source::provenance::Provenance;
use crate::tree::records;

pub(super) async fn policy(settings: &Settings, names: &[String]) -> Result<(), Error> {
    let catalogue = Catalogue::open(settings).await?;
    if names.is_empty() {
        let parts = catalogue.parts().await?;
        return report::print(
            &parts.iter().map(|part| sources(part, settings.log_format)).collect::<String>(),
        );
    }
    let (policies, provenance) = catalogue.policy(names).await?;
    let mut text = String::new();
    for mut policy in policies {
        let mut installed = installed(settings, &policy.label);
        if settings.kept_indexes.is_some() && installed.is_none() {
            // by apt's own name, what the image has is installed as well
            installed = policy.in_base.take();
        }
        let policy = &policy;
        text.push_str(&match settings.log_format {
            LogFormat::Text => shown(policy, installed.as_deref(), &provenance),
            LogFormat::Json => format!("{}\n", object(policy, installed.as_deref(), &provenance)),
        });
    }
    report::print(&text)
}

/// The version in the destination's tree.
fn installed(settings: &Settings, label: &str) -> Option<String> {
    let generation = current_generation::current(&settings.dest)?;
    let plan = lock::read(&generation.join(records::LOCK)).ok()?;
    let (name, architecture) = label.split_once(':').unwrap_or((label, plan.basis.architecture.as_str()));
    let mut packages = plan.packages.iter();
    let is_it = |own: &str| own == architecture || own == "all";
    packages
        .find(|package| package.name == name && is_it(&package.architecture))
        .map(|package| package.version.clone())
}

fn shown(policy: &Policy, installed: Option<&str>, provenance: &[Provenance]) -> String {
    let none = "(none)";
    let mut text = format!("{}:\n  Installed: {}\n", policy.label, installed.unwrap_or(none));
    if let Some(base) = &policy.in_base {
        text.push_str(&format!("  In the base: {base}\n"));
    }
    let candidate = policy.candidate.as_deref().unwrap_or(none);
    text.push_str(&format!("  Candidate: {candidate}\n  Version table:\n"));
    for version in &policy.versions {
        let mark = if installed == Some(&version.number) { "***" } else { "   " };
        text.push_str(&format!(" {mark} {} {}\n", version.number, version.priority));
        for place in &version.places {
            text.push_str(&format!("       {:4} {}\n", place.priority, address(&provenance[place.part])));
        }
    }
    text
}

fn object(policy: &Policy, installed: Option<&str>, provenance: &[Provenance]) -> serde_json::Value {
    let versions: Vec<_> = policy
        .versions
        .iter()
        .map(|version| {
            let sources: Vec<String> =
                version.places.iter().map(|place| provenance[place.part].source.id.clone()).collect();
            json!({ "version": version.number, "priority": version.priority, "sources": sources })
        })
        .collect();
    json!({
        "name": policy.label, "installed": installed, "base": policy.in_base, "candidate": policy.candidate,
        "versions": versions,
    })
}

/// `http://mirror.example/debian trixie/main amd64 Packages`
fn address(from: &Provenance) -> String {
    let uri = from.source.uris.first().map_or("the base", String::as_str);
    format!("{uri} {} {} Packages", from.source.describe(), from.architecture)
}

fn sources((priority, from): &(i32, Provenance), format: LogFormat) -> String {
    let Provenance { origin, label, suite, codename, version, component, architecture, site, .. } = from;
    match format {
        LogFormat::Json => {
            format!(
                "{}\n",
                json!({ "source": from.source.id, "uris": from.source.uris, "priority": priority })
            )
        }
        LogFormat::Text => format!(
            "{priority:4} {}\n     release v={version},o={origin},a={suite},n={codename},l={label},c={component},\
             b={architecture}\n     origin {site}\n",
            address(from)
        ),
    }
}
