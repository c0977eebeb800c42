//! Where an image is to be. All is written beside it, and shown by one rename.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use super::archive;
use super::error::Error;
use super::image::Image;
use super::layer::Layer;
use super::layout::{self, BLOBS, IMAGES, MARK};
use crate::config::Target;
use crate::digest::Sha256;

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
}

impl<'a> Place<'a> {
    /// Finds out whether there is a place for an image; `scratch` takes what cannot be written there at once.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::NoLayout`].
    pub(crate) fn open(target: &'a Target, scratch: &Path) -> Result<Self, Error> {
        let path = target.path();
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
        let (kind, blobs) = if let Target::Layout { folder, .. } = target {
            let known = layout::read(folder)?;
            let beside = builder.tempdir_in(if known.is_some() { folder } else { parent }).map_err(failed)?;
            let blobs = beside.path().join(BLOBS);
            (Kind::Folder { beside, known }, blobs)
        } else {
            if path.is_dir() {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            // as a file that somebody makes in the usual way
            let beside = builder.make_in(parent, |path| File::create_new(path)).map_err(failed)?;
            (Kind::File(beside), scratch.join("blobs"))
        };
        fs::create_dir_all(&blobs).map_err(|source| Error::write(&blobs, source))?;
        Ok(Self { target, kind, blobs })
    }

    /// The folder that blobs are written to.
    pub(crate) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// Shows an image whose layers are among the blobs; returns the digest of its manifest, for docker that of its configuration,
    /// which is its id there.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Read`].
    pub(crate) fn put(self, image: &Image) -> Result<Sha256, Error> {
        let (manifest, config) = image.write(&self.blobs)?;
        let digest = manifest.digest.trim_start_matches("sha256:").parse();
        let digest: Sha256 = digest.unwrap_or(config.digest);
        match (self.kind, self.target) {
            (Kind::File(file), Target::DockerArchive { name, .. }) => {
                archive::docker(file.as_file(), file.path(), (image, &config), name.as_deref(), &self.blobs)?;
                show(file, self.target.path())?;
                Ok(config.digest)
            }
            (Kind::File(file), target) => {
                let tag = if let Target::OciArchive { tag, .. } = target { tag.as_deref() } else { None };
                archive::oci(file.as_file(), file.path(), (image, manifest, &config), tag, &self.blobs)?;
                show(file, target.path())?;
                Ok(digest)
            }
            (Kind::Folder { beside, known }, target) => {
                let tag = if let Target::Layout { tag, .. } = target { tag.as_deref() } else { None };
                let is_new = known.is_none();
                let index = layout::with(known, manifest, tag, target.path())?;
                for (name, text) in [(IMAGES, index.as_slice()), (MARK.0, MARK.1.as_bytes())] {
                    let file = beside.path().join(name);
                    fs::write(&file, text).map_err(|source| Error::write(&file, source))?;
                }
                let shown =
                    if is_new { show_folder(beside, target.path()) } else { add(&beside, target.path()) };
                shown.map_err(|source| Error::write(target.path(), source))?;
                Ok(digest)
            }
        }
    }

    /// Shows a layer alone; returns its digest as it is stored.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Read`].
    pub(crate) fn put_layer(self, layer: &Layer) -> Result<Sha256, Error> {
        let blob = self.blobs.join(layer.blob.digest.to_string());
        if let Kind::File(mut file) = self.kind {
            let mut from = File::open(&blob).map_err(|source| Error::read(&blob, source))?;
            io::copy(&mut from, file.as_file_mut()).map_err(|source| Error::write(file.path(), source))?;
            show(file, self.target.path())?;
        }
        Ok(layer.blob.digest)
    }
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
