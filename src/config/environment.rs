//! The environment: `APTLET_SOME_FLAG` says what `--some-flag` says.
//!
//! A variable is parsed by the flag's own parser, so the two take the same values. Clap's own `env` is not
//! used: it takes an empty variable for a value, splits no lists, and blames the flag for a bad variable.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};

use clap::ArgAction;
use clap::error::{ContextKind, ContextValue};

use super::error::{Error, Warning};
use super::nearest::nearest;
use super::options::Layer;
use super::values::in_place::is_text;
use crate::masking;
use crate::request::words;

/// The variable that gives requests.
pub(crate) const PACKAGES: &str = "APTLET_PACKAGES";

const START: &str = "APTLET_";

/// The variable that says the same as the long flag: `APTLET_SOME_FLAG` for `some-flag`.
pub(crate) fn variable_of(long_flag: &str) -> String {
    format!("{START}{}", long_flag.to_ascii_uppercase().replace('-', "_"))
}

/// What the environment says.
#[derive(Debug, Default)]
pub(super) struct Environment<L> {
    pub(super) options: L,
    /// The value of [`PACKAGES`].
    pub(super) packages: String,
    pub(super) warnings: Vec<Warning>,
}

/// Reads the variables that concern aptlet; one that is empty, or white space only, counts as unset.
pub(super) fn read<L: Layer>(variables: &[(OsString, OsString)]) -> Result<Environment<L>, Error> {
    let mut environment = Environment::<L>::default();
    let flags = L::augment_args(clap::Command::new("aptlet").no_binary_name(true));
    let known = |flag: &clap::Arg| flag.get_long().map(variable_of);
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let unset = value.to_str().is_some_and(|value| value.trim().is_empty());
        if !name.starts_with(START) || unset {
            continue;
        }
        if name == PACKAGES {
            text_of(PACKAGES, value)?.clone_into(&mut environment.packages);
        } else if let Some(flag) =
            flags.get_arguments().find(|flag| known(flag).is_some_and(|known| known == name))
        {
            environment.options = parse::<L>(&flags, flag, &name, value)?.or(environment.options);
        } else if !is_service_variable(&name) {
            let known = flags.get_arguments().filter_map(known).chain([PACKAGES.to_owned()]);
            let nearest = nearest(&name[START.len()..], known.map(|known| known[START.len()..].to_owned()));
            let nearest = nearest.map(|nearest| format!("{START}{nearest}"));
            environment.warnings.push(Warning::UnknownVariable { name: name.into_owned(), nearest });
        }
    }
    Ok(environment)
}

fn parse<L: Layer>(flags: &clap::Command, flag: &clap::Arg, name: &str, value: &OsStr) -> Result<L, Error> {
    let values: Vec<&OsStr> = if matches!(flag.get_action(), ArgAction::Append) {
        match text_of(name, value)? {
            // a source list or a key, in place of the files' names
            text if is_text(text) => vec![value],
            text => words::split(text).map(OsStr::new).collect(),
        }
    } else {
        // A block scalar in a pod's `env` ends in a line end that nobody means.
        vec![value.to_str().map_or(value, |text| OsStr::new(text.trim()))]
    };
    let arguments = values.into_iter().map(|value| {
        let mut argument = OsString::from(format!("--{}=", flag.get_long().unwrap_or_default()));
        argument.push(value);
        argument
    });
    let matches = flags.clone().try_get_matches_from(arguments);
    matches.and_then(|matches| L::from_arg_matches(&matches)).map_err(|error| Error::Variable {
        variable: name.to_owned(),
        value: match error.get(ContextKind::InvalidValue) {
            // Of a list, the one that is wrong.
            Some(ContextValue::String(value)) => masking::uri(value).into_owned(),
            _ => value.to_string_lossy().into_owned(),
        },
        reason: reason(&error),
    })
}

/// What clap says of the value, without what it says of the flag.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!("it is none of {}", values.join(", ")),
        _ => error.kind().to_string(),
    }
}

fn text_of<'a>(variable: &str, value: &'a OsStr) -> Result<&'a str, Error> {
    value.to_str().ok_or_else(|| Error::Variable {
        variable: variable.to_owned(),
        value: value.to_string_lossy().into_owned(),
        reason: "it is not UTF-8 text".to_owned(),
    })
}

/// Whether Kubernetes injects a variable of this name into each pod beside a Service `aptlet` or `aptlet-…`:
/// `…_SERVICE_HOST`, `…_SERVICE_PORT[_NAME]`, and Docker's links `…_PORT[_80_TCP[_PROTO|_PORT|_ADDR]]`.
fn is_service_variable(name: &str) -> bool {
    let name = name.strip_prefix("APTLET").unwrap_or_default();
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    name.match_indices("_PORT_").any(|(at, port)| {
        let mut parts = name[at + port.len()..].split('_');
        let number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
        let protocol = parts.next().is_some_and(|protocol| matches!(protocol, "TCP" | "UDP" | "SCTP"));
        let rest = parts.next().is_none_or(|part| matches!(part, "PROTO" | "PORT" | "ADDR"));
        number && protocol && rest && parts.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::ffi::OsStringExt as _;
    use std::path::Path;

    use clap::Args as _;

    use super::*;
    use crate::config::options::Options;
    use crate::config::values::{Count, Word};

    fn read(variables: &[(&str, &str)]) -> Result<Environment<Options>, Error> {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        super::read::<Options>(&variables)
    }

    #[test]
    fn a_variable_takes_what_the_flag_takes() {
        let options = read(&[
            ("APTLET_DEST", "/p\n"),
            ("APTLET_SUITE", "trixie, trixie-updates\n"),
            ("APTLET_RECOMMENDS", "yes"),
            ("APTLET_RETRIES", "0"),
            ("PATH", "/bin"),
        ])
        .unwrap()
        .options;
        assert_eq!(options.destination.dest.as_deref(), Some(Path::new("/p")));
        assert_eq!(options.sourcing.suite, [Word("trixie".into()), Word("trixie-updates".into())]);
        assert_eq!(options.choosing.recommends, Some(true));
        assert_eq!(options.network.retries, Some(Count(0)));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment =
            read(&[("APTLET_DEST", ""), ("APTLET_RETRIES", " \n"), ("APTLET_SUTE", "")]).unwrap();
        assert_eq!(environment.options, Options::default());
        assert!(environment.warnings.is_empty());
    }

    #[test]
    fn a_bad_value_blames_the_variable() {
        for (name, value, why) in [
            ("APTLET_RETRIES", "many", "from 0 to"),
            ("APTLET_TIMEOUT", "0", "from 1 to"),
            ("APTLET_LOG_FORMAT", "xml", "none of text, json"),
            ("APTLET_RECOMMENDS", "perhaps", "boolean"),
            ("APTLET_ARCH", "x86_64", "amd64"),
            ("APTLET_MIRROR", "ftp://mirror.example", "'ftp'"),
        ] {
            let message = read(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name}: '{value}' is not a valid value")), "{message}");
            assert!(message.contains(why) && !message.contains("--"), "{message}");
        }
        let message =
            read(&[("APTLET_MIRROR", "http://a.example, ftp://u:secret@b.example")]).unwrap_err().to_string();
        assert!(message.starts_with("APTLET_MIRROR: 'ftp://…@b.example' is not"), "{message}");
        let raw = OsString::from_vec(vec![b'a', 0xff]);
        let error = super::read::<Options>(&[(PACKAGES.into(), raw.clone())]).unwrap_err();
        assert!(error.to_string().contains("not UTF-8"), "{error}");
        let dest =
            super::read::<Options>(&[("APTLET_DEST".into(), raw.clone())]).unwrap().options.destination.dest;
        assert_eq!(dest, Some(raw.into()), "a path need not be UTF-8");
    }

    #[test]
    fn an_unknown_variable_is_warned_of_with_the_nearest() {
        let warnings = read(&[
            ("APTLET_DESTINATION", "/p"),
            ("APTLET_PACKAGE", "curl"),
            ("APTLET_KEYRINGS", "a"),
            ("APTLET_", "x"),
            ("APTLETX", "x"),
        ])
        .unwrap()
        .warnings;
        let texts: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "the variable APTLET_DESTINATION means nothing to aptlet; did you mean APTLET_DEST?",
                "the variable APTLET_PACKAGE means nothing to aptlet; did you mean APTLET_PACKAGES?",
                "the variable APTLET_KEYRINGS means nothing to aptlet; did you mean APTLET_KEYRING?",
                "the variable APTLET_ means nothing to aptlet",
            ]
        );
    }

    #[test]
    fn what_kubernetes_injects_for_a_service_is_passed_over() {
        for service in ["APTLET", "APTLET_X", "APTLET_DEST", "APTLET_MIRROR_2"] {
            for end in [
                "SERVICE_HOST",
                "SERVICE_PORT",
                "SERVICE_PORT_HTTP",
                "SERVICE_PORT_WEB_UI",
                "PORT",
                "PORT_80_TCP",
                "PORT_80_TCP_PROTO",
                "PORT_80_TCP_PORT",
                "PORT_80_TCP_ADDR",
                "PORT_53_UDP",
                "PORT_53_UDP_ADDR",
                "PORT_9_SCTP_PROTO",
            ] {
                let name = format!("{service}_{end}");
                let environment = read(&[(&name, "tcp://10.0.0.1:80")]).unwrap();
                assert!(environment.warnings.is_empty(), "{name}");
                assert_eq!(environment.options, Options::default(), "{name}");
            }
        }
        for name in
            ["APTLET_SUPPORT", "APTLET_PORT_80", "APTLET_PORT_X_TCP", "APTLET_PORT_80_ICMP", "APTLET_HOST"]
        {
            assert_eq!(read(&[(name, "x")]).unwrap().warnings.len(), 1, "{name}");
        }
    }

    #[test]
    fn no_setting_is_mistaken_for_a_service() {
        let flags = Options::augment_args(clap::Command::new("test"));
        for flag in flags.get_arguments() {
            let variable = variable_of(flag.get_long().unwrap());
            assert!(!is_service_variable(&variable), "{variable}");
        }
        assert!(!is_service_variable(PACKAGES));
    }
}
