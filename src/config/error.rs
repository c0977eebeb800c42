//! What can be wrong with the configuration, and what to be warned of.

use std::fmt;
use std::io;
use std::path::PathBuf;

use jiff::civil::Date;

use super::keys::KEYS;
use super::values::FORMS;
use crate::request;

/// A configuration that cannot be worked with; all of these are the user's to mend (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request that is malformed or asks for what is not supported.
    #[error(transparent)]
    Request(#[from] request::Error),
    /// Nothing to install.
    #[error("no packages are requested")]
    NoRequests {
        /// The folder whose key `packages` was looked for.
        config: PathBuf,
        /// What has been passed over until then; the requests may be there, under a misspelt name.
        warnings: Vec<Warning>,
    },
    /// A command that runs where the destination is, with a tree for another place.
    #[error("the prefix is {prefix}, but a command that is run here finds the tree at {}", dest.display())]
    OtherPrefix {
        /// The prefix.
        prefix: String,
        /// The destination.
        dest: PathBuf,
    },
    /// A root file system has commands of its own.
    #[error(
        "a live destination cannot be /: its commands are found beside the image's, and not in their place"
    )]
    LiveAtRoot,
    /// A lock and requests from the same place, which can only contradict each other.
    #[error("{lock} and {requests} are both given, but a lock leaves nothing to ask for")]
    LockAndRequests {
        /// How the lock is given.
        lock: &'static str,
        /// How the requests are given.
        requests: &'static str,
    },
    /// Two settings that both say which suites there are.
    #[error("'{setting}' and 'suite' are both set, and each says which suites there are")]
    SuitesTwice {
        /// The one beside `suite`.
        setting: &'static str,
    },
    /// `aptlet lock --check` of what is on its way to standard output.
    #[error("'--check' looks at a lock in a file, and '--output -' names none")]
    CheckedNothing,
    /// `--quiet` and `--verbose` from the same place.
    #[error("'quiet' and 'verbose' are both set in {place}")]
    QuietAndVerbose {
        /// Where.
        place: String,
    },
    /// A variable whose value does not fit.
    #[error("{variable}: '{value}' is not a valid value: {reason}", value = value.escape_debug())]
    Variable {
        /// The variable.
        variable: String,
        /// Its value, as far as it is text.
        value: String,
        /// Why not.
        reason: String,
    },
    /// The folder of settings was named and cannot be read.
    #[error("cannot read the settings folder '{}': {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file of configuration that cannot be read.
    #[error("cannot read '{}': {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A folder, device or pipe in place of a file.
    #[error("'{}' is not a regular file", path.display())]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// A file larger than [`super::text::LARGEST`].
    #[error("'{}' is larger than 16 MiB, which no file of configuration is", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file that should be text and is not UTF-8.
    #[error("{}:{line}: not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line of the first wrong byte, from 1.
        line: usize,
    },
    /// A key of `aptlet.yaml` that no setting has.
    #[error("{}:{line}:{column}: unknown key '{key}'", path.display(), key = key.escape_debug())]
    UnknownYamlKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column in characters, from 1.
        column: u64,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// `aptlet.yaml` is not YAML, or a value does not fit its setting.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column in characters, from 1.
        column: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The prefix cannot be one.
    #[error("the prefix '{}' {reason}", path.display())]
    Prefix {
        /// The prefix.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// A sidecar that would take the files of running programs away.
    #[error("'keep-generations' is 1, which leaves nothing to programs that were started before a change")]
    KeepGenerations,
    /// Libraries of a tree that is a root file system of its own.
    #[error("'libraries' is for trees that are mounted in an image, and the prefix is /")]
    LibrariesAtRoot,
    /// An image with no place to go.
    #[error("nothing says where the image is to be written")]
    NoTarget,
    /// An image whose bill of materials cannot be written.
    #[error("'{image}' cannot be described: {reason}")]
    Described {
        /// As it was named.
        image: String,
        /// Why not.
        reason: String,
    },
    /// aptlet's own image with something else in it.
    #[error("--self writes aptlet's own image, and packages are asked for")]
    OwnImage,
    /// More than an image can be for.
    #[error("only an image can be for several architectures")]
    OneArchitecture,
    /// Two answers to one question.
    #[error("--base and --base-image both say what the main image has")]
    BaseTwice,
    /// A time that all is to have, and that is none.
    #[error("SOURCE_DATE_EPOCH: '{text}' is no number of seconds since 1970", text = text.escape_debug())]
    SourceDate {
        /// The variable.
        text: String,
    },
    /// A word of a search that is an expression, and a wrong one.
    #[error("'{text}' is not a regular expression: {reason}", text = text.escape_debug())]
    Expression {
        /// The word.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A path that is to become a part of a manifest.
    #[error("the path of --base is not UTF-8 text, which a manifest is")]
    NotTextPath,
    /// A setting that `aptlet render` cannot write down.
    #[error("a rendered pod cannot have '{setting}': {reason}")]
    NotRendered {
        /// The long flag.
        setting: &'static str,
        /// Why not.
        reason: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A relative path is to be resolved and the working directory is gone or unreadable.
    #[error("cannot tell the working directory: {0}")]
    WorkingDirectory(#[source] io::Error),
}

impl Error {
    /// What to do about it, where the message does not say so already.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request(error) => Some(error.hint()),
            Self::NoRequests { warnings, .. } if !warnings.is_empty() => {
                let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
                Some(format!("look whether they are given by a wrong name: {}", warnings.join("; ")))
            }
            Self::NoRequests { config, .. } => Some(format!(
                "name packages as arguments, in APTLET_PACKAGES, or in the key 'packages' of the ConfigMap at {}{}",
                config.display(),
                if config.exists() { "" } else { ", which is not mounted" }
            )),
            Self::OtherPrefix { prefix, .. } => Some(format!(
                "unset the prefix (APTLET_PREFIX, aptlet.yaml), or mount the volume at {prefix} and set --dest to it"
            )),
            Self::LiveAtRoot => Some("name a folder with --dest, such as /p".to_owned()),
            Self::LockAndRequests { lock, requests } => {
                Some(format!("drop {requests} to install what the lock pins, or drop {lock} to resolve anew"))
            }
            Self::SuitesTwice { .. } => Some(
                "drop 'suite', or write all suites into a source list: --sources, or a key *.sources of the ConfigMap".to_owned(),
            ),
            Self::CheckedNothing => Some("name the file of the lock with -o FILE".to_owned()),
            Self::QuietAndVerbose { .. } => Some("unset one of them".to_owned()),
            Self::Folder { .. } => Some(
                "mount the ConfigMap there, or name the right folder with --config or APTLET_CONFIG"
                    .to_owned(),
            ),
            Self::UnknownYamlKey { key, .. } if key == "packages" => {
                Some("write the requests into 'packages', its own key of the ConfigMap".to_owned())
            }
            Self::UnknownYamlKey { nearest: Some(nearest), .. } => Some(format!("write '{nearest}'")),
            Self::UnknownYamlKey { .. } => {
                Some("use the names of the long flags, as 'aptlet install --help' lists them".to_owned())
            }
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Some(
                "make it readable for the pod's user: by fsGroup, or the volume's defaultMode".to_owned(),
            ),
            Self::Read { .. } | Self::NotAFile { .. } => {
                Some("check the path, and that the file is mounted there".to_owned())
            }
            Self::NotText { .. } => Some("save the file as UTF-8".to_owned()),
            Self::Prefix { .. } => Some("give the absolute path of a folder, such as /p".to_owned()),
            Self::KeepGenerations => {
                Some("set it to 2 or more for 'aptlet watch', or leave it out".to_owned())
            }
            Self::LibrariesAtRoot => {
                Some("give the prefix at which the main container sees the tree, such as /p".to_owned())
            }
            Self::OneArchitecture => Some("name one with --arch, or use 'aptlet bake'".to_owned()),
            Self::BaseTwice => Some("drop one of the two".to_owned()),
            Self::Described { .. } => {
                Some("name one image, as oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE or oci://REGISTRY/REPOSITORY:TAG, and nothing else".to_owned())
            }
            Self::OwnImage => Some("bake one image for each".to_owned()),
            Self::NoTarget => Some(format!("give a target with -o: {FORMS}")),
            Self::SourceDate { .. } => {
                Some("unset it, or set it as 'git log -1 --format=%ct' prints it".to_owned())
            }
            Self::NotTextPath => Some("give another path".to_owned()),
            Self::NotRendered { instead, .. } => Some((*instead).to_owned()),
            Self::Expression { .. } => Some("put '\\' before a letter that is meant as it is".to_owned()),
            Self::WorkingDirectory(_) => Some("give --dest as an absolute path".to_owned()),
            Self::Variable { .. } | Self::TooLarge { .. } | Self::Yaml { .. } => None,
        }
    }
}

/// What is odd in the configuration without being wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A variable `APTLET_…` that means nothing.
    UnknownVariable {
        /// Its name.
        name: String,
        /// The variable that was probably meant.
        nearest: Option<String>,
    },
    /// A key of the `ConfigMap` that means nothing.
    UnknownKey {
        /// Its path.
        path: PathBuf,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// What a lower layer wants installed, and is not, since a higher one says what is.
    PassedOver {
        /// What wants it.
        what: &'static str,
        /// Its requests; none for a lock.
        requests: Vec<String>,
        /// What says otherwise.
        by: &'static str,
        /// The requests of that; none for a lock.
        instead: Vec<String>,
    },
    /// A release that nobody mends any more.
    Ended {
        /// The release, and its codename.
        release: [String; 2],
        /// The last day on which it was.
        ended: Date,
    },
    /// A setting that has no effect, since the sources come from elsewhere.
    Unused {
        /// The long flag of the setting.
        setting: &'static str,
        /// Where the sources come from.
        sources: PathBuf,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable { name, nearest } => {
                write!(f, "the variable {} means nothing to aptlet", name.escape_debug())?;
                nearest.iter().try_for_each(|nearest| write!(f, "; did you mean {nearest}?"))
            }
            Self::UnknownKey { path, nearest: Some(nearest) } => {
                write!(f, "'{}' is ignored; did you mean '{nearest}'?", path.display())
            }
            Self::UnknownKey { path, nearest: None } => write!(
                f,
                "'{}' is ignored; the keys are {}",
                path.display(),
                KEYS.map(|(key, _)| key).join(", ")
            ),
            Self::PassedOver { what, requests, by, instead } => {
                write!(f, "{what}{} is passed over for {by}{}", listed(requests), listed(instead))
            }
            Self::Ended { release: [release, codename], ended } => {
                write!(f, "{release} ({codename}) has had no security updates since {ended}")
            }
            Self::Unused { setting, sources } => {
                write!(f, "'{setting}' has no effect, since the sources come from '{}'", sources.display())
            }
        }
    }
}

/// ` (jq, curl)`, or nothing for none.
fn listed(requests: &[String]) -> String {
    const MOST: usize = 10;
    let more = match requests.len().saturating_sub(MOST) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let shown = requests.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if requests.is_empty() { shown } else { format!(" ({shown}{more})") }
}
