//! What a user of apt-get types by habit: what it means here, or what takes its place.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches};

use crate::config::Options;

/// A word that is a command of apt, and none here.
#[derive(Debug)]
pub(crate) struct Instead {
    /// Those with one answer.
    words: &'static [&'static str],
    /// Whether it is done as it is, so that `aptlet update && aptlet install …` goes on.
    pub(crate) is_done: bool,
    /// Why it is none.
    pub(crate) why: &'static str,
    /// What to do; for what is done already, there is nothing.
    pub(crate) hint: &'static str,
}

const fn done(words: &'static [&'static str], why: &'static str) -> Instead {
    Instead { words, is_done: true, why, hint: "" }
}

const fn other(words: &'static [&'static str], why: &'static str, hint: &'static str) -> Instead {
    Instead { words, is_done: false, why, hint }
}

const EXACT: &str = "a tree is exactly what is asked for";
const NO_SOURCES: &str = "aptlet installs packages, and does not build them";

const WORDS: [Instead; 19] = [
    done(&["update"], "'aptlet install' reads the indexes of the sources itself"),
    done(&["autoremove", "auto-remove", "autopurge"], "what nothing asks for is in no tree"),
    done(&["clean", "autoclean", "auto-clean", "distclean"], "no package files are kept"),
    other(
        &["upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"],
        EXACT,
        "Run 'aptlet install' with the same requests again: newer versions are installed where there are any.",
    ),
    other(
        &["remove", "purge"],
        EXACT,
        "Run 'aptlet install' with the requests that are to stay: what they do not need goes.",
    ),
    other(
        &["reinstall", "fix-broken"],
        EXACT,
        "Run 'aptlet verify' to see what was changed since; to install all of it anew, empty the destination first.",
    ),
    other(&["check", "audit"], "what is installed is checked file by file", "Run 'aptlet verify'."),
    other(
        &["download"],
        "package files are not kept",
        "Run 'aptlet lock NAME -o -' to see where each of them is, and its SHA-256.",
    ),
    other(
        &["source", "showsrc", "build-dep"],
        NO_SOURCES,
        "Use apt-get in a container that is made for building.",
    ),
    other(
        &["depends", "dotty"],
        "relations are shown with the package",
        "Run 'aptlet show NAME', or 'aptlet install --dry-run NAME' for all that it brings.",
    ),
    other(
        &["rdepends", "why"],
        "what needs a package is told for a plan",
        "Run 'aptlet lock --explain NAME REQUEST' to see why a request brings NAME.",
    ),
    other(&["madison"], "versions are shown by another command", "Run 'aptlet policy NAME'."),
    other(
        &["pkgnames"],
        "names are shown by another command",
        "Run 'aptlet search --names-only ^BEGINNING'.",
    ),
    other(
        &["edit-sources", "add-repository", "modernize-sources"],
        "sources are settings",
        "Write a *.sources file into the settings folder (/etc/aptlet), or run 'aptlet install --sources FILE NAME'.",
    ),
    other(
        &["hold", "unhold", "mark", "auto", "manual", "showmanual", "showhold"],
        EXACT,
        "Ask for NAME=VERSION to keep a version, or run 'aptlet lock NAME' and install from that; 'aptlet list' tells \
         what was asked for.",
    ),
    other(
        &["changelog"],
        "changelogs are in the packages",
        "Run 'aptlet install NAME' without --slim, and read usr/share/doc/NAME in the destination.",
    ),
    other(&["-i", "unpack"], "package files are requests", "Run 'aptlet install ./FILE.deb'."),
    other(&["-l"], "what is installed is shown by another command", "Run 'aptlet list'."),
    other(
        &["-L", "-S", "listfiles", "contents"],
        "files are listed by dpkg's own database",
        "Look into var/lib/dpkg/info/NAME.list in the destination.",
    ),
];

/// What takes the place of a word.
pub(crate) fn instead_of(word: &str) -> Option<&'static Instead> {
    WORDS.iter().find(|instead| instead.words.contains(&word))
}

/// The command line with what stands before the command, as in `apt-get -y install`, behind it.
pub(super) fn in_order(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let mut end = 1;
    while let Some(argument) = arguments.get(end).and_then(|argument| argument.to_str()) {
        end += match argument {
            "-o" | "--option" => 2,
            "-y" | "--yes" | "--assume-yes" | "-q" | "-qq" | "-f" | "-m" | "-s" | "--quiet" => 1,
            "--no-install-recommends" | "--install-recommends" | "--no-install-suggests" => 1,
            "--fix-missing" | "--fix-broken" | "--dry-run" | "--simulate" => 1,
            option if option.starts_with("-o") && option.contains("::") => 1,
            option if option.starts_with("--option=") => 1,
            _ => break,
        };
    }
    // alone, they are what is wrong; `aptlet watch` hands its own on as they stand
    let is_command = |word: &OsString| !word.as_encoded_bytes().starts_with(b"-") && word != "watch";
    if end > 1 && arguments.get(end).is_some_and(is_command) {
        arguments[1..=end].rotate_right(1);
    }
    arguments
}

/// What `aptlet source` does.
const OF_SOURCE: [&str; 3] = ["add", "remove", "list"];

/// The word of a command line that takes the place of a command.
pub(super) fn word(arguments: &[OsString]) -> Option<&str> {
    let text = |number: usize| arguments.get(number).map(OsString::as_os_str).and_then(OsStr::to_str);
    let word = text(1)?;
    // a command of that name is for sources of packages, and apt's for packages of sources
    let is_own =
        word == "source" && text(2).is_some_and(|next| OF_SOURCE.contains(&next) || next.starts_with('-'));
    instead_of(word).filter(|_| !is_own).map(|_| word)
}

const RECOMMENDS: &str = "install-recommends";
const NO_RECOMMENDS: &str = "no-install-recommends";
const RELEASE: &str = "target-release";
const OPTION: &str = "option";

/// Flags of apt-get that say what is so anyway, or the same as another. They are in no help.
pub(super) fn flags(command: &str) -> Vec<Arg> {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).hide(true);
    let mut flags = vec![
        switch("yes").short('y').aliases(["assume-yes", "force-yes"]),
        switch(RECOMMENDS).overrides_with(NO_RECOMMENDS),
        switch(NO_RECOMMENDS).alias("no-recommends"),
        switch("no-install-suggests").aliases([
            "fix-missing",
            "fix-broken",
            "ignore-missing",
            "no-show-upgraded",
        ]),
        switch("allow-downgrades").aliases([
            "allow-change-held-packages",
            "allow-remove-essential",
            "no-remove",
            "no-upgrade",
            "auto-remove",
            "autoremove",
            "purge",
        ]),
    ];
    flags.extend(REFUSED[1..].iter().map(|(flag, _)| switch(flag)));
    let valued = |name: &'static str| Arg::new(name).long(name).hide(true).action(ArgAction::Append);
    flags.push(valued(RELEASE).alias("default-release").short('t').value_name("SUITE"));
    // some have flags of their own of these letters, or hand theirs on to one that has
    if command != "render" {
        flags.push(switch("fix").short('f').short_alias('m'));
    }
    if !matches!(command, "lock" | "bake" | "watch" | "reconcile") {
        flags.push(valued(OPTION).short('o').value_name("OPTION"));
    }
    flags
}

/// The same for `aptlet list`.
pub(super) fn flags_of_list() -> Vec<Arg> {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).hide(true);
    vec![switch("installed"), switch("upgradable").alias("upgradeable")]
}

/// Flags of apt-get that would be misunderstood if nothing were said, and what does the same.
const REFUSED: [(&str, &str); 5] = [
    ("upgradable", "run 'aptlet install --dry-run' with the same requests to see what would change"),
    ("reinstall", "empty the destination, and run 'aptlet install' again"),
    ("download-only", "run 'aptlet lock' to write down what would be fetched"),
    ("print-uris", "run 'aptlet lock -o - NAME' to see where each package file is"),
    (
        "allow-unauthenticated",
        "write 'Trusted: yes' into the source whose packages nobody needs to vouch for",
    ),
];

/// The first of these flags that does not say what is so anyway: how it was written, and what does the same.
pub(super) fn refused(matches: &ArgMatches) -> Option<(String, String)> {
    let given = |flag: &str| matches.try_get_one(flag).ok().flatten() == Some(&true);
    if let Some((flag, instead)) = REFUSED.iter().find(|(flag, _)| given(flag)) {
        return Some((format!("--{flag}"), (*instead).to_owned()));
    }
    let values = |flag: &str| matches.try_get_many::<String>(flag).ok().flatten().into_iter().flatten();
    if let Some(suite) = values(RELEASE).next() {
        return Some((
            format!("-t {suite}"),
            format!("ask for NAME/{suite}, or pin the suite with a *.pref file"),
        ));
    }
    values(OPTION).find_map(|option| Some((format!("-o {option}"), option_of_apt(option).err()?)))
}

/// Takes what has no bearing here, such as how dpkg treats a changed file of configuration.
///
/// # Errors
/// What does the same here.
fn option_of_apt(option: &str) -> Result<(), String> {
    const MEANINGLESS: [&str; 5] = ["dpkg::", "debug::", "quiet", "apt::get::", "aptitude::"];
    const FLAGS: [(&str, &str); 12] = [
        ("acquire::retries", "--retries N"),
        ("acquire::http::timeout", "--timeout SECONDS"),
        ("acquire::https::timeout", "--timeout SECONDS"),
        ("acquire::http::proxy", "the variable http_proxy"),
        ("acquire::https::proxy", "the variable https_proxy"),
        ("acquire::check-valid-until", "'Check-Valid-Until: no' in the source"),
        ("acquire::allowinsecurerepositories", "'Trusted: yes' in the source"),
        ("acquire::https::verify-peer", "--ca-certificate FILE"),
        ("apt::install-recommends", "--recommends"),
        ("apt::default-release", "NAME/SUITE, or a *.pref file"),
        ("apt::architecture", "--arch ARCH"),
        ("dir::etc::sourcelist", "--sources FILE"),
    ];
    let lower = option.to_ascii_lowercase();
    let name = lower.split('=').next().unwrap_or_default();
    // whatever it is set to, this is so
    let is_so = matches!(lower.as_str(), "apt::install-recommends=0" | "apt::install-recommends=false")
        || name == "apt::install-suggests";
    if is_so || MEANINGLESS.iter().any(|beginning| name.starts_with(beginning)) {
        return Ok(());
    }
    match FLAGS.iter().find(|(known, _)| *known == name) {
        Some((_, flag)) => Err(format!("use {flag}")),
        None => {
            Err("it is a setting of apt, and aptlet has its own: 'aptlet install --help' lists them"
                .to_owned())
        }
    }
}

/// What these flags say in aptlet's own.
pub(super) fn apply(matches: &ArgMatches, options: &mut Options) {
    let is_given = |flag: &str| matches.try_get_one(flag).ok().flatten() == Some(&true);
    if is_given(RECOMMENDS) {
        options.choosing.recommends = Some(true);
    } else if is_given(NO_RECOMMENDS) && options.choosing.recommends.is_none() {
        options.choosing.recommends = Some(false);
    }
}

/// All words, and what is said of them.
#[cfg(test)]
pub(super) fn answers() -> impl Iterator<Item = (&'static [&'static str], String)> {
    WORDS.iter().map(|instead| (instead.words, format!("{} {}", instead.why, instead.hint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_one_answer() {
        let mut all: Vec<&str> = WORDS.iter().flat_map(|instead| instead.words).copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(WORDS.iter().all(|instead| instead.is_done == instead.hint.is_empty()));
    }

    #[test]
    fn what_stands_before_the_command_goes_behind_it() {
        for (given, expected) in [
            ("aptlet -y install jq", "aptlet install -y jq"),
            ("aptlet -qq -o Dpkg::Use-Pty=0 install jq", "aptlet install -qq -o Dpkg::Use-Pty=0 jq"),
            ("aptlet -oDebug::x=1 install", "aptlet install -oDebug::x=1"),
            ("aptlet install -y jq", "aptlet install -y jq"),
            ("aptlet -y watch jq", "aptlet -y watch jq"),
            ("aptlet -y", "aptlet -y"),
            ("aptlet -y --help", "aptlet -y --help"),
            ("aptlet --version", "aptlet --version"),
            ("aptlet", "aptlet"),
        ] {
            assert_eq!(in_order(given.split(' ')).join(OsStr::new(" ")).to_str(), Some(expected));
        }
    }
}
