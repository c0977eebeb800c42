//! Images on their way to where they are to be, and the last word about them.

use serde_json::{Map, Value, json};

use crate::bake;
use crate::config::{Baking, Target};
use crate::error::Error;
use crate::oci::{Image, Place, Put};
use crate::report::{self, Report};
use crate::wording::{counted, mebibytes};

/// Puts images where they are to be.
pub(super) async fn deliver(
    place: Place<'_>,
    baking: &Baking,
    images: &[Image],
    report: &Report,
) -> Result<Put, Error> {
    let is_remote = matches!(baking.target, Target::Registry(_));
    let stop = is_remote.then(|| report.begin("push", 0));
    let put = match (&baking.target, images) {
        (Target::Tar(_), [image]) => match image.layers.as_slice() {
            [(layer, _)] => place.put_layer(layer).map(|digest| Put { digest, transfer: None }),
            _ => return Err(Error::Internal("a tree in more than one layer".to_owned())),
        },
        _ => place.put(images).await,
    };
    let put = put.map_err(bake::Error::from)?;
    if let (Some(stop), Some(transfer)) = (stop, put.transfer) {
        let sent = counted(transfer.sent, "blob");
        stop.end(format!("{sent} sent ({}), {} there already", mebibytes(transfer.bytes), transfer.known));
    }
    Ok(put)
}

/// The last word: what was baked, into what, and more facts about it. `size` is that of all layers.
pub(super) fn tell(
    put: &Put,
    baking: &Baking,
    (images, size): (&[Image], u64),
    (what, told, more): (&str, &str, &[(&str, Value)]),
    report: &Report,
) -> Result<(), Error> {
    let digest = format!("sha256:{}", put.digest);
    report::print(&format!("{digest}\n"))?;
    let layers: usize = images.iter().map(|image| image.layers.len()).sum();
    let mut facts = Map::from_iter([
        ("digest".to_owned(), json!(digest)),
        ("layers".to_owned(), json!(layers)),
        ("size".to_owned(), json!(size)),
    ]);
    facts.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    facts.extend(put.transfer.map(|transfer| ("sent".to_owned(), json!(transfer.bytes))));
    let size = mebibytes(size);
    report.success(&format!("{what} ({size}) baked into {}{told}", baking.target), facts);
    Ok(())
}
