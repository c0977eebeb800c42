//! What a bill of materials says, whatever its form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::licences::licences;
use crate::config::Release;
use crate::control::relation;
use crate::control::text::decoded;
use crate::deb::paragraph::field;
use crate::digest::Sha256;
use crate::lock;
use crate::plan::{Artifact, Plan};
use crate::source::list::join;
use crate::tree::links::resolve_in_root;

/// dpkg's database of a tree.
const STATUS: &str = "var/lib/dpkg/status";

/// What a plan or a tree consists of.
#[derive(Debug)]
pub(crate) struct Bill {
    /// What is told from all others by it: the same bill always has the same.
    pub(super) uuid: String,
    /// What it is about, for people: the requests.
    pub(super) name: String,
    /// The digest of the plan.
    pub(super) digest: Sha256,
    /// The time of all that is made, RFC 3339.
    pub(super) created: String,
    /// What the packages are of.
    pub(super) release: Option<Release>,
    /// The packages, in the order of the plan.
    pub(super) components: Vec<Component>,
    /// The numbers of those that nothing else needs, or that were asked for.
    pub(super) requested: Vec<usize>,
}

/// One package.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
    /// The source package, and its version.
    pub(super) source: (String, String),
    pub(super) maintainer: Option<String>,
    pub(super) homepage: Option<String>,
    /// The first line of its description.
    pub(super) about: Option<String>,
    /// As its copyright file names them.
    pub(super) licences: BTreeSet<String>,
    pub(super) sha256: Sha256,
    /// Where the package file is.
    pub(super) url: Option<String>,
    /// Numbers of the packages that it needs.
    pub(super) needs: BTreeSet<usize>,
}

impl Bill {
    /// Of a plan; `root` is the tree that was made of it, which says more: sources, licences, and who needs whom. `date` is the time
    /// of what is made, in seconds since 1970.
    pub(crate) fn of(plan: &Plan, release: Option<Release>, root: Option<&Path>, date: i64) -> Self {
        let status = root.and_then(|root| fs::read(root.join(STATUS)).ok()).unwrap_or_default();
        let status = decoded(&status);
        let stanzas: BTreeMap<(&str, &str), &str> = status
            .split("\n\n")
            .filter_map(|stanza| Some(((field(stanza, "Package")?, field(stanza, "Architecture")?), stanza)))
            .collect();
        let stanza = |artifact: &Artifact| {
            stanzas
                .get(&(artifact.name.as_str(), artifact.architecture.as_str()))
                .copied()
                .unwrap_or_default()
        };
        let mut providers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (number, artifact) in plan.packages.iter().enumerate() {
            for name in std::iter::once(artifact.name.as_str()).chain(related(stanza(artifact), "Provides")) {
                providers.entry(name).or_default().insert(number);
            }
        }
        let components: Vec<Component> = plan
            .packages
            .iter()
            .enumerate()
            .map(|(number, artifact)| {
                let stanza = stanza(artifact);
                let names = ["Pre-Depends", "Depends"].into_iter().flat_map(|name| related(stanza, name));
                let needs = names.filter_map(|name| providers.get(name)).flatten().copied();
                let needs = needs.filter(|other| *other != number).collect();
                Component { needs, ..component(plan, artifact, stanza, root) }
            })
            .collect();
        let needed: BTreeSet<usize> =
            components.iter().flat_map(|component| &component.needs).copied().collect();
        let is_asked_for = |number: &usize| {
            let name = &components[*number].name;
            !needed.contains(number) || plan.basis.packages.iter().any(|request| request == name)
        };
        let (digest, created) =
            (lock::digest(plan), Timestamp::from_second(date).unwrap_or_default().to_string());
        Self {
            uuid: uuid(&format!("{digest} {created} {}", root.is_some())),
            name: plan.basis.packages.join(" "),
            digest,
            created,
            release,
            requested: (0..components.len()).filter(is_asked_for).collect(),
            components,
        }
    }
}

/// A UUID of one's own making (RFC 9562, version 8).
fn uuid(text: &str) -> String {
    let mut bytes = Sha256::of(text.as_bytes()).0;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = Sha256(bytes).to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn component(plan: &Plan, artifact: &Artifact, stanza: &str, root: Option<&Path>) -> Component {
    let text = |name: &str| field(stanza, name).filter(|value| !value.is_empty());
    let line = |name: &str| text(name).and_then(|value| value.lines().next()).map(str::to_owned);
    let uri = plan.source(&artifact.source).and_then(|source| source.uris.first());
    let url = uri.and_then(|uri| join(&uri.parse().ok()?, &artifact.filename).into());
    let copyright = root.and_then(|root| copyright(root, &artifact.name));
    Component {
        name: artifact.name.clone(),
        version: artifact.version.clone(),
        architecture: artifact.architecture.clone(),
        source: source(artifact, text("Source")),
        maintainer: line("Maintainer"),
        homepage: line("Homepage"),
        about: line("Description"),
        licences: copyright.map(|text| licences(&text)).unwrap_or_default(),
        sha256: artifact.sha256,
        url: url.map(String::from),
        needs: BTreeSet::new(),
    }
}

/// The source package and its version: as the package says; else by the folder of a pool, which is called after it.
fn source(artifact: &Artifact, field: Option<&str>) -> (String, String) {
    if let Some(field) = field {
        let (name, version) = field.split_once(' ').unwrap_or((field, ""));
        let version = version.trim().trim_start_matches('(').trim_end_matches(')');
        let version = if version.is_empty() { &artifact.version } else { version };
        return (name.to_owned(), version.to_owned());
    }
    let mut folders = artifact.filename.rsplit('/').skip(1);
    let in_pool = artifact.filename.starts_with("pool/");
    let name = folders.next().filter(|name| in_pool && !name.is_empty()).unwrap_or(&artifact.name);
    (name.to_owned(), artifact.version.clone())
}

/// The copyright file of a package, which may be another one's.
fn copyright(root: &Path, name: &str) -> Option<String> {
    let path = resolve_in_root(root, &Path::new("usr/share/doc").join(name).join("copyright")).ok()??;
    Some(decoded(&fs::read(root.join(path)).ok()?).into_owned())
}

/// The names in a field of relations.
fn related<'a>(stanza: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let text = field(stanza, name).unwrap_or_default();
    relation::parse(text).filter_map(Result::ok).map(|relation| relation.name)
}
