//! `aptlet install --dry-run`: what would be installed, from where, how large, and what of the destination would change.

use std::fmt::Write as _;

use serde_json::{Map, json};

use crate::arrange::Arrange as _;
use crate::config::{LogFormat, Settings};
use crate::current_generation;
use crate::error::Error;
use crate::lock;
use crate::plan::{Artifact, Plan};
use crate::planning::{Inputs, Planner, Wanted};
use crate::report::{self, Report};
use crate::tree::records;
use crate::wording::{columns, counted, mebibytes};

/// What becomes of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Comes,
    Changes,
    Stays,
    Goes,
}

impl Change {
    fn mark(self) -> &'static str {
        match self {
            Self::Comes => "+",
            Self::Changes => "~",
            Self::Stays => "=",
            Self::Goes => "-",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Comes => "comes",
            Self::Changes => "changes",
            Self::Stays => "stays",
            Self::Goes => "goes",
        }
    }
}

pub(in crate::command) async fn dry_run(settings: &Settings, report: &Report) -> Result<(), Error> {
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let plan = match inputs.wanted {
        Wanted::Lock(plan) => plan,
        Wanted::Choice(choice) => {
            let planner = Planner::new(settings, choice, client).await?;
            planner.plan(None, None, report).await?.plan
        }
    };
    let current = current_generation::current(&settings.dest);
    let before = current.and_then(|generation| lock::read(&generation.join(records::LOCK)).ok());
    let before = before.map(|plan| plan.packages).unwrap_or_default();
    let changes = changes(&before, &plan);
    report::print(&match settings.log_format {
        LogFormat::Text => table(&changes, &plan),
        LogFormat::Json => objects(&changes),
    })?;
    let count = |change| changes.iter().filter(|(own, _)| *own == change).count();
    let [comes, differ, stays, goes] =
        [Change::Comes, Change::Changes, Change::Stays, Change::Goes].map(count);
    let installed: u64 = plan.packages.iter().map(|package| package.installed_size << 10).sum();
    let fetched: u64 = if comes + differ + goes == 0 { 0 } else { plan.download_size() };
    let summary = format!(
        "{}: {comes} would come, {differ} change, {goes} go, {stays} stay; {} to fetch, about {} unpacked; nothing was \
         changed",
        counted(plan.packages.len(), "package"),
        mebibytes(fetched),
        mebibytes(installed),
    );
    let facts = Map::from_iter([
        ("packages".to_owned(), json!(plan.packages.len())),
        ("bytes".to_owned(), json!(fetched)),
    ]);
    report.success(&summary, facts);
    Ok(())
}

/// What the destination has, and what the plan has instead; by name.
fn changes<'p>(before: &'p [Artifact], plan: &'p Plan) -> Vec<(Change, &'p Artifact)> {
    let is_same = |one: &Artifact, other: &Artifact| {
        one.name == other.name
            && (one.architecture == other.architecture
                || one.architecture == "all"
                || other.architecture == "all")
    };
    let mut changes: Vec<(Change, &Artifact)> = plan
        .packages
        .iter()
        .map(|package| match before.iter().find(|old| is_same(old, package)) {
            None => (Change::Comes, package),
            Some(old) if old.sha256 == package.sha256 => (Change::Stays, package),
            Some(_) => (Change::Changes, package),
        })
        .collect();
    let gone = before.iter().filter(|old| !plan.packages.iter().any(|package| is_same(old, package)));
    changes.extend(gone.map(|old| (Change::Goes, old)));
    changes.arrange_by(|(_, one), (_, other)| {
        (&one.name, &one.architecture).cmp(&(&other.name, &other.architecture))
    });
    changes
}

fn table(changes: &[(Change, &Artifact)], plan: &Plan) -> String {
    let mut rows = Vec::new();
    for (change, package) in changes {
        let source = plan.source(&package.source).filter(|_| *change != Change::Goes);
        let from = source.map(|source| {
            format!("{} {}", source.describe(), source.uris.first().map(String::as_str).unwrap_or_default())
        });
        rows.push([
            change.mark().to_owned(),
            package.name.clone(),
            package.version.clone(),
            package.architecture.clone(),
            mebibytes(package.size),
            from.unwrap_or_default(),
        ]);
    }
    columns(&rows)
}

fn objects(changes: &[(Change, &Artifact)]) -> String {
    let mut text = String::new();
    for (change, package) in changes {
        let object = json!({
            "change": change.word(), "name": package.name, "version": package.version,
            "architecture": package.architecture, "source": package.source, "size": package.size,
        });
        let _ = writeln!(text, "{object}");
    }
    text
}
