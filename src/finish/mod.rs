//! The stop *finish*: what maintainer scripts would have done to a merged tree, by declaration and without a shell; and
//! what a tree needs that is not mounted at `/`.
//!
//! [`run`] takes a merged tree through all steps, in order:
//!
//! | step | place |
//! | --- | --- |
//! | the locales that the settings want are there | `locales` |
//! | trusted certificate authorities | `certificates` |
//! | folders and links of tmpfiles.d(5) | `tmpfiles` |
//! | scripts are followed: what can be told of them is made, what remains is told | `scripts` |
//! | links of update-alternatives(1) | `alternatives` |
//! | lists that packages register with: modules, catalogues, applications | `registers` |
//! | users and groups | `accounts` |
//! | files that programs make of other files, so as to start fast or to start at all | `caches` |
//! | configuration that is a copy of a template | `templates` |
//! | absolute links become relative, unless the tree is seen at `/` | `relative` |
//!
//! What only the tree's own programs can make is left to `generators`, when paths have been rewritten.
//!
//! All of them make and read files by `inside`, which no link of a package leads out of the tree. What a step cannot do
//! is a note, not an error.

mod accounts;
mod alternatives;
mod caches;
mod certificates;
mod dropins;
mod error;
mod inside;
mod locales;
mod maintainer_script;
mod note;
mod registers;
mod relative;
mod run;
mod scripts;
mod templates;
mod tmpfiles;

pub(crate) use self::caches::ldconfig::linkable;
pub(crate) use self::certificates::Authority;
pub(crate) use self::error::Error;
pub(crate) use self::note::Note;
pub use self::run::{Finishing, run};
