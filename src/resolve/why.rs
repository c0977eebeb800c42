//! Why a package is in a plan: the shortest chains from what was asked for to it, through what was chosen.
//!
//! It is read from the finished plan, not from the resolver's run, so it holds whichever way the plan was found.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use serde::Serialize;

use super::error::Error;
use super::implied;
use super::options::ResolveOptions;
use super::resolved::Resolved;
use super::universe::Universe;
use super::unknown::Unknown;
use crate::arrange::Arrange as _;
use crate::plan::Artifact;
use crate::source::index::{Alternative, Index, NameId, Package, PackageId, RelationField};
use crate::source::provenance::Provenance;

/// Chains that are shown where several requests lead to the package.
const CHAINS: usize = 3;

/// Why a package is in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Why {
    /// `Package`
    pub(crate) name: String,
    /// `Version`
    pub(crate) version: String,
    /// `Architecture`
    pub(crate) architecture: String,
    /// `suite/component`
    pub(crate) source: String,
    /// Whether it was asked for itself.
    pub(crate) requested: bool,
    /// The way to it from each of the requests that are nearest, the shortest first. None where it was asked for,
    /// and where nothing in the plan leads to it.
    pub(crate) chains: Vec<Vec<Step>>,
    /// The package of the plan that reads it without depending on it, where nothing leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_by: Option<&'static str>,
    /// How many further requests lead to it.
    pub(crate) further_requests: usize,
    /// Names of the packages of the plan that depend on it directly, sorted.
    pub(crate) needed_by: Vec<String>,
    /// The same for `Recommends`.
    pub(crate) recommended_by: Vec<String>,
}

/// One package of the plan that another one satisfies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// The package that has the relation.
    pub(crate) package: String,
    /// Its version.
    pub(crate) version: String,
    /// The field: `Pre-Depends`, `Depends` or `Recommends`.
    pub(crate) field: &'static str,
    /// The relation as the field has it, all alternatives of it.
    pub(crate) relation: String,
    /// The package of the plan that satisfies it.
    pub(crate) satisfied_by: String,
    /// Why it is this one, where the relation leaves a choice: a clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<String>,
}

/// Why the package `name` (or `name:arch`) is in a plan that [`resolve`](super::resolve) made of the same arguments.
///
/// # Errors
/// [`Error::NotInPlan`], and [`Error::UnknownPackage`] where the sources do not know the name.
pub(crate) fn explain(
    index: &Index,
    provenance: &[Provenance],
    resolved: &Resolved,
    options: &ResolveOptions<'_>,
    name: &str,
) -> Result<Why, Error> {
    let universe = Universe::new(index, provenance, options);
    let plan = Chosen::new(&universe, resolved);
    let (wanted, architecture) = name.split_once(':').map_or((name, None), |(name, arch)| (name, Some(arch)));
    let found = plan.packages.iter().position(|package| {
        package.name() == wanted && architecture.is_none_or(|wanted| package.architecture() == wanted)
    });
    let Some(target) = found else { return Err(absent(&plan, name, wanted)) };

    let edges = plan.edges_to_each();
    let names = |recommended: bool| {
        let mut names: Vec<String> = edges[target]
            .iter()
            .filter(|edge| (edge.kind == RelationField::Recommends) == recommended)
            .map(|edge| plan.packages[edge.from].name().to_owned())
            .collect();
        names.arrange();
        names.dedup();
        names
    };
    let requested = plan.is_requested(target);
    let (chains, further_requests) = if requested { (Vec::new(), 0) } else { plan.chains(&edges, target) };
    let package = plan.packages[target];
    let read_by = (!requested && chains.is_empty())
        .then(|| implied::readers_of(package.name()))
        .into_iter()
        .flatten()
        .find(|reader| plan.packages.iter().any(|other| other.name() == *reader));
    Ok(Why {
        name: package.name().to_owned(),
        version: package.version().to_owned(),
        architecture: package.architecture().to_owned(),
        source: universe.provenance[package.part()].source.describe(),
        requested,
        chains,
        read_by,
        further_requests,
        needed_by: names(false),
        recommended_by: names(true),
    })
}

/// What the plan has in its place.
fn absent(plan: &Chosen<'_, '_>, asked: &str, name: &str) -> Error {
    let index = plan.universe.index;
    let known = index.names().find(name);
    let Some(id) = known.filter(|id| {
        plan.universe.slots(*id).any(|slot| plan.universe.versions(slot).next().is_some())
            || index.providers(*id).next().is_some()
    }) else {
        return Unknown::new(plan.universe, name, None).into();
    };
    let mut reasons = Vec::new();
    if plan.universe.base().any(|package| package.name_id() == id) {
        reasons.push("the base has it".to_owned());
    }
    let mut instead = Vec::new();
    for package in &plan.packages {
        if package.alternatives(RelationField::Provides).iter().any(|provided| provided.name == id) {
            reasons.push(format!("{} provides it", package.name()));
            instead.push(package.name().to_owned());
        }
    }
    for (number, package) in plan.packages.iter().enumerate() {
        for (kind, group) in groups(*package) {
            let fits = |alternative: &Alternative| {
                let satisfies = |version| plan.universe.satisfies(version, *package, alternative);
                alternative.name == id || plan.universe.index.versions(id).any(satisfies)
            };
            if !group.iter().any(fits) {
                continue;
            }
            let (owner, shown) = (package.name(), package.show_group(group));
            let chosen = group.iter().find_map(|alternative| plan.satisfying(number, alternative).next());
            match chosen.map(|chosen| plan.packages[chosen].name().to_owned()) {
                Some(chosen) if !instead.contains(&chosen) => {
                    reasons.push(format!("{owner} {} {shown}, and {chosen} was chosen", verb(kind)));
                    instead.push(chosen);
                }
                None if kind == RelationField::Recommends => {
                    reasons.push(format!("{owner} only recommends {shown}"));
                }
                _ => {}
            }
        }
        let excludes = [RelationField::Conflicts, RelationField::Breaks]
            .into_iter()
            .flat_map(|kind| package.alternatives(kind));
        if let Some(relation) = excludes.into_iter().find(|alternative| alternative.name == id) {
            reasons.push(format!("{} excludes {}", package.name(), package.show(relation)));
        }
    }
    reasons.truncate(CHAINS);
    instead.truncate(CHAINS);
    Error::NotInPlan { name: asked.to_owned(), reasons, instead }
}

/// The packages of a plan, by their place in it.
struct Chosen<'u, 'i> {
    universe: &'u Universe<'i>,
    packages: Vec<Package<'i>>,
    requested: &'u [PackageId],
    /// Those that have or provide a name.
    holders: HashMap<NameId, Vec<usize>>,
}

/// The package `from` has a relation that another one satisfies.
#[derive(Clone, Copy)]
struct Edge<'i> {
    from: usize,
    kind: RelationField,
    group: &'i [Alternative],
    /// Which of the group it is that the other one satisfies.
    alternative: usize,
}

impl<'u, 'i> Chosen<'u, 'i> {
    fn new(universe: &'u Universe<'i>, resolved: &'u Resolved) -> Self {
        let packages: Vec<Package<'i>> =
            resolved.plan.packages.iter().filter_map(|artifact| package_of(universe, artifact)).collect();
        let mut holders: HashMap<NameId, Vec<usize>> = HashMap::new();
        for (number, package) in packages.iter().enumerate() {
            let provided = package.alternatives(RelationField::Provides).iter().map(|provided| provided.name);
            for name in std::iter::once(package.name_id()).chain(provided) {
                let own = holders.entry(name).or_default();
                if own.last() != Some(&number) {
                    own.push(number);
                }
            }
        }
        Self { universe, packages, requested: &resolved.requested, holders }
    }

    fn is_requested(&self, number: usize) -> bool {
        self.requested.contains(&self.packages[number].id())
    }

    /// The packages of the plan that satisfy a relation of the package `owner`, itself left out.
    fn satisfying<'a>(
        &'a self,
        owner: usize,
        alternative: &'a Alternative,
    ) -> impl Iterator<Item = usize> + 'a {
        let holders = self.holders.get(&alternative.name).map_or(&[][..], Vec::as_slice);
        holders.iter().copied().filter(move |holder| {
            *holder != owner
                && self.universe.satisfies(self.packages[*holder], self.packages[owner], alternative)
        })
    }

    /// By package: the relations that it satisfies.
    fn edges_to_each(&self) -> Vec<Vec<Edge<'i>>> {
        let mut edges: Vec<Vec<Edge<'i>>> = vec![Vec::new(); self.packages.len()];
        for (from, package) in self.packages.iter().enumerate() {
            for (kind, group) in groups(*package) {
                for (number, alternative) in group.iter().enumerate() {
                    for to in self.satisfying(from, alternative) {
                        edges[to].push(Edge { from, kind, group, alternative: number });
                    }
                }
            }
        }
        edges
    }

    /// The shortest way from each request; along recommendations only where there is no other.
    fn chains(&self, edges: &[Vec<Edge<'i>>], target: usize) -> (Vec<Vec<Step>>, usize) {
        for with_recommended in [false, true] {
            let mut next: Vec<Option<(Edge<'i>, usize)>> = vec![None; self.packages.len()];
            let mut queue = VecDeque::from([target]);
            let mut starts = Vec::new();
            while let Some(to) = queue.pop_front() {
                for edge in &edges[to] {
                    let passable = with_recommended || edge.kind != RelationField::Recommends;
                    if passable && edge.from != target && next[edge.from].is_none() {
                        next[edge.from] = Some((*edge, to));
                        queue.push_back(edge.from);
                        if self.is_requested(edge.from) {
                            starts.push(edge.from);
                        }
                    }
                }
            }
            if !starts.is_empty() {
                let shown = starts.iter().take(CHAINS).map(|start| self.chain(&next, *start)).collect();
                return (shown, starts.len().saturating_sub(CHAINS));
            }
        }
        (Vec::new(), 0)
    }

    fn chain(&self, next: &[Option<(Edge<'i>, usize)>], start: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut current = start;
        while let Some((edge, to)) = next[current] {
            let package = self.packages[edge.from];
            steps.push(Step {
                package: package.name().to_owned(),
                version: package.version().to_owned(),
                field: edge.kind.field(),
                relation: package.show_group(edge.group),
                satisfied_by: self.packages[to].name().to_owned(),
                choice: self.choice(&edge, to),
            });
            current = to;
        }
        steps
    }

    /// Why it is this package that satisfies a relation, where that does not name it alone.
    fn choice(&self, edge: &Edge<'i>, to: usize) -> Option<String> {
        let name = self.packages[to].name();
        let alternative = &edge.group[edge.alternative];
        let (index, names) = (self.universe.index, self.universe.index.names());
        let virtual_name =
            (alternative.name != self.packages[to].name_id()).then(|| names.get(alternative.name));
        if edge.group.len() == 1 {
            return virtual_name.map(|_| format!("{name} provides it"));
        }
        let provides =
            virtual_name.map_or(String::new(), |virtual_name| format!(", which provides {virtual_name}"));
        let before = &edge.group[..edge.alternative];
        let is_absent = |other: &Alternative| {
            index.versions(other.name).next().is_none() && index.providers(other.name).next().is_none()
        };
        let reason = if before.is_empty() {
            "the first choice".to_owned()
        } else if self.is_requested(to) {
            "which was asked for".to_owned()
        } else if before.iter().all(is_absent) {
            let absent: Vec<&str> = before.iter().map(|other| names.get(other.name)).collect();
            format!("since no source has {}", absent.join(" or "))
        } else {
            return Some(format!("{name} was chosen{provides}"));
        };
        Some(format!("{name} was chosen{provides}, {reason}"))
    }
}

fn package_of<'i>(universe: &Universe<'i>, artifact: &Artifact) -> Option<Package<'i>> {
    let name = universe.index.names().find(&artifact.name)?;
    let same = |package: &Package<'_>| {
        package.version() == artifact.version
            && package.architecture() == artifact.architecture
            && universe.provenance[package.part()].source.id == artifact.source
    };
    universe.index.versions(name).find(same)
}

fn groups<'i>(package: Package<'i>) -> impl Iterator<Item = (RelationField, &'i [Alternative])> {
    let kinds = [RelationField::PreDepends, RelationField::Depends, RelationField::Recommends];
    kinds.into_iter().flat_map(move |kind| package.groups(kind).map(move |group| (kind, group)))
}

fn verb(kind: RelationField) -> &'static str {
    verb_of(kind.field())
}

fn verb_of(field: &str) -> &'static str {
    match field {
        "Pre-Depends" => "pre-depends on",
        "Recommends" => "recommends",
        _ => "depends on",
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.package, verb_of(self.field), self.relation)?;
        match &self.choice {
            Some(choice) => write!(f, "; {choice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Why {
    /// Sentences, one a line, the last without its end of line; an empty line between chains.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, source, .. } = self;
        for chain in &self.chains {
            if let Some(first) = chain.first() {
                writeln!(f, "{} {} was asked for", first.package, first.version)?;
            }
            for step in chain {
                writeln!(f, "{step}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{name} {version} from {source}")?;
        if self.requested {
            write!(f, " was asked for")?;
        } else if let Some(reader) = self.read_by {
            write!(
                f,
                " is one of Debian's essential packages, which others need not depend on; {reader} reads it"
            )?;
        } else if self.chains.is_empty() {
            write!(f, " is needed by none of the requests")?;
        }
        match self.further_requests {
            0 => {}
            1 => write!(f, "\n1 more request leads to it")?,
            many => write!(f, "\n{many} more requests lead to it")?,
        }
        let others = |names: &[String]| -> Vec<String> {
            let ends: Vec<&str> = self
                .chains
                .iter()
                .filter_map(|chain| chain.last())
                .map(|step| step.package.as_str())
                .collect();
            names.iter().filter(|name| !ends.contains(&name.as_str())).cloned().collect()
        };
        tell(f, "needed", self.chains.is_empty(), &others(&self.needed_by))?;
        tell(f, "recommended", self.chains.is_empty(), &others(&self.recommended_by))
    }
}

/// `needed by 3 others of the plan: a, b, c`
fn tell(f: &mut fmt::Formatter<'_>, how: &str, all: bool, names: &[String]) -> fmt::Result {
    const NAMED: usize = 10;
    if names.is_empty() {
        return Ok(());
    }
    let other = match (all, names.len()) {
        (true, 1) => "1 package",
        (true, _) => "packages",
        (false, 1) => "1 other",
        (false, _) => "others",
    };
    let count = if names.len() == 1 { String::new() } else { format!("{} ", names.len()) };
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let rest = if names.len() > NAMED { ", …" } else { "" };
    write!(f, "\n{how} by {count}{other} of the plan: {shown}{rest}")
}

#[cfg(test)]
mod tests;
