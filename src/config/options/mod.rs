//! The settings that a user can give, in groups: a setting is one field of one group.
//!
//! From the field follow the long flag and its help, the variable, the key of `aptlet.yaml`, and how layers are merged,
//! so that these cannot drift apart:
//!
//! - [`setting`]: what follows from the type of a field;
//! - [`group`]: what follows from its name, its doc comment and its group, by the macro that groups are declared with;
//! - [`all`]: the groups together, which is what one layer of configuration says.
//!
//! To add a setting, add a field to the group that it belongs to:
//!
//! ```text
//! /// Give up on a server that sends nothing for this long [default: 30]
//! #[arg(value_name = "SECONDS")]
//! pub timeout: Option<Count<1>>,
//! ```
//!
//! The doc comment is the text of `--help`, which tells the default as `[default: …]`. `#[arg(…)]` calls methods of
//! [`clap::Arg`]. A type of a new kind implements [`setting::Value`]. Which commands take a group stands in `cli`, and
//! whether `aptlet render` passes its settings on to a pod stands at the group.

mod all;
mod destination;
mod folder;
mod group;
mod image;
mod libraries;
mod network;
mod output;
mod packages;
mod pod_manifest;
mod setting;
mod sources;
mod watching;

pub(crate) use all::Layer;
pub use all::Options;
pub(crate) use destination::{
    Destination, Inspecting, Ordering, Relocating, Running, SelfInstalling, TreeMaking,
};
pub(crate) use folder::SettingsFolder;
pub(crate) use group::{Flags, Group};
pub(crate) use image::Baking;
pub(crate) use libraries::Libraries;
pub(crate) use network::Network;
pub(crate) use output::{Describing, Locking, Logging, Loudness, Termination, Trying};
pub(crate) use packages::{Choosing, Limiting, Locked};
pub(crate) use pod_manifest::PodManifest;
pub(crate) use sources::{Sourcing, Trust};
pub(crate) use watching::{Answering, Renewing};

#[cfg(test)]
mod tests;
