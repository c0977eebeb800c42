//! `aptlet bake --self`: aptlet's own image, which is one file. The binaries of an index are this one, and others that are named.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, elf};

use super::deliver::{deliver, tell};
use super::one;
use crate::arrange::Arrange as _;
use crate::bake;
use crate::config::{Baking, Settings, Target};
use crate::error::Error;
use crate::oci::{self, Content, History, Image, Item, Layer, Place, Runs};
use crate::planning::lone_client;
use crate::process::own_binary;
use crate::report::Report;

/// What the file is called in the image.
const NAME: &str = "aptlet";
/// Any other works as well; a number, so that Kubernetes can see that it is not root.
const USER: &str = "65532:65532";
/// Larger than any that was built.
const LARGEST: u64 = 1 << 30;

pub(super) async fn bake(settings: &Settings, baking: &Baking, report: &Report) -> Result<(), Error> {
    let own =
        own_binary().map_err(|source| Error::Starved { what: "find this program's own file", source })?;
    let mut binaries: Vec<(&'static str, PathBuf)> = Vec::new();
    for path in std::iter::once(own).chain(baking.binaries.iter().cloned()) {
        let architecture = architecture(&path)?;
        if binaries.iter().any(|(other, _)| *other == architecture) {
            let reason = format!("there is one for {architecture} already");
            return Err(bake::Error::NoBinary { path, reason }.into());
        }
        binaries.push((architecture, path));
    }
    binaries.arrange();
    if binaries.len() > 1 && matches!(baking.target, Target::Tar(_) | Target::DockerArchive { .. }) {
        return Err(bake::Error::OneImage { target: baking.target.to_string() }.into());
    }
    let scratch = one::scratch(baking)?;
    let client = lone_client(settings)?;
    let place =
        Place::open(&baking.target, scratch.path(), &client, None).await.map_err(bake::Error::from)?;
    let (mut images, mut size) = (Vec::new(), 0);
    for (architecture, path) in &binaries {
        let image = image(architecture, path, baking, (&scratch.path().join(architecture), place.blobs()));
        let image = image.map_err(bake::Error::from)?;
        size += image.layers.iter().map(|(layer, _)| layer.blob.size).sum::<u64>();
        images.push(image);
    }
    let put = deliver(place, baking, &images, report).await?;
    drop(scratch);
    let names: Vec<&str> = binaries.iter().map(|(architecture, _)| *architecture).collect();
    tell(&put, baking, (&images, size), (&format!("aptlet for {}", names.join(" and ")), "", &[]), report)
}

/// The architecture that a binary is for, as Debian names it; it must need nothing beside it.
fn architecture(path: &Path) -> Result<&'static str, Error> {
    let refuse = |reason: String| bake::Error::NoBinary { path: path.to_owned(), reason };
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| oci::Error::read(path, source)).map_err(bake::Error::from)?;
    let odd = |_: object::Error| refuse("it is no program for Linux of 64 bits".to_owned());
    let header = elf::FileHeader64::<Endianness>::parse(&*bytes).map_err(odd)?;
    let endian = header.endian().map_err(odd)?;
    let segments = header.program_headers(endian, &*bytes).map_err(odd)?;
    if segments.iter().any(|segment| segment.p_type(endian) == elf::PT_INTERP) {
        return Err(refuse("it needs libraries, which the image does not have".to_owned()).into());
    }
    match header.e_machine(endian) {
        elf::EM_X86_64 => Ok("amd64"),
        elf::EM_AARCH64 => Ok("arm64"),
        _ => Err(refuse("it is for another architecture than amd64 and arm64".to_owned()).into()),
    }
}

/// The image of one, whose layer is in the folder `blobs`; `root` is a folder that becomes its root.
fn image(
    architecture: &str,
    path: &Path,
    baking: &Baking,
    (root, blobs): (&Path, &Path),
) -> Result<Image, oci::Error> {
    fs::create_dir(root)
        .and_then(|()| fs::copy(path, root.join(NAME)))
        .map_err(|source| oci::Error::write(root, source))?;
    let size = fs::metadata(path).map_err(|source| oci::Error::read(path, source))?.len();
    // nothing in the file says when it was built
    let mtime = baking.date.unwrap_or(0);
    let item = Item { path: NAME.into(), mode: 0o755, mtime, content: Content::File(size) };
    let layer = Layer::write(root, &[item], Path::new(""), one::packing(baking), blobs)?;
    let created = Timestamp::from_second(mtime).unwrap_or_default().to_string();
    let label = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let labels = [
        label("created", &created),
        label("description", env!("CARGO_PKG_DESCRIPTION")),
        label("title", NAME),
        label("version", env!("CARGO_PKG_VERSION")),
    ];
    let history = History { created: created.clone(), created_by: "aptlet bake --self".to_owned() };
    Ok(Image {
        architecture: architecture.to_owned(),
        created,
        runs: Runs {
            user: Some(USER.to_owned()),
            entrypoint: vec![format!("/{NAME}")],
            cmd: vec!["install".to_owned()],
            labels: labels.into(),
            ..Runs::default()
        },
        layers: vec![(layer, history)],
        base: None,
        attachments: Vec::new(),
    })
}
