//! That a field is all that a setting takes: flag, variable and key are one, for every setting that there is, and for a
//! group that only this test has.
#![allow(clippy::unwrap_used, unreachable_pub)]

use std::ffi::OsString;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use clap::{Arg, Args as _, Command};
use serde::de::DeserializeOwned;

use super::all::layer;
use super::group::group;
use super::*;
use crate::config::values::{Count, PathElsewhere, Word};
use crate::config::{environment, variable_of, yaml};

group! {
    /// Settings of a test.
    #[group(heading = Some("Trial"), in_pod = true)]
    pub(crate) struct Trial {
        /// How many of them [default: 1]
        #[arg(value_name = "N")]
        pub(crate) new_number: Option<Count<1>>,

        /// Which of them; repeatable
        #[arg(value_name = "NAME")]
        pub(crate) new_names: Vec<Word>,

        /// Whether at all
        pub(crate) switch: Option<bool>,
    }
}

group! {
    /// Settings of a test that no pod is told.
    #[group(heading = Some("Trial"))]
    pub(crate) struct HereOnly {
        /// A file
        #[arg(value_name = "FILE")]
        pub(crate) new_file: Option<PathBuf>,

        /// A path that is not here
        #[arg(value_name = "PATH")]
        pub(crate) new_path: Option<PathElsewhere>,

        /// Among those above by its type only
        #[arg(short = 'n', value_name = "N")]
        pub(crate) not_new as "new": Option<Count<0>>,
    }
}

layer! {
    /// A layer of a test.
    pub(crate) struct Trials {
        /// One group.
        pub(crate) trial: Trial,
        /// Another.
        pub(crate) here: HereOnly,
    }
}

fn said<L: Layer>(arguments: &[&str]) -> L {
    let command = L::augment_args(Command::new("test").no_binary_name(true));
    L::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
}

fn flags<L: Layer>() -> Vec<Arg> {
    L::augment_args(Command::new("test")).get_arguments().cloned().collect()
}

fn value_name(flag: &Arg) -> &str {
    flag.get_value_names().unwrap()[0].as_str()
}

/// A good value for each kind of setting, by the value name that the help shows.
fn sample(flag: &Arg) -> &'static str {
    match value_name(flag) {
        "FORMAT" => "json",
        "BOOL" => "true",
        "N" | "SECONDS" | "SIZE" => "7",
        "URL" => "http://mirror.example/debian",
        "WHICH" => "known",
        "BOUND" => "limit",
        "HOW" => "keep",
        "WHAT" => "continue",
        "LOCALE" => "de_DE.UTF-8",
        "REGISTRY" => "registry.example:5000",
        "ADDRESS" => "127.0.0.1:8080",
        "TIME" => "6h",
        "ARCH" => "riscv64",
        "MODE" => "sidecar",
        "RELEASE" => "debian:12",
        "VERSION" => "2.40",
        "ORDER" => "first",
        "WAY" => "path",
        "TARGET" => "oci:/word",
        "REF" => "registry.example/word:1",
        "KIND" => "none",
        "FORM" => "cyclonedx",
        _ => "/word",
    }
}

/// The layer that says only this, by a flag.
fn only<L: Layer>(flag: &Arg) -> L {
    said(&[&format!("--{}={}", flag.get_long().unwrap(), sample(flag))])
}

/// Checks what follows from each field.
fn check<L: Layer + DeserializeOwned + Clone + PartialEq + Debug>() {
    let flags = flags::<L>();
    assert_eq!(flags.len(), L::ALL.concat().len());
    for (flag, name) in flags.iter().zip(L::ALL.concat()) {
        assert_eq!((flag.get_long(), flag.get_id().as_str()), (Some(name), name));
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!help.is_empty() && help.trim() == help && !help.contains('\n'), "--{name}: {help:?}");
        let from_flag: L = only(flag);
        assert_ne!(from_flag, L::default(), "--{name}");

        let variable = (OsString::from(variable_of(name)), OsString::from(sample(flag)));
        let environment = environment::read::<L>(&[variable]).unwrap();
        assert_eq!(environment.options, from_flag, "--{name}");
        assert!(environment.warnings.is_empty(), "--{name}");

        let yaml = yaml::parse::<L>(Path::new("aptlet.yaml"), &format!("{name}: {}\n", sample(flag)));
        assert_eq!(yaml.is_ok(), L::keys().contains(&name), "--{name}");
        assert!(yaml.is_err() || yaml.unwrap() == from_flag, "--{name}");

        assert_eq!(from_flag.clone().or(L::default()), from_flag, "--{name}");
        assert_eq!(L::default().or(from_flag.clone()), from_flag, "--{name}");

        let in_pod = from_flag.pod_flags().unwrap();
        let in_pod: Vec<&str> = in_pod.iter().map(String::as_str).collect();
        assert!(in_pod.is_empty() || said::<L>(&in_pod) == from_flag, "--{name}: {in_pod:?}");
    }
}

#[test]
fn flag_variable_and_key_of_every_setting_are_one() {
    check::<Options>();
    let not_in_file = Options::ALL.concat().into_iter().filter(|name| !Options::keys().contains(name));
    assert_eq!(not_in_file.collect::<Vec<_>>(), ["config"], "a folder cannot say where it is");
}

#[test]
fn a_new_setting_is_one_field() {
    check::<Trials>();
    assert_eq!(Trial::FLAGS, ["new-number", "new-names", "switch"]);
    assert_eq!(HereOnly::FLAGS, ["new-file", "new-path", "new"]);
    let help = Trials::augment_args(Command::new("test")).render_help().to_string();
    let lines =
        ["Trial:", "--new-number <N>", "How many of them [default: 1]", "--new-file <FILE>", "-n, --new <N>"];
    assert!(lines.iter().all(|line| help.contains(line)), "{help}");

    let text = "new-number: 2\nnew-names: a b\nnew-file: x\nnew-path: x\n";
    let file: Trials = yaml::parse(Path::new("aptlet.yaml"), text).unwrap();
    let here = file.relative_to(Path::new("/etc/aptlet"));
    let merged = said::<Trials>(&["--new-number=3", "--switch"]).or(here);
    assert_eq!(
        merged,
        Trials {
            trial: Trial {
                new_number: Some(Count(3)),
                new_names: vec![Word("a".into()), Word("b".into())],
                switch: Some(true),
            },
            here: HereOnly {
                new_file: Some("/etc/aptlet/x".into()),
                new_path: Some(PathElsewhere("x".into())),
                not_new: None,
            },
        }
    );
    let in_pod = ["--new-number=3", "--new-names=a", "--new-names=b", "--switch"];
    assert_eq!(merged.pod_flags().unwrap(), in_pod);
    let error = yaml::parse::<Trials>(Path::new("aptlet.yaml"), "\nnew-nmber: 2\n").unwrap_err();
    assert!(error.to_string().starts_with("aptlet.yaml:2:1: unknown key 'new-nmber'"), "{error}");
    assert_eq!(error.hint().unwrap(), "write 'new-number'");
}

#[test]
fn what_a_pod_is_told_follows_from_the_group() {
    let in_pod = [
        Choosing::FLAGS,
        Sourcing::FLAGS,
        TreeMaking::FLAGS,
        Libraries::FLAGS,
        Running::FLAGS,
        Network::FLAGS,
        Renewing::FLAGS,
        Logging::FLAGS,
        Loudness::FLAGS,
    ]
    .concat();
    for flag in flags::<Options>() {
        let name = flag.get_long().unwrap();
        // a file becomes a key of the ConfigMap
        let is_told = in_pod.contains(&name) && value_name(&flag) != "FILE";
        let told = only::<Options>(&flag).pod_flags().unwrap();
        assert_eq!(!told.is_empty(), is_told, "--{name}: {told:?}");
    }
}

#[test]
fn a_pod_is_told_patterns_last_and_in_the_order_in_which_they_decide() {
    let mut options: Options =
        said(&["--path-exclude=/a", "--path-include=/b", "--path-exclude=/c", "--slim=no"]);
    for (pattern, place) in options.tree.path_exclude.iter_mut().zip([1, 3]) {
        pattern.place = place;
    }
    options.tree.path_include[0].place = 2;
    let told = ["--slim=false", "--path-exclude=/a", "--path-include=/b", "--path-exclude=/c"];
    assert_eq!(options.pod_flags().unwrap(), told);
}

#[test]
fn a_higher_layer_wins_and_the_lower_one_fills_in() {
    let merged = said::<Options>(&["--retries=1", "--suite=a", "--suite=b"])
        .or(said(&["--retries=2", "--timeout=2", "--suite=c", "--component=x"]))
        .or(said(&["--retries=3", "--timeout=3", "--connections=3", "--component=y"]));
    let expected = "--retries=1 --timeout=2 --connections=3 --suite=a --suite=b --component=x";
    assert_eq!(merged, said(&expected.split(' ').collect::<Vec<_>>()));
}

#[test]
fn one_of_quiet_and_verbose_answers_both() {
    let merged = |high: &str, low: &str| {
        let options = said::<Options>(&[high, "--log-format=json"]).or(said(&[low]));
        assert!(options.logging.log_format.is_some());
        (options.loudness.quiet, options.loudness.verbose)
    };
    assert_eq!(merged("-q", "-v"), (Some(true), None));
    assert_eq!(merged("--quiet=no", "-q"), (Some(false), None));
    assert_eq!(merged("--quiet=no", "-v"), (Some(false), Some(true)));
}

#[test]
fn switches_take_a_value_only_after_an_equals_sign() {
    let recommends = |flag: &str| said::<Options>(&[flag]).choosing.recommends;
    assert_eq!(recommends("--recommends"), Some(true));
    for (text, value) in [("1", true), ("yes", true), ("TRUE", true), ("0", false), ("no", false)] {
        assert_eq!(recommends(&format!("--recommends={text}")), Some(value), "{text}");
    }
    assert!(said::<Options>(&["-qv"]).loudness.is_contradictory());
    let command = Options::augment_args(Command::new("test").no_binary_name(true));
    assert!(command.try_get_matches_from(["--recommends", "false"]).is_err());
}
