//! Settings that are one of a few words.

/// How the log is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which maintainer scripts must have been done by aptlet's own means, as none is run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RequireScripts {
    /// None: what is missing is noted.
    #[default]
    None,
    /// All lines that may matter in a pod.
    Known,
    /// All lines.
    All,
}

/// Which programs of a tree are run to make files of it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Generators {
    /// None.
    Off,
    /// Those that are known to need nothing but the tree.
    #[default]
    Known,
}

/// Whose the installed files are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Owners {
    /// The current user's, without set-id bits.
    #[default]
    Map,
    /// Whose they are in the packages.
    Keep,
}

/// How the layers of an image are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LayerCompression {
    /// Not at all.
    None,
    /// As every registry and runtime takes it.
    Gzip,
}

/// The form of a bill of materials.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SbomFormat {
    /// SPDX 2.3, in JSON.
    #[default]
    Spdx,
    /// CycloneDX 1.6, in JSON.
    #[value(name = "cyclonedx")]
    Cyclonedx,
}

/// What becomes of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnFailure {
    /// It is the end, also where what is installed is good.
    Abort,
    /// `aptlet run` starts the command with what is there.
    Continue,
}

/// How packages get into a pod.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// An init container installs them before the containers start.
    #[default]
    Init,
    /// A sidecar installs them before the containers start, and again whenever the settings change.
    Sidecar,
    /// The main container installs them itself and then becomes what it was meant to be.
    Entrypoint,
    /// An init container prepares the volume, and the main container adds packages to it while it runs.
    Live,
    /// Nobody: the volume is an image that has them.
    Image,
}

impl Mode {
    /// Whether the main container writes to the volume itself, so that it is to be the same user's.
    pub(crate) fn writes_in_main(self) -> bool {
        matches!(self, Self::Entrypoint | Self::Live)
    }
}

/// How a pod's containers get the commands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expose {
    /// The folder `commands` of the volume, mounted a second time at a place that is on PATH already.
    #[default]
    Mount,
    /// The folder `bin` of the volume, written into PATH.
    Path,
}

/// What a rendered pod says of the room that its packages take, besides the volume's `sizeLimit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// What the node is to have for it.
    Request,
    /// That, and the same as a limit: the kubelet takes it for one of the whole pod.
    Limit,
}

/// Where the tree's commands are on a PATH that has others.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PathOrder {
    /// Behind those of the image, which keep their places.
    #[default]
    Last,
    /// In front of those of the image.
    First,
}

impl PathOrder {
    /// `path` with the folder `own`.
    pub fn with(self, path: &str, own: &str) -> String {
        match self {
            Self::Last => format!("{path}:{own}"),
            Self::First => format!("{own}:{path}"),
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Warnings and errors.
    Quiet,
    /// What is done.
    Normal,
    /// What is done, in detail.
    Verbose,
}
