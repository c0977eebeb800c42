//! Debian control data: versions and relations, as `Packages` files and `.deb`s hold them; and the patterns by which
//! names are chosen among them.

pub(crate) mod architecture;
pub(crate) mod dotted;
pub(crate) mod glob;
pub mod relation;
pub(crate) mod text;
pub mod version;
