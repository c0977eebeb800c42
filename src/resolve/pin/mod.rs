//! Pins: apt_preferences(5).
//!
//! ```text
//! preferences   the format of the file
//!   ↓
//! rule          one stanza: which packages, which versions of them
//! pattern       how its words are compared
//!   ↓
//! priority      what all stanzas together give to a version
//! ```

mod pattern;
mod preferences;
mod priority;
mod rule;

pub use preferences::{BadPin, parse};
pub use priority::Priorities;
pub use rule::Pin;

#[cfg(test)]
mod tests;
