//! One image: from a plan to layers, for one architecture.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::install::{check_allowance, filter, image, layout, notes, unpacking};
use super::labels::{labels, path};
use super::whole::{Made, make_whole};
use crate::bake::{self, Grouping, layers, write_layers};
use crate::building::{self, Layout, Unpacking, staging};
use crate::config::{Baking, LayerCompression, Owners, Settings, Target};
use crate::error::Error;
use crate::fetch::Client;
use crate::note::Recorded;
use crate::oci::base::BaseImage;
use crate::oci::{self, Below, History, Image, Packing, Runs};
use crate::planning::{Inputs, Planner, Wanted};
use crate::publish::{self, Staging, space};
use crate::report::Report;
use crate::tree::newest_mtime;
use crate::wording::{counted, mebibytes};

/// What the scratch folder is called until it is gone.
const SCRATCH: &str = "aptlet-bake-";

/// In the scratch folder, what is read of the base image.
const BASE: &str = "base";

/// An image whose layers are written, and what is told of it.
pub(super) struct Baked {
    pub(super) image: Image,
    /// Of packages.
    pub(super) packages: usize,
    /// Bytes of these.
    pub(super) fetched: u64,
    /// Bytes of its layers.
    pub(super) size: u64,
    pub(super) notes: Vec<Recorded>,
    /// The same, for people.
    pub(super) told: String,
}

/// A folder that the tree is made in, and which is gone afterwards.
pub(super) fn scratch(baking: &Baking) -> Result<Staging, Error> {
    let scratch = Staging::within(&baking.work_dir, SCRATCH, &baking.work_dir)
        .map_err(|error| of_work_dir(error.into(), baking))?;
    if !scratch.lacks().nothing() {
        let lacks = scratch.lacks().to_string();
        return Err(bake::Error::Lacks { folder: baking.work_dir.clone(), lacks }.into());
    }
    Ok(scratch)
}

/// Makes an image of what the inputs want, with its layers in the folder `blobs`.
pub(super) async fn one(
    settings: &Settings,
    baking: &Baking,
    inputs: Inputs,
    client: &Client,
    (base, blobs): (Option<&BaseImage>, &Path),
    report: &Report,
) -> Result<Baked, Error> {
    let Inputs { wanted, authorities, .. } = inputs;
    let main_image = image(settings)?;
    let plan = match wanted {
        Wanted::Lock(plan) => plan,
        Wanted::Choice(choice) => {
            Planner::new(settings, choice, client.clone()).await?.plan(None, None, report).await?.plan
        }
    };
    check_allowance(settings, &plan)?;
    let plan = Arc::new(plan);
    let scratch = scratch(baking)?;
    let filter = filter(settings)?;
    let room = space::check(scratch.path(), building::space::needed(&plan), plan.packages.len());
    match room.map_err(publish::Error::from) {
        Ok(()) => {}
        // what is left out is not known before it is fetched
        Err(error) if !filter.is_empty() => {
            tracing::warn!("{error}; it may do all the same, since some of it is left out");
        }
        Err(error) => {
            let folder = baking.work_dir.clone();
            return Err(bake::Error::WorkDir { folder, source: Box::new(error) }.into());
        }
    }

    let stop = report.begin("fetch", plan.download_size());
    // whoever runs this, and whatever the settings of this machine's own tree say
    let unpacking =
        Unpacking { keep_owners: false, shared: false, ..unpacking(settings, filter, scratch.path())? };
    let fetched = building::fetch_and_unpack(
        &plan,
        client,
        scratch.path(),
        settings.connections,
        &unpacking,
        |bytes| stop.advance(bytes),
    );
    let unpacked = fetched.await.map_err(|error| of_work_dir(error, baking))?;
    stop.end(format!("{} fetched, verified and unpacked", mebibytes(plan.download_size())));

    let stop = report.begin("merge", 0);
    let date = baking.date.unwrap_or_else(|| plan.newest_release().max(newest_mtime(&unpacked)));
    let layout = Layout {
        date,
        generate_at: None,
        owners: Owners::Map,
        shared: false,
        whole: true,
        ..layout(settings, &authorities, &unpacking, &unpacked, main_image)
    };
    let root = staging::tree(scratch.path());
    let built = building::assemble(&root, scratch.path(), &plan, unpacked, &layout)
        .map_err(|error| of_work_dir(error, baking))?;
    let (commands, requested) = (built.commands, built.requested.clone());
    let made = make_whole(built, settings, &plan).map_err(|error| of_work_dir(error, baking));
    let Made { packages, state, attachments } = made?;
    stop.end(counted(commands, "command"));

    let stop = report.begin("pack", 0);
    let grouping = if let Target::Tar(_) = baking.target { Grouping::One } else { Grouping::Packages };
    let is_root = settings.prefix == "/";
    let read = match base {
        Some(base) if is_root => {
            let files = scratch.path().join(BASE);
            fs::create_dir_all(&files)
                .map_err(|source| oci::Error::write(&files, source))
                .map_err(bake::Error::from)?;
            let read = base.read_copied(&files, blobs).await.map_err(bake::Error::from)?;
            bake::merge(&root, &read, &files)?;
            Some(read)
        }
        _ => None,
    };
    let planned = layers(&root, &packages, date, grouping, read.as_ref())?;
    let packing = packing(baking);
    // on top of an image, a tree is where it works
    let at = base.map_or("", |_| settings.prefix.trim_start_matches('/'));
    let at = PathBuf::from(at);
    let written = write_layers((&root, &at), &planned, packing, blobs, |_| {})?;
    let size: u64 = written.iter().map(|layer| layer.blob.size).sum();
    stop.end(format!("{} in {}", mebibytes(size), counted(written.len(), "layer")));

    let created = Timestamp::from_second(date).unwrap_or_default().to_string();
    let about = planned.into_iter().map(|layer| layer.about);
    let history = about.map(|created_by| History { created: created.clone(), created_by });
    Ok(Baked {
        packages: plan.packages.len(),
        fetched: plan.download_size(),
        size,
        told: notes::tell(&state.notes, &requested),
        notes: state.notes,
        image: Image {
            architecture: plan.basis.architecture.clone(),
            runs: Runs {
                env: vec![format!("PATH={}", path(&settings.prefix, base.and_then(BaseImage::path)))],
                labels: labels(settings, &plan, &created),
                ..Runs::default()
            },
            created: created.clone(),
            layers: written.into_iter().zip(history).collect(),
            attachments,
            base: base.map(|base| Below {
                name: base.short_name(),
                digest: base.digest,
                config: base.config.clone(),
                layers: base.layers.clone(),
            }),
        },
    })
}

pub(super) fn packing(baking: &Baking) -> Packing {
    match baking.compress {
        LayerCompression::None => Packing::None,
        LayerCompression::Gzip => Packing::Gzip,
    }
}

/// An error of the folder that the tree is made in, told as that.
fn of_work_dir(error: Error, baking: &Baking) -> Error {
    match error.unwritten() {
        Some(_) => bake::Error::WorkDir { folder: baking.work_dir.clone(), source: error.into() }.into(),
        None => error,
    }
}
