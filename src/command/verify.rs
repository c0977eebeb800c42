//! `aptlet verify`: whether the tree still is what was installed.

use crate::config::{LogFormat, Settings};
use crate::current_generation;
use crate::error::Error;
use crate::on_disk::OnDisk;
use crate::publish::{self, State};
use crate::relocate::record::Record;
use crate::report::{self, Report};
use crate::tree::{self, group, manifest, records};

pub(super) fn verify(settings: &Settings, report: &Report) -> Result<(), Error> {
    let destination = &settings.dest;
    let generation = current_generation::current(destination)
        .ok_or_else(|| publish::Error::Empty { destination: destination.clone() })?;
    // without that record a file is told as changed, and not as never relocated
    let originals = Record::read(&generation).unwrap_or_default().originals();
    let manifest = generation.join(records::MANIFEST);
    let lacks = State::read(&generation).map(|state| state.lacks).unwrap_or_default();
    let how = (group::sharing(destination), lacks);
    let differences = manifest::verify(&generation, how, &originals).map_err(|error| match error {
        tree::Error::OnDisk(OnDisk::Read { path, source }) if path == manifest => {
            Error::Publish(publish::Error::Unverifiable { path, source })
        }
        other => Error::Tree(other),
    })?;
    let mut text = String::new();
    for difference in &differences {
        match settings.log_format {
            LogFormat::Json => {
                let path = difference.path.to_string_lossy();
                let object = serde_json::json!({ "path": path, "difference": difference.what.word() });
                text.push_str(&format!("{object}\n"));
            }
            LogFormat::Text => text.push_str(&format!("{difference}\n")),
        }
    }
    report::print(&text)?;
    match differences.len() {
        0 => {
            let id = generation.file_name().unwrap_or_default().to_string_lossy().into_owned();
            report.success(&format!("generation {id} is as it was installed"), serde_json::Map::default());
            Ok(())
        }
        count => Err(publish::Error::Changed { destination: destination.clone(), count }.into()),
    }
}
