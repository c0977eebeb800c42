//! Where the reading of a script stands.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::files::normal;
use super::syntax::Command;
use super::value::{Status, Value};
use super::world::World;
use crate::finish::maintainer_script::Script;
use crate::finish::scripts::remaining::shorten;

/// Commands that are followed in one script, those in loops as often as the loop goes round.
pub(super) const MOST_STEPS: usize = 20_000;

/// Functions in functions, and scripts in scripts.
pub(super) const DEEPEST_CALLS: usize = 30;

/// What is known of a script when it has been followed.
#[derive(Debug, Default)]
pub(in crate::finish::scripts) struct Followed {
    /// Lines that may run and that nothing here does.
    pub(in crate::finish::scripts) lines: Vec<String>,
    /// Whether anything is left out that is not missed.
    pub(in crate::finish::scripts) idle: bool,
    /// Whether all of it is understood as shell.
    pub(in crate::finish::scripts) whole: bool,
}

/// One script on its way.
pub(super) struct Shell<'a, 'b> {
    pub(super) world: &'b mut World<'a>,
    pub(super) package: &'b str,
    pub(super) script: Script,
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) functions: BTreeMap<String, Rc<Command>>,
    pub(super) arguments: Vec<Value>,
    /// Where it is; relative paths begin there.
    pub(super) folder: Value,
    /// What commands print, for each that reads it, the innermost last.
    pub(super) outputs: Vec<Value>,
    /// What is read next.
    pub(super) input: Value,
    pub(super) status: Status,
    /// Whether the present command has run others for its words.
    pub(super) substituted: bool,
    /// How many conditions that cannot be told it stands under.
    pub(super) doubts: usize,
    /// Values of variables that are a function's own, for each function, the innermost last.
    pub(super) locals: Vec<Vec<(String, Option<Value>)>>,
    /// The statement that it is at, as the script has it.
    pub(super) statement: String,
    /// Lines that are missed while this is not 0 belong to the line that began it.
    pub(super) nested: usize,
    pub(super) nested_missed: bool,
    /// How many commands deep something is run only for what it prints.
    pub(super) reading: usize,
    pub(super) steps: usize,
    pub(super) calls: usize,
    pub(super) followed: Followed,
}

impl Shell<'_, '_> {
    /// Notes that the present statement has something that nothing here does.
    pub(super) fn miss(&mut self) {
        if self.reading > 0 {
            return;
        }
        if self.nested > 0 {
            self.nested_missed = true;
        } else {
            self.followed.lines.push(shorten(&self.statement));
        }
    }

    pub(super) fn is_sure(&self) -> bool {
        self.doubts == 0
    }

    /// Adds to what the present command prints.
    pub(super) fn print(&mut self, text: Option<&str>) {
        if let Some(output) = self.outputs.last_mut() {
            match (output.as_mut(), text) {
                (Some(output), Some(text)) => output.push_str(text),
                _ => *output = None,
            }
        }
    }

    /// A path from the present folder.
    pub(super) fn path(&self, path: &str) -> Value {
        if path.starts_with('/') {
            return Some(normal(path));
        }
        self.folder.as_ref().map(|folder| normal(&format!("{folder}/{path}")))
    }
}
