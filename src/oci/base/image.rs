//! The image itself.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::error::Error;
use super::super::layout::BLOBS;
use super::manifest::{self, Document, digest_of};
use super::place::{self, Archive, Place};
use super::root::{Root, Wanted};
use crate::config::ImageSource;
use crate::digest::Sha256;
use crate::fetch::Client;
use crate::fetch::registry::{Access, Registry};
use crate::reference::Repository;

/// A manifest names an index, which names a manifest; more is a circle.
const MOST_STEPS: usize = 3;

/// An image that is there already.
#[derive(Debug)]
pub(crate) struct BaseImage {
    /// As it was named, with its digest.
    pub(crate) name: String,
    /// Of its manifest; where it has none, of its configuration.
    pub(crate) digest: Sha256,
    /// Its configuration, whole.
    pub(crate) config: Value,
    /// The lowest first.
    pub(crate) layers: Vec<BaseLayer>,
    source: ImageSource,
    place: Place,
}

/// A layer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseLayer {
    pub(crate) media_type: String,
    pub(crate) digest: Sha256,
    pub(crate) size: u64,
    /// Before it was compressed.
    pub(crate) diff_id: Sha256,
    /// The name of the file in an archive.
    name: PathBuf,
}

impl BaseImage {
    /// Reads manifest and configuration of the image for an architecture, as Debian names it.
    ///
    /// # Errors
    /// [`Error::BadImage`], [`Error::NoPlatform`], [`Error::Registry`], [`Error::OnDisk`].
    pub(crate) async fn open(
        client: &Client,
        source: &ImageSource,
        architecture: &str,
    ) -> Result<Self, Error> {
        let image = source.to_string();
        let (place, document) = match source {
            ImageSource::DockerArchive(path) => return Self::of_archive(path, source, architecture),
            ImageSource::Registry(reference) => {
                let registry = Registry::new(client, &reference.repository, Access::Pull, None)?;
                let found = registry.manifest_of(reference).await?;
                (Place::Registry(registry), (found.digest, found.bytes))
            }
            ImageSource::Layout { folder, tag } => {
                let named = place::of_layout(folder, tag.as_deref(), &image)?;
                let place = Place::Layout(folder.clone());
                let bytes = place.document(&named, &image).await?;
                (place, (digest_of(&named, &image)?, bytes))
            }
            ImageSource::OciArchive { file, tag } => {
                let archive = Archive::open_file(file, &image)?;
                let named = archive.named(tag.as_deref(), &image)?;
                let place = Place::Archive(archive);
                let bytes = place.document(&named, &image).await?;
                (place, (digest_of(&named, &image)?, bytes))
            }
        };
        let (mut digest, mut bytes) = document;
        for _ in 0..MOST_STEPS {
            match manifest::read(&bytes, &image, architecture)? {
                Document::For(descriptor) => {
                    digest = digest_of(&descriptor, &image)?;
                    bytes = place.document(&descriptor, &image).await?;
                }
                Document::Image(manifest) => {
                    let config = place.document(&manifest.config, &image).await?;
                    let config = config_of(&config, &image, architecture)?;
                    let diff_ids = diff_ids(&config, manifest.layers.len(), &image)?;
                    let mut layers = Vec::new();
                    for (layer, diff_id) in manifest.layers.iter().zip(diff_ids) {
                        let digest = digest_of(layer, &image)?;
                        layers.push(BaseLayer {
                            media_type: layer.media_type.clone(),
                            digest,
                            size: layer.size,
                            diff_id,
                            name: Path::new(BLOBS).join(digest.to_string()),
                        });
                    }
                    let name = named(source, digest);
                    return Ok(Self { name, digest, config, layers, source: source.clone(), place });
                }
            }
        }
        Err(Error::BadImage { image, problem: "its index names an index, and so on".to_owned() })
    }

    fn of_archive(path: &Path, source: &ImageSource, architecture: &str) -> Result<Self, Error> {
        let image = source.to_string();
        let archive = Archive::open_file(path, &image)?;
        let (config_name, names) = archive.image()?;
        let text = archive.text(&config_name)?;
        let digest = Sha256::of(&text);
        let config = config_of(&text, &image, architecture)?;
        let diff_ids = diff_ids(&config, names.len(), &image)?;
        let mut layers = Vec::new();
        for (name, diff_id) in names.into_iter().zip(diff_ids) {
            let (digest, size) = archive.digest(&name)?;
            let kind = if digest == diff_id { "tar" } else { "tar+gzip" };
            let media_type = format!("application/vnd.oci.image.layer.v1.{kind}");
            layers.push(BaseLayer { media_type, digest, size, diff_id, name });
        }
        let name = named(source, digest);
        Ok(Self { name, digest, config, layers, source: source.clone(), place: Place::Archive(archive) })
    }

    /// Reads what is wanted of its layers into a folder.
    ///
    /// # Errors
    /// [`Error::BadImage`] for a layer that cannot be unpacked, or is another than its configuration says; [`Error::Registry`],
    /// [`Error::OnDisk`].
    pub(crate) async fn read(&self, wanted: Wanted, folder: &Path) -> Result<Root, Error> {
        self.read_with(wanted, folder, None).await
    }

    /// The same, of layers that [`Self::copy_layers`] has written.
    ///
    /// # Errors
    /// As before.
    pub(crate) async fn read_copied(&self, folder: &Path, blobs: &Path) -> Result<Root, Error> {
        self.read_with(Wanted::Everything, folder, Some(blobs)).await
    }

    async fn read_with(&self, wanted: Wanted, folder: &Path, blobs: Option<&Path>) -> Result<Root, Error> {
        let mut root = Root::default();
        for layer in self.layers.iter().rev() {
            if root.is_settled(wanted) {
                break;
            }
            let file = match blobs {
                Some(blobs) => {
                    let path = blobs.join(layer.digest.to_string());
                    File::open(&path).map_err(|source| Error::read(&path, source))?
                }
                None => {
                    let mut file =
                        tempfile::tempfile_in(folder).map_err(|source| Error::write(folder, source))?;
                    self.place.layer((layer.digest, layer.size), &layer.name, &mut file, &self.name).await?;
                    file.rewind().map_err(|source| Error::read(folder, source))?;
                    file
                }
            };
            let bad = |problem: String| Error::BadImage {
                image: self.name.clone(),
                problem: format!("layer sha256:{}: {problem}", layer.digest),
            };
            let added = root.add(&file, wanted, folder).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied => Error::write(folder, error),
                _ => bad(error.to_string()),
            })?;
            if added != layer.diff_id {
                return Err(bad(format!(
                    "it is {added} before compression, and {} was promised",
                    layer.diff_id
                )));
            }
        }
        Ok(root)
    }

    /// Writes its layers, as they are stored, into the folder `blobs`.
    ///
    /// # Errors
    /// What cannot be read or written.
    pub(crate) async fn copy_layers(&self, blobs: &Path) -> Result<(), Error> {
        for layer in &self.layers {
            let path = blobs.join(layer.digest.to_string());
            if path.exists() {
                continue;
            }
            let failed = |source| Error::write(&path, source);
            let mut file = tempfile::NamedTempFile::new_in(blobs).map_err(failed)?;
            self.place.layer((layer.digest, layer.size), &layer.name, file.as_file_mut(), &self.name).await?;
            file.persist(&path).map_err(|error| failed(error.error))?;
        }
        Ok(())
    }

    /// The repository that it is in.
    pub(crate) fn repository(&self) -> Option<&Repository> {
        match &self.source {
            ImageSource::Registry(reference) => Some(&reference.repository),
            _ => None,
        }
    }

    /// What a new image says of it: its name without the digest.
    pub(crate) fn short_name(&self) -> Option<String> {
        match &self.source {
            ImageSource::Registry(image) => Some(format!("{}:{}", image.repository, image.tag())),
            _ => None,
        }
    }

    /// The variables that its processes have.
    pub(crate) fn environment(&self) -> Vec<String> {
        let variables = self.config["config"]["Env"].as_array().into_iter().flatten();
        variables.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Its PATH.
    pub(crate) fn path(&self) -> Option<String> {
        let variables = self.environment();
        let path = variables.iter().rev().find_map(|variable| variable.strip_prefix("PATH="));
        path.filter(|path| !path.is_empty()).map(str::to_owned)
    }
}

fn named(source: &ImageSource, digest: Sha256) -> String {
    match source {
        ImageSource::Registry(image) => image.pinned(digest).to_string(),
        other => format!("{other}@sha256:{digest}"),
    }
}

fn config_of(text: &[u8], image: &str, architecture: &str) -> Result<Value, Error> {
    let bad = |problem: &str| Error::BadImage { image: image.to_owned(), problem: problem.to_owned() };
    let config: Value = serde_json::from_slice(text)
        .map_err(|_| bad("its configuration is no JSON: an artifact, and no image?"))?;
    if !config["rootfs"].is_object() {
        return Err(bad("its configuration has no layers: an artifact, and no image?"));
    }
    let (wanted, _) = super::super::document::go_architecture(architecture);
    let text = |name: &str| config[name].as_str().unwrap_or_default();
    if text("architecture") != wanted || text("os") != "linux" {
        return Err(Error::NoPlatform {
            image: image.to_owned(),
            wanted: format!("linux/{wanted}"),
            there: format!("{}/{}", text("os"), text("architecture")),
        });
    }
    Ok(config)
}

fn diff_ids(config: &Value, layers: usize, image: &str) -> Result<Vec<Sha256>, Error> {
    let ids = config["rootfs"]["diff_ids"].as_array().cloned().unwrap_or_default();
    let ids: Vec<Sha256> = ids
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|id| id.strip_prefix("sha256:")?.parse().ok())
        .collect();
    match ids.len() == layers {
        true => Ok(ids),
        false => Err(Error::BadImage {
            image: image.to_owned(),
            problem: format!("it has {layers} layers, and its configuration names {}", ids.len()),
        }),
    }
}
