//! What only looks: `apt list`, `search`, `show`, `policy`, `depends`, `rdepends`, `madison`, and `download`, which takes nothing
//! but a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use url::Url;

use super::outcome::{Failure, print};
use super::session::Session;
use super::words::Words;
use crate::arrange::Arrange as _;
use crate::command::{policy, search, show};
use crate::control::glob::Glob;
use crate::control::relation;
use crate::control::version;
use crate::deb::paragraph;
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::Expected;
use crate::live::{Marks, Package, Place, Relations, Where};
use crate::planning::{Catalogue, Inputs};
use crate::publish;
use crate::source::field;
use crate::source::list::join;

/// The fields of relations, as apt-cache names and orders them.
const RELATIONS: [(&str, &str); 8] = [
    ("Pre-Depends", "PreDepends"),
    ("Depends", "Depends"),
    ("Conflicts", "Conflicts"),
    ("Breaks", "Breaks"),
    ("Recommends", "Recommends"),
    ("Suggests", "Suggests"),
    ("Replaces", "Replaces"),
    ("Enhances", "Enhances"),
];

pub(super) fn look(place: &Place, name: &str, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    let (settings, report, names) = (&session.settings, &session.report, &words.names);
    let needs_names = !matches!(words.command.as_str(), "list" | "policy" | "pkgnames" | "stats" | "showsrc");
    if needs_names && names.is_empty() {
        return Err(Failure::apt(
            "You must give at least one search pattern",
            format!("{name} {} NAME", words.command),
        ));
    }
    match words.command.as_str() {
        "search" => session.block_on(search::search(settings, names, words.names_only, report))?,
        "show" | "showpkg" => session.block_on(show::show(settings, names, report))?,
        "policy" => session.block_on(policy::policy(settings, names))?,
        "list" if words.installed => list_installed(&session, names)?,
        "list" if words.upgradable => session.work(list_upgradable(&session, words))?,
        "list" => session.work(list(&session, names))?,
        "pkgnames" => session.work(names_of_all(&session, names))?,
        "depends" => session.work(depends(&session, names))?,
        "rdepends" => session.work(dependants(&session, names))?,
        "madison" => session.work(madison(&session, names))?,
        other => {
            return Err(Failure::apt(
                format!("'{name} {other}' is not done in a live destination"),
                "search, show, list, policy, depends, rdepends and madison are.",
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `apt-get check`
pub(super) fn check(place: &Place) -> Result<ExitCode, Failure> {
    let session = Session::open(place, &Words::default())?;
    let installed = session.installed()?;
    let relations = Relations::of(&installed);
    let broken = relations.broken(&BTreeSet::new());
    if broken.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let lines = broken
        .iter()
        .map(|(number, lacks)| format!(" {} : Depends: {lacks}", relations.package(*number).name));
    Err(Failure::apt(
        format!("Unmet dependencies:\n{}", lines.collect::<Vec<_>>().join("\n")),
        "'apt-get install -f' installs what is missing.",
    ))
}

fn matcher(names: &[String]) -> impl Fn(&str) -> bool + Clone + Send + Sync + use<> {
    let patterns: Vec<(String, Option<Glob>)> = names
        .iter()
        .map(|name| (name.clone(), Glob::new(name).ok().filter(|_| Glob::is_pattern(name))))
        .collect();
    move |name| {
        patterns.is_empty()
            || patterns.iter().any(|(own, glob)| glob.as_ref().map_or(own == name, |glob| glob.matches(name)))
    }
}

/// `apt list --installed`
fn list_installed(session: &Session, names: &[String]) -> Result<(), Failure> {
    let (installed, marks) = (session.installed()?, Marks::read(&session.place));
    let is_meant = matcher(names);
    let mut lines: Vec<String> = installed
        .counting()
        .filter(|package| is_meant(&package.name))
        .map(|package| {
            let manual = package.place == Where::Image || marks.manual.iter().any(|label| package.is(label));
            let mark = match (package.place, manual) {
                (Where::Image, _) => "installed,local",
                (Where::Tree, true) => "installed",
                (Where::Tree, false) => "installed,automatic",
            };
            format!("{}/now {} {} [{mark}]\n", package.name, package.version, package.architecture)
        })
        .collect();
    lines.arrange();
    print(&format!("Listing...\n{}", lines.concat()))
}

/// What the indexes say of a package.
pub(super) struct Found {
    pub(super) stanza: String,
    suite: String,
    uri: String,
    place: String,
    uris: Vec<String>,
}

impl Found {
    pub(super) fn field(&self, name: &str) -> &str {
        paragraph::field(&self.stanza, name).unwrap_or_default()
    }
}

/// The stanzas for which `wanted` says so, the newest of a name first.
pub(super) async fn stanzas(
    session: &Session,
    wanted: impl Fn(&str) -> bool + Clone + Send + Sync + 'static,
) -> Result<Vec<Found>, Error> {
    let mut catalogue = Catalogue::open(&session.settings).await?;
    let pick = move |stanza: &[u8]| {
        let stanza = str::from_utf8(stanza).ok()?;
        wanted(stanza).then(|| stanza.trim().to_owned())
    };
    let mut all = Vec::new();
    for listed in catalogue.listing(&session.report, pick).await? {
        let source = &listed.from.source;
        let uri = source.uris.first().cloned().unwrap_or_default();
        let place = format!("{} {} Packages", source.describe(), listed.from.architecture);
        all.extend(listed.found.into_iter().map(|stanza| Found {
            stanza,
            suite: source.suite.clone(),
            uri: uri.clone(),
            place: place.clone(),
            uris: source.uris.clone(),
        }));
    }
    all.arrange_by(|one, other| {
        one.field("Package")
            .cmp(other.field("Package"))
            .then_with(|| version::compare(other.field("Version"), one.field("Version")))
    });
    Ok(all)
}

fn none_of(names: &[String]) -> Failure {
    Failure::apt(
        format!("No packages found: {}", names.join(" ")),
        "'apt-get update' fetches the indexes; 'apt search WORD' looks in names and descriptions.",
    )
}

/// `apt list`
async fn list(session: &Session, names: &[String]) -> Result<(), Failure> {
    let installed = session.installed()?;
    let is_meant = matcher(names);
    let all = stanzas(session, move |stanza| is_meant(field(stanza, "Package"))).await?;
    let mut text = "Listing...\n".to_owned();
    let mut before = (String::new(), String::new());
    for found in &all {
        let slot = (found.field("Package").to_owned(), found.field("Architecture").to_owned());
        if slot == before {
            continue;
        }
        let there = installed.find(&slot.0);
        let mark = match there {
            Some(package) if package.version == found.field("Version") => " [installed]".to_owned(),
            Some(package) => format!(" [upgradable from: {}]", package.version),
            None => String::new(),
        };
        text.push_str(&format!("{}/{} {} {}{mark}\n", slot.0, found.suite, found.field("Version"), slot.1));
        before = slot;
    }
    print(&text)
}

/// `apt list --upgradable`: of what was installed here; the image's is its own.
async fn list_upgradable(session: &Session, words: &Words) -> Result<(), Failure> {
    let installed = session.installed()?;
    let own: BTreeMap<String, Package> =
        installed.of_tree().map(|package| (package.name.clone(), package.clone())).collect();
    let names: BTreeSet<String> = own.keys().cloned().collect();
    let is_meant = matcher(&words.names);
    let all = stanzas(session, move |stanza| names.contains(field(stanza, "Package"))).await?;
    let mut text = "Listing...\n".to_owned();
    let mut seen = BTreeSet::new();
    for found in &all {
        let name = found.field("Package");
        let Some(package) = own.get(name).filter(|_| is_meant(name)) else { continue };
        let is_newer = version::compare(found.field("Version"), &package.version).is_gt();
        if seen.insert(name.to_owned()) && is_newer {
            let (version, architecture) = (found.field("Version"), found.field("Architecture"));
            text.push_str(&format!(
                "{name}/{} {version} {architecture} [upgradable from: {}]\n",
                found.suite, package.version
            ));
        }
    }
    print(&text)
}

/// `apt-cache pkgnames`
async fn names_of_all(session: &Session, beginnings: &[String]) -> Result<(), Failure> {
    let beginnings = beginnings.to_vec();
    let all = stanzas(session, move |stanza| {
        let name = field(stanza, "Package");
        beginnings.is_empty() || beginnings.iter().any(|beginning| name.starts_with(beginning.as_str()))
    });
    let names: BTreeSet<String> = all.await?.iter().map(|found| found.field("Package").to_owned()).collect();
    print(&names.into_iter().map(|name| name + "\n").collect::<String>())
}

/// `apt-cache depends`
async fn depends(session: &Session, names: &[String]) -> Result<(), Failure> {
    let is_meant = matcher(names);
    let all = stanzas(session, move |stanza| is_meant(field(stanza, "Package"))).await?;
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for found in all.iter().filter(|found| seen.insert(found.field("Package").to_owned())) {
        text.push_str(&format!("{}\n", found.field("Package")));
        for (name, shown) in RELATIONS {
            for relation in relation::parse(found.field(name)).flatten() {
                let or = if relation.last { " " } else { "|" };
                text.push_str(&format!(" {or}{shown}: {}\n", relation.name));
            }
        }
    }
    if text.is_empty() { Err(none_of(names)) } else { print(&text) }
}

/// `apt-cache rdepends`
async fn dependants(session: &Session, names: &[String]) -> Result<(), Failure> {
    let wanted = names.to_vec();
    let all = stanzas(session, move |stanza| {
        RELATIONS[..6].iter().any(|(name, _)| {
            let value = paragraph::field(stanza, name).unwrap_or_default();
            wanted.iter().any(|wanted| value.contains(wanted.as_str()))
        }) || wanted.iter().any(|wanted| wanted == field(stanza, "Package"))
    });
    let all = all.await?;
    let mut text = String::new();
    for name in names.iter().filter(|name| all.iter().any(|found| found.field("Package") == **name)) {
        let needs = |found: &&Found| {
            RELATIONS[..6].iter().any(|(kind, _)| {
                !matches!(*kind, "Conflicts" | "Breaks")
                    && relation::parse(found.field(kind)).flatten().any(|relation| relation.name == *name)
            })
        };
        let dependants: BTreeSet<&str> =
            all.iter().filter(needs).map(|found| found.field("Package")).collect();
        text.push_str(&format!("{name}\nReverse Depends:\n"));
        text.extend(dependants.into_iter().map(|name| format!("  {name}\n")));
    }
    if text.is_empty() { Err(none_of(names)) } else { print(&text) }
}

/// `apt-cache madison`
async fn madison(session: &Session, names: &[String]) -> Result<(), Failure> {
    let is_meant = matcher(names);
    let all = stanzas(session, move |stanza| is_meant(field(stanza, "Package"))).await?;
    let line = |found: &Found| {
        format!(
            "{:>10} | {:>10} | {} {}\n",
            found.field("Package"),
            found.field("Version"),
            found.uri,
            found.place
        )
    };
    let text: String = all.iter().map(line).collect();
    if text.is_empty() { Err(none_of(names)) } else { print(&text) }
}

/// `apt-get download`: a package's file in the working folder, verified.
pub(super) fn download(place: &Place, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    session.work(async {
        let wanted: Vec<(String, Option<String>)> = words
            .names
            .iter()
            .map(|name| match name.split_once('=') {
                Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
                None => (name.clone(), None),
            })
            .collect();
        let plain: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
        let (policies, _) = Catalogue::open(&session.settings).await?.policy(&plain).await?;
        let is_meant = matcher(&plain);
        let all = stanzas(&session, move |stanza| is_meant(field(stanza, "Package"))).await?;
        let client = Inputs::read(&session.settings)?.client(&session.settings)?;
        for (name, version) in &wanted {
            let candidate = policies.iter().find(|policy| policy.label == *name);
            let newest =
                || candidate.and_then(|policy| policy.versions.first().map(|version| version.number.clone()));
            let version = version.clone().or_else(newest).unwrap_or_default();
            let found = all
                .iter()
                .find(|found| found.field("Package") == *name && found.field("Version") == version)
                .ok_or_else(|| none_of(std::slice::from_ref(name)))?;
            fetch(&client, found).await?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn fetch(client: &crate::fetch::Client, found: &Found) -> Result<(), Failure> {
    let name = found.field("Package");
    let filename = found.field("Filename");
    let digest = found.field("SHA256").parse::<Sha256>();
    let (Ok(size), Ok(sha256)) = (found.field("Size").parse::<u64>(), digest) else {
        return Err(Failure::apt(
            format!("the index says no size and SHA256 of {name}, so that it cannot be verified"),
            "Tell the repository's owner.",
        ));
    };
    let version = found.field("Version").replace(':', "%3a");
    let path = format!("{name}_{version}_{}.deb", found.field("Architecture"));
    let unwritten = |source| Error::from(publish::Error::write(Path::new(&path), source));
    let here = Path::new(".");
    let mut file = tempfile::NamedTempFile::new_in(here).map_err(unwritten)?;
    let urls: Vec<Url> =
        found.uris.iter().filter_map(|uri| Some(join(&Url::parse(uri).ok()?, filename))).collect();
    let expected = Expected { size, checksum: sha256.into() };
    client
        .download(&urls, expected, file.as_file_mut(), &|_| {})
        .await
        .map_err(|source| Error::Package { package: name.to_owned(), source })?;
    crate::tree::volume::set_mode_of(file.as_file(), 0o644).map_err(unwritten)?;
    file.persist(&path).map_err(|error| unwritten(error.error))?;
    print(&format!("Get:1 {} {path} [{size} B]\n", urls.first().map(ToString::to_string).unwrap_or_default()))
}
