//! The stop *source*: where packages come from and why they are believed.
//!
//! ```text
//! list              apt's source lists, in both formats
//!   ↓
//! located           lists of mirrors looked up, and snapshots
//!   ↓
//! released          the Release of each source (release), fetched and verified (apt-secure(8)):
//!                   clearsign, armor: its signature;  keyring, certificate: whose;  verify, critical: whether that will do
//!   ↓
//! loaded            every `Packages` file that a Release vouches for, checked and parsed while it streams in (stream)
//!   ↓
//! index             all packages; provenance says where each part of it comes from
//! ```
//!
//! `Loader` goes the whole way; what cannot go it is `left_out`, and matters once it is needed. Two further parts of the
//! index have no Release: a single `.deb` (`archive`), and what the main image has installed already ([`base`]).
//! `elsewhere` tells where a package is that no source has; `by_sha512` reads one whose index does not say enough for a
//! plan; `kept` has what earlier runs fetched; `listing` reads the stanzas of an index as they stand there, for those who only look.

pub(crate) mod archive;
mod armor;
pub mod base;
pub(crate) mod base_commands;
mod blocks;
mod by_sha512;
mod certificate;
mod clearsign;
mod critical;
mod date;
pub(crate) mod elsewhere;
mod error;
mod hint;
pub mod index;
mod kept;
mod keybox;
pub mod keyring;
mod left_out;
pub mod list;
mod listing;
mod loaded;
mod loader;
mod located;
mod position;
pub mod provenance;
pub mod release;
mod released;
mod secp256k1;
mod stanzas;
mod stream;
pub mod verify;

#[cfg(test)]
mod signing;

pub use error::Error;
pub(crate) use kept::Kept;
pub use left_out::LeftOut;
pub(crate) use listing::Listed;
pub(crate) use loaded::Loaded;
pub(crate) use loader::Loader;
pub(crate) use located::list_of;
pub(crate) use released::Released;
pub(crate) use stanzas::field;
