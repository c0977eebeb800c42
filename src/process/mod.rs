//! The process itself: what it was born with, requests to end it, and becoming another program.

pub(crate) mod aftermath;
mod binary;
mod ending;
mod exec;
mod inherited;
pub(crate) mod memory;
mod signals;

pub(crate) use binary::own_binary;
pub(crate) use ending::Ending;
pub(crate) use exec::{DEFAULT_PATH, exec};
pub(crate) use inherited::Inherited;
pub(crate) use signals::EndSignals;
