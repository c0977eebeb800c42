//! What apt would print: scripts read it, and people know it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use url::Url;

use super::outcome::{Failure, print};
use super::steps::{Step, Steps};
use super::words::Words;
use crate::live::Installed;
use crate::plan::{Artifact, Plan};
use crate::planning::Meant;
use crate::source::list::join;

const READING: &str = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

/// What is said where everything that is asked for is there in its newest version.
pub(super) fn nothing_to_do<'a>(newest: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = READING.to_owned();
    for (name, version) in newest {
        text.push_str(&format!("{name} is already the newest version ({version}).\n"));
    }
    text.push_str(&counts([0; 4]));
    text
}

fn counts([upgraded, new, removed, kept]: [usize; 4]) -> String {
    format!("{upgraded} upgraded, {new} newly installed, {removed} to remove and {kept} not upgraded.\n")
}

/// `jq is already the newest version (1.6-2).`
pub(super) fn already_newest(
    requested: &[Meant],
    installed: &Installed,
    steps: &Steps,
    quiet: u8,
) -> Result<(), Failure> {
    let mut text = if quiet > 1 { String::new() } else { READING.to_owned() };
    let mut seen = BTreeSet::new();
    for meant in requested {
        let label = format!("{}:{}", meant.name, meant.architecture);
        let is_there = installed.find(&label).is_some_and(|package| package.version == meant.version);
        let comes =
            steps.coming().any(|step| step.name == meant.name && step.architecture == meant.architecture);
        if is_there && !comes && quiet < 2 && seen.insert(label) {
            text.push_str(&format!("{} is already the newest version ({}).\n", meant.name, meant.version));
        }
    }
    print(&text)
}

/// What is about to be done.
pub(super) fn plan_of(
    steps: &Steps,
    again: &[Artifact],
    kept_back: usize,
    words: &Words,
) -> Result<(), Failure> {
    if words.quiet > 1 {
        return Ok(());
    }
    let mut text = String::new();
    let lists = [
        ("The following packages will be REMOVED:", &steps.removed),
        ("The following NEW packages will be installed:", &steps.new),
        ("The following packages will be upgraded:", &steps.upgraded),
    ];
    for (heading, list) in lists {
        if !list.is_empty() {
            text.push_str(&format!("{heading}\n{}", folded(list.iter().map(|step| step.name.as_str()))));
        }
    }
    text.push_str(&counts([steps.upgraded.len(), steps.new.len(), steps.removed.len(), kept_back]).replacen(
        " newly installed, ",
        &match again.len() {
            0 => " newly installed, ".to_owned(),
            count => format!(" newly installed, {count} reinstalled, "),
        },
        1,
    ));
    let fetched: u64 = steps.coming().map(|step| step.size).chain(again.iter().map(|one| one.size)).sum();
    if fetched > 0 {
        let sum =
            |steps: &mut dyn Iterator<Item = &Step>| steps.map(|step| step.installed_size << 10).sum::<u64>();
        let more = sum(&mut steps.coming());
        let less = sum(&mut steps.removed.iter());
        text.push_str(&format!("Need to get {} of archives.\n", amount(fetched)));
        text.push_str(&match more >= less {
            true => format!(
                "After this operation, {} of additional disk space will be used.\n",
                amount(more - less)
            ),
            false => format!("After this operation, {} disk space will be freed.\n", amount(less - more)),
        });
    }
    print(&text)
}

/// Names in lines that begin with two blanks.
fn folded<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let (mut text, mut line) = (String::new(), String::from(" "));
    for name in names {
        if line.len() + name.len() > 77 {
            text.push_str(&line);
            text.push('\n');
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(name);
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// As apt writes sizes: in thousands.
pub(super) fn amount(bytes: u64) -> String {
    let mut unit = 0;
    let mut rest = bytes;
    let mut tenths = 0;
    while rest >= 1000 && unit < 3 {
        tenths = (rest % 1000) / 100;
        rest /= 1000;
        unit += 1;
    }
    let name = ["B", "kB", "MB", "GB"][unit];
    if rest < 100 && unit > 0 { format!("{rest}.{tenths} {name}") } else { format!("{rest} {name}") }
}

/// `apt-get -s`: what apt would do, a line for each step.
pub(super) fn simulated(steps: &Steps, plan: &Plan) -> Result<(), Failure> {
    let mut text = String::new();
    for step in &steps.removed {
        text.push_str(&format!("Remv {} [{}]\n", step.name, step.before.as_deref().unwrap_or_default()));
    }
    let from = |step: &Step| {
        let before = step.before.as_ref().map(|before| format!("[{before}] ")).unwrap_or_default();
        let artifact = plan.packages.iter().find(|artifact| artifact.name == step.name);
        let source = artifact.and_then(|artifact| plan.source(&artifact.source));
        let site =
            source.and_then(|source| Url::parse(source.uris.first()?).ok()?.host_str().map(str::to_owned));
        let site = site.map_or_else(|| "local".to_owned(), |_| step.suite.clone());
        (before, format!("({} {site} [{}])", step.after.as_deref().unwrap_or_default(), step.architecture))
    };
    for step in steps.coming() {
        let (before, place) = from(step);
        text.push_str(&format!("Inst {} {before}{place}\n", step.name));
    }
    for step in steps.coming() {
        text.push_str(&format!("Conf {} {}\n", step.name, from(step).1));
    }
    print(&text)
}

/// `apt-get --print-uris`
pub(super) fn uris(plan: &Plan, steps: &Steps) -> Result<(), Failure> {
    let mut text = String::new();
    for step in steps.coming() {
        let artifact = plan
            .packages
            .iter()
            .find(|artifact| artifact.name == step.name && artifact.architecture == step.architecture);
        let Some(artifact) = artifact else { continue };
        let uri = plan.source(&artifact.source).and_then(|source| Url::parse(source.uris.first()?).ok());
        let Some(url) = uri.map(|uri| join(&uri, &artifact.filename)) else { continue };
        text.push_str(&format!(
            "'{url}' {} {} SHA256:{}\n",
            file_name(artifact),
            artifact.size,
            artifact.sha256
        ));
    }
    print(&text)
}

/// As apt calls a package file.
pub(super) fn file_name(artifact: &Artifact) -> String {
    let version = artifact.version.replace(':', "%3a");
    format!("{}_{version}_{}.deb", artifact.name, artifact.architecture)
}

/// Asks where somebody is there to answer and more than was named comes or goes; a script that says nothing means yes.
pub(super) fn ask(words: &Words, steps: &Steps) -> Result<(), Failure> {
    if words.no {
        return Err(Failure::plain("Abort.", None, 1));
    }
    let more = steps.all().any(|step| !words.names.iter().any(|name| name.starts_with(step.name.as_str())));
    if words.yes || !more || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    print("Do you want to continue? [Y/n] ")?;
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    match line.trim().to_ascii_lowercase().as_str() {
        "" | "y" | "yes" => Ok(()),
        _ => Err(Failure::plain("Abort.", None, 1)),
    }
}

/// `apt-get --help`
pub(super) fn help(name: &str) -> Result<ExitCode, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let commands = match name {
        "apt-mark" => "auto manual hold unhold showauto showmanual showhold",
        "apt-cache" => "search show policy depends rdepends madison pkgnames showpkg",
        _ => {
            "update install reinstall remove purge autoremove upgrade full-upgrade dist-upgrade satisfy build-dep download \
             clean autoclean check; search show list policy depends rdepends madison"
        }
    };
    print(&format!(
        "apt 2.6 as aptlet {version} does it: in a running container, as any user, without root\n\
         Usage: {name} [options] command\n\nCommands: {commands}\n\n\
         Options: -y -s -q -d --reinstall --no-install-recommends --auto-remove --only-upgrade --no-upgrade --no-remove\n\
         \x20        --allow-downgrades --allow-change-held-packages --print-uris -t SUITE -o OPTION=VALUE\n\n\
         What differs from apt: docs/reference/live-and-apt.md\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_apts() {
        for (bytes, shown) in
            [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (123_456, "123 kB"), (98_700_000, "98.7 MB")]
        {
            assert_eq!(amount(bytes), shown);
        }
    }

    #[test]
    fn names_are_folded_as_apt_folds_them() {
        let names = vec!["a-name-of-twenty-one"; 5];
        let text = folded(names.into_iter());
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.starts_with("  a") && line.len() < 80), "{text}");
    }
}
