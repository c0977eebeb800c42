//! Where an image is to be. All is written beside it, and shown by one rename.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

use super::archive;
use super::blob::Blob;
use super::document::{Descriptor, INDEX, document};
use super::error::Error;
use super::image::{Image, Written};
use super::layer::Layer;
use super::layout::{self, BLOBS, IMAGES, MARK};
use super::remote::{Remote, Transfer};
use crate::config::Target;
use crate::digest::Sha256;
use crate::fetch::Client;
use crate::reference::Repository;

/// A place for an image, that can be written to.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    target: &'a Target,
    kind: Kind,
    blobs: PathBuf,
}

#[derive(Debug)]
enum Kind {
    /// A file, beside its place.
    File(NamedTempFile),
    /// A folder beside its place, or in a layout that has images already.
    Folder { beside: TempDir, known: Option<Value> },
    /// Elsewhere.
    Registry(Remote),
}

/// What became of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Put {
    /// Of what the tag names: a manifest or an index. For docker that of its configuration, which is its id there.
    pub(crate) digest: Sha256,
    /// What was sent to a registry.
    pub(crate) transfer: Option<Transfer>,
}

impl<'a> Place<'a> {
    /// Finds out whether there is a place for an image; `scratch` takes what cannot be written there at once. `client` is for
    /// registries, and `from` a repository that may have some of the image.
    ///
    /// # Errors
    /// [`Error::OnDisk`], [`Error::NoLayout`], [`Error::Registry`].
    pub(crate) async fn open(
        target: &'a Target,
        scratch: &Path,
        client: &Client,
        from: Option<&Repository>,
    ) -> Result<Self, Error> {
        let (kind, blobs) = match target {
            Target::Registry(image) => {
                (Kind::Registry(Remote::open(client, image, from).await?), scratch.join("blobs"))
            }
            _ => Self::beside(target, target.path().unwrap_or(Path::new("")), scratch)?,
        };
        fs::create_dir_all(&blobs).map_err(|source| Error::write(&blobs, source))?;
        Ok(Self { target, kind, blobs })
    }

    fn beside(target: &Target, path: &Path, scratch: &Path) -> Result<(Kind, PathBuf), Error> {
        let failed = |source| Error::write(path, source);
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push("-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name);
        if let Target::Layout { folder, .. } = target {
            let known = layout::read(folder)?;
            let beside = builder.tempdir_in(if known.is_some() { folder } else { parent }).map_err(failed)?;
            let blobs = beside.path().join(BLOBS);
            Ok((Kind::Folder { beside, known }, blobs))
        } else {
            if path.is_dir() {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            // as a file that somebody makes in the usual way
            let beside = builder.make_in(parent, |path| File::create_new(path)).map_err(failed)?;
            Ok((Kind::File(beside), scratch.join("blobs")))
        }
    }

    /// The folder that blobs are written to.
    pub(crate) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// Shows images whose layers are among the blobs, one for each platform.
    ///
    /// # Errors
    /// [`Error::OnDisk`], [`Error::Registry`].
    pub(crate) async fn put(self, images: &[Image]) -> Result<Put, Error> {
        let images: Vec<Written> =
            images.iter().map(|image| image.write(&self.blobs)).collect::<Result<_, _>>()?;
        let top = index(&images, &self.blobs)?;
        let digest = top.hex().parse().unwrap_or(Sha256([0; 32]));
        let put = Put { digest, transfer: None };
        let path = self.target.path().unwrap_or(Path::new(""));
        match (self.kind, self.target) {
            (Kind::Registry(remote), _) => {
                let transfer = remote.put(&images, &top, &self.blobs).await?;
                Ok(Put { transfer: Some(transfer), ..put })
            }
            (Kind::File(file), Target::DockerArchive { name, .. }) => {
                let Some(image) = images.first() else { return Ok(put) };
                archive::docker(file.as_file(), file.path(), image, name.as_deref(), &self.blobs)?;
                show(file, path)?;
                Ok(Put { digest: image.config.digest, ..put })
            }
            (Kind::File(file), target) => {
                let tag = if let Target::OciArchive { tag, .. } = target { tag.as_deref() } else { None };
                archive::oci(file.as_file(), file.path(), (&images, top), tag, &self.blobs)?;
                show(file, path)?;
                Ok(put)
            }
            (Kind::Folder { beside, known }, target) => {
                let tag = if let Target::Layout { tag, .. } = target { tag.as_deref() } else { None };
                let is_new = known.is_none();
                let index = layout::with(known, top, tag, path)?;
                for (name, text) in [(IMAGES, index.as_slice()), (MARK.0, MARK.1.as_bytes())] {
                    let file = beside.path().join(name);
                    fs::write(&file, text).map_err(|source| Error::write(&file, source))?;
                }
                let shown = if is_new { show_folder(beside, path) } else { add(&beside, path) };
                shown.map_err(|source| Error::write(path, source))?;
                Ok(put)
            }
        }
    }

    /// Shows a layer alone; returns its digest as it is stored.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(crate) fn put_layer(self, layer: &Layer) -> Result<Sha256, Error> {
        let blob = self.blobs.join(layer.blob.digest.to_string());
        if let Kind::File(mut file) = self.kind {
            let mut from = File::open(&blob).map_err(|source| Error::read(&blob, source))?;
            io::copy(&mut from, file.as_file_mut()).map_err(|source| Error::write(file.path(), source))?;
            show(file, self.target.path().unwrap_or(Path::new("")))?;
        }
        Ok(layer.blob.digest)
    }
}

/// What names one image, or the index of several, which becomes a blob.
fn index(images: &[Written], blobs: &Path) -> Result<Descriptor, Error> {
    if let [image] = images {
        return Ok(image.descriptor.clone());
    }
    let manifests: Vec<&Descriptor> = images.iter().map(|image| &image.descriptor).collect();
    let text = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    let blob = Blob::write(&document(&text, blobs)?, blobs)?;
    Ok(Descriptor::of(INDEX, &blob))
}

/// Makes a file visible at its place.
fn show(file: NamedTempFile, place: &Path) -> Result<(), Error> {
    // what is named must not turn out to be empty
    file.as_file().sync_all().map_err(|source| Error::write(place, source))?;
    file.persist(place).map(drop).map_err(|error| Error::write(place, error.error))
}

/// The same for a folder.
fn show_folder(beside: TempDir, place: &Path) -> io::Result<()> {
    // a temporary folder is closed to others, what is made of it need not be
    let usual = fs::metadata(beside.path().join("blobs"))?.permissions().mode() & 0o777;
    fs::set_permissions(beside.path(), Permissions::from_mode(usual))?;
    fs::rename(beside.path(), place)?;
    let _ = beside.keep();
    Ok(())
}

/// Moves the blobs into a layout, and then its index, so that what that names is always there.
fn add(beside: &TempDir, layout: &Path) -> io::Result<()> {
    let blobs = layout.join(BLOBS);
    fs::create_dir_all(&blobs)?;
    for entry in fs::read_dir(beside.path().join(BLOBS))? {
        let entry = entry?;
        fs::rename(entry.path(), blobs.join(entry.file_name()))?;
    }
    fs::rename(beside.path().join(IMAGES), layout.join(IMAGES))
}
