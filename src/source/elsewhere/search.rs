//! Where a package is that the sources do not have: in another component, for another architecture, or in another
//! suite of the same repositories.
//!
//! Asked only after the resolver has failed, and within bounds: so many bytes, so much time. It goes the way that
//! the sources themselves go, so that nobody unverified tells the user what to add.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::list::Source;
use super::load::{Loader, Released};
use super::release::IndexFile;
use super::sighting::{self, Sighting};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// What may be fetched, in bytes: the largest suite of Ubuntu and then some.
const BUDGET: u64 = 48 << 20;
/// Indexes that are read at once; each decoder takes memory.
const AT_ONCE: usize = 2;
/// The architectures that most foreign packages are wanted from.
const COMMON_ARCHITECTURES: [&str; 3] = ["amd64", "arm64", "i386"];
/// The suites beside a suite, as Debian and Ubuntu name them; that of security fixes is often on another host.
const SIBLINGS: [&str; 3] = ["", "-updates", "-backports"];

/// What a source lacks to have the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A component.
    Component,
    /// An architecture.
    Architecture,
    /// A suite.
    Suite,
}

/// A place that has the package.
#[derive(Debug, Clone)]
pub struct Place {
    /// What has to be added to `source` for it.
    pub missing: Missing,
    /// The configured source that is nearest to it.
    pub source: Source,
    /// Its suite.
    pub suite: String,
    /// Its component.
    pub component: String,
    /// Its architecture.
    pub architecture: String,
    /// What was seen there.
    pub sighting: Sighting,
}

/// An index worth a look.
struct Candidate {
    missing: Missing,
    source: Source,
    released: Arc<Released>,
    component: String,
    architecture: String,
    files: Vec<IndexFile>,
}

impl Loader {
    /// Where `name` is, besides the indexes that `releases` and their sources stand for; the most useful place
    /// first. What fails on the way is left out.
    pub async fn whereabouts(&self, releases: &[Released], name: &str) -> Vec<Place> {
        let deadline = Instant::now() + PATIENCE;
        let mut budget = BUDGET;
        let releases: Vec<Arc<Released>> = releases.iter().cloned().map(Arc::new).collect();
        for candidates in [self.other_components(&releases), self.other_architectures(&releases)] {
            let places = self.look(candidates, name, deadline, &mut budget).await;
            if !places.is_empty() {
                return places;
            }
        }
        let candidates = timeout_at(deadline, self.other_suites(&releases)).await.unwrap_or_default();
        self.look(candidates, name, deadline, &mut budget).await
    }

    fn other_components(&self, releases: &[Arc<Released>]) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for released in releases.iter().filter(|released| !released.source.is_flat()) {
            let is_read = |component: &String| {
                releases
                    .iter()
                    .any(|other| other.url == released.url && other.source.components.contains(component))
            };
            for component in released.release.components.iter().filter(|component| !is_read(component)) {
                candidates.extend(self.candidates(released, &released.source, component, Missing::Component));
            }
        }
        candidates
    }

    fn other_architectures(&self, releases: &[Arc<Released>]) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for released in releases.iter().filter(|released| !released.source.is_flat()) {
            let others = COMMON_ARCHITECTURES
                .into_iter()
                .filter(|other| !self.architectures.iter().any(|own| own == other));
            for architecture in others {
                for component in &released.source.components {
                    candidates.push(Candidate {
                        missing: Missing::Architecture,
                        source: released.source.clone(),
                        released: Arc::clone(released),
                        component: component.clone(),
                        architecture: architecture.to_owned(),
                        files: released.release.packages_files(component, architecture),
                    });
                }
            }
        }
        candidates
    }

    async fn other_suites(&self, releases: &[Arc<Released>]) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let mut known: Vec<String> =
            releases.iter().map(|released| folder(&released.source, released)).collect();
        for released in releases {
            let Some(base) = base_suite(&released.source.suite) else { continue };
            for suffix in SIBLINGS {
                let source = Source { suite: format!("{base}{suffix}"), ..released.source.clone() };
                let folder = folder(&source, released);
                if known.contains(&folder) {
                    continue;
                }
                known.push(folder);
                match self.release_from(&source, &released.uri).await {
                    Ok(sibling) if sibling.release.check_suite(&source).is_none() => {
                        let sibling = Arc::new(sibling);
                        for component in &source.components {
                            candidates.extend(self.candidates(
                                &sibling,
                                &released.source,
                                component,
                                Missing::Suite,
                            ));
                        }
                    }
                    Ok(_) => tracing::debug!("{} is another suite", source.suite),
                    Err(error) => tracing::debug!("cannot look into {}: {error}", source.suite),
                }
            }
        }
        candidates
    }

    /// The indexes of a component for the native architecture.
    fn candidates(
        &self,
        released: &Arc<Released>,
        source: &Source,
        component: &str,
        missing: Missing,
    ) -> Vec<Candidate> {
        let native = self.architectures.first().map_or("all", String::as_str);
        let architectures = released.release.index_architectures(component, native).unwrap_or_default();
        let candidate = |architecture: String| Candidate {
            missing,
            source: source.clone(),
            released: Arc::clone(released),
            component: component.to_owned(),
            files: released.release.packages_files(component, &architecture),
            architecture,
        };
        architectures.into_iter().map(candidate).collect()
    }

    async fn look(
        &self,
        candidates: Vec<Candidate>,
        name: &str,
        deadline: Instant,
        budget: &mut u64,
    ) -> Vec<Place> {
        let mut tasks = JoinSet::new();
        let turn = Arc::new(Semaphore::new(AT_ONCE));
        for (number, candidate) in candidates.into_iter().enumerate() {
            let Some(size) = candidate.files.first().map(|file| file.size) else { continue };
            let Some(rest) = budget.checked_sub(size) else {
                tracing::debug!(
                    "{} {} is too large to look into",
                    candidate.released.url,
                    candidate.component
                );
                continue;
            };
            *budget = rest;
            let (loader, name, turn) = (self.clone(), name.to_owned(), Arc::clone(&turn));
            tasks.spawn(async move {
                let _turn = turn.acquire_owned().await;
                (number, loader.seek(candidate, name).await)
            });
        }
        let mut places = Vec::new();
        while let Ok(Some(done)) = timeout_at(deadline, tasks.join_next()).await {
            if let Ok((number, Some(place))) = done {
                places.push((place.sighting.provider.is_some(), number, place));
            }
        }
        places.sort_by_key(|(provided, number, _)| (*provided, *number));
        places.into_iter().map(|(_, _, place)| place).collect()
    }

    async fn seek(&self, candidate: Candidate, name: String) -> Option<Place> {
        let Candidate { missing, source, released, component, architecture, files } = candidate;
        let read = move |reader: &mut dyn std::io::Read, _| sighting::seek(reader, &name);
        match self.read_index(&released, &files, read).await {
            Ok(sighting) => Some(Place {
                missing,
                source,
                suite: released.source.suite.clone(),
                component,
                architecture,
                sighting: sighting?,
            }),
            Err(error) => {
                tracing::debug!("cannot look into {} {component}: {error}", released.url);
                None
            }
        }
    }
}

fn folder(source: &Source, released: &Released) -> String {
    source.release_dir(&released.uri).to_string()
}

/// The suite that others are named after; none for flat repositories, and for the archives of security fixes, which
/// have no other suites.
fn base_suite(suite: &str) -> Option<&str> {
    if suite.contains('/') || suite.ends_with("-security") {
        return None;
    }
    let endings = ["-proposed-updates", "-updates", "-backports", "-backports-sloppy"];
    Some(endings.iter().find_map(|ending| suite.strip_suffix(ending)).unwrap_or(suite))
}

#[cfg(test)]
mod tests {
    use super::base_suite;

    #[test]
    fn suites_are_named_after_one() {
        for (suite, base) in [
            ("bookworm", Some("bookworm")),
            ("bookworm-updates", Some("bookworm")),
            ("bookworm-proposed-updates", Some("bookworm")),
            ("noble-backports", Some("noble")),
            ("bookworm-security", None),
            ("buster/updates", None),
            ("./", None),
        ] {
            assert_eq!(base_suite(suite), base, "{suite}");
        }
    }
}
