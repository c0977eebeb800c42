//! Settings that name a file, or are its text in place.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A file, or what would be in it: a source list or a keyring has lines that no path has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOrText {
    /// The path of the file.
    File(PathBuf),
    /// The text.
    Text(String),
}

/// Whether a value is the text itself: a line begins with `deb` as those of the one-line format do, or with `Types:`, or it is an
/// armoured key.
pub(in crate::config) fn is_text(value: &str) -> bool {
    value.lines().any(|line| {
        let line = line.trim_start();
        let is_entry = ["deb", "deb-src"]
            .iter()
            .any(|kind| line.strip_prefix(kind).is_some_and(|rest| rest.starts_with([' ', '\t', '['])));
        is_entry || is_deb822(line) || line.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    })
}

fn is_deb822(line: &str) -> bool {
    line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("types:"))
}

impl FileOrText {
    /// The path, if it is a file's.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Text(_) => None,
        }
    }

    /// What the file is called in messages and as a key; the `number`th text, from 0, has a name that says its format.
    pub(crate) fn name(&self, number: usize) -> Cow<'_, Path> {
        match self {
            Self::File(path) => Cow::Borrowed(path),
            Self::Text(text) => {
                let extension = match text {
                    text if text.contains("-----BEGIN PGP") && !text.lines().any(is_deb822) => "asc",
                    text if text.lines().any(|line| is_deb822(line.trim_start())) => "sources",
                    _ => "list",
                };
                let number = if number == 0 { String::new() } else { format!("-{}", number + 1) };
                Cow::Owned(format!("in-place{number}.{extension}").into())
            }
        }
    }
}

impl From<PathBuf> for FileOrText {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some(text) if is_text(text) => Self::Text(format!("{}\n", text.trim_end())),
            _ => Self::File(path),
        }
    }
}

impl FromStr for FileOrText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(PathBuf::from(text).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_from_a_path() {
        for (value, name) in [
            ("deb http://mirror.example/debian trixie main", "in-place.list"),
            ("# ours\n  deb [trusted=yes] file:/srv ./\n", "in-place.list"),
            ("deb[arch=amd64] http://mirror.example/ x main", "in-place.list"),
            ("Types: deb\nURIs: http://mirror.example/\nSuites: x\nComponents: main", "in-place.sources"),
            ("types: deb\n", "in-place.sources"),
            ("Types: deb\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n", "in-place.sources"),
            ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n", "in-place.asc"),
        ] {
            assert_eq!(FileOrText::from(PathBuf::from(value)).name(0), Path::new(name), "{value}");
        }
        for path in ["debian.sources", "/srv/deb", "deb", "debian/deb.list", "Types", "http://x/deb "] {
            assert_eq!(FileOrText::from(PathBuf::from(path)), FileOrText::File(path.into()), "{path}");
        }
        let second = FileOrText::Text("deb x".to_owned());
        assert_eq!(second.name(1), Path::new("in-place-2.list"));
    }
}
