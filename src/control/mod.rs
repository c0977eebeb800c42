//! Debian control data: versions and relations, as `Packages` files and `.deb`s hold them.

pub mod relation;
pub mod version;
