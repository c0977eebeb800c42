//! What maintainer scripts would have done and nothing here does, as it is told to the user.

use crate::finish::maintainer_script::Script;
use crate::finish::note::Note;

/// A script is listed by so many lines of so many characters.
const MOST_LINES: usize = 8;
const MOST_LETTERS: usize = 100;

/// What is left of one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// The package.
    pub(crate) package: String,
    /// Which of its scripts.
    pub(crate) script: Script,
    /// Statements that nothing does, shortened; none if all that was left out is known not to be missed.
    pub(crate) lines: Vec<String>,
}

impl Remaining {
    /// For the report; none where nothing is missed.
    pub(crate) fn note(&self) -> Option<Note> {
        let Self { package, script, lines } = self;
        (!lines.is_empty()).then(|| Note::ScriptNotRun {
            package: package.clone(),
            script: *script,
            lines: lines.iter().take(MOST_LINES).cloned().collect(),
            more: lines.len().saturating_sub(MOST_LINES),
        })
    }
}

/// Adds lines of a package's postinst that some step could not read.
pub(crate) fn add(all: &mut Vec<Remaining>, package: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let lines = lines.iter().map(|line| shorten(line));
    match all
        .iter_mut()
        .find(|remaining| remaining.package == package && remaining.script == Script::Postinst)
    {
        Some(remaining) => remaining.lines.extend(lines),
        None => {
            all.push(Remaining {
                package: package.to_owned(),
                script: Script::Postinst,
                lines: lines.collect(),
            });
        }
    }
}

/// A line as it is listed.
pub(super) fn shorten(line: &str) -> String {
    let line: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
