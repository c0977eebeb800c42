//! The shared MIME database: which types files are of, by name and by content.

mod cache;
mod database;
mod magic;

pub(crate) use self::database::apply;
