//! The stop *launch*: how the commands of a tree are started where it is not at `/`: as they are, or by launchers.

mod commands;
mod environment;
mod error;
mod exec;
mod exposure;
mod lacking;
mod launchers;
pub(crate) mod libraries;
mod links;
mod modules;
mod note;

pub(crate) use commands::{commands, has_own_linker};
pub(crate) use error::Error;
pub use exec::become_command;
pub(crate) use exec::is_of_tree;
pub(crate) use exposure::{exposed, requested};
pub(crate) use lacking::lacking;
pub(crate) use launchers::{Programs, has_modules, write};
pub(crate) use links::link;
pub(crate) use modules::{image_folders, interpreters_of_image};
pub(crate) use note::{Note, notes};
