//! A live destination: one that a running container adds packages to, by the names of apt's own commands. Here is what such a
//! destination has besides generations, and what is known of what is installed in it; the commands are in `command/live/`.
//!
//! `place` names the files, `settings` is what the commands are to count on, `marks` which packages were asked for, `answered`
//! what need not be asked again. `installed` are the packages of the image and of the tree, `relations` what they need of
//! each other. `holder` tells who is at work; `system`, where it is kept what scripts write below `/etc/apt`.

mod answered;
mod holder;
mod installed;
mod marks;
mod place;
mod relations;
mod settings;
mod system;

pub(crate) use answered::Answered;
pub(crate) use holder::Holder;
pub(crate) use installed::{Installed, Package, Where};
pub(crate) use marks::Marks;
pub(crate) use place::{NAMES, Place};
pub(crate) use relations::Relations;
pub(crate) use settings::Settings;
