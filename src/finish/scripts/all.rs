//! All scripts of a tree, in the order in which dpkg would run them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::known::{DONE_HELPERS, IDLE_HELPERS, REVIEWED};
use super::remaining::{Remaining, shorten};
use super::shell::{Files, Packages, Registered, World, configure, follow, is_shell};
use crate::deb::shell;
use crate::finish::accounts::{adduser, passwd};
use crate::finish::certificates::{bundle, java};
use crate::finish::error::Error;
use crate::finish::inside::Inside;
use crate::finish::maintainer_script::Script;
use crate::tree::Tree;

/// Debian's longest maintainer scripts have some 50 KiB.
const LARGEST_SCRIPT: usize = 1 << 20;

/// Programs whose work a step of its own does, for the whole of a package's script.
const COVERED: [&str; 3] = [bundle::PROGRAM, java::PROGRAM, passwd::MASTERS[0]];

/// One script.
struct Source {
    package: String,
    script: Script,
    text: String,
    /// What runs before it, to set answers.
    config: Option<String>,
    /// Whether it is one long way of doing what a step does.
    covered: bool,
}

/// Follows the scripts of all packages, and makes what they make. Returns what is left to do: what they declare, and
/// what of them remains.
pub(crate) fn follow_all(tree: &mut Tree, date: i64) -> Result<(Registered, Vec<Remaining>), Error> {
    let mut remaining = Vec::new();
    let texts = texts(tree, &mut remaining);
    let packages = Packages::of(tree);
    let mut world = packages.world(Files::new(Inside::new(tree, date)));
    for text in &texts {
        one(&mut world, text, &mut remaining)?;
    }
    Ok((world.registered, remaining))
}

/// Follows one script.
fn one(world: &mut World<'_>, script: &Source, remaining: &mut Vec<Remaining>) -> Result<(), Error> {
    let Source { package, script, text, config, covered } = script;
    let left = |lines: Vec<String>| Remaining { package: package.clone(), script: *script, lines };
    let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default().trim();
    if *covered || REVIEWED.contains(&(package.as_str(), *script)) {
        by_text(world, package, text);
        remaining.extend((!covered).then(|| left(Vec::new())));
    } else if is_shell(text) {
        if let Some(config) = config {
            configure(world, package, config)?;
        }
        let (own, skipped) = without_helpers(text);
        let followed = follow(world, package, *script, &own)?;
        if !followed.whole {
            by_text(world, package, &own);
        }
        if followed.idle || skipped || !followed.lines.is_empty() {
            remaining.push(left(followed.lines));
        }
    } else {
        by_text(world, package, text);
        let line = format!("a program that is no shell script ({})", interpreter.escape_debug());
        remaining.push(left(vec![shorten(&line)]));
    }
    if *script == Script::Postinst {
        world.configured(package);
    }
    Ok(())
}

/// What can be told of a script's declarations without following it.
fn by_text(world: &mut World<'_>, package: &str, text: &str) {
    for call in shell::calls(text, "update-alternatives") {
        let is_one = match &call {
            shell::Call::Known(words) => words.iter().any(|word| word == "--install"),
            shell::Call::Unknown(line) => line.contains("--install"),
        };
        if is_one {
            world.registered.alternatives.push((package.to_owned(), call));
        }
    }
    for program in adduser::PROGRAMS {
        for call in shell::calls(text, program) {
            world.registered.accounts.push((package.to_owned(), program.to_owned(), call));
        }
    }
}

/// The script without the parts that debhelper is known to write, and whether any of these is left out because it is not
/// missed.
fn without_helpers(text: &str) -> (String, bool) {
    let (mut own, mut idle, mut inside) = (String::new(), false, false);
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(helper) = trimmed.strip_prefix("# Automatically added by ") {
            let name = helper.split('/').next().unwrap_or_default();
            let is_idle = IDLE_HELPERS.contains(&name);
            inside = is_idle || DONE_HELPERS.contains(&name);
            idle |= is_idle;
        } else if trimmed == "# End automatically added section" {
            inside = false;
        } else if !inside {
            own.push_str(line);
            own.push('\n');
        }
    }
    (own, idle)
}

/// The scripts, those of a package behind those of what it depends on.
fn texts(tree: &Tree, remaining: &mut Vec<Remaining>) -> Vec<Source> {
    let mut texts = Vec::new();
    for at in order(tree) {
        let package = &tree.packages()[at];
        let name = &package.artifact.name;
        let covered = COVERED.iter().any(|done| package.paths.iter().any(|path| path == Path::new(done)));
        for script in Script::ALL {
            let Some(bytes) = package.control.file(script.name()) else { continue };
            if bytes.len() > LARGEST_SCRIPT {
                let line = format!("{} bytes, too many to read", bytes.len());
                remaining.push(Remaining { package: name.clone(), script, lines: vec![line] });
                continue;
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            let config = package.control.file("config").filter(|config| config.len() <= LARGEST_SCRIPT);
            let config = config.map(|config| String::from_utf8_lossy(config).into_owned());
            let config = config.filter(|config| script == Script::Postinst && is_shell(config));
            texts.push(Source { package: name.clone(), script, text, config, covered });
        }
    }
    texts
}

/// The packages' places, each behind those that it depends on; where these go round, in the order of the plan.
fn order(tree: &Tree) -> Vec<usize> {
    let packages = tree.packages();
    let mut providers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        providers.entry(&package.artifact.name).or_default().push(at);
        for name in names(package.control.field("Provides")) {
            providers.entry(name).or_default().push(at);
        }
    }
    let needs: Vec<Vec<usize>> = packages
        .iter()
        .map(|package| {
            let fields =
                ["Pre-Depends", "Depends"].into_iter().flat_map(|field| names(package.control.field(field)));
            fields.filter_map(|name| providers.get(name)).flatten().copied().collect()
        })
        .collect();
    let (mut done, mut seen) = (Vec::new(), BTreeSet::new());
    for at in 0..packages.len() {
        // a package, and how many of those that it needs have been visited
        let mut stack = vec![(at, 0)];
        if !seen.insert(at) {
            continue;
        }
        while let Some((at, next)) = stack.last_mut() {
            match needs[*at].get(*next) {
                Some(need) => {
                    *next += 1;
                    if seen.insert(*need) {
                        stack.push((*need, 0));
                    }
                }
                None => {
                    done.push(*at);
                    stack.pop();
                }
            }
        }
    }
    done
}

/// The names in a field of relations.
fn names(field: Option<&str>) -> impl Iterator<Item = &str> {
    let parts = field.unwrap_or_default().split([',', '|']).map(str::trim);
    parts.map(|part| part.split([' ', '(', ':', '[']).next().unwrap_or_default())
}
