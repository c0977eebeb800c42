//! `aptlet sbom`: the bill of materials of what is asked for, of an image, or else of what is installed.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::arrange::Arrange as _;
use crate::bake::{self, os_release};
use crate::config::{ImageSource, SbomFormat, Settings, release_beside};
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::oci::{self, base};
use crate::planning::{Inputs, Planner, Wanted, lone_client};
use crate::publish;
use crate::report::{self, Report};
use crate::sbom::{self, Bill, cyclonedx, spdx};
use crate::source;
use crate::tree::records;

/// dpkg's database.
const DATABASE: &str = "var/lib/dpkg";

pub(super) async fn sbom(settings: &Settings, report: &Report) -> Result<(), Error> {
    let bill = if let Some(image) = &settings.described {
        of_image(settings, image).await?
    } else if settings.lock.is_none() && settings.requests.is_empty() {
        let nothing = || publish::Error::Empty { destination: settings.dest.clone() };
        let generation = current_generation::current(&settings.dest).ok_or_else(nothing)?;
        // as it was written down; a tree of an older aptlet has none
        let written = match settings.sbom_format {
            SbomFormat::Spdx => sbom::SPDX,
            SbomFormat::Cyclonedx => sbom::CYCLONEDX,
        };
        if let Ok(text) = fs::read_to_string(generation.join(written)) {
            return report::print(&text);
        }
        let plan = lock::read(&generation.join(records::LOCK))?;
        Bill::of(&plan, os_release::release(&plan), Some(&generation), plan.newest_release())
    } else {
        let inputs = Inputs::read(settings)?;
        let client = inputs.client(settings)?;
        let plan = match inputs.wanted {
            Wanted::Lock(plan) => plan,
            Wanted::Choice(choice) => {
                Planner::new(settings, choice, client).await?.plan(None, None, report).await?.plan
            }
        };
        Bill::of(&plan, os_release::release(&plan), None, plan.newest_release())
    };
    report::print(&match settings.sbom_format {
        SbomFormat::Spdx => spdx(&bill),
        SbomFormat::Cyclonedx => cyclonedx(&bill),
    })
}

/// By the dpkg databases of the image: its own, and those of trees that aptlet put into it.
async fn of_image(settings: &Settings, image: &ImageSource) -> Result<Bill, Error> {
    let client = lone_client(settings)?;
    let image = base::BaseImage::open(&client, image, settings.architecture.as_str()).await;
    let image = image.map_err(bake::Error::from)?;
    let temporary = std::env::temp_dir();
    let folder = tempfile::Builder::new().prefix("aptlet-image-").tempdir_in(&temporary);
    let folder = folder.map_err(|source| oci::Error::write(&temporary, source)).map_err(bake::Error::from)?;
    let read = image.read(base::Wanted::Bill, folder.path()).await.map_err(bake::Error::from)?;
    let of_aptlet = read.paths.keys().filter(|path| path.ends_with(records::LOCK));
    let of_aptlet =
        of_aptlet.filter_map(|path| path.ancestors().nth(Path::new(records::LOCK).iter().count()));
    let mut roots: Vec<PathBuf> = of_aptlet.map(|root| folder.path().join(root)).collect();
    roots.push(folder.path().to_owned());
    roots.arrange();
    roots.dedup();
    let mut trees = Vec::new();
    for root in roots.into_iter().filter(|root| root.join(DATABASE).is_dir()) {
        let stanzas = source::base::read(&root.join(DATABASE))?;
        let plan = lock::read(&root.join(records::LOCK)).ok();
        trees.push(sbom::Tree { root, stanzas, plan });
    }
    if trees.is_empty() {
        let problem = "it has no dpkg database, which says what is in it".to_owned();
        return Err(bake::Error::from(oci::Error::BadImage { image: image.name, problem }).into());
    }
    let told = release_beside(&folder.path().join(DATABASE)).map(|(release, _)| release);
    let release =
        told.or_else(|| trees.iter().filter_map(|tree| tree.plan.as_ref()).find_map(os_release::release));
    let created = image.config["created"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let date = created.map_or(0, Timestamp::as_second);
    Ok(Bill::of_image((&image.name, image.digest), release, &trees, date))
}
