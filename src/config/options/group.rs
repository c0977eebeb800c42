//! What follows from a field of a group: its name, its doc comment and its group say all that its type does not.

use std::path::Path;

use clap::{Arg, ArgMatches};
use serde::de::MapAccess;

use super::setting::PodFlag;
use crate::config::error::Error;

/// Settings that belong together: each command takes all of them or none.
pub(crate) trait Group: Default + 'static {
    /// What holds for all settings of the group.
    const ABOUT: About<Self>;

    /// The names of the settings: those of the long flags, without the dashes.
    const FLAGS: Flags;

    /// The flags, in the order of the help.
    fn flags() -> Vec<Arg>;

    /// What the command line says.
    fn from_matches(matches: &mut ArgMatches) -> Self;

    /// Reads the value of a key of `aptlet.yaml`; false if the group has no such setting.
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// What this layer says, and what `lower` says where this one is silent.
    fn or(self, lower: Self) -> Self;

    /// Reads relative paths as beside the files in `folder`, where this was said.
    fn relative_to(self, folder: &Path) -> Self;

    /// The flags that say this in a pod.
    fn pod_flags(&self) -> Result<Vec<PodFlag>, Error>;
}

/// The names of the settings of a group.
pub(crate) type Flags = &'static [&'static str];

/// What holds for all settings of a group.
pub(crate) struct About<G> {
    /// What the help puts above them.
    pub(super) heading: Option<&'static str>,
    /// Whether they say something about what happens in a pod, so that `aptlet render` passes them on to it.
    pub(super) in_pod: bool,
    /// Whether they can be said in `aptlet.yaml`.
    pub(super) in_file: bool,
    /// Whether what this layer says answers all of them, also those that it is silent about.
    pub(super) answers_all: fn(&G) -> bool,
}

impl<G> About<G> {
    /// Nothing is passed on to a pod unless its group says so.
    pub(super) const USUAL: Self =
        Self { heading: None, in_pod: false, in_file: true, answers_all: |_| false };
}

/// A flag, but for what it takes. There are dozens: inlined, they are a hundredth of the binary.
#[inline(never)]
pub(super) fn flag(name: &'static str, heading: Option<&'static str>, help: &'static str) -> Arg {
    Arg::new(name).long(name).help_heading(heading).help(help.trim_start())
}

/// `snake_case` in `kebab-case`. The length is the same.
pub(super) const fn kebab<const LENGTH: usize>(snake: &str) -> [u8; LENGTH] {
    let mut kebab = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        let byte = snake.as_bytes()[at];
        kebab[at] = if byte == b'_' { b'-' } else { byte };
        at += 1;
    }
    kebab
}

/// The name of a setting: that of its field, or what stands behind `as`.
macro_rules! name {
    ($field:ident) => {{
        const SNAKE: &str = stringify!($field);
        const KEBAB: [u8; SNAKE.len()] = $crate::config::options::group::kebab(SNAKE);
        match str::from_utf8(&KEBAB) {
            Ok(name) => name,
            Err(_) => SNAKE,
        }
    }};
    ($field:ident $name:literal) => {
        $name
    };
}

/// Declares a [`Group`]. `#[group(…)]` sets fields of its [`About`], `#[arg(…)]` calls methods of [`clap::Arg`].
macro_rules! group {
    (
        $(#[doc = $about:literal])+
        #[group($($what:ident = $holds:expr),* $(,)?)]
        pub(crate) struct $Group:ident {$(
            $(#[doc = $help:literal])+
            $(#[arg($($method:ident = $argument:expr),+ $(,)?)])?
            pub(crate) $field:ident $(as $name:literal)?: $type:ty,
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[allow(rustdoc::bare_urls, reason = "the doc comments are the text of --help")]
        pub(crate) struct $Group {$(
            $(#[doc = $help])+
            pub(crate) $field: $type,
        )+}

        impl $crate::config::options::group::Group for $Group {
            const ABOUT: $crate::config::options::group::About<Self> =
                $crate::config::options::group::About {
                    $($what: $holds,)*
                    ..$crate::config::options::group::About::USUAL
                };

            const FLAGS: $crate::config::options::group::Flags =
                &[$($crate::config::options::group::name!($field $($name)?)),+];

            fn flags() -> Vec<clap::Arg> {
                use $crate::config::options::setting::Setting;
                vec![$({
                    let name = $crate::config::options::group::name!($field $($name)?);
                    let help = concat!($($help),+);
                    let flag = $crate::config::options::group::flag(name, Self::ABOUT.heading, help);
                    let flag = <$type as Setting>::taken_by(flag);
                    $($(let flag = flag.$method($argument);)+)?
                    flag
                }),+]
            }

            fn from_matches(matches: &mut clap::ArgMatches) -> Self {
                use $crate::config::options::setting::Setting;
                Self {$(
                    $field: Setting::from_matches(
                        matches,
                        $crate::config::options::group::name!($field $($name)?),
                    ),
                )+}
            }

            fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
            ) -> Result<bool, A::Error> {
                use $crate::config::options::setting::Setting;
                $(if Self::ABOUT.in_file && key == $crate::config::options::group::name!($field $($name)?) {
                    self.$field = Setting::from_yaml(map)?;
                    return Ok(true);
                })+
                Ok(false)
            }

            fn or(self, lower: Self) -> Self {
                use $crate::config::options::setting::Setting;
                if (Self::ABOUT.answers_all)(&self) {
                    return self;
                }
                Self {$($field: Setting::or(self.$field, lower.$field),)+}
            }

            fn relative_to(self, folder: &std::path::Path) -> Self {
                use $crate::config::options::setting::Setting;
                Self {$($field: Setting::relative_to(self.$field, folder),)+}
            }

            fn pod_flags(
                &self,
            ) -> Result<Vec<$crate::config::options::setting::PodFlag>, $crate::config::error::Error> {
                use $crate::config::options::setting::Setting;
                let mut flags = Vec::new();
                if Self::ABOUT.in_pod {
                    $(flags.extend(Setting::pod_flags(
                        &self.$field,
                        $crate::config::options::group::name!($field $($name)?),
                    )?);)+
                }
                Ok(flags)
            }
        }
    };
}

pub(super) use {group, name};
