//! GSettings: the schemas of all packages in one file, `gschemas.compiled`.
//!
//! `compile` reads the XML of each package ([`super::xml`], `markup`) and the administrators' override files; `schemas`
//! puts together what they say of schemas and their keys (`key`, `choices`); defaults are values of `gvariant`; the whole
//! is written as `gvdb`.

mod choices;
mod compile;
mod gvariant;
mod gvdb;
mod key;
mod markup;
mod schemas;

pub(crate) use self::compile::apply;
