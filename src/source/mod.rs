//! The stop *source*: where packages come from and why they are believed.
//!
//! apt's source lists ([`list`]), the keyrings, the verified `Release` file that vouches for every index below
//! it (apt-secure(8)), and the [`index`] itself. [`Loader`] goes the whole way.

pub mod archive;
mod armor;
pub mod base;
mod certificate;
mod clearsign;
mod error;
pub mod index;
pub mod keyring;
pub mod list;
mod load;
pub mod provenance;
pub mod release;
mod sighting;
pub mod verify;
mod whereabouts;

#[cfg(test)]
mod signing;

pub use error::Error;
pub use load::{Loaded, Loader, Released};
pub use sighting::Sighting;
pub use whereabouts::{Missing, Place};
