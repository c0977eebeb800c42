//! What a bill of materials says, whatever its form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::licences::licences;
use crate::arrange::Arrange as _;
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
/// In the place of a digest that nothing tells.
const UNKNOWN: Sha256 = Sha256([0; 32]);

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
    /// Of the package file, where that is noted.
    pub(super) sha256: Option<Sha256>,
    /// Where the package file is.
    pub(super) url: Option<String>,
    /// Numbers of the packages that it needs.
    pub(super) needs: BTreeSet<usize>,
}

/// A tree in an image: one dpkg database.
#[derive(Debug)]
pub(crate) struct Tree {
    /// A folder with what of it tells something.
    pub(crate) root: PathBuf,
    /// The stanzas of its packages.
    pub(crate) stanzas: String,
    /// What it was made of, where aptlet made it.
    pub(crate) plan: Option<Plan>,
}

/// A package, and what is known of it.
struct Known<'a> {
    artifact: &'a Artifact,
    plan: Option<&'a Plan>,
    stanza: &'a str,
    root: Option<&'a Path>,
}

impl Bill {
    /// Of a plan; `root` is the tree that was made of it, which says more: sources, licences, and who needs whom. `date` is the time
    /// of what is made, in seconds since 1970.
    pub(crate) fn of(plan: &Plan, release: Option<Release>, root: Option<&Path>, date: i64) -> Self {
        let status = root.and_then(|root| fs::read(root.join(STATUS)).ok()).unwrap_or_default();
        let status = decoded(&status);
        let stanzas: BTreeMap<(&str, &str), &str> =
            stanzas(&status).filter_map(|stanza| Some((key(stanza)?, stanza))).collect();
        let known = plan.packages.iter().map(|artifact| {
            let stanza = stanzas.get(&(artifact.name.as_str(), artifact.architecture.as_str()));
            Known { artifact, plan: Some(plan), stanza: stanza.copied().unwrap_or_default(), root }
        });
        let digest = lock::digest(plan);
        Self {
            uuid: uuid(&format!("{digest} {} {}", time(date), root.is_some())),
            name: plan.basis.packages.join(" "),
            digest,
            created: time(date),
            ..Self::with(release, &known.collect::<Vec<_>>(), &plan.basis.packages)
        }
    }

    /// Of an image with this name and digest, by the dpkg databases in it.
    pub(crate) fn of_image(
        (name, digest): (&str, Sha256),
        release: Option<Release>,
        trees: &[Tree],
        date: i64,
    ) -> Self {
        let artifacts: Vec<(Artifact, &str, &Tree)> = trees
            .iter()
            .flat_map(|tree| {
                stanzas(&tree.stanzas).filter_map(move |stanza| Some((artifact(stanza, tree)?, stanza, tree)))
            })
            .collect();
        let mut known: Vec<Known> = artifacts
            .iter()
            .map(|(artifact, stanza, tree)| Known {
                artifact,
                plan: tree.plan.as_ref(),
                stanza,
                root: Some(&tree.root),
            })
            .collect();
        let id = |known: &Known| {
            let artifact = known.artifact;
            (artifact.name.clone(), artifact.architecture.clone(), artifact.version.clone())
        };
        known.arrange_by_key(id);
        // the base's and the tree's may be the very same
        known.dedup_by_key(|known| id(known));
        let asked: Vec<String> = trees
            .iter()
            .filter_map(|tree| tree.plan.as_ref())
            .flat_map(|plan| plan.basis.packages.clone())
            .collect();
        Self {
            uuid: uuid(&format!("{digest} {name}")),
            name: name.to_owned(),
            digest,
            created: time(date),
            ..Self::with(release, &known, &asked)
        }
    }

    fn with(release: Option<Release>, known: &[Known], asked: &[String]) -> Self {
        let mut providers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (number, known) in known.iter().enumerate() {
            for name in std::iter::once(known.artifact.name.as_str()).chain(related(known.stanza, "Provides"))
            {
                providers.entry(name).or_default().insert(number);
            }
        }
        let components: Vec<Component> = known
            .iter()
            .enumerate()
            .map(|(number, known)| {
                let names =
                    ["Pre-Depends", "Depends"].into_iter().flat_map(|name| related(known.stanza, name));
                let needs = names.filter_map(|name| providers.get(name)).flatten().copied();
                let needs = needs.filter(|other| *other != number).collect();
                Component { needs, ..component(known) }
            })
            .collect();
        let needed: BTreeSet<usize> =
            components.iter().flat_map(|component| &component.needs).copied().collect();
        let is_asked_for =
            |number: &usize| !needed.contains(number) || asked.contains(&components[*number].name);
        Self {
            uuid: String::new(),
            name: String::new(),
            digest: Sha256([0; 32]),
            created: String::new(),
            release,
            requested: (0..components.len()).filter(is_asked_for).collect(),
            components,
        }
    }
}

fn stanzas(status: &str) -> impl Iterator<Item = &str> {
    status.split("\n\n")
}

fn key(stanza: &str) -> Option<(&str, &str)> {
    Some((field(stanza, "Package")?, field(stanza, "Architecture")?))
}

/// What is installed by a stanza: with the digest of its file, if that is noted.
fn artifact(stanza: &str, tree: &Tree) -> Option<Artifact> {
    let ((name, architecture), version) = (key(stanza)?, field(stanza, "Version")?);
    let is_it = |known: &&Artifact| {
        known.name == name && known.architecture == architecture && known.version == version
    };
    let known = tree.plan.iter().flat_map(|plan| &plan.packages).find(is_it);
    Some(known.cloned().unwrap_or_else(|| Artifact {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.to_owned(),
        source: String::new(),
        filename: String::new(),
        size: 0,
        sha256: UNKNOWN,
        installed_size: 0,
        also: Vec::new(),
    }))
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// A UUID of one's own making (RFC 9562, version 8).
fn uuid(text: &str) -> String {
    let mut bytes = Sha256::of(text.as_bytes()).0;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = Sha256(bytes).to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn component(known: &Known) -> Component {
    let Known { artifact, plan, stanza, root } = *known;
    let text = |name: &str| field(stanza, name).filter(|value| !value.is_empty());
    let line = |name: &str| text(name).and_then(|value| value.lines().next()).map(str::to_owned);
    let uri = plan.and_then(|plan| plan.source(&artifact.source)).and_then(|source| source.uris.first());
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
        sha256: Some(artifact.sha256).filter(|digest| *digest != UNKNOWN),
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
