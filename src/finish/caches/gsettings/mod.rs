//! GSettings: the schemas of all packages in one file, `gschemas.compiled`.

mod compile;
mod gvariant;
mod gvdb;
mod key;

pub(crate) use self::compile::apply;
