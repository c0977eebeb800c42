//! What of the notes is told at once: those about what was asked for, libraries for the image's own programs included, and about
//! commands that hide the base's or are hidden. `aptlet status` has all.

use crate::config::Settings;
use crate::launch;
use crate::note::{Note, Recorded};
use crate::source::base_commands::in_base;
use crate::wording::counted;

/// So many are told; more are a list, and no line that is seen.
const MOST: usize = 10;

/// Tells the notes about packages that were asked for, and gives the end of the summary, which counts the others.
pub(in crate::command) fn tell(notes: &[Recorded], requested: &[String]) -> String {
    let is_asked_for = |name: &str| requested.iter().any(|requested| requested == name);
    let (ours, others): (Vec<_>, Vec<_>) =
        notes.iter().partition(|note| note.is_told() || note.about().is_some_and(is_asked_for));
    for note in ours.iter().take(MOST) {
        let remedy = if note.is_of_script() { "; if it is needed, let the main container do it" } else { "" };
        tracing::info!("note: {note}{remedy}");
    }
    for note in ours.iter().skip(MOST).chain(&others) {
        tracing::debug!("note: {note}");
    }
    match (ours.len().min(MOST), notes.len() - ours.len().min(MOST)) {
        (_, 0) => String::new(),
        (0, count) => format!(", {} (aptlet status)", counted(count, "note")),
        (_, count) => format!(", {} (aptlet status)", counted(count, "more note")),
    }
}

/// The note of commands that the base has as well, if there are any among those that are exposed.
pub(in crate::command) fn of_base(settings: &Settings, exposed: &[String]) -> Option<Note> {
    let commands = in_base(settings.base.as_deref()?, exposed);
    let commands: Vec<String> = commands.into_iter().map(str::to_owned).collect();
    (!commands.is_empty()).then(|| launch::Note::AlsoInBase { commands }.into())
}
