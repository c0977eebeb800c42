//! A name that no source knows, and what can be said about it all the same.

use std::fmt;

use super::nearest::nearest;
use super::owners::likely_owners;
use super::universe::Universe;
use crate::arrange::Arrange as _;
use crate::source::elsewhere::{Missed, is_library};
use crate::source::index::RelationField;

/// A name that no package of the sources has or provides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown {
    /// As it was asked for.
    pub(crate) name: String,
    /// The architecture that it was looked for.
    pub(crate) architecture: String,
    /// The others for which the same sources have it.
    pub(crate) architectures: Vec<String>,
    /// Its stanzas that are in no index because they make no sense: what is wrong with them, and where they are.
    pub(crate) odd: Vec<String>,
    /// The packages that have a command or library of that name.
    pub(crate) owners: Vec<String>,
    /// Why not all lists of files were looked into for it, if so.
    pub(crate) missed: Option<Missed>,
    /// The most similar names.
    pub(crate) nearest: Vec<String>,
    /// The sources that were read.
    pub(crate) searched: Vec<String>,
    /// Where else it is, the most useful place first. The resolver leaves this to those who can reach a mirror.
    pub(crate) elsewhere: Vec<ElsewhereHint>,
}

/// A place outside the sources that has a package, and how to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ElsewhereHint {
    /// `suite/component`, and the architecture where it is another one.
    pub(crate) place: String,
    /// The version that is there.
    pub(crate) version: String,
    /// The package that provides the name, where none has it.
    pub(crate) provider: Option<String>,
    /// What to change: a clause that continues a sentence.
    pub(crate) remedy: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, architecture, architectures, odd, searched, .. } = self;
        write!(f, "there is no package '{name}' in {} ({architecture})", searched.join(", "))?;
        if !architectures.is_empty() {
            write!(f, ", only for {}", architectures.join(", "))?;
        }
        odd.iter().try_for_each(|odd| write!(f, "; {odd}"))
    }
}

impl Unknown {
    /// What the sources say about a name that no package has or provides in the architecture asked for.
    pub(super) fn new(universe: &Universe<'_>, name: &str, architecture: Option<&str>) -> Self {
        let mut architectures: Vec<String> = universe
            .index
            .names()
            .find(name)
            .into_iter()
            .flat_map(|name| universe.index.versions(name))
            .map(|package| package.architecture().to_owned())
            .collect();
        architectures.arrange();
        architectures.dedup();
        let told = universe.index.odd().filter(|(_, odd)| odd.package == name && !odd.is_usable());
        let odd = told
            .take(3)
            .map(|(part, odd)| {
                let (field, origin) = (odd.field(), universe.provenance[part].source.describe());
                format!("{origin} has one with a bad {field}: {}", odd.reason)
            })
            .collect();
        Self {
            name: name.to_owned(),
            architecture: architecture.unwrap_or(universe.architectures[0]).to_owned(),
            architectures,
            odd,
            owners: likely_owners(name).into_iter().filter(|owner| is_there(universe, owner)).collect(),
            missed: None,
            nearest: nearest_in(universe, name),
            searched: universe.provenance.iter().map(|from| from.source.describe()).collect(),
            elsewhere: Vec::new(),
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        if let Some(there) = self.there() {
            return there;
        }
        if !self.odd.is_empty() {
            return "Tell the repository's owner: apt cannot install it from there either.".to_owned();
        }
        if let Some(architecture) = self.architectures.first() {
            return format!("Ask for {}:{architecture}.", self.name);
        }
        if let Some(owned) = self.owned() {
            return owned;
        }
        let hint = match self.nearest.as_slice() {
            [] => "Check the name, or add the source that has it.".to_owned(),
            nearest => format!("Did you mean {}? Otherwise add the source that has it.", nearest.join(", ")),
        };
        match self.missed {
            Some(Missed::Late) => format!(
                "{hint} It may be a command or library of a package: to look through the mirrors' lists of files took too long \
                 here; 'aptlet lock {}' on a faster machine tells.",
                self.name
            ),
            Some(Missed::Unread) => format!(
                "{hint} It may be a command or library of a package: a mirror's lists of files (Contents) could not be read; \
                 'aptlet lock -v {}' says why.",
                self.name
            ),
            None => hint,
        }
    }

    /// The packages that have what it names.
    fn owned(&self) -> Option<String> {
        let what = if is_library(&self.name) { "library" } else { "command" };
        let (last, others) = self.owners.split_last()?;
        Some(match others {
            [] => format!("The {what} {} is in the package {last}: ask for that.", self.name),
            others => format!(
                "The {what} {} is in the packages {} and {last}: ask for one of them.",
                self.name,
                others.join(", ")
            ),
        })
    }

    /// The places, and the change that leads to the first of them; those of other changes are left out.
    fn there(&self) -> Option<String> {
        let first = self.elsewhere.first()?;
        let same = self.elsewhere.iter().filter(|other| other.remedy == first.remedy);
        let places: Vec<String> = same
            .take(3)
            .map(|ElsewhereHint { place, version, provider, .. }| match provider {
                Some(provider) => format!("{place} (provided by {provider} {version})"),
                None => format!("{place} ({version})"),
            })
            .collect();
        Some(format!("It is in {}: {}.", places.join(", "), first.remedy))
    }
}

/// Whether a package can be installed.
fn is_there(universe: &Universe<'_>, name: &str) -> bool {
    let known = universe.index.names().find(name);
    let mut slots = known.into_iter().flat_map(|name| universe.slots(name));
    slots.any(|slot| universe.candidates()[slot].is_some())
}

/// The three package names nearest to one that does not exist.
fn nearest_in(universe: &Universe<'_>, name: &str) -> Vec<String> {
    let names = universe.index.names();
    let mut mentions = vec![0_u32; names.len()];
    for alternative in
        universe.index.packages().flat_map(|package| package.alternatives(RelationField::Depends))
    {
        mentions[alternative.name.index()] += 1;
    }
    let known =
        names.ids().filter(|id| universe.slots(*id).any(|slot| universe.candidates()[slot].is_some()));
    nearest(name, known.map(|id| (names.get(id), mentions[id.index()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(place: &str, provider: Option<&str>, remedy: &str) -> ElsewhereHint {
        let provider = provider.map(str::to_owned);
        ElsewhereHint {
            place: place.to_owned(),
            version: "1".to_owned(),
            provider,
            remedy: remedy.to_owned(),
        }
    }

    #[test]
    fn the_hint_is_the_best_that_there_is() {
        let mut unknown = Unknown { name: "x".to_owned(), ..Unknown::default() };
        assert_eq!(unknown.hint(), "Check the name, or add the source that has it.");
        unknown.nearest = vec!["xy".to_owned(), "xz".to_owned()];
        assert_eq!(unknown.hint(), "Did you mean xy, xz? Otherwise add the source that has it.");
        unknown.owners = vec!["one".to_owned()];
        assert_eq!(unknown.hint(), "The command x is in the package one: ask for that.");
        unknown.owners.push("two".to_owned());
        assert_eq!(unknown.hint(), "The command x is in the packages one and two: ask for one of them.");
        let library = Unknown { name: "libx.so.1".to_owned(), ..unknown.clone() };
        assert_eq!(
            library.hint(),
            "The library libx.so.1 is in the packages one and two: ask for one of them."
        );
        unknown.architectures = vec!["i386".to_owned()];
        assert_eq!(unknown.hint(), "Ask for x:i386.");
        let places = [("s/b", None, "add b"), ("s/c", None, "add c"), ("t/b", Some("p"), "add b")];
        unknown.elsewhere = places.map(|(at, provider, remedy)| place(at, provider, remedy)).into();
        assert_eq!(unknown.hint(), "It is in s/b (1), t/b (provided by p 1): add b.");
    }
}
