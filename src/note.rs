//! Where a generation differs from an installation by dpkg, and what may not work in it: one type for what all stops tell.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::wording::{counted, mebibytes};
use crate::{finish, launch, tree};

/// A note of a generation. Written as JSON it is one object, whose `kind` says what it is about; most have the `package`
/// or the `path` that they concern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(untagged)]
pub(crate) enum Note {
    /// A file of a package that is not laid out to the letter.
    Package {
        /// The package's name.
        package: String,
        /// What of it.
        #[serde(flatten)]
        note: tree::Note,
    },
    /// What concerns many files at once.
    Tree(OfTree),
    /// What maintainer scripts would have done.
    Finish(finish::Note),
    /// Commands that lack something.
    Launch(launch::Note),
}

/// What concerns many files at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum OfTree {
    /// Files of other owners than root are the current user's.
    OwnersMapped {
        /// The package's name.
        package: String,
        /// How many files of it.
        files: usize,
    },
    /// Paths were left out, as the settings say.
    LeftOut {
        /// Files, links and directories.
        paths: u64,
        /// The bytes of the files.
        bytes: u64,
    },
    /// The group that shares the volume may read what its owner may.
    OpenToGroup {
        /// How many files and directories.
        paths: u64,
    },
    /// A call of dpkg-divert cannot be read.
    DiversionUnread {
        /// The package's name.
        package: String,
        /// The line of its script.
        line: String,
    },
}

/// A note as it is kept and printed: the object that it is as JSON, with its `text` for people. What a later version
/// notes in another way stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Recorded(Value);

impl From<&Note> for Recorded {
    fn from(note: &Note) -> Self {
        // it fails for nothing that a note can hold
        let mut object = serde_json::to_value(note).unwrap_or_default();
        object["text"] = note.to_string().into();
        Self(object)
    }
}

impl Recorded {
    /// The package that it is about, or the command, which mostly has its name.
    pub(crate) fn about(&self) -> Option<&str> {
        self.0["package"].as_str().or_else(|| self.0["command"].as_str())
    }

    /// Whether it is told at once, whatever it is about: libraries for the image's own programs, which were asked for, and commands
    /// that the base has as well.
    pub(crate) fn is_told(&self) -> bool {
        let kinds = ["newer-library", "needs-libc", "no-libc", "no-library", "also-in-base"];
        self.0["kind"].as_str().is_some_and(|kind| kinds.contains(&kind))
    }

    /// Whether it is about what a maintainer script would have done.
    pub(crate) fn is_of_script(&self) -> bool {
        self.0["kind"] == "script-not-run"
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0["text"].as_str().unwrap_or_default())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { package, note } => write!(f, "{package}: {note}"),
            Self::Tree(note) => note.fmt(f),
            Self::Finish(note) => note.fmt(f),
            Self::Launch(note) => note.fmt(f),
        }
    }
}

impl fmt::Display for OfTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnersMapped { package, files } => {
                write!(f, "{package}: {files} files of other owners than root belong to this user")
            }
            Self::LeftOut { paths, bytes } => {
                let size = mebibytes(*bytes);
                write!(f, "{paths} paths ({size}) were left out, as --slim and --path-exclude say")
            }
            Self::OpenToGroup { paths } => {
                let paths = counted(usize::try_from(*paths).unwrap_or(usize::MAX), "path");
                write!(
                    f,
                    "{paths} closed to others are open to the group that shares the destination (fsGroup)"
                )
            }
            Self::DiversionUnread { package, line } => write!(
                f,
                "{package}: a diversion is missing, because its call of dpkg-divert cannot be read: {line}"
            ),
        }
    }
}

macro_rules! from {
    ($($variant:ident: $of:ty),*) => {
        $(impl From<$of> for Note {
            fn from(note: $of) -> Self {
                Self::$variant(note)
            }
        })*
    };
}
from!(Tree: OfTree, Finish: finish::Note, Launch: launch::Note);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_note_is_read_as_what_was_written() {
        let device = tree::Note::Device { path: "/dev/x".into() };
        for (note, object) in [
            (
                Note::Package { package: "tool".to_owned(), note: device },
                json!({ "package": "tool", "kind": "device", "path": "/dev/x" }),
            ),
            (
                OfTree::OwnersMapped { package: "tool".to_owned(), files: 2 }.into(),
                json!({ "kind": "owners-mapped", "package": "tool", "files": 2 }),
            ),
            (
                finish::Note::NoCertificate { path: "/etc/x".to_owned() }.into(),
                json!({ "kind": "no-certificate", "path": "/etc/x" }),
            ),
            (
                launch::Note::StartsFromImage {
                    program: "/bin/sh".to_owned(),
                    prefix: "/opt/t".to_owned(),
                    commands: vec!["tool".to_owned()],
                }
                .into(),
                json!({ "kind": "starts-from-image", "program": "/bin/sh", "prefix": "/opt/t", "commands": ["tool"] }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&note).unwrap(), object);
            assert_eq!(serde_json::from_value::<Note>(object.clone()).unwrap(), note);
            let mut with_text = object;
            with_text["text"] = note.to_string().into();
            let recorded = Recorded::from(&note);
            assert_eq!((recorded.to_string(), recorded.0), (note.to_string(), with_text));
        }
    }

    /// The kinds of an enum, by what serde says of one that it does not know.
    fn kinds<T: DeserializeOwned + fmt::Debug>() -> Vec<String> {
        let error = serde_json::from_value::<T>(json!({ "kind": "?" })).unwrap_err().to_string();
        // "expected one of `a`, `b`, `c`", but "expected `a` or `b`"
        let (_, list) = error.split_once(", expected ").unwrap();
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn a_kind_is_of_one_stop() {
        let all =
            [kinds::<tree::Note>(), kinds::<OfTree>(), kinds::<finish::Note>(), kinds::<launch::Note>()]
                .concat();
        assert!(all.len() > 20, "{all:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }
}
