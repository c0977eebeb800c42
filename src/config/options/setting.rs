//! What follows from the type of a setting: how a flag takes it, how `aptlet.yaml` writes it, what a lower layer adds
//! to it, and how a pod is told it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{BoolishValueParser, PathBufValueParser, TypedValueParser as _};
use clap::{Arg, ArgAction, ArgMatches, ValueEnum, value_parser};
use serde::de::MapAccess;

use crate::config::error::Error;
use crate::config::values::from_yaml::{chosen, list, parsed, plain};
use crate::config::values::{
    Architectures, Base, Count, Expose, FileOrText, Generators, ImageLibc, ImageSource, Interval,
    LayerCompression, Listen, Locale, LogFormat, MirrorUri, Mode, OnFailure, Output, Owners, PathElsewhere,
    PathOrder, PathPattern, Quantity, RegistryHost, Release, RequireScripts, SbomFormat, Storage, Target,
    Word,
};

/// A flag as it is written in the arguments of a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PodFlag {
    /// For a pattern, whose place among others decides what it does: that. Such flags come last.
    pub(super) place: Option<usize>,
    pub(super) text: String,
}

/// A setting as one layer of configuration has it: one value or none, or a list, where an empty one says nothing.
pub(crate) trait Setting: Default {
    /// The flag, told which values it takes and how.
    fn taken_by(flag: Arg) -> Arg;

    /// What the command line says.
    fn from_matches(matches: &mut ArgMatches, name: &str) -> Self;

    /// What the file says.
    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error>;

    /// What this layer says, and what `lower` says where this one is silent.
    fn or(self, lower: Self) -> Self;

    /// Reads relative paths as beside the files in `folder`, where this was said.
    fn relative_to(self, folder: &Path) -> Self;

    /// The flags of the name that say this in a pod, if it means anything there.
    fn pod_flags(&self, name: &str) -> Result<Vec<PodFlag>, Error>;
}

/// One value of a setting.
pub(crate) trait Value: Clone + Send + Sync + Sized + 'static {
    /// The flag, told how its value looks.
    fn taken_by(flag: Arg) -> Arg;

    /// What the file says.
    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error>;

    /// The flag of the name that says this in a pod; none for what means nothing there.
    fn pod_flag(&self, name: &str) -> Result<Option<String>, Error>;

    /// Where among the flags it stood, if that decides what it does.
    fn place(&self) -> Option<usize> {
        None
    }

    /// Whether it says nothing, although it is there.
    fn is_empty(&self) -> bool {
        false
    }

    /// Reads a relative path as beside the files in `folder`.
    fn relative_to(self, _: &Path) -> Self {
        self
    }
}

// what is the same for each type of value is not inlined: there are dozens of settings
impl<T: Value> Setting for Option<T> {
    #[inline(never)]
    fn taken_by(flag: Arg) -> Arg {
        T::taken_by(flag.action(ArgAction::Set))
    }

    #[inline(never)]
    fn from_matches(matches: &mut ArgMatches, name: &str) -> Self {
        // what a command does not take it has no flag for
        matches.try_remove_one(name).unwrap_or_default()
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        T::from_yaml(map)
    }

    fn or(self, lower: Self) -> Self {
        self.or(lower)
    }

    fn relative_to(self, folder: &Path) -> Self {
        self.filter(|value| !value.is_empty()).map(|value| value.relative_to(folder))
    }

    #[inline(never)]
    fn pod_flags(&self, name: &str) -> Result<Vec<PodFlag>, Error> {
        self.as_slice().iter().filter_map(|value| pod_flag(value, name).transpose()).collect()
    }
}

impl<T: Value + FromStr> Setting for Vec<T>
where
    T::Err: fmt::Display,
{
    #[inline(never)]
    fn taken_by(flag: Arg) -> Arg {
        T::taken_by(flag.action(ArgAction::Append))
    }

    #[inline(never)]
    fn from_matches(matches: &mut ArgMatches, name: &str) -> Self {
        matches.try_remove_many(name).ok().flatten().map(Iterator::collect).unwrap_or_default()
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        list(map)
    }

    fn or(self, lower: Self) -> Self {
        if self.is_empty() { lower } else { self }
    }

    fn relative_to(self, folder: &Path) -> Self {
        self.into_iter().map(|value| value.relative_to(folder)).collect()
    }

    #[inline(never)]
    fn pod_flags(&self, name: &str) -> Result<Vec<PodFlag>, Error> {
        self.iter().filter_map(|value| pod_flag(value, name).transpose()).collect()
    }
}

fn pod_flag<T: Value>(value: &T, name: &str) -> Result<Option<PodFlag>, Error> {
    Ok(value.pod_flag(name)?.map(|text| PodFlag { place: value.place(), text }))
}

/// A switch: `--slim` is `--slim=true`.
impl Value for bool {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(BoolishValueParser::new())
            .hide_possible_values(true)
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        map.next_value()
    }

    fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(Some(if *self { format!("--{name}") } else { format!("--{name}=false") }))
    }
}

/// Any text.
impl Value for String {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(value_parser!(String))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        plain(map)
    }

    fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(Some(format!("--{name}={self}")))
    }
}

/// Values that are parsed from their text, and written as that.
macro_rules! text {
    ($($type:ty $({ $($more:tt)* })?),* $(,)?) => {$(
        impl Value for $type {
            fn taken_by(flag: Arg) -> Arg {
                flag.value_parser(value_parser!($type))
            }

            fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
                parsed(map)
            }

            fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
                Ok(Some(format!("--{name}={self}")))
            }

            $($($more)*)?
        }
    )*};
}

text! {
    Architectures, Count<0>, Count<1>, ImageLibc, Interval, Listen, Locale, MirrorUri, Quantity, RegistryHost, Release, Word,
    PathPattern {
        fn place(&self) -> Option<usize> {
            Some(self.place)
        }
    },
    Target {
        fn relative_to(self, folder: &Path) -> Self {
            self.beside(folder)
        }
    },
}

/// Values that are one of a few words, which the help explains.
macro_rules! choice {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn taken_by(flag: Arg) -> Arg {
                flag.value_parser(value_parser!($type)).hide_possible_values(true)
            }

            fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
                chosen(map)
            }

            fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
                Ok(self.to_possible_value().map(|value| format!("--{name}={}", value.get_name())))
            }
        }
    )*};
}

choice!(
    Expose,
    Generators,
    LayerCompression,
    LogFormat,
    Mode,
    OnFailure,
    Owners,
    PathOrder,
    RequireScripts,
    SbomFormat,
    Storage
);

/// A file or folder of this machine, and so of no pod. In `aptlet.yaml`, a relative one is beside that, and an empty
/// one says nothing.
impl Value for PathBuf {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(PathBufValueParser::new())
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(plain(map)?.map(Self::from))
    }

    fn pod_flag(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn is_empty(&self) -> bool {
        self.as_os_str().is_empty()
    }

    fn relative_to(self, folder: &Path) -> Self {
        // for some it is standard input, and a file of that name for none
        if self.as_os_str() == "-" { self } else { folder.join(self) }
    }
}

/// A file as well, unless it is the text of one.
impl Value for FileOrText {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(PathBufValueParser::new().map(Self::from))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(PathBuf::from_yaml(map)?.map(Self::from))
    }

    fn pod_flag(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::File(path) if path.is_empty())
    }

    fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(path.relative_to(folder)),
            Self::Text(text) => Self::Text(text),
        }
    }
}

/// Never relative to anything here.
impl Value for PathElsewhere {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(PathBufValueParser::new().map(Self::from))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(PathBuf::from_yaml(map)?.map(Self::from))
    }

    fn pod_flag(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// A file of this machine, but for `-`.
impl Value for Output {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(PathBufValueParser::new().map(Self::from))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(PathBuf::from_yaml(map)?.map(Self::from))
    }

    fn pod_flag(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::File(path) if path.is_empty())
    }

    fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Stdout => Self::Stdout,
            Self::File(path) => Self::File(path.relative_to(folder)),
        }
    }
}

/// In a registry, what every pod can name; else a file of this machine.
impl Value for ImageSource {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(value_parser!(Self))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        parsed(map)
    }

    fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.is_remote().then(|| format!("--{name}={self}")))
    }

    fn relative_to(self, folder: &Path) -> Self {
        self.beside(folder)
    }
}

/// A path of this machine, but for `none`; and as a part of the image, one of the pod as well.
impl Value for Base {
    fn taken_by(flag: Arg) -> Arg {
        flag.value_parser(PathBufValueParser::new().map(Self::from))
    }

    fn from_yaml<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(PathBuf::from_yaml(map)?.map(Self::from))
    }

    fn pod_flag(&self, name: &str) -> Result<Option<String>, Error> {
        let text = match self {
            Self::Nothing => Self::NOTHING,
            Self::Status(path) => path.to_str().ok_or(Error::NotTextPath)?,
        };
        Ok(Some(format!("--{name}={text}")))
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Status(path) if path.is_empty())
    }

    fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Status(path) => Self::Status(path.relative_to(folder)),
        }
    }
}
