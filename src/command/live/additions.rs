//! A plan for what is to come to what is installed.

use std::path::Path;

use super::outcome::Failure;
use super::python;
use super::session::Session;
use super::words::Words;
use crate::config::Settings;
use crate::error::Error;
use crate::fetch::{CaBundle, Client};
use crate::plan::Plan;
use crate::planning::{Inputs, Meant, Planned, Planner, Wanted, refuse_changes, refuse_rollback};
use crate::publish::State;
use crate::request::Request;
use crate::source;

/// A plan for what is not installed, and whom it was made with.
pub(super) struct Additions {
    pub(super) found: Planned,
    pub(super) client: Client,
    pub(super) authorities: Vec<CaBundle>,
    /// The names that the command line's own requests mean, those of archives included.
    pub(super) named: Vec<Meant>,
}

/// Plans what is to come to what is installed. Indexes that have expired are fetched anew.
pub(super) async fn plan(
    session: &Session,
    words: &Words,
    wanted: Vec<Request>,
    stanzas: &str,
    known: Option<&State>,
) -> Result<Additions, Failure> {
    let mut settings = session.settings.clone();
    settings.requests = wanted;
    if let Some(suite) = words.target_release.as_ref().or(session.default_release.as_ref()) {
        // as apt_preferences(5) says that the target release counts
        let pins =
            ["a", "n"].map(|key| format!("Package: *\nPin: release {key}={suite}\nPin-Priority: 990\n"));
        session.place.put("target.pref", pins.join("\n").as_bytes())?;
        settings.preferences.push(session.place.file("target.pref"));
    }
    let mut own_python = python::is_in(session.installed()?.of_tree());
    let mut planned = plan_with(session, &settings, (stanzas, own_python), known).await;
    let is_stale = |error: &Error| {
        matches!(error, Error::Source(source::Error::ReleaseExpired { .. })) || error.is_of_mirrors()
    };
    if planned.as_ref().is_err_and(is_stale)
        && let Some(kept) = settings.kept_indexes.as_mut().filter(|kept| kept.folder.is_dir())
    {
        kept.refresh = true;
        planned = plan_with(session, &settings, (stanzas, own_python), known).await;
    }
    if planned
        .as_ref()
        .is_ok_and(|planned| !own_python && python::extends_that_of_image(names(&planned.found.plan)))
    {
        own_python = true;
        planned = plan_with(session, &settings, (stanzas, own_python), known).await;
    }
    Ok(planned?)
}

/// The names of the packages of a plan.
fn names(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.packages.iter().map(|artifact| artifact.name.as_str())
}

async fn plan_with(
    session: &Session,
    settings: &Settings,
    (stanzas, own_python): (&str, bool),
    known: Option<&State>,
) -> Result<Additions, Error> {
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let Inputs { wanted, authorities, .. } = inputs;
    let Wanted::Choice(mut choice) = wanted else {
        return Err(Error::Internal("a lock was read in a live destination".to_owned()));
    };
    if own_python {
        choice.leave_out(python::is_of_python);
    }
    choice.count_as_installed(Path::new("the live destination"), stanzas);
    let planner = Planner::new(settings, choice, client.clone()).await?;
    let found = planner.plan(known, None, &session.report).await?;
    if let Some(state) = known {
        refuse_rollback(state, &found.releases)?;
        refuse_changes(state, &found.releases, settings.allow_releaseinfo_change)?;
    }
    let named = found.requested.clone();
    Ok(Additions { found, client, authorities, named })
}

pub(super) fn client_of(session: &Session) -> Result<(Client, Vec<CaBundle>), Error> {
    let inputs = Inputs::read(&session.settings)?;
    let client = inputs.client(&session.settings)?;
    Ok((client, inputs.authorities))
}
