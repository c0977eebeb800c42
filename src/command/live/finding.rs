//! From what is asked for to a plan of what comes, and to what makes way for it.

use std::collections::BTreeSet;

use super::additions::{Additions, plan};
use super::goal::{Goal, label};
use super::looking;
use super::outcome::{Failure, print};
use super::session::{self, Session};
use super::words::Words;
use crate::live::{Marks, Package, Relations, Where};
use crate::publish::State;
use crate::request::Request;
use crate::source::field;

/// What is to be looked for in the indexes.
fn wanted(
    session: &Session,
    words: &Words,
    goal: &Goal,
    relations: &Relations<'_>,
    marks: &Marks,
    broken: &BTreeSet<usize>,
) -> Result<Vec<Request>, Failure> {
    let mut wanted = goal.requests.clone();
    if words.only_upgrade || words.no_upgrade {
        let is_there =
            |request: &Request| !relations.numbers(|package| package.is(&label(request))).is_empty();
        let fits = |request: &&Request| is_there(request) == words.only_upgrade;
        for skipped in wanted.iter().filter(|request| !fits(request)) {
            let what = if words.only_upgrade { "is not installed" } else { "is installed already" };
            print(&format!(
                "Skipping {}, it {what} and only {} are requested.\n",
                skipped.text,
                if words.only_upgrade { "upgrades" } else { "new packages" }
            ))?;
        }
        wanted.retain(|request| fits(&request));
    }
    let own = |number: usize| {
        let package = relations.package(number);
        format!("{}:{}", package.name, package.architecture)
    };
    let mut more: Vec<String> = broken.iter().map(|number| own(*number)).collect();
    if goal.upgrade {
        let upgradable = relations.numbers(|package| {
            package.place == Where::Tree && !marks.held.iter().any(|held| package.is(held))
        });
        more.extend(upgradable.into_iter().map(own));
    }
    let native = format!(":{}", session.settings.architecture);
    let more: Vec<String> = more
        .into_iter()
        .map(|label| label.trim_end_matches(&native).trim_end_matches(":all").to_owned())
        .collect();
    wanted.extend(session::requests(&more)?);
    Ok(wanted)
}

/// A plan for what is asked for, where that needs one, and what goes. What is in conflict with what is asked for makes way, as in
/// apt: what counts on it has to find something else, or goes as well.
pub(super) async fn find(
    session: &Session,
    words: &Words,
    goal: &Goal,
    relations: &Relations<'_>,
    marks: &Marks,
    gone: BTreeSet<usize>,
    known: Option<&State>,
) -> Result<(Option<Additions>, BTreeSet<usize>), Failure> {
    let attempt = async |gone: &BTreeSet<usize>| {
        // of another image perhaps than the one that they were chosen for
        let broken: BTreeSet<usize> = relations.broken(gone).into_iter().map(|(number, _)| number).collect();
        let wanted = wanted(session, words, goal, relations, marks, &broken)?;
        if wanted.iter().all(|request| request.forbid) {
            return Ok(None);
        }
        let leaves = |package: &Package| {
            gone.iter().chain(&broken).any(|number| std::ptr::eq(relations.package(*number), package))
        };
        let stanzas = relations.stanzas_of_tree(leaves);
        plan(session, words, wanted, &stanzas, known).await.map(Some)
    };
    let failure = match attempt(&gone).await {
        Ok(planned) => return Ok((planned, gone)),
        Err(failure) if failure.is_without_solution() => failure,
        Err(failure) => return Err(failure),
    };
    let in_conflict = in_conflict(session, goal, relations).await?;
    if in_conflict.is_empty() {
        return Err(failure);
    }
    let gone: BTreeSet<usize> = gone.union(&in_conflict).copied().collect();
    if let Ok(planned) = attempt(&gone).await {
        return Ok((planned, gone));
    }
    let gone = relations.with_dependants(gone);
    match attempt(&gone).await {
        Ok(planned) => Ok((planned, gone)),
        Err(_) => Err(failure),
    }
}

/// What the requested packages cannot be beside.
async fn in_conflict(
    session: &Session,
    goal: &Goal,
    relations: &Relations<'_>,
) -> Result<BTreeSet<usize>, Failure> {
    let names: BTreeSet<String> = goal.requests.iter().map(|request| request.name.clone()).collect();
    let asked = names.clone();
    let found = looking::stanzas(session, move |stanza| asked.contains(field(stanza, "Package"))).await?;
    let newest = names.iter().filter_map(|name| found.iter().find(|found| found.field("Package") == name));
    Ok(newest.flat_map(|found| relations.in_conflict(&found.stanza)).collect())
}
