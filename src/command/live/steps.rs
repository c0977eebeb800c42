//! What becomes of packages, from one plan to the next.

use crate::live::{Installed, Package, Where};
use crate::plan::{Artifact, Plan};

/// What becomes of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) architecture: String,
    /// The version that is there.
    pub(super) before: Option<String>,
    /// The version that comes.
    pub(super) after: Option<String>,
    /// Of what comes: bytes to fetch, KiB unpacked, and the suite.
    pub(super) size: u64,
    pub(super) installed_size: u64,
    pub(super) suite: String,
}

/// What becomes of packages.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) new: Vec<Step>,
    pub(super) upgraded: Vec<Step>,
    pub(super) removed: Vec<Step>,
}

impl Steps {
    /// From one plan to the other; what takes the place of one of the image is an upgrade.
    pub(super) fn between(old: &Plan, new: &Plan, leaving: &[&Package], installed: &Installed) -> Self {
        let mut steps = Self::default();
        for artifact in &new.packages {
            let is = |other: &&Artifact| {
                other.name == artifact.name
                    && (other.architecture == artifact.architecture
                        || artifact.architecture == "all"
                        || other.architecture == "all")
            };
            let before = old.packages.iter().find(is);
            if before.is_some_and(|before| before.sha256 == artifact.sha256) {
                continue;
            }
            let of_image = installed.packages.iter().find(|package| {
                package.place == Where::Image
                    && package.name == artifact.name
                    && (package.architecture == artifact.architecture || artifact.architecture == "all")
            });
            let before = before.map(|before| before.version.clone());
            let before = before.or_else(|| of_image.map(|package| package.version.clone()));
            let suite = new.source(&artifact.source).map(|source| source.suite.clone());
            let step = Step {
                name: artifact.name.clone(),
                architecture: artifact.architecture.clone(),
                after: Some(artifact.version.clone()),
                size: artifact.size,
                installed_size: artifact.installed_size,
                suite: suite.unwrap_or_default(),
                before,
            };
            if step.before.is_some() { &mut steps.upgraded } else { &mut steps.new }.push(step);
        }
        steps.removed = leaving
            .iter()
            .map(|package| Step {
                name: package.name.clone(),
                architecture: package.architecture.clone(),
                before: Some(package.version.clone()),
                after: None,
                size: 0,
                installed_size: package.field("Installed-Size").parse().unwrap_or(0),
                suite: String::new(),
            })
            .collect();
        steps
    }

    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.upgraded.is_empty() && self.removed.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Step> {
        self.new.iter().chain(&self.upgraded).chain(&self.removed)
    }

    /// What comes.
    pub(super) fn coming(&self) -> impl Iterator<Item = &Step> {
        self.new.iter().chain(&self.upgraded)
    }
}
