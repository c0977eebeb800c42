//! The stop *config*: flags, environment and `ConfigMap` become one [`Settings`].
//!
//! The three say the same things ([`Options`]); a flag beats the environment, which beats the `ConfigMap`, which
//! beats the default. Nothing else is read of them: source lists, keyrings and locks are handed on as paths.
//!
//! ```text
//! flags, environment, configmap (yaml) → layers → settings
//! ```
//!
//! What a process that stays, and what `aptlet render` needs beside that, is decided in `watching` and `rendering`.

mod baking;
mod command;
mod configmap;
mod environment;
mod error;
mod exposure;
mod host;
mod kept_indexes;
mod keys;
mod layers;
mod machine_apt;
mod main_image;
mod nearest;
pub(crate) mod options;
mod paths;
mod places;
mod registries;
mod release_of_image;
mod rendering;
mod settings;
mod sources;
mod text;
mod values;
mod wanted;
mod watching;
mod yaml;

pub(crate) use baking::Baking;
pub use command::Command;
pub(crate) use command::Endpoint;
pub(crate) use environment::{PACKAGES, variable_of};
pub(crate) use error::Error;
pub use exposure::Exposure;
pub use host::Host;
pub(crate) use kept_indexes::KeptIndexes;
pub(crate) use main_image::{KnownImage, MainImage};
pub(crate) use nearest::nearest;
pub use options::Options;
pub(crate) use release_of_image::release_beside;
pub use rendering::Rendering;
pub(crate) use rendering::contents;
pub use settings::Settings;
pub(crate) use sources::SourceChoice;
pub(crate) use text::{read as read_text, read_bytes, read_from as read_text_from};
pub(crate) use values::{
    Architectures, Generators, ImageLibc, ImageSource, LayerCompression, Listen, LogFormat, OnFailure,
    Output, Owners, PathPattern, Release, RequireScripts, SbomFormat, Target, Verbosity,
};
pub use values::{FileOrText, Mode, PathOrder, Storage};
pub(crate) use watching::Watching;
