//! Whether a generation is what is asked for: a digest of everything that decides what a run installs, except
//! for what the mirrors have.

use std::path::PathBuf;

use serde_json::json;
use url::Url;

use super::choice::Base;
use super::planner::Planner;
use crate::config::{Settings, SourceChoice};
use crate::digest::Sha256;
use crate::masking;

/// Raised whenever the same plan gives another tree.
const LAYOUT: u32 = 11;

/// The files that decide the outcome, and the digests of what was in them when they were read.
pub(crate) type Digests = [(PathBuf, Sha256)];

/// For a run that installs a plan as it is written.
pub(crate) fn of_plan(settings: &Settings, inputs: &Digests, plan: Sha256) -> Sha256 {
    digest(settings, inputs, &json!(plan))
}

impl Planner<'_> {
    /// For a run that resolves.
    pub(crate) fn fingerprint(&self, inputs: &Digests) -> Sha256 {
        let settings = self.settings;
        let requests: Vec<&str> = settings.requests.iter().map(|request| request.text.as_str()).collect();
        let archives: Vec<serde_json::Value> = self
            .archives
            .iter()
            .map(|(archive, read)| {
                let sha256 = archive.sha256.or(read.as_ref().map(|read| read.sha256));
                json!([archive.public_folder().as_str(), archive.file_name, sha256])
            })
            .collect();
        let sources = match &settings.sources {
            SourceChoice::Mirror { uris, suites, components } => {
                // another password makes no other tree
                json!([public(uris), suites, components])
            }
            SourceChoice::Release(of) => {
                let mirrors = [public(&of.mirrors), public(&of.security_mirrors)];
                json!([of.release.to_string(), mirrors, of.components])
            }
            SourceChoice::Files(_) | SourceChoice::Machine(_) => json!(null),
        };
        let base = self.choice.base.as_ref().map(Base::digest);
        let choice = json!([
            settings.recommends,
            settings.exclude,
            settings.with_essential,
            settings.upgrade_base,
            base,
            settings.strict_sources
        ]);
        digest(settings, inputs, &json!([requests, choice, sources, archives]))
    }
}

fn public(uris: &[Url]) -> Vec<String> {
    uris.iter().map(|uri| masking::public(uri).to_string()).collect()
}

fn digest(settings: &Settings, inputs: &Digests, request: &serde_json::Value) -> Sha256 {
    let form = json!([
        LAYOUT,
        env!("CARGO_PKG_VERSION"),
        settings.prefix,
        settings.architecture.as_str(),
        settings.owners
    ]);
    let all = json!([
        form,
        settings.require_scripts,
        settings.generators,
        inputs,
        settings.paths,
        settings.locales,
        request
    ]);
    Sha256::of(all.to_string().as_bytes())
}
