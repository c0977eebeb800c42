//! `aptlet bake`: the whole way, but that the tree becomes an image.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, json};

use super::install::{check_allowance, filter, image, layout, notes, unpacking, view};
use crate::bake::{self, Grouping, Owners as Packages, layers, os_release, write_layers};
use crate::building::{self, Built, Layout, Unpacking, staging};
use crate::config::{Baking, LayerCompression, Owners, Settings, Target};
use crate::control::architecture::Architecture;
use crate::digest::Sha256;
use crate::error::Error;
use crate::lock;
use crate::note::Recorded;
use crate::oci::{History, Image, Packing, Place};
use crate::plan::Plan;
use crate::planning::{Inputs, Planner, Wanted};
use crate::process::{DEFAULT_PATH, own_binary};
use crate::publish::{Staging, State, Whole};
use crate::relocate::Relocation;
use crate::report::{self, Report};
use crate::sbom::{self, Bill, cyclonedx, spdx};
use crate::tree::{self, newest_mtime, records};
use crate::wording::{counted, mebibytes};

/// What the scratch folder is called until it is gone.
const SCRATCH: &str = "aptlet-bake-";
/// Packages that the title names.
const MOST_NAMED: usize = 5;

pub(super) async fn bake(settings: &Settings, report: &Report) -> Result<(), Error> {
    let Some(baking) = &settings.baking else {
        return Err(Error::Internal("nothing says what to bake".to_owned()));
    };
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let Inputs { wanted, authorities, .. } = inputs;
    let image = image(settings)?;
    let scratch = Staging::within(&baking.work_dir, SCRATCH, &baking.work_dir)
        .map_err(|error| of_work_dir(error.into(), baking))?;
    if !scratch.lacks().nothing() {
        return Err(bake::Error::Lacks {
            folder: baking.work_dir.clone(),
            lacks: scratch.lacks().to_string(),
        }
        .into());
    }
    let place = Place::open(&baking.target, scratch.path()).map_err(bake::Error::from)?;
    let plan = match wanted {
        Wanted::Lock(plan) => plan,
        Wanted::Choice(choice) => {
            Planner::new(settings, choice, client.clone()).await?.plan(None, None, report).await?.plan
        }
    };
    check_allowance(settings, &plan)?;
    let plan = Arc::new(plan);

    let stop = report.begin("fetch", plan.download_size());
    // whoever runs this, and whatever the settings of this machine's own tree say
    let unpacking = Unpacking {
        keep_owners: false,
        shared: false,
        ..unpacking(settings, filter(settings)?, scratch.path())?
    };
    let fetched = building::fetch_and_unpack(
        &plan,
        &client,
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
        ..layout(settings, &authorities, &unpacking, &unpacked, image)
    };
    let root = staging::tree(scratch.path());
    let built = building::assemble(&root, scratch.path(), &plan, unpacked, &layout)
        .map_err(|error| of_work_dir(error, baking))?;
    let (commands, requested) = (built.commands, built.requested.clone());
    let made = make_whole(built, settings, &plan, date).map_err(|error| of_work_dir(error, baking));
    let (packages, state) = made?;
    stop.end(counted(commands, "command"));

    let stop = report.begin("pack", 0);
    let grouping = if let Target::Tar(_) = baking.target { Grouping::One } else { Grouping::Packages };
    let planned = layers(&root, &packages, date, grouping)?;
    let packing = match baking.compress {
        LayerCompression::None => Packing::None,
        LayerCompression::Gzip => Packing::Gzip,
    };
    let written = write_layers(&root, &planned, packing, place.blobs(), |_| {})?;
    let size: u64 = written.iter().map(|layer| layer.blob.size).sum();
    let count = written.len();
    let digest = match (&baking.target, written.as_slice()) {
        (Target::Tar(_), [layer]) => place.put_layer(layer),
        _ => {
            let created = instant(date);
            let about = planned.into_iter().map(|layer| layer.about);
            let history = about.map(|created_by| History { created: instant(date), created_by });
            let image = Image {
                architecture: plan.basis.architecture.clone(),
                environment: vec![format!("PATH={}", path(&settings.prefix))],
                labels: labels(settings, &plan, &created),
                created,
                layers: written.into_iter().zip(history).collect(),
            };
            place.put(&image)
        }
    };
    let digest = digest.map_err(bake::Error::from)?;
    stop.end(format!("{} in {}", mebibytes(size), counted(count, "layer")));
    drop(scratch);

    report::print(&format!("sha256:{digest}\n"))?;
    let notes = notes::tell(&state.notes, &requested);
    let what = counted(plan.packages.len(), "package");
    let facts = Map::from_iter([
        ("packages".to_owned(), json!(plan.packages.len())),
        ("bytes".to_owned(), json!(plan.download_size())),
        ("digest".to_owned(), json!(format!("sha256:{digest}"))),
        ("layers".to_owned(), json!(count)),
        ("size".to_owned(), json!(size)),
        ("notes".to_owned(), json!(state.notes)),
    ]);
    report.success(&format!("{what} ({}) baked into {}{notes}", mebibytes(size), baking.target), facts);
    Ok(())
}

/// Adds to a tree what a destination has beside one, and finishes it; returns whose each of its paths is, and what is noted in it.
fn make_whole(
    mut built: Built,
    settings: &Settings,
    plan: &Plan,
    date: i64,
) -> Result<(Packages, State), Error> {
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
    let bill = Bill::of(plan, release, Some(tree.root()), date);
    for (path, text) in [(sbom::SPDX, spdx(&bill)), (sbom::CYCLONEDX, cyclonedx(&bill))] {
        let path = tree.root().join(path);
        generated.file(&path, text.as_bytes()).map_err(|source| tree::Error::write(&path, source))?;
    }
    let packages = Packages::of(tree);
    let of_plan = lock::digest(plan);
    let mut state = State::new(Sha256::of(format!("{} {of_plan}", settings.prefix).as_bytes()), of_plan);
    state.packages = plan.packages.len();
    state.download_size = plan.download_size();
    state.notes = recorded.into_iter().chain(also.iter().map(Recorded::from)).collect();
    built.finish(&[(records::STATE, &state.render()?)])?;
    Ok((packages, state))
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

/// An error of the folder that the tree is made in, told as that.
fn of_work_dir(error: Error, baking: &Baking) -> Error {
    match error.unwritten() {
        Some(_) => bake::Error::WorkDir { folder: baking.work_dir.clone(), source: error.into() }.into(),
        None => error,
    }
}

fn instant(date: i64) -> String {
    Timestamp::from_second(date).unwrap_or_default().to_string()
}

/// Where processes of the image find commands: of a relocated tree last, since who has it may have mounted it anywhere.
fn path(prefix: &str) -> String {
    if prefix == "/" { DEFAULT_PATH.to_owned() } else { format!("{DEFAULT_PATH}:{prefix}/bin") }
}

/// What is said of an image.
fn labels(settings: &Settings, plan: &Plan, created: &str) -> BTreeMap<String, String> {
    let asked: Vec<&str> = plan.basis.packages.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = match plan.basis.packages.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = format!("{}{more}", asked.join(", "));
    let place = match settings.prefix.as_str() {
        "/" => "a root file system".to_owned(),
        prefix => format!("to be mounted at {prefix}"),
    };
    let image = |name: &str| format!("org.opencontainers.image.{name}");
    BTreeMap::from([
        (image("created"), created.to_owned()),
        (image("description"), format!("{} of Debian, {place}", counted(plan.packages.len(), "package"))),
        (image("title"), title),
        ("aptlet/prefix".to_owned(), settings.prefix.clone()),
        ("aptlet/plan".to_owned(), lock::digest(plan).to_string()),
    ])
}
