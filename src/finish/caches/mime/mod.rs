//! The shared MIME database: which types files are of, by name and by content.
//!
//! `make` reads the packages' XML files ([`super::xml`], `markup`) into a `database`, with `magic` for files and
//! `tree_magic` for volumes, which are in order of `priority`; of that come the `files`, and among them the `cache`.

mod cache;
mod database;
mod files;
mod magic;
mod make;
mod markup;
mod priority;
mod tree_magic;

pub(crate) use self::make::apply;
