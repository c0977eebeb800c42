//! Images in one file: a layout as a tar archive, and what `docker load` reads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::document::{Descriptor, document};
use super::error::Error;
use super::image::Written;
use super::layout::{BLOBS, IMAGES, MARK, with};
use crate::arrange::Arrange as _;
use crate::digest::Sha256;

/// Bytes that are written at once.
const CHUNK: usize = 256 << 10;

/// Writes a layout to `file`, which is at `path`; `top` is what its tag names, and the blobs are in the folder `blobs`.
///
/// # Errors
/// [`Error::OnDisk`].
pub(super) fn oci(
    file: &File,
    path: &Path,
    (images, top): (&[Written], Descriptor),
    tag: Option<&str>,
    blobs: &Path,
) -> Result<(), Error> {
    let mut names = vec![top.hex().to_owned()];
    for image in images {
        names.extend(image.blobs.iter().map(|blob| blob.digest.to_string()));
        names.push(image.descriptor.hex().to_owned());
    }
    names.arrange();
    names.dedup();
    let mut archive = Archive::new(file, path);
    for folder in ["blobs/", "blobs/sha256/"] {
        archive.add(folder, EntryType::Directory, 0, io::empty())?;
    }
    for name in names {
        archive.add_blob(&format!("{BLOBS}/{name}"), &blobs.join(name))?;
    }
    archive.add_text(IMAGES, &with(None, top, tag, path)?)?;
    archive.add_text(MARK.0, MARK.1.as_bytes())?;
    archive.finish()
}

/// The same as `docker save` writes it: `manifest.json` names the configuration and the layers.
///
/// # Errors
/// [`Error::OnDisk`].
pub(super) fn docker(
    file: &File,
    path: &Path,
    image: &Written,
    name: Option<&str>,
    blobs: &Path,
) -> Result<(), Error> {
    let mut layers: Vec<(String, Sha256)> = Vec::new();
    for (blob, diff_id) in &image.layers {
        layers.push((format!("{diff_id}.tar"), blob.digest));
    }
    let config = image.config.digest;
    let config_name = format!("{config}.json");
    let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
    let list = json!([{ "Config": config_name, "RepoTags": name.map(|name| [name]), "Layers": names }]);
    let mut archive = Archive::new(file, path);
    archive.add_blob(&config_name, &blobs.join(config.to_string()))?;
    for (number, (name, digest)) in layers.iter().enumerate() {
        if !layers[..number].iter().any(|(other, _)| other == name) {
            archive.add_blob(name, &blobs.join(digest.to_string()))?;
        }
    }
    archive.add_text("manifest.json", &document(&list, path)?)?;
    archive.finish()
}

/// A tar archive whose bytes depend on what is in it alone.
struct Archive<'a> {
    tar: Builder<BufWriter<&'a File>>,
    path: &'a Path,
}

impl<'a> Archive<'a> {
    fn new(file: &'a File, path: &'a Path) -> Self {
        Self { tar: Builder::new(BufWriter::with_capacity(CHUNK, file)), path }
    }

    fn add(&mut self, name: &str, kind: EntryType, size: u64, content: impl io::Read) -> Result<(), Error> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        self.tar.append_data(&mut header, name, content).map_err(|source| Error::write(self.path, source))
    }

    fn add_text(&mut self, name: &str, text: &[u8]) -> Result<(), Error> {
        self.add(name, EntryType::Regular, text.len() as u64, text)
    }

    fn add_blob(&mut self, name: &str, blob: &Path) -> Result<(), Error> {
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(blob)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        };
        let (file, size) = open().map_err(|source| Error::read(blob, source))?;
        self.add(name, EntryType::Regular, size, file)
    }

    fn finish(self) -> Result<(), Error> {
        let finish = |tar: Builder<BufWriter<&File>>| tar.into_inner()?.flush();
        finish(self.tar).map_err(|source| Error::write(self.path, source))
    }
}
