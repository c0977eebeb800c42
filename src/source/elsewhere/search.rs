//! The search: which indexes are worth a look, and what they have.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::scan::{Found, scan};
use crate::arrange::Arrange as _;
use crate::source::list::Source;
use crate::source::loader::Loader;
use crate::source::release::IndexFile;
use crate::source::released::Released;

/// How long the search may take: it is some seconds of work, and a container may have a tenth of a CPU.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that may be fetched: the largest suite of Ubuntu and then some.
const BUDGET: u64 = 48 << 20;
/// Indexes that are read at once; each decoder takes memory.
pub(super) const AT_ONCE: usize = 2;
/// The architectures that most foreign packages are wanted from.
const COMMON_ARCHITECTURES: [&str; 3] = ["amd64", "arm64", "i386"];
/// The suites beside a suite, as Debian and Ubuntu name them; that of security fixes is often on another host.
const SIBLINGS: [&str; 3] = ["", "-updates", "-backports"];

/// In what a place differs from the configured source that is nearest to it: what has to be added there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    Component,
    Architecture,
    Suite,
}

/// A place outside the configured sources that has the package.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    /// In what it differs from `source`.
    pub(crate) difference: Difference,
    /// The configured source that is nearest to it.
    pub(crate) source: Source,
    /// Its suite.
    pub(crate) suite: String,
    /// Its component.
    pub(crate) component: String,
    /// Its architecture.
    pub(crate) architecture: String,
    /// The package that it has.
    pub(crate) found: Found,
}

/// An index worth a look.
struct Candidate {
    difference: Difference,
    source: Source,
    released: Arc<Released>,
    component: String,
    architecture: String,
    files: Vec<IndexFile>,
}

impl Loader {
    /// Where the package `name` is, besides the indexes that `releases` and their sources stand for; the most useful
    /// place first. What fails on the way is left out.
    pub(crate) async fn elsewhere(&self, releases: &[Released], name: &str) -> Vec<Elsewhere> {
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
                candidates.extend(self.candidates(
                    released,
                    &released.source,
                    component,
                    Difference::Component,
                ));
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
                        difference: Difference::Architecture,
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
                                Difference::Suite,
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
        difference: Difference,
    ) -> Vec<Candidate> {
        let native = self.architectures.first().map_or("all", String::as_str);
        let architectures = released.release.index_architectures(component, native).unwrap_or_default();
        let candidate = |architecture: String| Candidate {
            difference,
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
    ) -> Vec<Elsewhere> {
        let mut tasks = JoinSet::new();
        let turn = Arc::new(Semaphore::new(AT_ONCE));
        for (number, candidate) in candidates.into_iter().enumerate() {
            let Some(size) = candidate.files.first().and_then(|file| file.size) else { continue };
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
                places.push((place.found.provider.is_some(), number, place));
            }
        }
        places.arrange_by_key(|(provided, number, _)| (*provided, *number));
        places.into_iter().map(|(_, _, place)| place).collect()
    }

    async fn seek(&self, candidate: Candidate, name: String) -> Option<Elsewhere> {
        let Candidate { difference, source, released, component, architecture, files } = candidate;
        let read = move |reader: &mut dyn std::io::Read, _| scan(reader, &name);
        match self.read_index(&released, &files, read).await {
            Ok(found) => Some(Elsewhere {
                difference,
                source,
                suite: released.source.suite.clone(),
                component,
                architecture,
                found: found?,
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
