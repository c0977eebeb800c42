//! Whether a generation is what is asked for: a digest of everything that decides what a run installs, except
//! for what the mirrors have.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::plan as sources;
use crate::config::{Settings, SourceChoice};
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::Client;
use crate::request::Request;
use crate::source::base;

/// Raised whenever the same plan gives another tree.
const LAYOUT: u32 = 10;

/// For a run that resolves.
pub(crate) async fn of_request(settings: &Settings, client: &Client) -> Result<Sha256, Error> {
    let requests: Vec<&str> = settings.requests.iter().map(|request| request.text.as_str()).collect();
    let mut contents = digests(sources::files(settings))?;
    let loader = sources::loader(settings, client.clone())?;
    for archive in settings.requests.iter().filter_map(Request::archive) {
        let folder = archive.public_folder();
        contents.push(json!([folder.as_str(), archive.file_name, loader.archive_digest(archive).await?]));
    }
    let sources = match &settings.sources {
        SourceChoice::Mirror { uris, suites, components } => {
            json!([uris.iter().map(url::Url::as_str).collect::<Vec<_>>(), suites, components])
        }
        SourceChoice::BuiltIn { components } => json!(components),
        SourceChoice::Files(_) | SourceChoice::Machine(_) => json!(null),
    };
    let base = settings.base.as_deref().map(base::read).transpose()?;
    let base = base.map(|text| Sha256::of(text.as_bytes()));
    let choice =
        json!([settings.recommends, settings.exclude, settings.with_essential, settings.upgrade_base, base]);
    digest(settings, &json!([requests, choice, sources, contents]))
}

/// For a run that installs a plan as it is written.
pub(crate) fn of_plan(settings: &Settings, plan: Sha256) -> Result<Sha256, Error> {
    digest(settings, &json!(plan))
}

fn digest(settings: &Settings, request: &serde_json::Value) -> Result<Sha256, Error> {
    let form = json!([
        LAYOUT,
        env!("CARGO_PKG_VERSION"),
        settings.prefix,
        settings.architecture.as_str(),
        settings.owners
    ]);
    // these go into the tree
    let certificates = digests(settings.ca_certificates.iter().map(PathBuf::as_path))?;
    let all =
        json!([form, settings.require_scripts, certificates, settings.paths, settings.locales, request]);
    Ok(Sha256::of(all.to_string().as_bytes()))
}

fn digests<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Vec<serde_json::Value>, Error> {
    let digest = |path: &Path| match std::fs::read(path) {
        Ok(bytes) => Ok(json!([path, Sha256::of(&bytes)])),
        Err(source) => Err(Error::Config(crate::config::Error::Read { path: path.to_owned(), source })),
    };
    files.into_iter().map(digest).collect()
}
