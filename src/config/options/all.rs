//! All groups together: what one layer of configuration says.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::destination::{
    Destination, Inspecting, Ordering, Relocating, Running, SelfInstalling, TreeMaking,
};
use super::folder::SettingsFolder;
use super::group::Flags;
use super::image::Baking;
use super::libraries::Libraries;
use super::network::Network;
use super::output::{Describing, Locking, Logging, Loudness, Termination, Trying};
use super::packages::{Choosing, Limiting, Locked};
use super::pod_manifest::PodManifest;
use super::setting::PodFlag;
use super::sources::{Sourcing, Trust};
use super::watching::{Answering, Renewing};
use crate::arrange::Arrange as _;
use crate::config::error::Error;

/// What one layer of configuration says: the flags, the environment, or `aptlet.yaml`.
pub(crate) trait Layer: clap::Args + Default {
    /// The flags of all groups, in the order of the help.
    const ALL: &'static [Flags];

    /// The keys that `aptlet.yaml` may have.
    fn keys() -> &'static [&'static str];

    /// Reads the value of a key.
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// What this layer says, and what `lower` says where this one is silent.
    #[must_use]
    fn or(self, lower: Self) -> Self;

    /// Reads relative paths as beside the files in `folder`, where this was said. An empty path says nothing.
    #[must_use]
    fn relative_to(self, folder: &Path) -> Self;

    /// The flags that say this in a pod. Patterns come in the order in which they decide.
    ///
    /// # Errors
    /// A path that is not UTF-8.
    fn pod_flags(&self) -> Result<Vec<String>, Error>;
}

/// Declares a [`Layer`] of groups, in the order of the help.
macro_rules! layer {
    (
        $(#[doc = $about:literal])+
        $visible:vis struct $Layer:ident {$(
            $(#[doc = $doc:literal])+
            pub(crate) $field:ident: $group:ty,
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        $visible struct $Layer {$(
            $(#[doc = $doc])+
            pub(crate) $field: $group,
        )+}

        impl clap::Args for $Layer {
            fn augment_args(command: clap::Command) -> clap::Command {
                use $crate::config::options::group::Group;
                command$(.args(<$group as Group>::flags()))+
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                Self::augment_args(command)
            }
        }

        impl clap::FromArgMatches for $Layer {
            fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
                Self::from_arg_matches_mut(&mut matches.clone())
            }

            fn from_arg_matches_mut(matches: &mut clap::ArgMatches) -> Result<Self, clap::Error> {
                use $crate::config::options::group::Group;
                Ok(Self {$($field: <$group as Group>::from_matches(matches),)+})
            }

            fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
                use $crate::config::options::all::Layer;
                *self = Self::from_arg_matches(matches)?.or(std::mem::take(self));
                Ok(())
            }
        }

        impl $crate::config::options::all::Layer for $Layer {
            const ALL: &'static [$crate::config::options::group::Flags] =
                &[$(<$group as $crate::config::options::group::Group>::FLAGS),+];

            fn keys() -> &'static [&'static str] {
                use $crate::config::options::group::Group;
                static KEYS: std::sync::LazyLock<Vec<&str>> = std::sync::LazyLock::new(|| {
                    let mut keys = Vec::new();
                    $(if <$group as Group>::ABOUT.in_file {
                        keys.extend(<$group as Group>::FLAGS);
                    })+
                    keys
                });
                &KEYS
            }

            fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                use $crate::config::options::group::Group;
                $(if Group::read(&mut self.$field, key, map)? {
                    return Ok(());
                })+
                Err(serde::de::Error::unknown_field(key, Self::keys()))
            }

            fn or(self, lower: Self) -> Self {
                use $crate::config::options::group::Group;
                Self {$($field: Group::or(self.$field, lower.$field),)+}
            }

            fn relative_to(self, folder: &std::path::Path) -> Self {
                use $crate::config::options::group::Group;
                Self {$($field: Group::relative_to(self.$field, folder),)+}
            }

            fn pod_flags(&self) -> Result<Vec<String>, $crate::config::error::Error> {
                use $crate::config::options::group::Group;
                Ok($crate::config::options::all::in_order([$(Group::pod_flags(&self.$field)?),+]))
            }
        }

        impl<'de> serde::Deserialize<'de> for $Layer {
            fn deserialize<D: serde::Deserializer<'de>>(file: D) -> Result<Self, D::Error> {
                $crate::config::options::all::from_file(file, stringify!($Layer))
            }
        }
    };
}

layer! {
    /// What one layer of configuration says; what it does not say is absent, or an empty list.
    pub struct Options {
        /// Where the settings are.
        pub(crate) folder: SettingsFolder,
        /// A choice of packages that is made already.
        pub(crate) locked: Locked,
        /// Which packages are chosen.
        pub(crate) choosing: Choosing,
        /// What may be added to a live destination.
        pub(crate) limiting: Limiting,
        /// Where packages come from.
        pub(crate) sourcing: Sourcing,
        /// Who is trusted, and who one is.
        pub(crate) trust: Trust,
        /// Where the tree is put.
        pub(crate) destination: Destination,
        /// Where the tree is to work.
        pub(crate) relocating: Relocating,
        /// How the tree is made.
        pub(crate) tree: TreeMaking,
        /// What the image's own programs get of the tree.
        pub(crate) libraries: Libraries,
        /// Whether aptlet is put into the destination.
        pub(crate) self_installing: SelfInstalling,
        /// How a command is started.
        pub(crate) running: Running,
        /// Where the tree's commands are among those of the image.
        pub(crate) ordering: Ordering,
        /// How packages are fetched.
        pub(crate) network: Network,
        /// How a process that stays answers.
        pub(crate) answering: Answering,
        /// When a process that stays installs again.
        pub(crate) renewing: Renewing,
        /// Which manifests are printed.
        pub(crate) manifest: PodManifest,
        /// Which image is written.
        pub(crate) baking: Baking,
        /// What is done with the choice of packages.
        pub(crate) locking: Locking,
        /// How a bill of materials is written.
        pub(crate) describing: Describing,
        /// Whether anything is done at all.
        pub(crate) trying: Trying,
        /// What of a tree is shown.
        pub(crate) inspecting: Inspecting,
        /// How the log is written.
        pub(crate) logging: Logging,
        /// How much is logged.
        pub(crate) loudness: Loudness,
        /// Where a failure is told as well.
        pub(crate) termination: Termination,
    }
}

/// The texts of flags, those last whose order matters.
pub(super) fn in_order<const GROUPS: usize>(flags: [Vec<PodFlag>; GROUPS]) -> Vec<String> {
    let mut flags: Vec<PodFlag> = flags.into_iter().flatten().collect();
    flags.arrange_by_key(|flag| flag.place);
    flags.into_iter().map(|flag| flag.text).collect()
}

/// Reads `aptlet.yaml`, a map whose keys are those of the layer. serde's own `flatten` would lose the place of an error, and
/// take unknown keys.
pub(super) fn from_file<'de, L: Layer, D: Deserializer<'de>>(
    file: D,
    name: &'static str,
) -> Result<L, D::Error> {
    file.deserialize_struct(name, L::keys(), File(PhantomData))
}

struct File<L>(PhantomData<L>);

impl<'de, L: Layer> Visitor<'de> for File<L> {
    type Value = L;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<L, A::Error> {
        let mut layer = L::default();
        while let Some(key) = map.next_key_seed(Key(L::keys()))? {
            layer.read(key, &mut map)?;
        }
        Ok(layer)
    }
}

/// One of these keys; another is an error at its place in the file.
struct Key(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<&'static str, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a setting")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<&'static str, E> {
        let known = self.0.iter().find(|known| **known == key);
        known.copied().ok_or_else(|| E::unknown_field(key, self.0))
    }
}

#[cfg(test)]
pub(super) use layer;
