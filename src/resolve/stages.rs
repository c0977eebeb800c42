//! The stages from requests to a plan, one after the other.

use super::error::Error;
use super::options::{Essential, ResolveOptions};
use super::resolved::{Resolved, plan};
use super::select::Selection;
use super::slot::Slot;
use super::universe::Universe;
use super::{conflict, implied, mark, select, solve};
use crate::arrange::Arrange as _;
use crate::plan::Basis;
use crate::request;
use crate::source::index::{Index, PackageId};
use crate::source::provenance::Provenance;

/// Finds what is to be installed. `provenance` describes the parts of `index`, in their order; `basis` is what the plan
/// will say that it was made for.
pub fn resolve(
    index: &Index,
    provenance: &[Provenance],
    basis: Basis,
    wanted: &[request::Request],
    options: &ResolveOptions<'_>,
) -> Result<Resolved, Error> {
    let mut universe = Universe::new(index, provenance, options);
    let mut selection = select::select(&mut universe, wanted)?;
    let mut notes = std::mem::take(&mut selection.notes);
    notes.extend(select::exclude(&mut universe, options.exclude)?);
    if let Some(slot) =
        selection.wanted.iter().find(|slot| universe.present()[**slot] == universe.candidates()[**slot])
    {
        return Err(Error::Excluded { name: universe.name_of(*slot).to_owned() });
    }
    if options.essential == Essential::All {
        add_essential(&universe, &mut selection);
    }
    let Selection { wanted, forbidden, present, .. } = selection;
    let mut chosen = match mark::mark(&universe, &wanted, &forbidden, options.recommends) {
        Some(chosen) => chosen,
        None => {
            for slot in &forbidden {
                universe.set_candidate(*slot, None);
            }
            let found = solve::solve(&universe, &wanted).map_err(|account| {
                let reason = conflict::reason(&universe, &wanted);
                Error::NoSolution(reason.unwrap_or_else(|| account.trim().to_owned()))
            })?;
            notes.push(
                "apt's first choice does not fit together; a full search found this solution".to_owned(),
            );
            if options.recommends {
                notes.push("the full search leaves recommended packages out".to_owned());
            }
            found
        }
    };
    if options.essential == Essential::Read {
        implied::add_implied(&universe, &forbidden, &mut chosen);
    }
    notes.extend(lacking(&universe, &chosen));
    let requested = wanted.iter().chain(&present).filter_map(|slot| universe.candidates()[*slot]).collect();
    let newer = universe.present().packages().filter_map(|present| {
        let candidate = universe.candidates()[universe.slot(universe.index.package(present))]?;
        (candidate != present).then_some((present, candidate))
    });
    let upgradable = newer.collect();
    let (plan, by_sha512) = plan(index, provenance, basis, chosen)?;
    Ok(Resolved { plan, by_sha512, requested, upgradable, notes })
}

/// The Essential set, by name, after what was asked for.
fn add_essential(universe: &Universe<'_>, selection: &mut Selection) {
    let mut essential: Vec<Slot> = universe
        .candidates()
        .packages()
        .map(|id| universe.index.package(id))
        .filter(|package| package.essential())
        .map(|package| universe.slot(package))
        .filter(|slot| universe.architecture_of(*slot) == 0 && universe.present()[*slot].is_none())
        .filter(|slot| !selection.wanted.contains(slot) && !selection.forbidden.contains(slot))
        .collect();
    essential.arrange_by_key(|slot| universe.name_of(*slot));
    selection.wanted.extend(essential);
}

/// A sentence for each package that needs something excluded: `a needs b, which is excluded`.
fn lacking(universe: &Universe<'_>, chosen: &[PackageId]) -> Vec<String> {
    let mut notes = Vec::new();
    for package in chosen.iter().map(|id| universe.index.package(*id)) {
        for group in universe.needs(package) {
            let there = |id: &PackageId| {
                let other = universe.index.package(*id);
                universe.group_accepts(package, group, other)
            };
            let lacks = universe.excluded().find(|other| universe.group_accepts(package, group, *other));
            if let Some(lacks) = lacks
                && !chosen.iter().any(there)
                && !universe.base().any(|other| universe.group_accepts(package, group, other))
            {
                let (package, lacks) = (universe.label(package), universe.label(lacks));
                notes.push(format!("{package} needs {lacks}, which is excluded"));
            }
        }
    }
    notes
}
