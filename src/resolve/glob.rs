//! Patterns among the requests: which names each of them stands for.

use super::error::Error;
use super::slot::Slot;
use super::universe::Universe;
use crate::control::glob::Glob;
use crate::request::{Kind, Names, Request};
use crate::source::index::{NameId, Package};

/// Names that are told for one pattern.
const TOLD: usize = 10;

/// Puts the names that a pattern selects in its place, in the order in which apt has them: that of their first
/// mention in the index (`PackageFromFnmatch` of apt-pkg/cacheset.cc).
///
/// As in apt, a virtual package with one provider counts, and one with several is passed over. Unlike apt, which
/// takes requests before `name-`, a pattern leaves out what another request keeps out; and where nothing matches,
/// a glob is not tried as a regular expression.
pub(super) fn expand(universe: &Universe<'_>, wanted: &[Request]) -> Result<Vec<Request>, Error> {
    let names = universe.index.names();
    let mut expanded = Vec::with_capacity(wanted.len());
    let kept_out = |name: &str| {
        wanted.iter().filter(|request| request.forbid).any(|request| match &request.kind {
            Kind::Names(names) => names.matches(name),
            Kind::Name | Kind::Archive(_) => request.name == name,
        })
    };
    for want in wanted {
        // as for apt, a package whose own name ends so is meant before the removal of another
        let whole = format!("{}-", want.name);
        if want.forbid && want.kind == Kind::Name && names.find(&whole).is_some() {
            expanded.push(Request { name: whole, forbid: false, ..want.clone() });
            continue;
        }
        let Kind::Names(meant_names) = &want.kind else {
            expanded.push(Request { name: meant(universe, &want.name), ..want.clone() });
            continue;
        };
        let select = |meant: &Names| {
            let mut selected: Vec<&str> = Vec::new();
            for name in names.ids().filter(|id| meant.matches(names.get(*id))) {
                let Some(answer) = answer(universe, want, name).map(|id| names.get(id)) else { continue };
                if !selected.contains(&answer) && (want.forbid || !kept_out(answer)) {
                    selected.push(answer);
                }
            }
            selected
        };
        let mut selected = select(meant_names);
        if selected.is_empty()
            && let Some(glob) = want.name.strip_suffix('+').and_then(|name| Glob::new(name).ok())
        {
            selected = select(&Names::Glob(glob));
        }
        if selected.is_empty() {
            return Err(Error::NoMatch {
                pattern: want.text.clone(),
                searched: universe.provenance.iter().map(|from| from.source.describe()).collect(),
            });
        }
        let more = match selected.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let told = selected[..selected.len().min(TOLD)].join(", ");
        tracing::info!("'{}' selects {told}{more}", want.text);
        expanded.extend(selected.iter().map(|name| Request {
            kind: Kind::Name,
            name: (*name).to_owned(),
            ..want.clone()
        }));
    }
    Ok(expanded)
}

/// The name that is meant: as it is written, where the index has that; without the plus at its end, which then means the same as
/// none, as in apt; or in lower case.
fn meant(universe: &Universe<'_>, name: &str) -> String {
    let names = universe.index.names();
    let without = name.strip_suffix('+').unwrap_or(name);
    let forms = [name.to_owned(), without.to_owned(), without.to_ascii_lowercase()];
    forms.into_iter().find(|form| names.find(form).is_some()).unwrap_or_else(|| name.to_owned())
}

/// The package that a name by itself would select: its own, or the only provider of a virtual one.
fn answer(universe: &Universe<'_>, want: &Request, name: NameId) -> Option<NameId> {
    let is_meant = |slot: Slot, package: Package<'_>| match (&want.version, &want.suite) {
        _ if want.forbid => true,
        (Some(version), _) => Request::is_version(version, package.version()),
        (None, Some(suite)) => universe.provenance[package.part()].is_suite(suite),
        (None, None) => universe.candidates()[slot] == Some(package.id()),
    };
    let mut slots = universe.slots_for(name, want.arch.as_deref());
    let real = slots.find(|slot| universe.versions(*slot).next().is_some());
    if let Some(slot) = real {
        return universe.versions(slot).any(|package| is_meant(slot, package)).then_some(name);
    }
    if want.forbid || want.version.is_some() || want.suite.is_some() {
        return None;
    }
    let mut providers = universe
        .index
        .providers(name)
        .filter(|package| universe.candidates()[universe.slot(*package)] == Some(package.id()))
        .map(Package::name_id);
    let first = providers.next()?;
    providers.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fail, solve};
    use super::*;

    const INDEX: &str = "user 1; Depends: libfoo-missing | libfoo1, libfoo-virt
        libfoo-dev 1; Depends: libfoo1
        libfoo1 1
        libfoo1 2
        libbar1 1; Provides: libfoo-virt
        p1 1; Provides: libmany
        p2 1; Provides: libmany
        other 1; Architecture: arm64
        amd 1
        --
        libfoo1 1.5";

    #[test]
    fn a_pattern_selects_packages_and_the_only_provider_of_a_virtual_one() {
        // rule 13; apt 2.6.1 selects the same on such a repository
        for (request, expected) in [
            ("libfoo*", "libbar1=1 libfoo-dev=1 libfoo1=2"),
            ("LIBFOO?", "libfoo1=2"),
            ("lib[!f]*", "libbar1=1"),
            ("libfoo-v*", "libbar1=1"),
            ("amd*:amd64", "amd=1"),
            ("libfoo*=1", "libfoo-dev=1 libfoo1=1"),
            ("libfoo*/suite1", "libfoo1=1.5"),
            ("libfoo*=1*", "libfoo-dev=1 libfoo1=1.5"),
            ("libfoo-d*+", "libfoo-dev=1 libfoo1=2"),
        ] {
            let index = INDEX.replace("\n        ", "\n");
            assert_eq!(solve(&index, request), expected, "{request}");
        }
    }

    #[test]
    fn a_pattern_leaves_out_what_is_kept_out() {
        let index = INDEX.replace("\n        ", "\n");
        for (requests, expected) in [
            ("lib* libfoo*-", "libbar1=1"),
            ("libfoo-* libbar1-", "libfoo-dev=1 libfoo1=2"),
            ("p? p1-", "p2=1"),
            ("libfoo*- p1", "p1=1"),
        ] {
            assert_eq!(solve(&index, requests), expected, "{requests}");
        }
        assert!(matches!(fail(&index, "user libfoo*-"), Error::NoSolution(_)));
    }

    #[test]
    fn the_order_is_that_of_the_first_mention() {
        // libb2 is mentioned first, and what it depends on is chosen for it
        let index = "x 1; Suggests: libb2\nliba1 1; Depends: n | m\nlibb2 1; Depends: m | n\nm 1\nn 1";
        assert_eq!(solve(index, "lib*"), "liba1=1 libb2=1 m=1");
        assert_eq!(solve(index, "liba1 libb2"), "liba1=1 libb2=1 n=1");
    }

    #[test]
    fn a_pattern_that_selects_nothing_is_an_error() {
        let index = INDEX.replace("\n        ", "\n");
        for requests in
            ["nomatch*", "libman*", "libfoo*=3", "lib*/sid", "oth*", "all*", "x*-", "amd* amd-", "libfoo-v*-"]
        {
            let error = fail(&index, requests);
            assert!(matches!(error, Error::NoMatch { .. }), "{requests}: {error}");
        }
        let text = fail(&index, "lib*=3").to_string();
        assert_eq!(text, "no package that can be installed matches 'lib*=3' in suite0, suite1");
        assert!(matches!(fail(&index, "amd*:arm64"), Error::NoMatch { .. }));
    }
}
