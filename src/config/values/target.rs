//! Where an image is written to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::BadValue;
use crate::reference::Reference;

/// Where an image is written to, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `tar:FILE`: the tree alone, in one layer.
    Tar(PathBuf),
    /// `oci:DIR[:TAG]`: a folder as the OCI's image layout has it.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The name of the image in it.
        tag: Option<String>,
    },
    /// `oci-archive:FILE[:TAG]`: the same as a tar file.
    OciArchive {
        /// The file.
        file: PathBuf,
        /// The name of the image in it.
        tag: Option<String>,
    },
    /// `docker-archive:FILE[:NAME[:TAG]]`: as `docker save` writes it.
    DockerArchive {
        /// The file.
        file: PathBuf,
        /// What the image is called once it is loaded.
        name: Option<String>,
    },
    /// `oci://REGISTRY/REPOSITORY[:TAG]`: a registry.
    Registry(Reference),
}

impl Target {
    /// The file or folder, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Tar(path)
            | Self::Layout { folder: path, .. }
            | Self::OciArchive { file: path, .. }
            | Self::DockerArchive { file: path, .. } => Some(path),
            Self::Registry(_) => None,
        }
    }

    /// Reads a relative path as beside the files in `folder`.
    pub(in crate::config) fn beside(mut self, folder: &Path) -> Self {
        match &mut self {
            Self::Tar(path)
            | Self::Layout { folder: path, .. }
            | Self::OciArchive { file: path, .. }
            | Self::DockerArchive { file: path, .. } => *path = folder.join(&*path),
            Self::Registry(_) => {}
        }
        self
    }
}

impl FromStr for Target {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (form, rest) = text.split_once(':').unwrap_or(("", text));
        // as skopeo reads them: what stands behind the next colon is the name
        let (path, name) = rest.split_once(':').map_or((rest, None), |(path, name)| (path, Some(name)));
        if let Some(image) = text.strip_prefix("oci://") {
            let image = Reference::parse(image).map_err(BadValue)?;
            return match image.digest {
                None => Ok(Self::Registry(image)),
                Some(_) => {
                    Err(BadValue("an image is pushed to a tag, its digest follows from it".to_owned()))
                }
            };
        }
        let target = match form {
            "tar" => Self::Tar(rest.into()),
            "oci" => Self::Layout { folder: path.into(), tag: name.map(tag).transpose()? },
            "oci-archive" => Self::OciArchive { file: path.into(), tag: name.map(tag).transpose()? },
            "docker-archive" => {
                Self::DockerArchive { file: path.into(), name: name.map(loaded).transpose()? }
            }
            _ => return Err(BadValue(format!("an image is written to {FORMS}"))),
        };
        match target.path().is_some_and(|path| path.as_os_str().is_empty()) {
            true => Err(BadValue(format!("no file or folder is named behind '{form}:'"))),
            false => Ok(target),
        }
    }
}

/// All forms, for people.
pub(in crate::config) const FORMS: &str = "oci://REGISTRY/REPOSITORY[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG] or tar:FILE";

/// The name of an image in a layout, as the OCI's image specification has it for `org.opencontainers.image.ref.name`.
fn tag(text: &str) -> Result<String, BadValue> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:@+/".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(BadValue(format!("'{text}' is no tag: letters, digits and -._:@+/ are")))
}

/// What docker calls an image: its name and its tag.
fn loaded(text: &str) -> Result<String, BadValue> {
    let (name, tag) = match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (text, "latest"),
    };
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:".contains(c))
    };
    let is_tag = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if name.split('/').all(is_name) && is_tag {
        return Ok(format!("{name}:{tag}"));
    }
    Err(BadValue(format!("'{text}' is no name of an image, such as registry.example/tools:1")))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (form, name) = match self {
            Self::Tar(_) => ("tar", None),
            Self::Layout { tag, .. } => ("oci", tag.as_ref()),
            Self::OciArchive { tag, .. } => ("oci-archive", tag.as_ref()),
            Self::DockerArchive { name, .. } => ("docker-archive", name.as_ref()),
            Self::Registry(image) => return write!(f, "oci://{image}"),
        };
        write!(f, "{form}:{}", self.path().unwrap_or(Path::new("")).display())?;
        name.iter().try_for_each(|name| write!(f, ":{name}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_target_is_a_form_a_place_and_a_name() {
        let folder = || PathBuf::from("out/tools");
        for (text, expected) in [
            ("tar:a:b.tar", Target::Tar("a:b.tar".into())),
            ("oci:out/tools", Target::Layout { folder: folder(), tag: None }),
            ("oci:out/tools:1.0", Target::Layout { folder: folder(), tag: Some("1.0".to_owned()) }),
            (
                "oci-archive:/x.tar:a/b:1",
                Target::OciArchive { file: "/x.tar".into(), tag: Some("a/b:1".to_owned()) },
            ),
            (
                "oci://registry.example:5000/team/tools:1.0",
                Target::Registry(Reference::parse("registry.example:5000/team/tools:1.0").unwrap()),
            ),
            ("docker-archive:x", Target::DockerArchive { file: "x".into(), name: None }),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target, expected);
            assert_eq!(target.to_string(), text);
        }
        let named = |name: &str| {
            format!("docker-archive:x:{name}").parse::<Target>().map(|target| target.to_string())
        };
        assert_eq!(named("tools").unwrap(), "docker-archive:x:tools:latest");
        assert_eq!(
            named("registry.example:5000/a/tools:1.0").unwrap(),
            "docker-archive:x:registry.example:5000/a/tools:1.0"
        );
        assert_eq!(
            named("registry.example:5000/tools").unwrap(),
            "docker-archive:x:registry.example:5000/tools:latest"
        );
        assert!(named("Tools").is_err() && named("a//b").is_err() && named("").is_err());
        let beside =
            |text: &str| text.parse::<Target>().unwrap().beside(Path::new("/etc/aptlet")).to_string();
        assert_eq!(
            (beside("tar:x"), beside("oci:/y:1")),
            ("tar:/etc/aptlet/x".to_owned(), "oci:/y:1".to_owned())
        );
    }

    #[test]
    fn what_is_no_target_is_told_what_is() {
        for (text, says) in [
            ("tools.tar", "oci:DIR[:TAG]"),
            ("docker:tools", "oci:DIR[:TAG]"),
            ("oci:", "behind 'oci:'"),
            ("oci::1", "behind 'oci:'"),
            ("oci:x:-1", "no tag"),
            ("oci://tools", "no repository"),
            ("oci:///tools:1", "HOST[:PORT]"),
            ("oci://registry.example/Tools:1", "lower-case"),
            (
                "oci://registry.example/tools@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "to a tag",
            ),
        ] {
            let reason = text.parse::<Target>().unwrap_err().to_string();
            assert!(reason.contains(says), "{text}: {reason}");
        }
    }
}
