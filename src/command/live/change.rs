//! What a command line of apt-get asks to be there: from what is installed and what is asked for to one plan, and what it changes.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use super::additions::{Additions, client_of};
use super::finding::find;
use super::goal::Goal;
use super::making::{Making, Opened};
use super::merge::merged;
use super::outcome::{Failure, print};
use super::session::Session;
use super::steps::{Step, Steps};
use super::words::Words;
use super::{done, limits, patterns, session, telling};
use crate::arrange::Arrange as _;
use crate::control::version;
use crate::current_generation::current;
use crate::live::{Answered, Installed, Marks, Package, Place, Relations, Where};
use crate::lock;
use crate::plan::{Artifact, Plan};
use crate::planning::{Meant, Planned};
use crate::publish::State;
use crate::request::{Kind, Request};
use crate::tree::records;

/// `apt-get install` and the other commands that change something.
pub(super) fn change(place: &Place, name: &str, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    if let Some(told) = answered(&session, words) {
        print(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let goal = Goal::of(&session, words)?;
    let command = format!("{name} {} {}", words.command, words.names.join(" "));
    session.work(transact(&session, words, goal, command.trim()))?;
    Ok(ExitCode::SUCCESS)
}

/// What is said where nothing is to be done, and that is known.
fn answered(session: &Session, words: &Words) -> Option<String> {
    let is_plain = words.command == "install" && !words.names.is_empty() && words.target_release.is_none();
    if !is_plain || words.reinstall || words.auto_remove || words.mark_auto {
        return None;
    }
    let known = Answered::read(&session.place, &session.inputs());
    let lines = words.names.iter().map(|name| known.newest.get(name));
    let lines: Option<Vec<_>> = lines.collect();
    Some(telling::nothing_to_do(lines?.into_iter().map(|(name, version)| (name.as_str(), version.as_str()))))
}

/// From a goal to a destination that has it.
pub(super) async fn transact(
    session: &Session,
    words: &Words,
    goal: Goal,
    command: &str,
) -> Result<(), Failure> {
    let mut opened = Opened::open(session, command).await?;
    let installed = session.installed()?;
    let marks = Marks::read(&session.place);
    let generation = current(session.place.dest());
    let known = generation.as_deref().and_then(State::read);
    let old = generation.as_deref().and_then(|generation| lock::read(&generation.join(records::LOCK)).ok());
    let old = old.unwrap_or_default();

    let relations = Relations::of(&installed);
    let gone = relations.with_dependants(removed(&relations, &goal.removals)?);
    let (planned, mut gone) = find(session, words, &goal, &relations, &marks, gone, known.as_ref()).await?;
    let manual = manual(session, &marks, &goal, planned.as_ref(), |label| {
        gone.iter().any(|number| relations.package(*number).is(label))
    });
    if goal.auto_remove && planned.as_ref().is_none_or(|planned| planned.found.plan.packages.is_empty()) {
        gone.extend(relations.unneeded(&gone, !words.recommends_are_nothing, |package| {
            manual.iter().any(|label| package.is(label))
        }));
    }
    let leaving: Vec<&Package> = gone.iter().map(|number| relations.package(*number)).collect();
    let additions = planned.as_ref().map(|planned| &planned.found.plan);
    let merged = merged(session, &old, &leaving, additions, &manual)?;
    let steps = Steps::between(&old, &merged, &leaving, &installed);
    check(words, &steps, &marks)?;
    if !goal.prepares {
        let named = planned.as_ref().map(|planned| planned.named.as_slice()).unwrap_or_default();
        limits::check(&session.settings, &goal.requests, named, &steps)?;
    }

    if let Some(planned) = &planned {
        let newest = &planned.found.requested;
        telling::already_newest(newest, &installed, &steps, words.quiet)?;
    }
    let kept_back = kept_back(planned.as_ref().map(|planned| &planned.found), &installed, &merged);
    let again = if words.reinstall || words.command == "reinstall" {
        again(&merged, planned.as_ref())
    } else {
        Vec::new()
    };
    telling::plan_of(&steps, &again, kept_back, words)?;
    if words.print_uris {
        return telling::uris(&merged, &steps);
    }
    if words.simulate {
        return telling::simulated(&steps, &merged);
    }
    let is_change = !steps.is_empty() || !again.is_empty() || generation.is_none() || goal.first;
    if is_change {
        telling::ask(words, &steps)?;
        let (client, authorities) = match &planned {
            Some(planned) => (planned.client.clone(), planned.authorities.clone()),
            None => client_of(session)?,
        };
        let making = Making {
            session,
            client: &client,
            authorities: &authorities,
            plan: Arc::new(merged),
            old: &old,
            releases: planned.as_ref().map(|planned| (&planned.found.releases, &planned.found.left_out)),
            known: known.as_ref(),
            again: &again,
            download_only: words.download_only,
        };
        let made = making.make(&mut opened).await?;
        if words.download_only {
            return print("Download complete and in download only mode\n");
        }
        done::done(&steps, &made, words.quiet)?;
    } else if goal.prepares {
        opened.complete()?;
    }
    let mut marks = marks;
    marks.manual = manual;
    marks.held.retain(|held| !leaving.iter().any(|package| package.is(held)));
    marks.write(&session.place)?;
    if let Some(planned) = &planned
        && !goal.upgrade
    {
        remember(session, words, &planned.found);
    }
    Ok(())
}

/// The numbers of the packages that are to go.
fn removed(relations: &Relations<'_>, removals: &[String]) -> Result<BTreeSet<usize>, Failure> {
    let mut gone = BTreeSet::new();
    let all: Vec<&Package> = relations.packages().collect();
    for removal in removals {
        let is_pattern = patterns::is_pattern(removal);
        let found = patterns::meant(removal, &all);
        let found = relations.numbers(|package| found.iter().any(|found| std::ptr::eq(*found, package)));
        let (own, images): (BTreeSet<usize>, BTreeSet<usize>) =
            found.into_iter().partition(|number| relations.package(*number).place == Where::Tree);
        if own.is_empty() && !images.is_empty() && !is_pattern {
            return Err(Failure::apt(
                format!(
                    "Package '{removal}' is the image's own and stays: nobody can change the image from inside of a container"
                ),
                "Use an image without it; what is installed here comes before it on PATH.",
            ));
        }
        if own.is_empty() && images.is_empty() {
            print(&format!("Package '{removal}' is not installed, so not removed\n"))?;
        }
        gone.extend(own);
    }
    Ok(gone)
}

/// What is asked for from now on.
fn manual(
    session: &Session,
    marks: &Marks,
    goal: &Goal,
    planned: Option<&Additions>,
    is_gone: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut manual: Vec<String> = marks.manual.iter().filter(|label| !is_gone(label)).cloned().collect();
    let native = session.settings.architecture.as_str();
    if let Some(planned) = planned
        && !goal.automatic
    {
        // upgrading asks for everything, and means nothing new by it
        let means =
            |meant: &&Meant| !goal.upgrade || goal.requests.iter().any(|request| request.name == meant.name);
        for meant in planned.named.iter().filter(means) {
            let label = match meant.architecture == native || meant.architecture == "all" {
                true => meant.name.clone(),
                false => format!("{}:{}", meant.name, meant.architecture),
            };
            if !manual.contains(&label) {
                manual.push(label);
            }
        }
    }
    manual.arrange();
    manual
}

/// What apt would not do without being told so.
fn check(words: &Words, steps: &Steps, marks: &Marks) -> Result<(), Failure> {
    let held = |step: &Step| marks.held.contains(&step.name);
    let changed: Vec<&str> = steps
        .all()
        .filter(|step| step.before.is_some() && held(step))
        .map(|step| step.name.as_str())
        .collect();
    if !changed.is_empty() && !words.allow_held {
        return Err(Failure::apt(
            format!(
                "Held packages were changed and -y was used without --allow-change-held-packages: {}",
                changed.join(" ")
            ),
            "'apt-mark unhold NAME' lets it go, or --allow-change-held-packages for this once.",
        ));
    }
    let downgraded = steps.all().filter(|step| {
        matches!((&step.before, &step.after), (Some(before), Some(after)) if version::compare(after, before).is_lt())
    });
    let downgraded: Vec<&str> = downgraded.map(|step| step.name.as_str()).collect();
    if !downgraded.is_empty() && !words.allow_downgrades {
        return Err(Failure::apt(
            format!(
                "Packages were downgraded and -y was used without --allow-downgrades: {}",
                downgraded.join(" ")
            ),
            "Say --allow-downgrades to install an older version over a newer one.",
        ));
    }
    if words.no_remove && !steps.removed.is_empty() {
        return Err(Failure::apt(
            "Packages need to be removed but remove is disabled.",
            "Leave --no-remove out.",
        ));
    }
    Ok(())
}

/// How many of the destination's packages could be newer, and stay.
fn kept_back(planned: Option<&Planned>, installed: &Installed, plan: &Plan) -> usize {
    let Some(planned) = planned else { return 0 };
    let stays = |meant: &&Meant| {
        let in_plan = plan.packages.iter().find(|artifact| artifact.name == meant.name);
        installed.of_tree().any(|package| package.name == meant.name)
            && in_plan.is_some_and(|artifact| artifact.version != meant.version)
    };
    planned.upgradable.iter().filter(stays).count()
}

/// What is to be unpacked anew although it is there.
fn again(plan: &Plan, planned: Option<&Additions>) -> Vec<Artifact> {
    let named = planned.map(|planned| planned.named.as_slice()).unwrap_or_default();
    let is_named = |artifact: &&Artifact| named.iter().any(|meant| meant.name == artifact.name);
    plan.packages.iter().filter(is_named).cloned().collect()
}

/// Notes what need not be looked up the next time.
fn remember(session: &Session, words: &Words, planned: &Planned) {
    let inputs = session.inputs();
    let mut known = Answered::read(&session.place, &inputs);
    for name in &words.names {
        let meant = planned.requested.iter().find(|meant| meant.name == *name);
        let is_plain = session::requests(std::slice::from_ref(name)).is_ok_and(|requests| {
            matches!(
                requests.as_slice(),
                [Request { kind: Kind::Name, version: None, suite: None, arch: None, .. }]
            )
        });
        if let Some(meant) = meant.filter(|_| is_plain) {
            known.newest.insert(name.clone(), (meant.name.clone(), meant.version.clone()));
        }
    }
    known.write(&session.place, &inputs);
}
