//! What is in package files: dpkg-deb(1).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::common::{WRONG, said, wrong};
use crate::command::live::outcome::Failure;
use crate::deb::{self, Deb};
use crate::error::Error;
use crate::{config, publish};

/// What data.tar of a package file may unpack to, in bytes.
const LARGEST: u64 = 64 << 30;

fn open(path: &str) -> Result<File, Failure> {
    File::open(path).map_err(|source| Error::from(config::Error::Read { path: path.into(), source }).into())
}

pub(super) fn extract(words: &[String]) -> Result<ExitCode, Failure> {
    let [file, folder] = words else {
        return Err(wrong("--extract needs a package file and a folder"));
    };
    let failed = |source: deb::Error| archive(file, &source);
    let mut deb = Deb::open(open(file)?).map_err(failed)?;
    let mut data = deb.data(LARGEST).map_err(failed)?;
    fs::create_dir_all(folder)
        .map_err(|source| Error::from(publish::Error::write(Path::new(folder), source)))?;
    let members = data.members().map_err(failed)?;
    for member in members {
        let mut member = member.map_err(failed)?;
        // it refuses what would lead out of the folder
        let unpacked = member.unpack_in(folder);
        unpacked.map_err(|source| Error::from(publish::Error::write(Path::new(folder), source)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn archive(file: &str, source: &deb::Error) -> Failure {
    Failure::dpkg("dpkg-deb", format!("error: '{file}': {source}"), None, WRONG)
}

pub(super) fn contents(words: &[String]) -> Result<ExitCode, Failure> {
    let [file] = words else { return Err(wrong("--contents needs a package file")) };
    let failed = |source: deb::Error| archive(file, &source);
    let mut deb = Deb::open(open(file)?).map_err(failed)?;
    let mut data = deb.data(LARGEST).map_err(failed)?;
    let members = data.members().map_err(failed)?;
    let mut text = String::new();
    for member in members {
        let member = member.map_err(failed)?;
        text.push_str(&line_of(&member));
    }
    said(&text)
}

/// As `tar -tv` writes it.
fn line_of(member: &deb::Member<'_, '_>) -> String {
    let header = member.header();
    let kind = header.entry_type();
    let (letter, more) = match (kind, member.link_name().ok().flatten()) {
        (kind, _) if kind.is_dir() => ('d', String::new()),
        (kind, Some(target)) if kind.is_symlink() => ('l', format!(" -> {}", target.display())),
        (kind, Some(target)) if kind.is_hard_link() => ('h', format!(" link to {}", target.display())),
        _ => ('-', String::new()),
    };
    let mode = header.mode().unwrap_or(0);
    let bits: String =
        (0..9).rev().map(|bit| if mode >> bit & 1 == 1 { ['x', 'w', 'r'][bit % 3] } else { '-' }).collect();
    let name = |name: Option<&str>| name.filter(|name| !name.is_empty()).unwrap_or("root").to_owned();
    let owner =
        format!("{}/{}", name(header.username().ok().flatten()), name(header.groupname().ok().flatten()));
    let time = jiff::Timestamp::from_second(header.mtime().unwrap_or(0).cast_signed()).unwrap_or_default();
    let time = time.strftime("%Y-%m-%d %H:%M").to_string();
    let path = PathBuf::from(String::from_utf8_lossy(&member.path_bytes()).into_owned());
    format!("{letter}{bits} {owner} {:>9} {time} {}{more}\n", member.size(), path.display())
}

pub(super) fn info(action: &str, words: &[String]) -> Result<ExitCode, Failure> {
    let Some((file, fields)) = words.split_first() else { return Err(wrong("--info needs a package file")) };
    let control = Deb::open(open(file)?).map_err(|source| archive(file, &source))?.finish();
    if matches!(action, "-f" | "--field") && !fields.is_empty() {
        let lines = fields.iter().filter_map(|name| {
            let value = control.field(name)?;
            Some(if fields.len() == 1 { format!("{value}\n") } else { format!("{name}: {value}\n") })
        });
        return said(&lines.collect::<String>());
    }
    let mut text = String::new();
    if matches!(action, "-I" | "--info") {
        let size = fs::metadata(file).map_or(0, |meta| meta.len());
        text.push_str(&format!(" new Debian package, version 2.0.\n size {size} bytes.\n"));
        text.extend(control.files.iter().map(|file| format!(" {}\n", file.name)));
        text.extend(control.paragraph.lines().map(|line| format!(" {line}\n")));
    } else {
        text.push_str(&control.paragraph);
    }
    said(&text)
}
