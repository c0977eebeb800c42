//! Where a package could not be laid out to the letter.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

/// Where a package could not be laid out to the letter. Paths are as archived, absolute. Serialised, a note has its variant
/// as `kind`: `{"kind": "device", "path": "/dev/null"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Note {
    /// Set-user-id and set-group-id bits were dropped.
    SetId {
        /// The file.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// The mode that the package wanted.
        mode: u32,
    },
    /// A device node was not made: that takes privileges.
    Device {
        /// The node.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
    },
    /// A field of the control file is not in the package database, since dpkg could read nothing of that with it.
    Field {
        /// Its name.
        name: String,
    },
    /// A FIFO was not made: the volume has none.
    Fifo {
        /// Its path.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
    },
    /// The file is not owned by root in the package, but is by the current user now.
    Owner {
        /// The file.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// User id in the package.
        user: u32,
        /// Group id in the package.
        group: u32,
    },
    /// A symbolic link was left out because another package has a directory there, as dpkg does.
    KeptDirectory {
        /// The link.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
    },
    /// The file makes way for another package's, as that one's diversion says.
    Diverted {
        /// The file.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// Where it is instead.
        #[serde(serialize_with = "as_text")]
        to: PathBuf,
        /// The package that diverts it.
        owner: String,
    },
    /// Another package's file was replaced, as `Replaces` says.
    Replaced {
        /// In the tree.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// The package that had it.
        owner: String,
    },
    /// The file was left out because the package that has it already replaces this one.
    Yielded {
        /// In the tree.
        #[serde(serialize_with = "as_text")]
        path: PathBuf,
        /// The package that has it.
        owner: String,
    },
}

/// A name need not be UTF-8: what is not is replaced, as when the note is displayed.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetId { path, mode } => {
                write!(f, "{}: set-id bits of mode {mode:04o} dropped", path.display())
            }
            Self::Device { path } => write!(f, "{}: device node not made", path.display()),
            Self::Field { name } => {
                write!(f, "field {name}: not in the package database, since dpkg could not read it")
            }
            Self::Fifo { path } => write!(f, "{}: FIFO not made, the volume has none", path.display()),
            Self::Owner { path, user, group } => {
                write!(f, "{}: owner {user}:{group} became the current user", path.display())
            }
            Self::KeptDirectory { path } => {
                write!(f, "{}: symbolic link left out, there is a directory already", path.display())
            }
            Self::Diverted { path, to, owner } => {
                write!(f, "{}: diverted to {} by package {owner}", path.display(), to.display())
            }
            Self::Replaced { path, owner } => {
                write!(f, "{}: replaces the file of package {owner}", path.display())
            }
            Self::Yielded { path, owner } => {
                write!(f, "{}: left out, replaced by the file of package {owner}", path.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn a_note_is_written_and_read_whatever_its_path() {
        let note = Note::Diverted { path: "/bin/x".into(), to: "/bin/x.real".into(), owner: "b".to_owned() };
        let text = serde_json::to_string(&note).unwrap();
        assert_eq!(text, r#"{"kind":"diverted","path":"/bin/x","to":"/bin/x.real","owner":"b"}"#);
        assert_eq!(serde_json::from_str::<Note>(&text).unwrap(), note);
        let odd = Note::KeptDirectory { path: OsStr::from_bytes(b"/usr/\xff").into() };
        let text = serde_json::to_string(&odd).unwrap();
        assert_eq!(text, "{\"kind\":\"kept-directory\",\"path\":\"/usr/\u{fffd}\"}");
    }
}
