//! `apt-get update`: the Releases and indexes of all sources, verified and kept; and `clean`, which gives up what is kept.

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::making::Opened;
use super::outcome::{Failure, print};
use super::session::Session;
use super::words::Words;
use crate::current_generation::current;
use crate::digest::Sha256;
use crate::error::Error;
use crate::lock;
use crate::planning::{Refreshed, refresh};
use crate::publish::State;
use crate::source;
use crate::tree::kept::Kept;
use crate::tree::records;

/// Clocks of volumes need not be this machine's.
const EARLIER: Duration = Duration::from_mins(1);

/// `apt-get update`
pub(super) fn update(place: &crate::live::Place, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    session.work(run(&session, words))?;
    Ok(ExitCode::SUCCESS)
}

/// Fetches everything anew.
///
/// # Errors
/// A source that is not to be trusted; and where none can be had. One that only cannot be reached costs a warning, as for apt,
/// and stays as it was.
pub(super) async fn run(session: &Session, words: &Words) -> Result<(), Failure> {
    let _opened = Opened::open(session, "apt-get update").await?;
    let begun = SystemTime::now();
    let mut settings = session.settings.clone();
    if let Some(kept) = &mut settings.kept_indexes {
        kept.refresh = true;
    }
    let known = current(session.place.dest()).as_deref().and_then(State::read);
    let Refreshed { releases, left_out, packages } = refresh(&settings, known.as_ref()).await?;
    let mut text = String::new();
    for (number, release) in releases.iter().enumerate() {
        text.push_str(&format!("Get:{} {release}\n", number + 1));
    }
    if words.quiet < 2 {
        print(&format!("{text}Reading package lists... Done\n{packages} packages are known.\n"))?;
    }
    if left_out.is_empty() {
        forget_older(session, begun.checked_sub(EARLIER).unwrap_or(begun));
        return Ok(());
    }
    let mut worst = None;
    for source in left_out {
        let told = source.to_string();
        let error = Error::from(source.error);
        let is_none = matches!(
            error,
            Error::Source(source::Error::NoRelease { .. } | source::Error::NotRelease { .. })
        );
        match error.is_of_mirrors() && !is_none && !releases.is_empty() {
            true => tracing::warn!("{told}; what is known of it is as it was before"),
            false => worst = worst.or(Some(error)),
        }
    }
    worst.map_or(Ok(()), |error| Err(error.into()))
}

/// Indexes that no source has any more.
fn forget_older(session: &Session, than: SystemTime) {
    for entry in fs::read_dir(session.place.indexes()).into_iter().flatten().flatten() {
        let is_older = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|time| time < than);
        if is_older {
            // it takes space, and does no other harm
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// `apt-get clean`: packages that are in no tree any more. What the current tree is made of is kept, as its files are: it takes no
/// space of its own.
pub(super) fn clean(place: &crate::live::Place, words: &Words) -> Result<ExitCode, Failure> {
    let session = Session::open(place, words)?;
    if words.simulate {
        return Ok(ExitCode::SUCCESS);
    }
    session.work(async {
        let _opened = Opened::open(&session, "apt-get clean").await?;
        let plan =
            current(place.dest()).and_then(|generation| lock::read(&generation.join(records::LOCK)).ok());
        let used: Vec<Sha256> =
            plan.unwrap_or_default().packages.iter().map(|artifact| artifact.sha256).collect();
        Kept::retain_in(&place.packages(), &used);
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
