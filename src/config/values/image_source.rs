//! Where an image is read from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::BadValue;
use crate::reference::Reference;

/// An image that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageSource {
    /// In a registry.
    Registry(Reference),
    /// `oci:DIR[:TAG]`: in an image layout.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The name of the image in it; the only one without.
        tag: Option<String>,
    },
    /// `oci-archive:FILE[:TAG]`: the same as a tar file.
    OciArchive {
        /// The file.
        file: PathBuf,
        /// The name of the image in it; the only one without.
        tag: Option<String>,
    },
    /// `docker-archive:FILE`: as `docker save` writes it.
    DockerArchive(PathBuf),
}

impl ImageSource {
    /// Reads a relative path as beside the files in `folder`.
    pub(in crate::config) fn beside(self, base: &Path) -> Self {
        match self {
            Self::Registry(_) => self,
            Self::Layout { folder, tag } => Self::Layout { folder: base.join(folder), tag },
            Self::OciArchive { file, tag } => Self::OciArchive { file: base.join(file), tag },
            Self::DockerArchive(file) => Self::DockerArchive(base.join(file)),
        }
    }

    /// Whether a word that stands where a package could be named is one of an image: no package is called so.
    pub(in crate::config) fn is_named(word: &str) -> bool {
        ["oci:", "oci-archive:", "docker-archive:", "docker://"].iter().any(|form| word.starts_with(form))
    }

    /// Whether it can be read from anywhere.
    pub(in crate::config) fn is_remote(&self) -> bool {
        matches!(self, Self::Registry(_))
    }
}

impl FromStr for ImageSource {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(image) = text.strip_prefix("oci://").or_else(|| text.strip_prefix("docker://")) {
            return Reference::plain(image).map(Self::Registry).map_err(BadValue);
        }
        let named = |form: &str, path: &str| match path.is_empty() {
            true => Err(BadValue(format!("no file or folder is named behind '{form}:'"))),
            false => Ok(PathBuf::from(path)),
        };
        let tagged = |rest: &str| match rest.split_once(':') {
            Some((path, tag)) => (path.to_owned(), Some(tag.to_owned())),
            None => (rest.to_owned(), None),
        };
        if let Some(rest) = text.strip_prefix("oci:") {
            let (folder, tag) = tagged(rest);
            return Ok(Self::Layout { folder: named("oci", &folder)?, tag });
        }
        if let Some(rest) = text.strip_prefix("oci-archive:") {
            let (file, tag) = tagged(rest);
            return Ok(Self::OciArchive { file: named("oci-archive", &file)?, tag });
        }
        if let Some(file) = text.strip_prefix("docker-archive:") {
            return named("docker-archive", file).map(Self::DockerArchive);
        }
        let image = Reference::plain(text).map_err(|why| {
            BadValue(format!("{why}; an image is read from REGISTRY/REPOSITORY[:TAG][@DIGEST], oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE"))
        })?;
        Ok(Self::Registry(image))
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(image) => image.fmt(f),
            Self::Layout { folder: path, tag } | Self::OciArchive { file: path, tag } => {
                let form = if let Self::Layout { .. } = self { "oci" } else { "oci-archive" };
                write!(f, "{form}:{}", path.display())?;
                tag.iter().try_for_each(|tag| write!(f, ":{tag}"))
            }
            Self::DockerArchive(file) => write!(f, "docker-archive:{}", file.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_image_is_named_as_container_tools_name_it() {
        for (text, shown) in [
            ("debian:12", "docker.io/library/debian:12"),
            ("oci://registry.example/a", "registry.example/a"),
            ("docker://registry.example/a:1", "registry.example/a:1"),
            ("oci:dir:1", "oci:dir:1"),
            ("oci:/a/dir", "oci:/a/dir"),
            ("oci-archive:x.tar:1", "oci-archive:x.tar:1"),
            ("docker-archive:x.tar", "docker-archive:x.tar"),
        ] {
            assert_eq!(text.parse::<ImageSource>().unwrap().to_string(), shown);
        }
        for bad in ["", "oci:", "oci-archive:", "docker-archive:", "Debian", "tar:x/", "a b"] {
            assert!(bad.parse::<ImageSource>().is_err(), "{bad}");
        }
        let beside = "oci:dir".parse::<ImageSource>().unwrap().beside(Path::new("/etc/aptlet"));
        assert_eq!(beside.to_string(), "oci:/etc/aptlet/dir");
    }
}
