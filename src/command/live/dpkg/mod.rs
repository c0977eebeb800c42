//! `dpkg` and `dpkg-query`. `query` tells what is installed, in the image and in the destination, in the words of `showformat`;
//! `file` what is in package files.

mod common;
mod file;
mod query;
mod showformat;

use std::collections::BTreeSet;
use std::process::ExitCode;

use self::common::{WRONG, installed, said, wrong};
use self::file::{contents, extract, info};
pub(super) use self::query::query;
use self::query::{meant, status, with_missing};
use super::change;
use super::outcome::Failure;
use super::words::Words;
use crate::control::architecture::Architecture;
use crate::control::relation::Operator;
use crate::control::version;
use crate::live::{Marks, Package, Place};

/// `dpkg`
pub(super) fn dpkg(place: &Place, arguments: &[String]) -> Result<ExitCode, Failure> {
    // those of --force-…, --admindir=… and so on say how, and there is one way here
    let is_how = |argument: &&String| {
        let how = [
            "--force",
            "--no-force",
            "--refuse",
            "--no-pager",
            "--admindir",
            "--root",
            "--instdir",
            "--log",
            "--no-act",
            "--dry-run",
            "--simulate",
            "--debug",
            "--no-triggers",
            "--triggers",
            "--path-exclude",
            "--path-include",
            "--status-fd",
            "--abort-after",
        ];
        how.iter().any(|flag| argument.starts_with(flag))
            || matches!(
                argument.as_str(),
                "-E" | "-G"
                    | "-O"
                    | "-B"
                    | "-R"
                    | "--recursive"
                    | "--skip-same-version"
                    | "--refuse-downgrade"
                    | "--selected-only"
                    | "--auto-deconfigure"
            )
    };
    let words: Vec<&String> = arguments.iter().filter(|argument| !is_how(argument)).collect();
    let Some(action) = words.first() else {
        return Err(wrong("need an action option"));
    };
    let names: Vec<String> = words[1..].iter().map(|name| (*name).clone()).collect();
    match action.as_str() {
        "-l" | "--list" | "-L" | "--listfiles" | "-S" | "--search" | "-s" | "--status" | "-W" | "--show" => {
            query(place, arguments)
        }
        "-p" | "--print-avail" => status(place, &names),
        "--print-architecture" => said(&format!("{}\n", Architecture::native())),
        "--print-foreign-architectures" => foreign(place),
        "--get-selections" => selections(place, &names),
        "--set-selections" => set_selections(place),
        "--compare-versions" => compare(&names),
        "--version" => said(&format!(
            "Debian 'dpkg' package management program version 1.21.22 ({}), as aptlet {} does it.\n",
            Architecture::native(),
            env!("CARGO_PKG_VERSION")
        )),
        "--help" | "-?" => said(
            "Usage: dpkg -i FILE… | -r NAME… | -l [PATTERN…] | -L NAME… | -S PATH… | -s NAME… | -x FILE DIR | -c FILE | -I FILE\n\
             \x20      | --print-architecture | --get-selections | --compare-versions A OP B\n",
        ),
        "-i" | "--install" | "--unpack" => install(place, &names),
        "-r" | "--remove" | "-P" | "--purge" => {
            let words =
                Words { command: "remove".to_owned(), names, yes: true, quiet: 1, ..Words::default() };
            change::change(place, "dpkg", &words)
        }
        // what is unpacked is set up at once, and nothing waits
        "--configure"
        | "--triggers-only"
        | "-C"
        | "--audit"
        | "--add-architecture"
        | "--clear-avail"
        | "--forget-old-unavail"
        | "--update-avail"
        | "--merge-avail"
        | "-A"
        | "--record-avail"
        | "--yet-to-unpack"
        | "--clear-selections" => Ok(ExitCode::SUCCESS),
        action if action.starts_with("--assert-") => Ok(ExitCode::SUCCESS),
        "-x" | "--extract" | "-X" | "--vextract" => extract(&names),
        "-c" | "--contents" => contents(&names),
        "-I" | "--info" | "-f" | "--field" => info(action, &names),
        "-V" | "--verify" => Ok(ExitCode::SUCCESS),
        action => Err(Failure::dpkg(
            "dpkg",
            format!("error: {action} is not done in a live destination"),
            Some(
                "'dpkg --help' lists what there is; to build packages, install dpkg-dev and run dpkg-deb or dpkg-buildpackage.",
            ),
            WRONG,
        )),
    }
}

fn foreign(place: &Place) -> Result<ExitCode, Failure> {
    let native = Architecture::native().to_string();
    let installed = installed(place)?;
    let names: BTreeSet<&str> = installed
        .counting()
        .map(|package| package.architecture.as_str())
        .filter(|name| *name != native && *name != "all")
        .collect();
    said(&names.into_iter().flat_map(|name| [name, "\n"]).collect::<String>())
}

fn selections(place: &Place, names: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let held = Marks::read(place).held;
    let (found, missing) = meant(&installed, names);
    let line = |package: &&Package| {
        let word = if held.iter().any(|label| package.is(label)) { "hold" } else { "install" };
        format!("{}\t\t\t\t\t{word}\n", package.shown())
    };
    with_missing(&found.iter().map(line).collect::<String>(), &missing)
}

/// `NAME hold` and `NAME install`, by line.
fn set_selections(place: &Place) -> Result<ExitCode, Failure> {
    let lines = std::io::stdin().lines().map_while(Result::ok).collect::<Vec<_>>();
    let mut marks = Marks::read(place);
    for line in &lines {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some(name), Some("hold")) => marks.held.push(name.to_owned()),
            (Some(name), Some("install")) => marks.held.retain(|held| held != name),
            (Some(name), Some(word)) => {
                return Err(Failure::dpkg(
                    "dpkg",
                    format!("error: '{name} {word}': only hold and install are selections here"),
                    Some("'apt-get remove NAME' removes one."),
                    WRONG,
                ));
            }
            _ => {}
        }
    }
    marks.write(place)?;
    Ok(ExitCode::SUCCESS)
}

/// `dpkg --compare-versions A OP B` (dpkg(1)): an empty version is before all, or after all for the operators that end in `-nl`.
fn compare(words: &[String]) -> Result<ExitCode, Failure> {
    let [one, operator, other] = words else {
        return Err(wrong("--compare-versions takes three arguments: <version> <relation> <version>"));
    };
    let (plain, is_last) =
        operator.strip_suffix("-nl").map_or((operator.as_str(), false), |plain| (plain, true));
    let relation = match plain {
        "lt" | "<<" => Operator::Less,
        "le" | "<=" | "<" => Operator::LessEqual,
        "eq" | "=" => Operator::Equal,
        "ge" | ">=" | ">" => Operator::GreaterEqual,
        "gt" | ">>" => Operator::Greater,
        "ne" => Operator::Any,
        _ => return Err(wrong(&format!("--compare-versions bad relation '{operator}'"))),
    };
    let ordering = match (one.is_empty(), other.is_empty()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) if is_last => std::cmp::Ordering::Greater,
        (false, true) if is_last => std::cmp::Ordering::Less,
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => version::compare(one, other),
    };
    let holds = if plain == "ne" { ordering.is_ne() } else { relation.accepts(ordering) };
    Ok(ExitCode::from(u8::from(!holds)))
}

/// `dpkg -i`: as `apt-get install`, so that what the files depend on comes with them.
fn install(place: &Place, files: &[String]) -> Result<ExitCode, Failure> {
    if files.is_empty() {
        return Err(wrong("--install needs at least one package archive file argument"));
    }
    let names = files.iter().map(|file| match file.contains('/') {
        true => file.clone(),
        false => format!("./{file}"),
    });
    let words = Words {
        command: "install".to_owned(),
        names: names.collect(),
        yes: true,
        quiet: 1,
        allow_downgrades: true,
        ..Words::default()
    };
    change::change(place, "dpkg -i", &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_dpkg_compares_them() {
        for (one, operator, other, holds) in [
            ("1.0", "lt", "1.1", true),
            ("1.0", "gt", "1.1", false),
            ("1.0~rc1", "<<", "1.0", true),
            ("", "lt", "1", true),
            ("", "lt-nl", "1", false),
            ("1", "ne", "1", false),
            ("1", "eq", "1-0", true),
        ] {
            let words = [one, operator, other].map(str::to_owned);
            let code = compare(&words);
            let told = format!("{:?}", code.ok());
            assert_eq!(told == format!("{:?}", Some(ExitCode::SUCCESS)), holds, "{one} {operator} {other}");
        }
        assert!(compare(&["1".to_owned(), "like".to_owned(), "2".to_owned()]).is_err());
    }
}
