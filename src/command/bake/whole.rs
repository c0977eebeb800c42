//! A tree that is a destination by itself, as the root of an image is.

use std::fs;
use std::path::PathBuf;

use super::super::install::{notes, view};
use crate::bake::{self, Owners as Packages, os_release};
use crate::building::Built;
use crate::config::Settings;
use crate::control::architecture::Architecture;
use crate::digest::Sha256;
use crate::error::Error;
use crate::lock;
use crate::note::Recorded;
use crate::oci::{self, Attachment};
use crate::plan::Plan;
use crate::process::own_binary;
use crate::publish::{State, Whole};
use crate::relocate::Relocation;
use crate::sbom;
use crate::tree::records;

/// A tree that is finished.
pub(super) struct Made {
    /// Whose each of its paths is.
    pub(super) packages: Packages,
    /// What is noted in it.
    pub(super) state: State,
    /// Its bills of materials.
    pub(super) attachments: Vec<Attachment>,
}

/// Adds to a tree what a destination has beside one, and finishes it.
pub(super) fn make_whole(mut built: Built, settings: &Settings, plan: &Plan) -> Result<Made, Error> {
    let view = view(settings);
    let needs_binary = !settings.prefix.eq("/")
        && (built.needs_binary || !Relocation::to(&settings.prefix).is_exact() || !built.exposed.is_empty());
    let binary = match needs_binary {
        true => launcher(settings, built.needs_binary)?,
        false => None,
    };
    let (exposed, recorded) =
        (std::mem::take(&mut built.exposed), built.notes.iter().map(Recorded::from).collect::<Vec<_>>());
    let also = notes::of_base(settings, &exposed);
    let (tree, generated) = built.tree();
    let release = os_release::release(plan);
    match release {
        Some(release) => os_release::write(tree, release, generated)?,
        None => tracing::warn!(
            "no suite of the plan is called as a release of Debian or Ubuntu, so that scanners cannot tell whose advisories are about \
             the image"
        ),
    }
    Whole { view, exposed: &exposed, binary: binary.as_deref() }.lay_out(tree, generated)?;
    let mut attachments = Vec::new();
    for (name, media_type) in
        [(sbom::SPDX, "application/spdx+json"), (sbom::CYCLONEDX, "application/vnd.cyclonedx+json")]
    {
        let path = tree.root().join(name);
        let text =
            fs::read(&path).map_err(|source| oci::Error::read(&path, source)).map_err(bake::Error::from)?;
        let title = name.rsplit('/').next().unwrap_or(name);
        attachments.push(Attachment { media_type, title, text });
    }
    let packages = Packages::of(tree);
    let of_plan = lock::digest(plan);
    let mut state = State::new(Sha256::of(format!("{} {of_plan}", settings.prefix).as_bytes()), of_plan);
    state.packages = plan.packages.len();
    state.download_size = plan.download_size();
    state.notes = recorded.into_iter().chain(also.iter().map(Recorded::from)).collect();
    built.finish(&[(records::STATE, &state.render()?)])?;
    Ok(Made { packages, state, attachments })
}

/// This binary, where it runs on the machines that the image is for.
fn launcher(settings: &Settings, is_needed: bool) -> Result<Option<PathBuf>, Error> {
    let architecture = settings.architecture.to_string();
    if settings.architecture == Architecture::native() {
        let failed = |source| Error::Starved { what: "find this program's own file", source };
        return own_binary().map(Some).map_err(failed);
    }
    if is_needed || !Relocation::to(&settings.prefix).is_exact() {
        return Err(bake::Error::OtherMachine { prefix: settings.prefix.clone(), architecture }.into());
    }
    tracing::warn!(
        "this aptlet is not for {architecture}, so that the commands of 'commands' are links to those of 'bin', and find the other \
         commands of the tree only by a PATH that has {}/bin",
        settings.prefix
    );
    Ok(None)
}
