//! `aptlet bake`: the whole way, but that the tree becomes an image.

mod labels;
mod one;
mod whole;

use serde_json::{Map, json};

use crate::bake;
use crate::config::{Settings, Target};
use crate::error::Error;
use crate::note::Recorded;
use crate::oci::base::BaseImage;
use crate::oci::{Image, Place, Put};
use crate::planning::{Inputs, base_image};
use crate::report::{self, Report};
use crate::wording::{counted, mebibytes};

pub(super) async fn bake(settings: &Settings, report: &Report) -> Result<(), Error> {
    let Some(baking) = &settings.baking else {
        return Err(Error::Internal("nothing says what to bake".to_owned()));
    };
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

    let is_remote = matches!(baking.target, Target::Registry(_));
    let stop = is_remote.then(|| report.begin("push", 0));
    let put = match (&baking.target, images.as_slice()) {
        (Target::Tar(_), [image]) => match image.layers.as_slice() {
            [(layer, _)] => place.put_layer(layer).map(|digest| Put { digest, transfer: None }),
            _ => return Err(Error::Internal("a tree in more than one layer".to_owned())),
        },
        _ => place.put(&images).await,
    };
    let Put { digest, transfer } = put.map_err(bake::Error::from)?;
    if let (Some(stop), Some(transfer)) = (stop, transfer) {
        let sent = counted(transfer.sent, "blob");
        stop.end(format!("{sent} sent ({}), {} there already", mebibytes(transfer.bytes), transfer.known));
    }
    drop(scratch);

    report::print(&format!("sha256:{digest}\n"))?;
    let what = counted(packages, "package");
    let layers: usize = images.iter().map(|image| image.layers.len()).sum();
    let mut facts = Map::from_iter([
        ("packages".to_owned(), json!(packages)),
        ("bytes".to_owned(), json!(fetched)),
        ("digest".to_owned(), json!(format!("sha256:{digest}"))),
        ("layers".to_owned(), json!(layers)),
        ("size".to_owned(), json!(size)),
        ("notes".to_owned(), json!(notes)),
    ]);
    facts.extend(transfer.map(|transfer| ("sent".to_owned(), json!(transfer.bytes))));
    let size = mebibytes(size);
    report.success(&format!("{what} ({size}) baked into {}{told}", baking.target), facts);
    Ok(())
}
