//! The types of single settings. Each parses from the same text wherever it is given, and refuses there what could
//! only fail later.

mod address;
mod choice;
mod error;
pub(super) mod from_yaml;
mod number;
mod path;
mod pattern;
mod word;

pub use address::{Listen, MirrorUri};
pub use choice::{LogFormat, Mode, OnFailure, Owners, RequireScripts, Verbosity};
pub use error::BadValue;
pub use number::{Count, Interval, Quantity};
pub use path::{Base, Output, PathElsewhere};
pub use pattern::PathPattern;
pub use word::{Locale, Word};
