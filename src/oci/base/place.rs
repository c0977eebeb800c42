//! Where the documents and layers of an image are read from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::document::{Descriptor, REF_NAME};
use super::super::error::Error;
use super::super::hashing::Hashing;
use super::super::layout::{self, BLOBS};
use super::manifest::digest_of;
use crate::digest::Sha256;
use crate::fetch::registry::Registry;

/// No document of an image is larger.
const LARGEST_DOCUMENT: u64 = 16 << 20;
/// More files are in no archive of an image.
const MOST_ENTRIES: usize = 10_000;

/// A place of an image.
#[derive(Debug)]
pub(super) enum Place {
    Registry(Registry),
    /// The folder of a layout.
    Layout(PathBuf),
    Archive(Archive),
}

/// What `docker save` has written, with the place of each file in it.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    files: BTreeMap<PathBuf, Stored>,
}

#[derive(Debug)]
enum Stored {
    At { start: u64, size: u64 },
    Link(PathBuf),
}

/// Which image of a layout it is.
///
/// # Errors
/// [`Error::BadImage`], [`Error::NoLayout`].
pub(super) fn of_layout(folder: &Path, tag: Option<&str>, image: &str) -> Result<Descriptor, Error> {
    let bad = |problem: &str| Error::BadImage { image: image.to_owned(), problem: problem.to_owned() };
    let index = layout::read(folder)?.ok_or_else(|| bad("there is no image layout"))?;
    of_index(&index, tag, image)
}

/// The same, of the index of one.
fn of_index(index: &Value, tag: Option<&str>, image: &str) -> Result<Descriptor, Error> {
    let bad = |problem: String| Error::BadImage { image: image.to_owned(), problem };
    let mut found = Vec::new();
    for entry in index["manifests"].as_array().into_iter().flatten() {
        let name = entry["annotations"][REF_NAME].as_str();
        if tag.is_none() || name == tag {
            found.push(entry.clone());
        }
    }
    match (found.len(), tag) {
        (1, _) => serde_json::from_value(found.remove(0)).map_err(|error| bad(error.to_string())),
        (0, Some(tag)) => Err(bad(format!("there is no image '{tag}' in the layout"))),
        (0, None) => Err(bad("there is no image in the layout".to_owned())),
        _ => {
            Err(bad("there are several images in the layout: put the tag of one behind its name".to_owned()))
        }
    }
}

impl Place {
    /// A document.
    ///
    /// # Errors
    /// What cannot be read, or has another digest.
    pub(super) async fn document(&self, descriptor: &Descriptor, image: &str) -> Result<Vec<u8>, Error> {
        let digest = digest_of(descriptor, image)?;
        let bad = |problem: String| Error::BadImage { image: image.to_owned(), problem };
        if descriptor.size > LARGEST_DOCUMENT {
            return Err(bad(format!("{} has {} bytes", descriptor.digest, descriptor.size)));
        }
        let bytes = match self {
            Self::Registry(registry) if descriptor.media_type.contains("config") => {
                let mut file = tempfile::tempfile()
                    .map_err(|source| Error::write(Path::new("a temporary file"), source))?;
                registry.pull_blob((digest, descriptor.size), &mut file).await?;
                let mut bytes = Vec::new();
                let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
                read.map_err(|source| Error::read(Path::new("a temporary file"), source))?;
                bytes
            }
            Self::Registry(registry) => {
                let found = registry.manifest(&descriptor.digest).await?;
                found.ok_or_else(|| bad(format!("its registry does not have {}", descriptor.digest)))?.bytes
            }
            Self::Layout(folder) => {
                let path = folder.join(BLOBS).join(digest.to_string());
                let mut bytes = Vec::new();
                let file = File::open(&path).map_err(|source| Error::read(&path, source))?;
                let read = file.take(descriptor.size + 1).read_to_end(&mut bytes);
                read.map_err(|source| Error::read(&path, source))?;
                bytes
            }
            Self::Archive(archive) => archive.text(&Path::new(BLOBS).join(digest.to_string()))?,
        };
        let actual = Sha256::of(&bytes);
        match actual == digest {
            true => Ok(bytes),
            false => Err(bad(format!("SHA256 is {actual}, expected {digest}"))),
        }
    }

    /// Writes a layer to `file`; its digest has been looked at.
    ///
    /// # Errors
    /// What cannot be read, or has another digest.
    pub(super) async fn layer(
        &self,
        (digest, size): (Sha256, u64),
        name: &Path,
        file: &mut File,
        image: &str,
    ) -> Result<(), Error> {
        let (path, mut from) = match self {
            Self::Registry(registry) => return Ok(registry.pull_blob((digest, size), file).await?),
            Self::Layout(folder) => {
                let path = folder.join(BLOBS).join(digest.to_string());
                let opened = File::open(&path).map_err(|source| Error::read(&path, source))?;
                (path, opened.take(size + 1))
            }
            Self::Archive(archive) => {
                let from = archive.open(name).map_err(|source| Error::read(&archive.path, source))?;
                (archive.path.clone(), from)
            }
        };
        let mut hashed = Hashing::new(&mut from);
        io::copy(&mut hashed, file).map_err(|source| Error::read(&path, source))?;
        let actual = hashed.digest();
        match actual == digest {
            true => Ok(()),
            false => Err(Error::BadImage {
                image: image.to_owned(),
                problem: format!("SHA256 of a layer is {actual}, expected {digest}"),
            }),
        }
    }
}

impl Archive {
    /// Notes where each file is.
    ///
    /// # Errors
    /// [`Error::OnDisk`]; [`Error::BadImage`].
    pub(super) fn open_file(path: &Path, image: &str) -> Result<Self, Error> {
        let failed = |source| Error::read(path, source);
        let bad = |problem: &str| Error::BadImage { image: image.to_owned(), problem: problem.to_owned() };
        let mut file = File::open(path).map_err(failed)?;
        let mut magic = [0; 2];
        if file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b] {
            return Err(bad("it is compressed: decompress it with gunzip first"));
        }
        file.rewind().map_err(failed)?;
        let mut archive = tar::Archive::new(file);
        let mut files = BTreeMap::new();
        for entry in archive.entries_with_seek().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.path().map_err(failed)?.into_owned();
            let stored = match entry.header().entry_type() {
                kind if kind.is_file() => Stored::At { start: entry.raw_file_position(), size: entry.size() },
                kind if kind.is_symlink() || kind.is_hard_link() => {
                    let target = entry.link_name().map_err(failed)?.unwrap_or_default().into_owned();
                    // a hard link counts from the root
                    let from = if kind.is_hard_link() { None } else { name.parent() };
                    Stored::Link(within(from.unwrap_or(Path::new("")), &target))
                }
                _ => continue,
            };
            files.insert(name, stored);
            if files.len() > MOST_ENTRIES {
                return Err(bad("it has too many files for an image"));
            }
        }
        Ok(Self { path: path.to_owned(), files })
    }

    fn open(&self, name: &Path) -> io::Result<io::Take<File>> {
        let (start, size) = self.find(name)?;
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file.take(size))
    }

    fn find(&self, name: &Path) -> io::Result<(u64, u64)> {
        let mut name = name;
        for _ in 0..8 {
            match self.files.get(name) {
                Some(Stored::At { start, size }) => return Ok((*start, *size)),
                Some(Stored::Link(target)) => name = target,
                None => break,
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("{} is not in it", name.display())))
    }

    /// A document in it.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(super) fn text(&self, name: &Path) -> Result<Vec<u8>, Error> {
        let read = || {
            let mut bytes = Vec::new();
            self.open(name)?.take(LARGEST_DOCUMENT).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|source| Error::read(&self.path, source))
    }

    /// The digest and size of a file in it.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(super) fn digest(&self, name: &Path) -> Result<(Sha256, u64), Error> {
        let read = || {
            let mut from = self.open(name)?;
            let mut hashed = Hashing::new(&mut from);
            let size = io::copy(&mut hashed, &mut io::sink())?;
            Ok((hashed.digest(), size))
        };
        read().map_err(|source| Error::read(&self.path, source))
    }

    /// Which image of the layout in it is meant.
    ///
    /// # Errors
    /// [`Error::BadImage`]; [`Error::OnDisk`].
    pub(super) fn named(&self, tag: Option<&str>, image: &str) -> Result<Descriptor, Error> {
        let index: Value = serde_json::from_slice(&self.text(Path::new(layout::IMAGES))?).map_err(|_| {
            Error::BadImage { image: image.to_owned(), problem: "its index.json is no JSON".to_owned() }
        })?;
        of_index(&index, tag, image)
    }

    /// The names of the configuration and of the layers.
    ///
    /// # Errors
    /// [`Error::BadImage`].
    pub(super) fn image(&self) -> Result<(PathBuf, Vec<PathBuf>), Error> {
        let bad = |problem: &str| Error::BadImage {
            image: format!("docker-archive:{}", self.path.display()),
            problem: problem.to_owned(),
        };
        let list: Value = serde_json::from_slice(&self.text(Path::new("manifest.json"))?)
            .map_err(|_| bad("its manifest.json is no JSON"))?;
        let images = list.as_array().ok_or_else(|| bad("its manifest.json is no list"))?;
        let [image] = images.as_slice() else { return Err(bad("it has not one image, but several or none")) };
        let config = image["Config"].as_str().ok_or_else(|| bad("it names no configuration"))?;
        let layers = image["Layers"].as_array().ok_or_else(|| bad("it names no layers"))?;
        let layers: Option<Vec<PathBuf>> =
            layers.iter().map(|layer| layer.as_str().map(PathBuf::from)).collect();
        Ok((config.into(), layers.ok_or_else(|| bad("its layers are no names"))?))
    }
}

/// What a link in `folder` leads to, never above the root.
fn within(folder: &Path, target: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    for part in target.components() {
        match part {
            std::path::Component::ParentDir => {
                path.pop();
            }
            std::path::Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}
