//! Sources that are added to a live destination: `add-apt-repository`, and `aptlet source`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use url::Url;

use super::outcome::{Failure, print};
use super::session::Session;
use super::source_lists::{added, check};
use super::updating;
use super::words::Words;
use crate::error::Error;
use crate::fetch::Answer;
use crate::live::Place;
use crate::planning::{Inputs, Wanted};
use crate::source::list::{SignedBy, Source};

/// Components of Debian's and Ubuntu's archives, which are added by their names alone.
const COMPONENTS: [&str; 7] =
    ["main", "contrib", "non-free", "non-free-firmware", "universe", "multiverse", "restricted"];
/// Lists and keys are small.
const LARGEST: u64 = 1 << 20;
const HOW: &str = "Write it as a line of a source list: add-apt-repository 'deb [signed-by=/PATH/KEY.asc] URL SUITE COMPONENT'; or \
                   aptlet source add 'deb URL SUITE COMPONENT' --key FILE|URL.";

/// What a command line says.
#[derive(Debug, Default)]
struct Asked {
    remove: bool,
    list: bool,
    no_update: bool,
    /// The file or URL of the key.
    key: Option<String>,
    words: Vec<String>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, Failure> {
        let mut asked = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "-r" | "--remove" => asked.remove = true,
                "-L" | "-l" | "--list" => asked.list = true,
                "-n" | "--no-update" => asked.no_update = true,
                "-y" | "--yes" | "-u" | "--update" | "-d" | "--debug" | "-m" | "--massive-debug" | "-s"
                | "--enable-source" => {}
                "-S" | "--sourceslist" | "-U" | "--uri" | "-c" | "--component" => {
                    asked.words.extend(rest.next().cloned());
                }
                "--key" | "-k" => asked.key = rest.next().cloned(),
                "-P" | "--ppa" => asked.words.extend(rest.next().map(|name| format!("ppa:{name}"))),
                flag if flag.starts_with('-') && flag.len() > 1 => {
                    return Err(Failure::apt(
                        format!("Command line option {flag} is not understood"),
                        "'add-apt-repository --help' lists what there is.",
                    ));
                }
                word => asked.words.push(word.to_owned()),
            }
        }
        Ok(asked)
    }
}

/// `aptlet source add|remove|list`
pub(super) fn source(place: &Place, words: &[String]) -> Result<ExitCode, Failure> {
    if !place.is_live() {
        return Err(Failure::apt(
            format!("{} is no live destination, which sources are added to", place.dest().display()),
            "Run 'aptlet live' first. Elsewhere sources are settings: --sources, or a *.sources file in the settings folder.",
        ));
    }
    let (first, rest) = words.split_first().map_or(("", words), |(first, rest)| (first.as_str(), rest));
    match first {
        "add" => add(place, rest),
        "remove" => add(place, &[&["--remove".to_owned()], rest].concat()),
        "list" => add(place, &["--list".to_owned()]),
        _ => Err(Failure::apt(
            format!("'aptlet source {first}' is not understood"),
            "It is one of: aptlet source add TEXT|URL --key FILE|URL; aptlet source remove TEXT|URL; aptlet source list.",
        )),
    }
}

/// `add-apt-repository 'deb [signed-by=KEY] URL SUITE COMPONENT…'`
pub(super) fn add(place: &Place, arguments: &[String]) -> Result<ExitCode, Failure> {
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        print(
            "Usage: add-apt-repository [-y] [-n] [-r] [-L] 'deb [signed-by=KEY] URL SUITE COMPONENT…' | COMPONENT\n",
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let asked = Asked::read(arguments)?;
    if asked.list {
        let text: String = added(place)?.into_iter().map(|(_, text)| text).collect();
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let what = asked.words.join(" ");
    let what = what.trim();
    let session = Session::open(place, &Words::default())?;
    let is_deb822 = what.lines().count() > 1 || what.starts_with("Types:");
    let is_url = Url::parse(what).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "file"));
    let extension = Path::new(what).extension().filter(|_| is_url).and_then(|extension| extension.to_str());
    let kind = match extension {
        Some("sources") => "sources",
        _ if is_deb822 || COMPONENTS.contains(&what) => "sources",
        _ => "list",
    };
    let name = format!("sources.list.d/{}.{kind}", slug(what));
    if asked.remove {
        fs::remove_file(place.file(&name)).map_err(|_| {
            Failure::apt(format!("'{what}' was not added"), "'add-apt-repository --list' shows what was.")
        })?;
    } else {
        let text = if matches!(extension, Some("list" | "sources")) {
            let bytes = fetched(&session, what)?;
            String::from_utf8_lossy(&bytes).into_owned()
        } else if COMPONENTS.contains(&what) {
            component(&session, what)?
        } else {
            understood(what)?;
            format!("{what}\n")
        };
        let text = with_key(&session, &name, text, asked.key.as_deref())?;
        check(&place.file(&name), &text)?;
        place.put(&name, text.as_bytes())?;
    }
    print(&format!("{}: {what}\n", if asked.remove { "Removed" } else { "Adding repository" }))?;
    if asked.no_update {
        return Ok(ExitCode::SUCCESS);
    }
    let session = Session::open(place, &Words::default())?;
    let updated = session.work(updating::run(&session, &Words::default()));
    if updated.is_err() && !asked.remove {
        // a source that cannot be used would be in the way of everything
        let _ = fs::remove_file(place.file(&name));
    }
    updated.map(|()| ExitCode::SUCCESS)
}

/// What is no source as it stands.
fn understood(what: &str) -> Result<(), Failure> {
    if let Some(name) = what.strip_prefix("ppa:") {
        return Err(Failure::apt(
            format!(
                "'{what}' names no key: aptlet asks nobody whom to trust, and Launchpad would be asked for it"
            ),
            format!(
                "Take the key's fingerprint from the page of the PPA, and the key from a keyserver; then: add-apt-repository 'deb \
                 [signed-by=/PATH/KEY.asc] https://ppa.launchpadcontent.net/{name}/ubuntu SUITE main'."
            ),
        ));
    }
    if what.starts_with("deb-src ") {
        return Err(Failure::apt("source packages are no part of a live destination", HOW));
    }
    if ["deb ", "deb\t", "Types:"].iter().any(|beginning| what.starts_with(beginning)) {
        return Ok(());
    }
    let said = match what.split_whitespace().count() {
        0 => "nothing was said to be added".to_owned(),
        1 if !what.contains("://") => format!("'{what}' is no component of Debian or Ubuntu"),
        _ => format!("'{what}' is no line of a source list"),
    };
    Err(Failure::apt(said, HOW))
}

/// What is at a URL.
fn fetched(session: &Session, url: &str) -> Result<Vec<u8>, Failure> {
    let url = Url::parse(url).map_err(|error| Failure::apt(format!("'{url}' is no URL: {error}"), HOW))?;
    let client = Inputs::read(&session.settings)?.client(&session.settings)?;
    let mut bytes = Vec::new();
    session.block_on(async {
        if let Answer::Document(document) = client.get(&url, LARGEST, None).await.map_err(Error::from)? {
            bytes = document.bytes;
        }
        Ok(())
    })?;
    Ok(bytes)
}

/// The text of a source list, with its keys where they stay.
fn with_key(session: &Session, name: &str, mut text: String, key: Option<&str>) -> Result<String, Failure> {
    let place = &session.place;
    if let Some(key) = key {
        let bytes = match key.contains("://") {
            true => fetched(session, key)?,
            false => read(Path::new(key))?,
        };
        // what gpg writes, in letters or not
        let extension = if bytes.starts_with(b"-----") { "asc" } else { "gpg" };
        let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
        let kept = format!("keyrings/{stem}.{extension}");
        place.put(&kept, &bytes)?;
        return Ok(signed(&text, &place.file(&kept).display().to_string()));
    }
    if let Some(key) = signed_by(&text).filter(|key| !key.starts_with(place.dest()) && key.is_file()) {
        // it may lie where the next container has nothing
        let name = key.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kept = format!("keyrings/{name}");
        place.put(&kept, &read(&key)?)?;
        text = text.replace(&key.display().to_string(), &place.file(&kept).display().to_string());
    }
    Ok(text)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|source| Error::from(crate::config::Error::Read { path: path.to_owned(), source }).into())
}

/// A source list whose sources are signed by a key.
fn signed(text: &str, key: &str) -> String {
    if text.lines().any(|line| line.starts_with("Types:")) {
        let lines = text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("signed-by:"));
        return lines
            .map(|line| match line.starts_with("Types:") {
                true => format!("{line}\nSigned-By: {key}\n"),
                false => format!("{line}\n"),
            })
            .collect();
    }
    let line = |line: &str| {
        let Some(rest) = line.trim_start().strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t']))
        else {
            return format!("{line}\n");
        };
        let (options, rest) = match rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            Some((options, rest)) => (options, rest),
            None => ("", rest),
        };
        let others = options.split_whitespace().filter(|option| !option.starts_with("signed-by="));
        let others: String = others.flat_map(|option| [" ", option]).collect();
        format!("deb [signed-by={key}{others}] {}\n", rest.trim_start())
    };
    text.lines().map(line).collect()
}

/// The key file that a source list names first.
fn signed_by(text: &str) -> Option<PathBuf> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("signed-by")? + "signed-by".len();
    let value = text[at..].trim_start_matches([':', '=', ' ']);
    let end = value.find(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ']'));
    let value = &value[..end.unwrap_or(value.len())];
    value.starts_with('/').then(|| value.into())
}

/// Another component of the sources that there are.
fn component(session: &Session, name: &str) -> Result<String, Failure> {
    let mut settings = session.settings.clone();
    settings.more_sources = Vec::new();
    let Wanted::Choice(choice) = Inputs::read(&settings)?.wanted else {
        return Err(Error::Internal("a lock was read in a live destination".to_owned()).into());
    };
    let without = |source: &&Source| source.binary && !source.is_flat();
    let (has, lacks): (Vec<&Source>, Vec<&Source>) = choice
        .sources()
        .iter()
        .filter(without)
        .partition(|source| source.components.iter().any(|own| own == name));
    if lacks.is_empty() {
        let said = if has.is_empty() {
            "there is no source that could have it"
        } else {
            "every source has it already"
        };
        return Err(Failure::apt(format!("'{name}' was not added: {said}"), HOW));
    }
    Ok(lacks.into_iter().map(|source| stanza(source, name)).collect())
}

fn stanza(source: &Source, component: &str) -> String {
    let uris: Vec<&str> = source.uris.iter().map(Url::as_str).collect();
    let signed_by = match &source.signed_by {
        Some(SignedBy::Named { keyrings, fingerprints }) => {
            let keyrings = keyrings.iter().map(|path| path.display().to_string());
            let all: Vec<String> = keyrings.chain(fingerprints.iter().cloned()).collect();
            format!("Signed-By: {}\n", all.join(" "))
        }
        Some(SignedBy::Inline(key)) => {
            let lines = key.lines().map(|line| if line.trim().is_empty() { " ." } else { line.trim() });
            format!("Signed-By:\n {}\n", lines.collect::<Vec<_>>().join("\n "))
        }
        None => String::new(),
    };
    format!(
        "Types: deb\nURIs: {}\nSuites: {}\nComponents: {component}\n{signed_by}\n",
        uris.join(" "),
        source.suite
    )
}

/// A name for a file: what a line names, without its options.
fn slug(line: &str) -> String {
    let mut inside = false;
    let bare = line.strip_prefix("deb").unwrap_or(line).chars().filter(|letter| {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ => return !inside,
        }
        false
    });
    let mut slug = String::new();
    for letter in bare {
        match letter.is_ascii_alphanumeric() || letter == '.' {
            true => slug.push(letter.to_ascii_lowercase()),
            false if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            false => {}
        }
    }
    slug.trim_matches('-').chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_has_one_name_whatever_its_options() {
        let name = slug("deb https://mirror.example/debian trixie main");
        assert_eq!(name, "https-mirror.example-debian-trixie-main");
        assert_eq!(
            slug("deb [arch=amd64 signed-by=/x.asc]  https://mirror.example/debian trixie main"),
            name
        );
    }

    #[test]
    fn a_key_is_named_by_a_list() {
        let key = |line: &str| signed_by(line).map(|path| path.display().to_string());
        assert_eq!(key("deb [arch=amd64 signed-by=/a/b.gpg] https://x y z").as_deref(), Some("/a/b.gpg"));
        assert_eq!(key("Types: deb\nSigned-By: /a/b.asc\n").as_deref(), Some("/a/b.asc"));
        assert_eq!(key("deb [signed-by=ABCDEF] https://x y z"), None);
        assert_eq!(key("deb https://x y z"), None);
    }

    #[test]
    fn a_key_is_written_into_either_format() {
        assert_eq!(signed("deb https://x y z\n", "/k"), "deb [signed-by=/k] https://x y z\n");
        assert_eq!(
            signed("# x\ndeb [arch=amd64 signed-by=/a] https://x y z\n", "/k"),
            "# x\ndeb [signed-by=/k arch=amd64] https://x y z\n"
        );
        assert_eq!(
            signed("Types: deb\nURIs: https://x\nSigned-By: /a\n", "/k"),
            "Types: deb\nSigned-By: /k\nURIs: https://x\n"
        );
    }
}
