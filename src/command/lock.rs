//! `aptlet lock`: resolve only; write the plan, or explain a package of it.

use serde_json::{Map, json};

use crate::config::{self, LogFormat, Output, Settings};
use crate::error::Error;
use crate::lock;
use crate::planning::{Inputs, PlanInputs, Planner, Wanted, check_lock};
use crate::report::{self, Report};
use crate::wording::{counted, mebibytes};

pub(super) async fn lock(settings: &Settings, report: &Report) -> Result<(), Error> {
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let Wanted::Choice(choice) = inputs.wanted else {
        return Err(Error::Internal("a lock was read to make one".to_owned()));
    };
    if settings.check {
        return check(settings, &choice, report);
    }
    let planner = Planner::new(settings, choice, client).await?;
    let planned = planner.plan(None, settings.explain.as_deref(), report).await?;
    let plan = planned.plan;
    let packages = counted(plan.packages.len(), "package");
    let size = plan.download_size();
    let facts = Map::from_iter([
        ("packages".to_owned(), json!(plan.packages.len())),
        ("bytes".to_owned(), json!(size)),
    ]);
    if let Some(why) = planned.why {
        let text = match settings.log_format {
            LogFormat::Text => format!("{why}\n"),
            LogFormat::Json => format!("{}\n", json!(why)),
        };
        report::print(&text)?;
        report.success(&format!("{packages} ({}) planned, no lock written", mebibytes(size)), facts);
        return Ok(());
    }
    let text = lock::render(&plan);
    match &settings.output {
        Output::Stdout => report::print(&text)?,
        Output::File(path) => {
            let failed = |source| lock::Error::Write { path: path.clone(), source };
            std::fs::write(path, &text).map_err(failed)?;
        }
    }
    report.success(&format!("{packages} ({}) locked", mebibytes(size)), facts);
    Ok(())
}

/// Looks whether the lock that is there is the answer to what is asked for, without asking any mirror.
fn check(settings: &Settings, choice: &PlanInputs, report: &Report) -> Result<(), Error> {
    let Output::File(path) = &settings.output else {
        return Err(config::Error::CheckedNothing.into());
    };
    let plan = check_lock(path, settings, choice)?;
    let packages = counted(plan.packages.len(), "package");
    let facts = Map::from_iter([("packages".to_owned(), json!(plan.packages.len()))]);
    report.success(&format!("{} is the answer to what is asked for: {packages}", path.display()), facts);
    Ok(())
}
