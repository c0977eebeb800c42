//! What a generation changed: its packages beside those of the one that was current before it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::plan::{Artifact, Plan};
use crate::tree::volume::set_mode;

/// So many packages are named for people; the objects have all.
const MOST_NAMED: usize = 30;

/// Where they are kept in the destination: beside the generations, which are the same whatever was before them.
pub(super) const FILE: &str = ".aptlet/changes.json";

/// The file.
#[derive(Serialize, Deserialize)]
struct Kept {
    generation: String,
    changes: Changes,
}

/// The packages that came, went, and are other ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Package>,
    pub(crate) removed: Vec<Package>,
    pub(crate) changed: Vec<Changed>,
}

/// One that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Package {
    name: String,
    architecture: String,
    version: String,
}

/// One that was there and is another now: mostly of another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changed {
    name: String,
    architecture: String,
    from: String,
    to: String,
}

impl From<&Artifact> for Package {
    fn from(artifact: &Artifact) -> Self {
        let Artifact { name, architecture, version, .. } = artifact;
        Self { name: name.clone(), architecture: architecture.clone(), version: version.clone() }
    }
}

impl Changes {
    /// From one plan to another.
    pub(crate) fn between(old: &Plan, new: &Plan) -> Self {
        let key = |artifact: &Artifact| (artifact.name.clone(), artifact.architecture.clone());
        let before: std::collections::BTreeMap<_, _> =
            old.packages.iter().map(|artifact| (key(artifact), artifact)).collect();
        let mut changes = Self::default();
        for artifact in &new.packages {
            match before.get(&key(artifact)) {
                None => changes.added.push(artifact.into()),
                Some(known) if known.sha256 != artifact.sha256 => changes.changed.push(Changed {
                    name: artifact.name.clone(),
                    architecture: artifact.architecture.clone(),
                    from: known.version.clone(),
                    to: artifact.version.clone(),
                }),
                Some(_) => {}
            }
        }
        let after: std::collections::BTreeSet<_> = new.packages.iter().map(key).collect();
        let gone = old.packages.iter().filter(|artifact| !after.contains(&key(artifact)));
        changes.removed = gone.map(Package::from).collect();
        changes
    }

    /// Writes them down as those of a generation.
    pub(super) fn write(&self, path: &Path, generation: &str) -> io::Result<()> {
        let kept = Kept { generation: generation.to_owned(), changes: self.clone() };
        fs::write(path, serde_json::to_vec(&kept)?)?;
        set_mode(path, 0o644)
    }

    /// Those of a generation, if it took the place of another.
    pub(crate) fn kept(destination: &Path, generation: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(&fs::read(destination.join(FILE)).ok()?).ok()?;
        (kept.generation == generation).then_some(kept.changes)
    }

    /// How many came, went, and are other ones.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.added.len(), self.removed.len(), self.changed.len()]
    }
}

/// `+2 -1 ~3`, and their names.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [added, removed, changed] = self.counts();
        write!(f, "+{added} -{removed} ~{changed}")?;
        let total = added + removed + changed;
        if total == 0 {
            return f.write_str(" (the same packages)");
        }
        let added = self.added.iter().map(|package| format!("+{} {}", package.name, package.version));
        let removed = self.removed.iter().map(|package| format!("-{} {}", package.name, package.version));
        let changed = self.changed.iter().map(|Changed { name, from, to, .. }| match from == to {
            true => format!("~{name} {to} (another file)"),
            false => format!("~{name} {from} to {to}"),
        });
        // those that were asked for or given up before what only moved on
        let named: Vec<String> = added.chain(removed).chain(changed).take(MOST_NAMED).collect();
        write!(f, ": {}", named.join(", "))?;
        match total.saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Sha256;

    fn plan(packages: &[(&str, &str, &str)]) -> Plan {
        let package = |(name, version, bytes): &(&str, &str, &str)| Artifact {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            architecture: "amd64".to_owned(),
            source: "source".to_owned(),
            filename: "pool/x.deb".to_owned(),
            size: 1,
            installed_size: 0,
            also: Vec::new(),
            sha256: Sha256::of(bytes.as_bytes()),
        };
        Plan { packages: packages.iter().map(package).collect(), ..Plan::default() }
    }

    #[test]
    fn what_came_went_and_moved() {
        let old = plan(&[("curl", "8.1", "a"), ("jq", "1.7", "b"), ("tree", "2.1", "c"), ("vim", "9", "d")]);
        let new = plan(&[("curl", "8.2", "e"), ("git", "2.5", "f"), ("jq", "1.7", "b"), ("vim", "9", "g")]);
        let changes = Changes::between(&old, &new);
        assert_eq!(
            changes.to_string(),
            "+1 -1 ~2: +git 2.5, -tree 2.1, ~curl 8.1 to 8.2, ~vim 9 (another file)"
        );
        let written = serde_json::to_value(&changes).unwrap_or_default();
        assert_eq!(written["changed"][0]["from"], "8.1");
        assert_eq!(serde_json::from_value::<Changes>(written).ok(), Some(changes));
        assert_eq!(Changes::between(&new, &new).to_string(), "+0 -0 ~0 (the same packages)");
    }

    #[test]
    fn long_lists_are_cut_for_people() {
        let names: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
        let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1", "x")).collect();
        let text = Changes::between(&Plan::default(), &plan(&packages)).to_string();
        assert!(text.starts_with("+40 -0 ~0: +p00 1, ") && text.ends_with("+p29 1 and 10 more"), "{text}");
    }
}
