//! apt's source lists, in both formats of sources.list(5), read as apt reads them but for two things: what apt
//! would pass over silently, such as a misspelt field, is told here; and what is odd and about trust is an error.
//!
//! ```text
//! file            a source list, by its name in one of two formats
//!   ↓
//! deb822          stanzas of `Field: value` lines (*.sources)
//! one_line        lines of `deb [option=value] uri suite component` (*.list)
//!   ↓
//! value           the words of both, which know their line and column
//! options         what both can say of a source besides where it is
//!   ↓
//! source          one suite of one repository
//!   ↓
//! settled         all of them together
//! ```

mod deb822;
mod file;
mod one_line;
mod options;
mod settled;
mod source;
mod value;

pub use file::parse_file;
pub(crate) use settled::settled;
pub(crate) use source::{ByHash, SignedBy, Source, join};
pub use value::Variables;
