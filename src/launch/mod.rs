//! The stop *launch*: how the commands of a tree are started where it is not at `/`: as they are, or by launchers.

mod commands;
mod environment;
mod error;
mod exec;
mod lacking;
mod launchers;
mod links;
mod note;

pub use commands::{commands, has_own_linker};
pub use error::Error;
pub use exec::become_command;
pub use lacking::{Lack, lacking};
pub use launchers::write;
pub use links::link;
pub use note::{Note, notes};
