//! `aptlet lock`: resolve only; write the plan, or explain a package of it.

use std::io::Write as _;

use serde_json::{Map, json};

use crate::config::{LogFormat, Output, Settings};
use crate::error::Error;
use crate::lock;
use crate::planning::{client, plan as sources};
use crate::report::{Report, counted, mebibytes};

pub(super) async fn lock(settings: &Settings, report: &Report) -> Result<(), Error> {
    let planned = sources::plan(settings, client(settings)?, settings.explain.as_deref(), report).await?;
    let plan = planned.resolved.plan;
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
        print(&text)?;
        report.success(&format!("{packages} ({}) planned, no lock written", mebibytes(size)), facts);
        return Ok(());
    }
    let text = lock::render(&plan);
    match &settings.output {
        Output::Stdout => print(&text)?,
        Output::File(path) => {
            let failed = |source| lock::Error::Write { path: path.clone(), source };
            std::fs::write(path, &text).map_err(failed)?;
        }
    }
    report.success(&format!("{packages} ({}) locked", mebibytes(size)), facts);
    Ok(())
}

fn print(text: &str) -> Result<(), lock::Error> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|source| lock::Error::Write { path: "-".into(), source })
}
