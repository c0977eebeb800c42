//! `aptlet status`: what is installed.

mod environment;
mod relocation;

use self::environment::environment;
use self::relocation::relocation;
use crate::config::{LogFormat, Settings};
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::publish::{self, State};
use crate::report;
use crate::tree::records;
use crate::wording::{counted, mebibytes};

pub(super) fn status(settings: &Settings) -> Result<(), Error> {
    let nothing = || publish::Error::Empty { destination: settings.dest.clone() };
    let generation = current_generation::current(&settings.dest).ok_or_else(nothing)?;
    if let Some(path) = &settings.relocation {
        let text = relocation(&generation, path, settings.log_format)?;
        return report::print(&text);
    }
    if settings.env {
        return report::print(&environment(&generation, settings)?);
    }
    let state = State::read(&generation).ok_or_else(nothing)?;
    let plan = lock::read(&generation.join(records::LOCK))?;
    let id = generation.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let changes = publish::Changes::kept(&settings.dest, &id);
    let text = match settings.log_format {
        LogFormat::Json => {
            let packages: Vec<_> = plan
                .packages
                .iter()
                .map(|package| {
                    serde_json::json!({
                        "name": package.name, "version": package.version, "architecture": package.architecture,
                    })
                })
                .collect();
            let object = serde_json::json!({
                "generation": id, "plan": state.plan, "packages": packages, "changes": changes,
                "notes": state.notes,
            });
            format!("{object}\n")
        }
        LogFormat::Text => {
            let (packages, size) = (counted(state.packages, "package"), mebibytes(state.download_size));
            let mut text = format!("generation {id}: {packages} ({size})\n");
            if let Some(changes) = &changes {
                text.push_str(&format!("changed since the generation before: {changes}\n"));
            }
            for package in &plan.packages {
                text.push_str(&format!("{}\n", package.label()));
            }
            for note in &state.notes {
                text.push_str(&format!("note: {note}\n"));
            }
            text
        }
    };
    report::print(&text)
}
