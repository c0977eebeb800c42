//! `aptlet bake`: the whole way, but that the tree becomes an image; or aptlet's own image.

mod deliver;
mod itself;
mod labels;
mod one;
mod whole;

use serde_json::json;

use self::deliver::{deliver, tell};
use crate::bake;
use crate::config::{Settings, Target};
use crate::error::Error;
use crate::note::Recorded;
use crate::oci::base::BaseImage;
use crate::oci::{Image, Place};
use crate::planning::{Inputs, base_image};
use crate::report::Report;
use crate::wording::counted;

pub(super) async fn bake(settings: &Settings, report: &Report) -> Result<(), Error> {
    let Some(baking) = &settings.baking else {
        return Err(Error::Internal("nothing says what to bake".to_owned()));
    };
    if settings.own_binary {
        return itself::bake(settings, baking, report).await;
    }
    let all: Vec<&Settings> = std::iter::once(settings).chain(&settings.others).collect();
    if all.len() > 1 && matches!(baking.target, Target::Tar(_) | Target::DockerArchive { .. }) {
        return Err(bake::Error::OneImage { target: baking.target.to_string() }.into());
    }
    let first = Inputs::read(settings)?;
    let client = first.client(settings)?;
    let mut inputs = vec![first];
    for other in &settings.others {
        inputs.push(Inputs::read(other)?);
    }
    let scratch = one::scratch(baking)?;
    let mut bases: Vec<Option<BaseImage>> = Vec::new();
    for settings in &all {
        bases.push(match &settings.known_image {
            Some(known) => base_image::again(&client, settings, known).await?,
            None => None,
        });
    }
    let from = bases.first().and_then(|base| base.as_ref()?.repository());
    let place =
        Place::open(&baking.target, scratch.path(), &client, from).await.map_err(bake::Error::from)?;
    let mut images: Vec<Image> = Vec::new();
    let (mut packages, mut fetched, mut size) = (0, 0, 0);
    let (mut notes, mut told): (Vec<Recorded>, String) = (Vec::new(), String::new());
    for ((settings, inputs), base) in all.iter().zip(inputs).zip(&bases) {
        if all.len() > 1 {
            tracing::info!("for {}:", settings.architecture);
        }
        if let Some(base) = base {
            base.copy_layers(place.blobs()).await.map_err(bake::Error::from)?;
        }
        let baked =
            one::one(settings, baking, inputs, &client, (base.as_ref(), place.blobs()), report).await?;
        (packages, fetched, size) = (packages + baked.packages, fetched + baked.fetched, size + baked.size);
        notes.extend(baked.notes);
        told.push_str(&baked.told);
        images.push(baked.image);
    }

    let put = deliver(place, baking, &images, report).await?;
    drop(scratch);
    let what = counted(packages, "package");
    let facts = [("packages", json!(packages)), ("bytes", json!(fetched)), ("notes", json!(notes))];
    tell(&put, baking, (&images, size), (&what, &told, &facts), report)
}
