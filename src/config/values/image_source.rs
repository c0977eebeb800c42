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
    /// `docker-archive:FILE`: as `docker save` writes it.
    DockerArchive(PathBuf),
}

impl ImageSource {
    /// Reads a relative path as beside the files in `folder`.
    pub(in crate::config) fn beside(self, base: &Path) -> Self {
        match self {
            Self::Registry(_) => self,
            Self::Layout { folder, tag } => Self::Layout { folder: base.join(folder), tag },
            Self::DockerArchive(file) => Self::DockerArchive(base.join(file)),
        }
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
        if let Some(rest) = text.strip_prefix("oci:") {
            let (folder, tag) =
                rest.split_once(':').map_or((rest, None), |(folder, tag)| (folder, Some(tag)));
            return Ok(Self::Layout { folder: named("oci", folder)?, tag: tag.map(str::to_owned) });
        }
        if let Some(file) = text.strip_prefix("docker-archive:") {
            return named("docker-archive", file).map(Self::DockerArchive);
        }
        let image = Reference::plain(text).map_err(|why| {
            BadValue(format!("{why}; an image is read from REGISTRY/REPOSITORY[:TAG][@DIGEST], oci:DIR[:TAG] or docker-archive:FILE"))
        })?;
        Ok(Self::Registry(image))
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(image) => image.fmt(f),
            Self::Layout { folder, tag } => {
                write!(f, "oci:{}", folder.display())?;
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
            ("docker-archive:x.tar", "docker-archive:x.tar"),
        ] {
            assert_eq!(text.parse::<ImageSource>().unwrap().to_string(), shown);
        }
        for bad in ["", "oci:", "docker-archive:", "Debian", "tar:x/", "a b"] {
            assert!(bad.parse::<ImageSource>().is_err(), "{bad}");
        }
        let beside = "oci:dir".parse::<ImageSource>().unwrap().beside(Path::new("/etc/aptlet"));
        assert_eq!(beside.to_string(), "oci:/etc/aptlet/dir");
    }
}
