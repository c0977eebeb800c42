//! The types of single settings. Each parses from the same text wherever it is given, and refuses there what could
//! only fail later.

mod address;
mod architectures;
mod choice;
mod error;
pub(super) mod from_yaml;
mod image_source;
pub(super) mod in_place;
mod libc;
mod number;
mod path;
mod pattern;
mod registry;
mod release;
mod target;
mod word;

pub(crate) use address::{Listen, MirrorUri};
pub(crate) use architectures::Architectures;
pub(crate) use choice::{
    Expose, Generators, LayerCompression, LogFormat, OnFailure, Owners, RequireScripts, SbomFormat, Verbosity,
};
pub use choice::{Mode, PathOrder, Storage};
pub(crate) use image_source::ImageSource;
pub use in_place::FileOrText;
pub(crate) use libc::ImageLibc;
pub(crate) use number::{Count, Interval, Quantity};
pub(crate) use path::{Base, Output, PathElsewhere};
pub(crate) use pattern::PathPattern;
pub(crate) use registry::RegistryHost;
pub(crate) use release::{DEFAULT_MIRROR, Release};
pub(super) use target::FORMS;
pub(crate) use target::Target;
pub(crate) use word::{Locale, Word};
