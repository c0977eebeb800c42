//! From Releases to the index: `Packages` files checked and parsed while they stream in.

use std::io::{BufReader, Read};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;

use super::Error;
use super::index::{BadIndex, Index, Part, Wanted};
use super::left_out::LeftOut;
use super::list::{ByHash, Source, join};
use super::loader::Loader;
use super::provenance::Provenance;
use super::release::IndexFile;
use super::released::Released;
use super::stream::{Bounded, Chunks};
use crate::compression::Ahead;
use crate::digest::{Checksum, Hasher, Sha256};
use crate::fetch;
use crate::plan::PlanSource;
use crate::wording::counted;

/// What an index may unpack to where the Release does not say; Debian's largest has some 60 MiB.
const LARGEST_INDEX: u64 = 1 << 30;
/// How much more than its compressed form an index has, where the Release does not say.
const LIKELY_RATIO: u64 = 8;
/// What an index has where there is no Release.
const LIKELY_SIZE: u64 = 64 << 20;
/// Chunks on their way from the network to the parser.
const CHUNKS_AHEAD: usize = 32;
/// Odd stanzas that are named in the warning of them.
const TOLD: usize = 5;

/// The index, and where its parts come from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// All packages.
    pub(crate) index: Index,
    /// By the number of the part.
    pub(crate) provenance: Vec<Provenance>,
    /// The components that are in neither.
    pub(crate) left_out: Vec<LeftOut>,
}

/// An index on its way: where it belongs, and what came of it.
type Arriving = (usize, Result<Part, Error>);

impl Loader {
    /// Fetches and parses every index that the Releases list, several at once, and joins them in order, with `more`
    /// after them. A component that cannot be had is left out if `dispensable` says that of its source.
    pub(crate) async fn index(
        &self,
        releases: &[Released],
        more: Vec<(Part, Provenance)>,
        dispensable: impl Fn(&Source) -> bool,
    ) -> Result<Loaded, Error> {
        let mut tasks: JoinSet<Arriving> = JoinSet::new();
        let mut left_out = Vec::new();
        let mut places: Vec<(&Released, &str, String)> = Vec::new();
        for released in releases {
            for component in components(&released.source) {
                match self.indexes(released, component) {
                    Ok(architectures) => {
                        places.extend(architectures.into_iter().map(|own| (released, component, own)));
                    }
                    Err(error) if dispensable(&released.source) => {
                        left_out.push(LeftOut::part(&released.source, component, error));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for (number, (released, component, architecture)) in places.iter().enumerate() {
            let files = released.release.packages_files(component, architecture);
            // of a source that does not say what it has, only the native index must be there
            let optional =
                released.release.lists_nothing() && self.architectures.first() != Some(architecture);
            let (loader, released) = (self.clone(), (*released).clone());
            tasks.spawn(async move { (number, loader.part(&released, &files, optional).await) });
        }
        let mut arrived: Vec<Option<Part>> = Vec::new();
        arrived.resize_with(places.len(), || None);
        while let Some(joined) = tasks.join_next().await {
            let (number, part) = joined.map_err(|error| Error::Internal(error.to_string()))?;
            let (released, component, architecture) = &places[number];
            match part {
                Ok(part) => arrived[number] = Some(part),
                Err(error) if dispensable(&released.source) => {
                    let what = if component.is_empty() { "Packages" } else { component };
                    let what = format!("{what} {architecture}");
                    left_out.push(LeftOut::part(&released.source, what.trim_end(), error));
                }
                Err(error) => return Err(error),
            }
        }
        let (mut parts, mut provenance) = (Vec::new(), Vec::new());
        for (part, (released, component, architecture)) in arrived.into_iter().zip(&places) {
            if let Some(part) = part {
                provenance.push(provenance_of(released, component, architecture, &provenance));
                parts.push(part);
            }
        }
        for (part, from) in more {
            parts.push(part);
            provenance.push(from);
        }
        let index = Index::new(parts);
        if let Some(told) = odd_stanzas(&index, &provenance) {
            tracing::warn!("{told}");
        }
        Ok(Loaded { index, provenance, left_out })
    }

    /// The architectures of the `Packages` files that a component is read from: `amd64` and `all`, for example. A
    /// source need not have the foreign ones.
    pub(super) fn indexes(&self, released: &Released, component: &str) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for (number, architecture) in self.architectures.iter().enumerate() {
            let listed = &released.source.architectures;
            if !listed.is_empty() && !listed.contains(architecture) {
                continue;
            }
            match released.release.index_architectures(component, architecture) {
                Ok(own) => found.extend(own),
                Err(error) if number == 0 => return Err(error),
                Err(error) => tracing::debug!("{error}"),
            }
        }
        let mut seen = Vec::new();
        found.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        Ok(found)
    }

    async fn part(&self, released: &Released, files: &[IndexFile], optional: bool) -> Result<Part, Error> {
        // an empty index is one that apt does not ask for, and that not every repository has
        let empty = |file: &IndexFile| released.release.unpacked_size(file) == Some(0);
        if files.first().is_some_and(empty) {
            return Ok(Part::default());
        }
        let wanted = Wanted { only: released.source.only.clone(), sources: self.source_names };
        let read = move |reader: &mut dyn Read, limit| Part::read_wanted(reader, limit, &wanted);
        match self.read_index(released, files, read).await {
            Err(Error::NoIndexFile { .. }) if optional => Ok(Part::default()),
            result => result,
        }
    }

    /// What `read` makes of one `Packages` file, in the first form and from the first place that has it. `read` is told
    /// how many bytes the file unpacks to, or about how many. What it makes is thrown away unless the file turns out, at its end, to be
    /// what the Release vouches for.
    pub(super) async fn read_index<T: Send + 'static>(
        &self,
        released: &Released,
        files: &[IndexFile],
        read: impl Fn(&mut dyn Read, u64) -> Result<T, BadIndex> + Clone + Send + 'static,
    ) -> Result<T, Error> {
        let mut attempts = Vec::new();
        if let Some(result) = self.read_kept(released, files, read.clone()).await? {
            return Ok(result);
        }
        for file in files {
            let limit = released.release.unpacked_size(file);
            let others = released.source.uris.iter().filter(|uri| **uri != released.uri);
            let uris = std::iter::once(&released.uri).chain(others);
            let mut places = self.client.places(uris.flat_map(|uri| places(released, uri, file)));
            while let Some((client, url)) = places.next() {
                let loader = Self { client, ..self.clone() };
                match loader.read_from(&url, file, limit, read.clone()).await {
                    Ok(result) => {
                        tracing::debug!("read {url}");
                        return Ok(result);
                    }
                    Err(error) => {
                        let may_pass = error.may_pass();
                        places.failed(error, may_pass);
                    }
                }
            }
            let errors = places.errors();
            // what is there but wrong is not asked for in another form, nor is it where nobody answered
            let wrong = errors.iter().any(|error| !error.is_refusal() && !error.may_pass());
            let refused = errors.iter().any(Error::is_refusal);
            attempts.extend(errors);
            if wrong || !refused {
                break;
            }
        }
        attempts.retain(|error| !error.is_not_found() || files.is_empty());
        match attempts.len() {
            0 => Err(Error::NoIndexFile {
                folder: released.source.release_dir(&released.uri).to_string(),
                path: files.first().map(|file| file.path.clone()).unwrap_or_default(),
            }),
            1 => Err(attempts.remove(0)),
            _ => Err(Error::AllMirrors { suite: released.source.suite.clone(), attempts }),
        }
    }

    /// The same of what an earlier run has kept, if it has and that can be read.
    async fn read_kept<T: Send + 'static>(
        &self,
        released: &Released,
        files: &[IndexFile],
        read: impl Fn(&mut dyn Read, u64) -> Result<T, BadIndex> + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let Some(kept) = &self.kept else { return Ok(None) };
        let Some((file, reader)) = files.iter().find_map(|file| Some((file, kept.index(file)?))) else {
            return Ok(None);
        };
        let limit = released.release.unpacked_size(file);
        let parser = tokio::task::spawn_blocking(move || {
            let reader = Ahead::start(move || Ok(reader))?;
            read(&mut Bounded::new(reader, limit.unwrap_or(LARGEST_INDEX)), limit.unwrap_or(LIKELY_SIZE))
        });
        let parsed = parser.await.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(parsed.inspect_err(|error| tracing::debug!("what was kept of {}: {error}", file.path)).ok())
    }

    /// The same from one place; `limit`: what the file may unpack to, in bytes, where that is known.
    async fn read_from<T: Send + 'static>(
        &self,
        url: &Url,
        file: &IndexFile,
        limit: Option<u64>,
        read: impl Fn(&mut dyn Read, u64) -> Result<T, BadIndex> + Send + 'static,
    ) -> Result<T, Error> {
        let mut body = self.client.open(url).await?;
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let compression = file.compression;
        let likely = file.size.map_or(LIKELY_SIZE, |size| size.saturating_mul(LIKELY_RATIO));
        let kept = self.kept.clone();
        let parser = tokio::task::spawn_blocking(move || {
            let chunks = BufReader::with_capacity(64 << 10, Chunks::new(receiver));
            let reader = Ahead::start(move || compression.decoder(chunks))?;
            let mut reader = Bounded::new(reader, limit.unwrap_or(LARGEST_INDEX));
            let likely = limit.unwrap_or(likely);
            let Some(kept) = kept else { return read(&mut reader, likely).map(|parsed| (parsed, None)) };
            let mut reader = kept.keeping(reader);
            let parsed = read(&mut reader, likely)?;
            Ok((parsed, reader.finish()))
        });
        let mut sender = Some(sender);
        let mut hasher = file.checksum.as_ref().map(Checksum::hasher);
        let most = file.size.unwrap_or(LARGEST_INDEX);
        let mut received = 0;
        while let Some(chunk) = body.chunk().await? {
            received += chunk.len() as u64;
            if received > most {
                return Err(mismatch(url, format!("the size is more than the expected {most} bytes")));
            }
            if let Some(hasher) = &mut hasher {
                hasher.update(&chunk);
            }
            // a parser that gave up is no reason to stop: whether the file was tampered with comes first
            if let Some(open) = &sender
                && open.send(chunk).await.is_err()
            {
                sender = None;
            }
        }
        drop(sender);
        if let Some(size) = file.size.filter(|size| *size != received) {
            return Err(mismatch(url, format!("the size is {received} bytes, expected {size}")));
        }
        if let (Some(actual), Some(expected)) = (hasher.map(Hasher::finish), file.checksum)
            && actual != expected
        {
            return Err(mismatch(url, format!("{} is {actual}, expected {expected}", actual.algorithm())));
        }
        let parsed = parser.await.map_err(|error| Error::Internal(error.to_string()))?;
        let (parsed, written) =
            parsed.map_err(|source: BadIndex| Error::BadIndex { url: url.to_string(), source })?;
        if let (Some(kept), Some(written)) = (&self.kept, written) {
            kept.keep_index(file, written);
        }
        Ok(parsed)
    }
}

fn mismatch(url: &Url, problem: String) -> Error {
    fetch::Error::Mismatch { url: url.to_string(), problem }.into()
}

/// A flat repository has one component without a name.
pub(super) fn components(source: &Source) -> Vec<&str> {
    if source.is_flat() { vec![""] } else { source.components.iter().map(String::as_str).collect() }
}

/// By hash where the repository offers that, because the plain name may by now be a newer file.
fn places(released: &Released, uri: &Url, file: &IndexFile) -> Vec<Url> {
    let by_hash = match released.source.by_hash {
        ByHash::Yes => released.release.acquire_by_hash,
        ByHash::No => false,
        ByHash::Force => true,
    };
    let folder = released.source.release_dir(uri);
    let hashed = file.by_hash_path().filter(|_| by_hash).map(|path| join(&folder, &path));
    hashed.into_iter().chain([join(&folder, &file.path)]).collect()
}

/// A sentence that counts the stanzas that make no sense, and names some of them.
fn odd_stanzas(index: &Index, provenance: &[Provenance]) -> Option<String> {
    let told: Vec<String> = index
        .odd()
        .take(TOLD)
        .map(|(part, odd)| {
            let origin = provenance[part].source.describe();
            format!("{} of {origin} ({}: {})", odd.package, odd.field(), odd.reason)
        })
        .collect();
    let count = index.oddities();
    let more = if count > told.len() { format!(", and {} more", count - told.len()) } else { String::new() };
    let verb = if count == 1 { "is" } else { "are" };
    (count > 0).then(|| {
        format!(
            "{} cannot be read in full and {verb} passed over: {}{more}",
            counted(count, "stanza"),
            told.join(", ")
        )
    })
}

pub(super) fn provenance_of(
    released: &Released,
    component: &str,
    architecture: &str,
    known: &[Provenance],
) -> Provenance {
    let (source, release) = (&released.source, &released.release);
    let pools = if source.pools.is_empty() { &source.uris } else { &source.pools };
    let suite = source.suite.clone();
    let mut id = if component.is_empty() { suite.clone() } else { format!("{suite}/{component}") };
    while known.iter().any(|other| other.source.id == id) {
        id.push('+');
    }
    Provenance {
        site: released.uri.host_str().unwrap_or_default().to_owned(),
        origin: release.origin.clone(),
        label: release.label.clone(),
        suite: release.suite.clone(),
        codename: release.codename.clone(),
        version: release.version.clone(),
        component: component.to_owned(),
        architecture: if component.is_empty() { String::new() } else { architecture.to_owned() },
        not_automatic: release.not_automatic,
        but_automatic_upgrades: release.but_automatic_upgrades,
        source: PlanSource {
            id,
            uris: pools.iter().map(Url::to_string).collect(),
            suite,
            component: component.to_owned(),
            release_date: release.date.map(|date| date.to_string()),
            release_sha256: Some(released.text_sha256).filter(|digest| *digest != Sha256::of(b"")),
        },
    }
}
