//! Sources that were added to a live destination: `add-apt-repository`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::outcome::{Failure, print};
use super::session::Session;
use super::source_lists::added;
use super::updating;
use super::words::Words;
use crate::control::architecture::Architecture;
use crate::error::Error;
use crate::live::Place;
use crate::source::list::{Variables, parse_file};

/// `add-apt-repository 'deb [signed-by=KEY] URL SUITE COMPONENT…'`
pub(super) fn add(place: &Place, arguments: &[String]) -> Result<ExitCode, Failure> {
    let (mut remove, mut list, mut updates, mut words) = (false, false, true, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-r" | "--remove" => remove = true,
            "-L" | "--list" => list = true,
            "-n" | "--no-update" => updates = false,
            "-y" | "--yes" | "-u" | "--update" | "-d" | "--debug" | "-m" | "--massive-debug" => {}
            "-S" | "--sourceslist" | "-U" | "--uri" => words.extend(rest.next().cloned()),
            "-P" | "--ppa" => words.extend(rest.next().map(|name| format!("ppa:{name}"))),
            "-h" | "--help" => {
                print(
                    "Usage: add-apt-repository [-y] [-n] [-r] 'deb [signed-by=KEY] URL SUITE COMPONENT…'\n",
                )?;
                return Ok(ExitCode::SUCCESS);
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {
                return Err(Failure::apt(
                    format!("Command line option {flag} is not understood"),
                    "'add-apt-repository --help' lists what there is.",
                ));
            }
            word => words.push(word.to_owned()),
        }
    }
    if list {
        let text: String = added(place)?.into_iter().map(|(_, text)| text).collect();
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = words.join(" ");
    let line = line.trim();
    let text = checked(place, line, remove)?;
    let name = format!("sources.list.d/{}.list", slug(line));
    if remove {
        fs::remove_file(place.file(&name)).map_err(|_| {
            Failure::apt(format!("'{line}' was not added"), "'add-apt-repository --list' shows what was.")
        })?;
    } else {
        place.put(&name, text.as_bytes())?;
    }
    print(&format!("{}: {}\n", if remove { "Removed" } else { "Adding repository" }, text.trim_end()))?;
    if !updates {
        return Ok(ExitCode::SUCCESS);
    }
    let session = Session::open(place, &Words::default())?;
    let updated = session.work(updating::run(&session, &Words::default()));
    if updated.is_err() && !remove {
        // a source that cannot be used would be in the way of everything
        let _ = fs::remove_file(place.file(&name));
    }
    updated.map(|()| ExitCode::SUCCESS)
}

/// The line of a source list, with its key where it stays.
fn checked(place: &Place, line: &str, remove: bool) -> Result<String, Failure> {
    let how = "Write it as a line of a source list: add-apt-repository 'deb [signed-by=/PATH/KEY.asc] URL SUITE COMPONENT'.";
    if line.starts_with("ppa:") {
        return Err(Failure::apt(
            format!("'{line}' is no source by itself: its key would have to be taken on trust"),
            how,
        ));
    }
    if !line.starts_with("deb ") && !line.starts_with("deb\t") {
        let what = match line.split_whitespace().count() {
            0 => "nothing was said to be added".to_owned(),
            1 if !line.contains("://") => {
                format!(
                    "'{line}' is a component, which the source that has it must name: the image's own are in /etc/apt"
                )
            }
            _ => format!("'{line}' is no line of a source list"),
        };
        return Err(Failure::apt(what, how));
    }
    let lower = line.to_ascii_lowercase();
    if lower.contains("trusted=yes")
        || lower.contains("allow-insecure=yes")
        || lower.contains("allow-weak=yes")
    {
        return Err(Failure::apt(
            "[trusted=yes] is refused here: what nobody vouches for is not installed",
            "Name the key of the repository: [signed-by=/PATH/KEY.asc].",
        ));
    }
    let mut text = format!("{line}\n");
    if let Some(key) = signed_by(line).filter(|_| !remove) {
        let bytes = fs::read(&key)
            .map_err(|source| Error::from(crate::config::Error::Read { path: key.clone(), source }))?;
        // it may lie where the next container has nothing
        let name = key.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kept = format!("keyrings/{name}");
        place.put(&kept, &bytes)?;
        text = text.replace(&key.display().to_string(), &place.file(&kept).display().to_string());
    }
    let variables = Variables { architecture: Architecture::native().to_string() };
    parse_file(Path::new("added.list"), &text, &variables).map_err(Error::from)?;
    Ok(text)
}

/// The key file that a line names.
fn signed_by(line: &str) -> Option<PathBuf> {
    let options = line.split_once('[')?.1.split_once(']')?.0;
    let value = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="))?;
    value.starts_with('/').then(|| value.split(',').next().unwrap_or(value).into())
}

/// A name for a file: what a line names, without its options.
fn slug(line: &str) -> String {
    let mut inside = false;
    let bare = line.chars().filter(|letter| {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ => return !inside,
        }
        false
    });
    let mut slug = String::new();
    for letter in bare.skip(3) {
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
    fn a_key_is_named_by_a_line() {
        let key = |line: &str| signed_by(line).map(|path| path.display().to_string());
        assert_eq!(key("deb [arch=amd64 signed-by=/a/b.gpg] https://x y z").as_deref(), Some("/a/b.gpg"));
        assert_eq!(key("deb [signed-by=ABCDEF] https://x y z"), None);
        assert_eq!(key("deb https://x y z"), None);
    }
}
