//! Bills of materials: what a plan or a tree consists of, as SPDX 2.3 and CycloneDX 1.6 have it. The same plan or tree always
//! gives the same text.
//!
//! The way: [`Bill`] is gathered of a plan and of what a tree says besides; [`spdx`] and [`cyclonedx`] write it down.

mod bill;
mod cyclonedx;
mod licences;
mod purl;
mod spdx;

pub(crate) use bill::{Bill, Tree};
pub(crate) use cyclonedx::cyclonedx;
pub(crate) use spdx::spdx;

/// Where they are in a tree: scanners look for the ends of these names.
pub(crate) const SPDX: &str = "var/lib/aptlet/sbom.spdx.json";
/// The other one.
pub(crate) const CYCLONEDX: &str = "var/lib/aptlet/sbom.cdx.json";
