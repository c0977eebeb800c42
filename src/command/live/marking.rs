//! `apt-mark`: which packages were asked for, and which are to stay as they are.

use std::process::ExitCode;

use super::making::Opened;
use super::outcome::{Failure, print};
use super::patterns;
use super::session::Session;
use super::words::Words;
use crate::arrange::Arrange as _;
use crate::live::{Marks, Package, Place, Where};

pub(super) fn mark(place: &Place, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    if words.command.starts_with("show") {
        return show(&session, words);
    }
    session.work(async {
        let _opened = Opened::open(&session, "apt-mark").await?;
        change(&session, words)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn show(session: &Session, words: &Words) -> Result<ExitCode, Failure> {
    let (installed, marks) = (session.installed()?, Marks::read(&session.place));
    let is = |labels: &[String], package: &Package| labels.iter().any(|label| package.is(label));
    let shown = |package: &&Package| {
        let named = words.names.is_empty() || words.names.iter().any(|name| package.is(name));
        named
            && match words.command.as_str() {
                "showhold" => is(&marks.held, package),
                // whoever made the image asked for what is in it
                "showmanual" => package.place == Where::Image || is(&marks.manual, package),
                _ => package.place == Where::Tree && !is(&marks.manual, package),
            }
    };
    let mut names: Vec<String> =
        installed.counting().filter(shown).map(|package| package.name.clone()).collect();
    names.arrange();
    names.dedup();
    print(&names.into_iter().map(|name| name + "\n").collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn change(session: &Session, words: &Words) -> Result<(), Failure> {
    let (installed, mut marks) = (session.installed()?, Marks::read(&session.place));
    let all: Vec<&Package> = installed.counting().collect();
    for word in &words.names {
        let found = patterns::meant(word, &all);
        if found.is_empty() && !patterns::is_pattern(word) {
            return Err(Failure::apt(
                format!("Unable to locate package {word}: it is not installed"),
                "Only what is installed can be marked; 'apt list --installed' shows what is.",
            ));
        }
        for package in found {
            let line = mark_one(&words.command, package, &mut marks);
            if words.quiet < 2 {
                print(&line)?;
            }
        }
    }
    if !words.simulate {
        marks.write(&session.place)?;
    }
    Ok(())
}

/// Marks a package, and says so.
fn mark_one(command: &str, package: &Package, marks: &mut Marks) -> String {
    let name = &package.name;
    let marked = |labels: &[String]| labels.iter().any(|label| package.is(label));
    let (is_manual, is_held) = (marked(&marks.manual), marked(&marks.held));
    match command {
        // whoever made the image asked for what is in it
        "manual" if is_manual || package.place == Where::Image => {
            format!("{name} was already set to manually installed.\n")
        }
        "auto" | "minimize-manual" if package.place == Where::Image => {
            format!("{name} is the image's own, and stays as it is.\n")
        }
        "manual" => {
            marks.manual.push(name.clone());
            format!("{name} set to manually installed.\n")
        }
        "auto" | "minimize-manual" if !is_manual => {
            format!("{name} was already set to automatically installed.\n")
        }
        "auto" | "minimize-manual" => {
            marks.manual.retain(|label| !package.is(label));
            format!("{name} set to automatically installed.\n")
        }
        "hold" if is_held => format!("{name} was already set on hold.\n"),
        "hold" => {
            marks.held.push(name.clone());
            format!("{name} set on hold.\n")
        }
        _ if !is_held => format!("{name} was already not on hold.\n"),
        _ => {
            marks.held.retain(|label| !package.is(label));
            format!("Canceled hold on {name}.\n")
        }
    }
}
