//! The index: the parsed `Packages` of all sources, compact enough to hold a whole Debian in a few dozen MiB.
//!
//! Names are interned in the order in which apt would first meet them: a stanza's own name, then the names of
//! its relations, field by field. apt breaks ties between providers by that order, so it is kept.
//!
//! ```text
//! parse     a Packages file, stanza by stanza (fields), while it streams in; odd is what made no sense
//!   ↓
//! part      what it held: records, whose fields are numbers, and the names and texts that those refer to
//!   ↓
//! join      the parts of all sources as one index
//!   ↓
//! package   one version of one package, seen through the index
//! ```

mod fields;
mod join;
mod kinds;
mod names;
mod odd;
mod package;
mod parse;
mod part;
mod record;
mod wanted;

pub use join::Index;
pub(crate) use kinds::MultiArch;
pub use kinds::RelationField;
pub(crate) use names::NameId;
pub use package::Package;
pub(crate) use parse::BadIndex;
pub use part::Part;
pub(crate) use record::{Alternative, PackageId, Qualifier};
pub(crate) use wanted::{Only, Wanted};
