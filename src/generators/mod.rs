//! Programs that packages run when they are configured, whose files no one else knows how to make: the tree's own programs
//! are run on the tree, confined.
//!
//! `known` says which, `room` makes the tree be where it will be seen, `confined` runs a program, `before` undoes what one did that failed, and `run` does it all.

mod before;
mod confined;
mod known;
mod room;
mod run;

pub(crate) use self::known::{Call, is_known};
pub(crate) use self::run::{Outcome, Place, run};
