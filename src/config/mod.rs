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

mod command;
mod configmap;
mod environment;
mod error;
mod host;
mod keys;
mod layers;
mod nearest;
pub(crate) mod options;
mod paths;
mod places;
mod rendering;
mod settings;
mod sources;
mod text;
mod values;
mod wanted;
mod watching;
mod yaml;

pub use command::{Command, Endpoint};
pub use environment::{PACKAGES, variable_of};
pub use error::{Error, Warning};
pub use host::Host;
pub use options::Options;
pub use paths::{PathRule, Paths};
pub use rendering::{Rendering, contents};
pub use settings::Settings;
pub use sources::{DEFAULT_COMPONENT, DEFAULT_MIRROR, DEFAULT_SUITES, MachineApt, SourceChoice};
pub use text::{LARGEST, read as read_text, read_from as read_text_from};
pub use values::{
    BadValue, Base, Count, Interval, Listen, Locale, LogFormat, MirrorUri, Mode, OnFailure, Output, Owners,
    PathElsewhere, PathPattern, Quantity, RequireScripts, Verbosity, Word,
};
pub use watching::Watching;
