//! The stop *resolve*: index and requests in, plan out.
//!
//! ```text
//! universe   the candidate of each package (pin), and what is there before (the base, what is excluded);
//!   │        satisfy: which packages a relation accepts or forbids;  slot: a name in one architecture
//!   ↓
//! select     which version of which package each request means (glob); a name that nobody knows ends here
//!   │        (unknown, nearest, owners)
//!   ↓
//! mark       apt's choice: its order, its rules, no search
//!   │ what it chose is broken
//!   ├──→ solve      a solver among the same candidates
//!   │      │ there is no solution
//!   │      └──→ conflict   why not, in words
//!   ↓
//! plan       what to fetch, from where, and what it must hash to
//!   ↓
//! why        why a package is in a finished plan, or is not
//! ```
//!
//! For example, `a` depends on `x | y`, `x` conflicts with `w`, and `b` depends on `w`. Asked for `a` and `b`, mark
//! takes `x`, which is the first choice, and never takes it back, so that `b` is broken; solve takes `y`. [`resolve`]
//! goes this way (`stages`), `explain` asks why, and `policy` only what there is.

mod conflict;
mod error;
mod glob;
mod implied;
mod mark;
mod nearest;
mod options;
mod owners;
pub mod pin;
mod policy;
mod resolved;
mod satisfy;
mod select;
mod slot;
mod solve;
mod stages;
mod suite;
#[cfg(test)]
mod tests;
mod universe;
mod unknown;
mod why;

pub use error::Error;
pub use options::{Essential, ResolveOptions};
pub(crate) use owners::likely_owners;
pub(crate) use policy::{Policy, missing, policy};
pub(crate) use resolved::Resolved;
pub use stages::resolve;
pub(crate) use unknown::ElsewhereHint;
pub(crate) use why::{Why, explain};
