//! `aptlet sbom`: the bill of materials of what is asked for, or else of what is installed.

use crate::bake::os_release;
use crate::config::{SbomFormat, Settings};
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::planning::{Inputs, Planner, Wanted};
use crate::publish;
use crate::report::{self, Report};
use crate::sbom::{Bill, cyclonedx, spdx};
use crate::tree::records;

pub(super) async fn sbom(settings: &Settings, report: &Report) -> Result<(), Error> {
    let (plan, root) = if settings.lock.is_none() && settings.requests.is_empty() {
        let nothing = || publish::Error::Empty { destination: settings.dest.clone() };
        let generation = current_generation::current(&settings.dest).ok_or_else(nothing)?;
        (lock::read(&generation.join(records::LOCK))?, Some(generation))
    } else {
        let inputs = Inputs::read(settings)?;
        let client = inputs.client(settings)?;
        let plan = match inputs.wanted {
            Wanted::Lock(plan) => plan,
            Wanted::Choice(choice) => {
                Planner::new(settings, choice, client).await?.plan(None, None, report).await?.plan
            }
        };
        (plan, None)
    };
    let bill = Bill::of(&plan, os_release::release(&plan), root.as_deref(), plan.newest_release());
    report::print(&match settings.sbom_format {
        SbomFormat::Spdx => spdx(&bill),
        SbomFormat::Cyclonedx => cyclonedx(&bill),
    })
}
