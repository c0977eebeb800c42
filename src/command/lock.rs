//! `aptlet lock`: resolve only; write the plan.

use std::io::Write as _;

use serde_json::{Map, json};

use super::{client, sources};
use crate::config::{Output, Settings};
use crate::error::Error;
use crate::lock;
use crate::report::{Report, counted, mebibytes};

pub(super) async fn lock(settings: &Settings, report: &Report) -> Result<(), Error> {
    let planned = sources::plan(settings, client(settings)?, report).await?;
    let plan = planned.resolved.plan;
    let text = lock::render(&plan);
    let written = match &settings.output {
        Output::Stdout => std::io::stdout().write_all(text.as_bytes()).map_err(|source| ("-".into(), source)),
        Output::File(path) => std::fs::write(path, &text).map_err(|source| (path.clone(), source)),
    };
    written.map_err(|(path, source)| lock::Error::Write { path, source })?;
    let size = plan.download_size();
    let facts = Map::from_iter([
        ("packages".to_owned(), json!(plan.packages.len())),
        ("bytes".to_owned(), json!(size)),
    ]);
    let packages = counted(plan.packages.len(), "package");
    report.success(&format!("{packages} ({}) locked", mebibytes(size)), facts);
    Ok(())
}
