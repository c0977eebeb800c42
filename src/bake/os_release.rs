//! The os-release(5) of a tree: what it was made from, so that scanners know whose advisories are about it. No program of the tree
//! reads it: relocation leaves it to the main image.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::config::Release;
use crate::plan::Plan;
use crate::tree::write::Generated;
use crate::tree::{Error, Tree};

/// Where it is, and where people and scanners look for it.
const FILE: &str = "usr/lib/os-release";
const LINK: (&str, &str) = ("etc/os-release", "../usr/lib/os-release");

/// The release that most packages of a plan are of, where one of its suites is called as one is.
pub(crate) fn release(plan: &Plan) -> Option<Release> {
    let mut packages: BTreeMap<&'static str, (usize, Release)> = BTreeMap::new();
    for package in &plan.packages {
        let suite = plan.source(&package.source).map(|source| source.suite.as_str()).unwrap_or_default();
        let codename = suite.split(['-', '/']).next().unwrap_or_default();
        let known = codename.parse::<Release>().ok().filter(|release| release.codename() == codename);
        if let Some(release) = known {
            packages.entry(release.codename()).or_insert((0, release)).0 += 1;
        }
    }
    packages.into_values().max_by_key(|(count, _)| *count).map(|(_, release)| release)
}

/// Writes it, unless a package has: base-files does.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn write(tree: &mut Tree, release: Release, generated: Generated) -> Result<(), Error> {
    let root = tree.root().to_owned();
    let is_there = |path: &str| root.join(path).symlink_metadata().is_ok();
    for folder in ["usr/lib", "etc"] {
        if !is_there(folder) {
            tree.create_directory(Path::new(folder))?;
        }
    }
    let failed = |path: &str| {
        let path = root.join(path);
        move |source: io::Error| Error::write(path, source)
    };
    if !is_there(FILE) {
        generated.file(&root.join(FILE), release.os_release().as_bytes()).map_err(failed(FILE))?;
    }
    // where there is something already, that stays
    generated.link(LINK.1, &root.join(LINK.0)).map_err(failed(LINK.0))
}
