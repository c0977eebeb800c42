//! That the documents name flags as they are.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use clap::Args as _;

use super::definition::command;
use crate::config::Options;

/// The document that has a table of all settings.
const SETTINGS: &str = "docs/reference/settings.md";

/// What is between backticks, line by line.
fn spans(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The flags in a text, without what follows `--`.
fn flags(span: &str) -> impl Iterator<Item = &str> {
    let words = span.split([' ', ',', '=', '[', ']', '|', '\\']).take_while(|word| *word != "--");
    words.filter(|word| word.starts_with("--") && word.len() > 2)
}

fn takes(command: &clap::Command, flag: &str) -> bool {
    let mut arguments = command.get_arguments();
    arguments.any(|argument| argument.get_long() == flag.strip_prefix("--") && !argument.is_hide_set())
}

/// The rows of tables whose first column begins with a flag: that column, and the last.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let rows = text.lines().filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let columns: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        (columns[0], columns[columns.len() - 1].trim())
    })
}

/// All documents, by their paths: the README, and those of `docs/`.
fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    // whose lines are typed by a test of their own, right or wrong
    paths.retain(|path| !path.ends_with("apt-habits.md"));
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_flag_that_a_document_names_is_one_of_its_command() {
    let all = command();
    for (document, text) in documents() {
        for span in spans(&text) {
            let Some((name, _)) = span.strip_prefix("aptlet ").and_then(|line| line.split_once(' ')) else {
                continue;
            };
            if let Some(command) = all.find_subcommand(name) {
                let wrong: Vec<&str> = flags(span).filter(|flag| !takes(command, flag)).collect();
                assert!(wrong.is_empty(), "{document}: `{span}`: {wrong:?}");
            }
        }
    }
}

#[test]
fn every_flag_that_a_document_lists_is_one() {
    let all = command();
    for (document, text) in documents() {
        // what it lists are flags of apt
        if document == "docs/reference/apt-get.md" {
            continue;
        }
        let mut listed: Vec<&str> = rows(&text).flat_map(|(column, _)| spans(column)).collect();
        if ["README.md", SETTINGS, "docs/reference/commands.md"].contains(&document.as_str()) {
            listed.extend(spans(&text).into_iter().filter(|span| span.starts_with("--")));
        }
        for flag in listed.into_iter().flat_map(flags).filter(|flag| *flag != "--some-flag") {
            let is_one = all.get_subcommands().any(|command| takes(command, flag));
            assert!(is_one, "{document}: {flag}");
        }
    }
}

#[test]
fn the_table_of_settings_tells_the_defaults_of_the_help() {
    let settings = Options::augment_args(clap::Command::new("test"));
    let plain = |text: &str| text.replace(['`', '\''], "");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(SETTINGS)).unwrap();
    let mut compared = 0;
    for (column, default) in rows(&text) {
        let named: Vec<&str> = spans(column).into_iter().flat_map(flags).collect();
        let each: Vec<String> = match named.len() {
            1 => vec![plain(default)],
            _ => plain(default).split(", ").map(str::to_owned).collect(),
        };
        // words for several of them are no literal default
        if each.len() != named.len() {
            continue;
        }
        for (flag, stated) in named.iter().zip(each) {
            let flag =
                settings.get_arguments().find(|one| one.get_long() == flag.strip_prefix("--")).unwrap();
            let help = flag.get_help().unwrap().to_string();
            let told = help.split_once(" [default: ").map_or("none", |(_, told)| told.trim_end_matches(']'));
            assert_eq!(plain(told), stated, "{column}: {help}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} rows of tables are found");
}
