//! `dpkg-query`: which packages are installed, in the image and in the destination, and what they have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use super::common::{WRONG, installed, said};
use super::showformat::formatted;
use crate::arrange::Arrange as _;
use crate::command::live::outcome::{Failure, print};
use crate::control::architecture::Architecture;
use crate::control::glob::Glob;
use crate::current_generation::current;
use crate::live::{Installed, Marks, Package, Place, Where};
use crate::tree::in_tree;

/// dpkg's for a query that finds nothing.
const NOT_FOUND: u8 = 1;

const HEADER: [&str; 3] = [
    "Desired=Unknown/Install/Remove/Purge/Hold",
    "| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend",
    "|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)",
];

/// `dpkg-query`
pub(in crate::command::live) fn query(place: &Place, arguments: &[String]) -> Result<ExitCode, Failure> {
    let (mut action, mut format, mut names) = (None, None, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-W" | "--show" => action = Some('W'),
            "-l" | "--list" => action = Some('l'),
            "-L" | "--listfiles" => action = Some('L'),
            "-S" | "--search" => action = Some('S'),
            "-s" | "--status" | "-p" | "--print-avail" => action = Some('s'),
            "-c" | "--control-path" | "--control-list" | "--control-show" => action = Some('c'),
            "--version" => {
                return said(&format!(
                    "Debian dpkg-query package management program query tool version 1.21.22 ({}), as aptlet does it.\n",
                    Architecture::native()
                ));
            }
            "--help" | "-?" => {
                return said("Usage: dpkg-query -W [-f FORMAT] [PATTERN…] | -l | -L | -S | -s\n");
            }
            "-f" | "--showformat" => format = rest.next().cloned(),
            "--" => names.extend(rest.by_ref().cloned()),
            flag if flag.starts_with("--showformat=") => {
                format = flag.split_once('=').map(|(_, value)| value.to_owned());
            }
            flag if flag.starts_with("-f") => format = Some(flag[2..].trim_start_matches('=').to_owned()),
            flag if flag.starts_with("-W") => {
                action = Some('W');
                // -Wf FORMAT, -Wf=FORMAT
                if let Some(value) = flag.strip_prefix("-Wf") {
                    format = match value.trim_start_matches('=') {
                        "" => rest.next().cloned(),
                        value => Some(value.to_owned()),
                    };
                }
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {}
            name => names.push(name.to_owned()),
        }
    }
    match action {
        Some('W') => show(place, format.as_deref().unwrap_or("${binary:Package}\\t${Version}\\n"), &names),
        Some('l') => list(place, &names),
        Some('L') => files(place, &names),
        Some('S') => owners(place, &names),
        Some('s') => status(place, &names),
        Some('c') => Err(Failure::dpkg(
            "dpkg-query",
            "error: control files are not shown here",
            Some("They are in var/lib/dpkg/info of the destination."),
            WRONG,
        )),
        _ => Err(Failure::dpkg(
            "dpkg-query",
            "error: need an action option",
            Some("'dpkg-query --help' lists what there is."),
            WRONG,
        )),
    }
}

/// Those of these names or patterns, sorted; without any, all. The first that none has is an error.
pub(super) fn meant<'i>(installed: &'i Installed, names: &[String]) -> (Vec<&'i Package>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let glob = Glob::new(name).ok().filter(|_| Glob::is_pattern(name));
        let is = |package: &&Package| {
            glob.as_ref().map_or_else(|| package.is(name), |glob| glob.matches(&package.name))
        };
        let own: Vec<&Package> = installed.counting().filter(is).collect();
        if own.is_empty() {
            missing.push(name.clone());
        }
        found.extend(own);
    }
    if names.is_empty() {
        found.extend(installed.counting());
    }
    found.arrange_by(|one, other| (&one.name, &one.architecture).cmp(&(&other.name, &other.architecture)));
    found.dedup_by(|one, other| std::ptr::eq(*one, *other));
    (found, missing)
}

/// Whatever was found is printed, and then what was not is told.
pub(super) fn with_missing(text: &str, missing: &[String]) -> Result<ExitCode, Failure> {
    print(text)?;
    match missing {
        [] => Ok(ExitCode::SUCCESS),
        missing => {
            let lines: Vec<String> =
                missing.iter().map(|name| format!("dpkg-query: no packages found matching {name}")).collect();
            Err(Failure::plain(lines.join("\n"), None, NOT_FOUND))
        }
    }
}

fn list(place: &Place, names: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let held = Marks::read(place).held;
    let (found, missing) = meant(&installed, names);
    let description =
        |package: &Package| package.field("Description").lines().next().unwrap_or_default().to_owned();
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|package| {
            [package.shown(), package.version.clone(), package.architecture.clone(), description(package)]
        })
        .collect();
    let width = |column: usize, least: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(least)
    };
    let widths = [width(0, 14), width(1, 12), width(2, 12)];
    let mut text = String::new();
    if !rows.is_empty() {
        text.push_str(&HEADER.map(|line| format!("{line}\n")).concat());
        text.push_str(&format!(
            "||/ {:a$} {:b$} {:c$} Description\n",
            "Name",
            "Version",
            "Architecture",
            a = widths[0],
            b = widths[1],
            c = widths[2]
        ));
        text.push_str(&format!(
            "+++-{}-{}-{}-{}\n",
            "=".repeat(widths[0]),
            "=".repeat(widths[1]),
            "=".repeat(widths[2]),
            "=".repeat(33)
        ));
    }
    for (package, [name, version, architecture, description]) in found.iter().zip(&rows) {
        let desired = if held.iter().any(|label| package.is(label)) { 'h' } else { 'i' };
        text.push_str(&format!(
            "{desired}i  {name:a$} {version:b$} {architecture:c$} {description}\n",
            a = widths[0],
            b = widths[1],
            c = widths[2]
        ));
    }
    with_missing(&text, &missing)
}

pub(super) fn status(place: &Place, names: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let (found, missing) = meant(&installed, names);
    print(&found.iter().map(|package| format!("{}\n", package.stanza)).collect::<Vec<_>>().join("\n"))?;
    match missing.as_slice() {
        [] => Ok(ExitCode::SUCCESS),
        [name, ..] => Err(Failure::dpkg(
            "dpkg-query",
            format!("package '{name}' is not installed and no information is available"),
            Some(
                "'apt-cache show NAME' shows what the sources have; 'dpkg --info FILE' what is in a package file.",
            ),
            NOT_FOUND,
        )),
    }
}

fn show(place: &Place, format: &str, names: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let (found, missing) = meant(&installed, names);
    let held = Marks::read(place).held;
    let text: String = found
        .iter()
        .map(|package| formatted(format, package, held.iter().any(|label| package.is(label))))
        .collect();
    with_missing(&text, &missing)
}

/// Where a file of a package is: the destination's are below it.
fn place_of(place: &Place, package: &Package, path: &str) -> String {
    match package.place {
        Where::Image => path.to_owned(),
        Where::Tree => place.dest().join(in_tree(Path::new(path))).display().to_string(),
    }
}

fn files(place: &Place, names: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let mut parts = Vec::new();
    for name in names {
        let Some(package) = installed.find(name) else {
            print(&parts.join("\n"))?;
            return Err(Failure::dpkg(
                "dpkg-query",
                format!("package '{name}' is not installed"),
                Some("'dpkg --contents FILE' lists the files of a package file."),
                NOT_FOUND,
            ));
        };
        let files = installed.files(package);
        let lines = files.iter().map(|path| place_of(place, package, path));
        let root = match package.place {
            Where::Image => "/.\n".to_owned(),
            Where::Tree => String::new(),
        };
        parts.push(root + &lines.map(|line| line + "\n").collect::<String>());
    }
    said(&parts.join("\n"))
}

fn owners(place: &Place, patterns: &[String]) -> Result<ExitCode, Failure> {
    let installed = installed(place)?;
    let lists: Vec<(&Package, Vec<String>)> =
        installed.counting().map(|package| (package, installed.files(package))).collect();
    let mut text = String::new();
    for pattern in patterns {
        let asked = archived(place, pattern);
        let glob = Glob::is_pattern(&asked).then(|| Glob::new(&asked).ok()).flatten();
        let is = |path: &str| match (&glob, asked.starts_with('/')) {
            (Some(glob), _) => glob.matches(path),
            (None, true) => path == asked || in_tree(Path::new(path)) == in_tree(Path::new(&asked)),
            (None, false) => path.contains(&asked),
        };
        let before = text.len();
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        for (package, files) in &lists {
            for path in files.iter().filter(|path| is(path)) {
                seen.insert((place_of(place, package, path), package.shown()));
            }
        }
        let mut seen = seen.into_iter().peekable();
        while let Some((path, name)) = seen.next() {
            let mut names = vec![name];
            while let Some((_, more)) = seen.next_if(|(other, _)| *other == path) {
                names.push(more);
            }
            text.push_str(&format!("{}: {path}\n", names.join(", ")));
        }
        if text.len() == before {
            print(&text)?;
            return Err(Failure::dpkg(
                "dpkg-query",
                format!("no path found matching pattern {pattern}"),
                None,
                NOT_FOUND,
            ));
        }
    }
    said(&text)
}

/// A path as packages have it, of one as it is seen here: below the destination, or a launcher of one of its commands.
fn archived(place: &Place, asked: &str) -> String {
    let path = Path::new(asked);
    let dest = place.dest();
    let is_launcher = fs::read_link(path).is_ok_and(|target| target.ends_with(".aptlet/aptlet"))
        || path.parent() == Some(&dest.join("bin"));
    if is_launcher && let Some(name) = path.file_name() {
        return ["usr/bin", "usr/sbin", "usr/games"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|inside| current(dest).is_some_and(|tree| tree.join(inside).exists()))
            .map_or_else(|| asked.to_owned(), |inside| format!("/{}", inside.display()));
    }
    if !path.starts_with(dest) {
        return asked.to_owned();
    }
    let tree = current(dest).and_then(|tree| fs::canonicalize(tree).ok());
    let real = fs::canonicalize(path.parent().unwrap_or(path)).ok();
    let inside = real.as_ref().zip(tree.as_ref()).and_then(|(real, tree)| real.strip_prefix(tree).ok());
    match (inside, path.file_name()) {
        (Some(inside), Some(name)) => format!("/{}", inside.join(name).display()),
        _ => path.strip_prefix(dest).map_or_else(|_| asked.to_owned(), |rest| format!("/{}", rest.display())),
    }
}
