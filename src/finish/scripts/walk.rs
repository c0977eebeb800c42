//! Walks a maintainer script as it would go at a first installation, and tells what of it can be done and what remains. A
//! script is read, never run; where it cannot be told whether a line matters, it remains.

use std::collections::BTreeSet;
use std::path::Path;

use super::condition::FirstInstallation;
use super::effects::{self, Effect};
use super::known::{DONE, DONE_HELPERS, IDLE, IDLE_HELPERS, READING, REVIEWED};
use super::remaining::{Remaining, shorten};
use crate::deb::shell::{assignment, is_separator, logical_lines, split_words};
use crate::finish::accounts::adduser;
use crate::finish::maintainer_script::Script;

/// Blocks in blocks; what is deeper is not read.
const DEEPEST: usize = 100;

/// A line of a script that is sure to run, and what it makes.
#[derive(Debug)]
pub(crate) struct SureLine {
    pub(crate) package: String,
    pub(crate) line: String,
    pub(crate) effects: Vec<Effect>,
}

/// What is left of a script; `None` where all of it is done, or it does nothing. What can be done is added to `sure_lines`.
pub(crate) fn remaining(
    root: &Path,
    package: &str,
    script: Script,
    text: &str,
    sure_lines: &mut Vec<SureLine>,
) -> Option<Remaining> {
    if REVIEWED.contains(&(package, script)) {
        return Some(Remaining { package: package.to_owned(), script, lines: Vec::new() });
    }
    let mut walk = Walk {
        first: FirstInstallation { root, action: script.action() },
        functions: BTreeSet::new(),
        blocks: Vec::new(),
        lines: Vec::new(),
        sure_lines: Vec::new(),
        idle: false,
    };
    let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let program = interpreter.split_whitespace().next().and_then(|path| path.rsplit('/').next());
    if matches!(program, Some("sh" | "bash" | "dash")) {
        let (own, idle) = without_helpers(text);
        walk.idle = idle;
        let statements = logical_lines(&own);
        walk.functions = statements.iter().filter_map(|line| function(line)).map(str::to_owned).collect();
        for statement in &statements {
            walk.statement(statement);
        }
    } else {
        let interpreter = interpreter.trim().escape_debug();
        walk.lines.push(shorten(&format!("a program that is no shell script ({interpreter})")));
    }
    walk.lines.dedup();
    let lines = walk.lines;
    sure_lines.extend(walk.sure_lines.into_iter().map(|(line, effects)| SureLine {
        package: package.to_owned(),
        line,
        effects,
    }));
    (walk.idle || !lines.is_empty()).then(|| Remaining { package: package.to_owned(), script, lines })
}

/// The script without the parts that debhelper is known to write, and whether any of these is left out because it is not
/// missed.
fn without_helpers(text: &str) -> (String, bool) {
    let (mut own, mut idle, mut inside) = (String::new(), false, false);
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(helper) = trimmed.strip_prefix("# Automatically added by ") {
            let name = helper.split('/').next().unwrap_or_default();
            let is_idle = IDLE_HELPERS.contains(&name);
            inside = is_idle || DONE_HELPERS.contains(&name);
            idle |= is_idle;
        } else if trimmed == "# End automatically added section" {
            inside = false;
        } else if !inside {
            own.push_str(line);
            own.push('\n');
        }
    }
    (own, idle)
}

/// A block that a statement is in.
#[derive(Debug)]
enum Block {
    /// One branch of an `if`.
    If {
        /// Whether this branch may be taken.
        taken: bool,
        /// Whether it is sure to be.
        sure: bool,
        /// Whether a later branch may be taken.
        rest: bool,
        /// Whether it is known of all conditions so far if they hold, so that an `else` is as sure.
        told: bool,
    },
    /// One branch of a `case`.
    Case {
        /// Whether it is about the script's own first argument.
        action: bool,
        /// Whether this branch may be taken.
        taken: bool,
        /// Whether it is sure to be.
        sure: bool,
        /// Whether a pattern comes next, and not a statement.
        at_pattern: bool,
    },
    Loop,
    Braces {
        /// Whether it is the body of a function.
        function: bool,
    },
}

/// A walk through one script, statement by statement.
#[derive(Debug)]
struct Walk<'a> {
    first: FirstInstallation<'a>,
    /// The names of the script's own functions. Calls of them are nothing; their bodies are walked where they stand.
    functions: BTreeSet<String>,
    /// Those that the present statement is in, the innermost last.
    blocks: Vec<Block>,
    /// What remains.
    lines: Vec<String>,
    /// What can be done.
    sure_lines: Vec<(String, Vec<Effect>)>,
    /// Whether anything is left out that is not missed.
    idle: bool,
}

impl Walk<'_> {
    fn statement(&mut self, statement: &str) {
        if self.blocks.len() > DEEPEST {
            return;
        }
        let words = split_words(statement);
        let Some(first) = words.first().copied() else { return };
        if let Some(Block::Case { action, taken, sure, at_pattern: at @ true }) = self.blocks.last_mut()
            && first != "esac"
        {
            let Some((patterns, rest)) = statement.split_once(')') else { return };
            *at = false;
            let patterns =
                patterns.trim_start_matches('(').split('|').map(|word| word.trim().trim_matches(['"', '\'']));
            // a trigger is processed as part of an installation
            *taken =
                !*action || patterns.clone().any(|word| word == self.first.action || word == "triggered");
            *sure = *action && patterns.clone().any(|word| word == self.first.action);
            return self.statement(rest.trim());
        }
        match first {
            ";;" => {
                if let Some(Block::Case { at_pattern, .. }) = self.blocks.last_mut() {
                    *at_pattern = true;
                }
            }
            "case" => {
                let action = !self.in_function() && words.get(1).is_some_and(|word| is_first_argument(word));
                self.blocks.push(Block::Case { action, taken: true, sure: false, at_pattern: true });
                let rest = statement.split_once(" in ").map(|(_, rest)| rest.trim()).unwrap_or_default();
                if !rest.is_empty() {
                    self.statement(rest);
                }
            }
            "if" => {
                let truth = self.truth(&words[1..]);
                self.commands(&words[1..]);
                self.blocks.push(Block::If {
                    taken: truth != Some(false),
                    sure: truth == Some(true),
                    rest: truth != Some(true),
                    told: truth.is_some(),
                });
            }
            "elif" | "else" => {
                let truth = if first == "else" { Some(true) } else { self.truth(&words[1..]) };
                if let Some(Block::If { taken, sure, rest, told }) = self.blocks.last_mut() {
                    *taken = *rest && truth != Some(false);
                    *sure = *rest && *told && truth == Some(true);
                    *rest &= truth != Some(true);
                    *told &= truth.is_some();
                }
            }
            "for" | "while" | "until" => self.blocks.push(Block::Loop),
            "fi" => self.close(|block| matches!(block, Block::If { .. })),
            "esac" => self.close(|block| matches!(block, Block::Case { .. })),
            "done" => self.close(|block| matches!(block, Block::Loop)),
            "{" => {
                // the body of a function whose head stands on a line of its own has opened its block already
                if !matches!(self.blocks.last(), Some(Block::Braces { function: true })) || words.len() > 1 {
                    self.blocks.push(Block::Braces { function: false });
                }
                self.commands(&words[1..]);
            }
            "}" => self.close(|block| matches!(block, Block::Braces { .. })),
            _ if function(statement).is_some() => {
                self.blocks.push(Block::Braces { function: true });
                let body = statement.split_once('{').map(|(_, body)| body.trim()).unwrap_or_default();
                if !body.is_empty() {
                    self.statement(body);
                }
            }
            _ => {
                self.commands(&words);
                // `command | while read x`
                if words.windows(2).any(|pair| pair[0] == "|" && matches!(pair[1], "while" | "for" | "until"))
                {
                    self.blocks.push(Block::Loop);
                }
            }
        }
    }

    /// Whether a condition holds, [`FirstInstallation::truth`]; in a function, the arguments are others.
    fn truth(&self, words: &[&str]) -> Option<bool> {
        if self.in_function() { None } else { self.first.truth(words) }
    }

    /// Leaves a block, and those in it that nothing has ended.
    fn close(&mut self, is_it: impl Fn(&Block) -> bool) {
        if let Some(at) = self.blocks.iter().rposition(is_it) {
            self.blocks.truncate(at);
        }
    }

    fn in_function(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Braces { function: true }))
    }

    /// Whether a command here may run.
    fn is_reached(&self) -> bool {
        self.blocks.iter().all(|block| match block {
            Block::If { taken, .. } | Block::Case { taken, .. } => *taken,
            Block::Loop | Block::Braces { .. } => true,
        })
    }

    /// Whether a command here runs exactly once.
    fn is_sure(&self) -> bool {
        self.blocks.iter().all(|block| match block {
            Block::If { sure, .. } | Block::Case { sure, .. } => *sure,
            Block::Loop | Block::Braces { function: true } => false,
            Block::Braces { function: false } => true,
        })
    }

    /// Lists a statement if any of its commands matters.
    fn commands(&mut self, words: &[&str]) {
        let substitutes = |word: &&str| assignment(word).is_some_and(|(_, value)| value.contains(['(', '`']));
        // what a variable is set to is read
        if !self.is_reached() || self.truth(words) == Some(false) || words.first().is_some_and(substitutes) {
            return;
        }
        let mut matters = false;
        for command in words.split(|word| is_separator(word) || *word == "&") {
            let mut words = command.iter().copied().skip_while(|word| {
                matches!(*word, "!" | "then" | "do" | "exec" | "(" | "{" | "if" | "while" | "until")
                    || assignment(word).is_some()
            });
            let Some(first) = words.next() else { continue };
            let first = first.trim_start_matches('(').trim_matches('"');
            let name = first.rsplit('/').next().unwrap_or_default();
            if IDLE.contains(&name) {
                self.idle = true;
            } else if DONE.contains(&name) {
                // whatever it would write to
            } else if writes(command) {
                matters = true;
            } else {
                matters |= !(READING.contains(&first)
                    || adduser::PROGRAMS.contains(&name)
                    || name.starts_with("db_")
                    || self.functions.contains(first)
                    || matches!(name, "sed" | "perl") && !words.any(|word| word.starts_with("-i"))
                    // a debconf frontend starts the script anew
                    || name == "confmodule"
                    || first.is_empty()
                    || first == ")");
            }
        }
        if !matters {
            return;
        }
        let line = shorten(&words.join(" "));
        match effects::read(words).filter(|_| self.is_sure()) {
            Some(effects) => self.sure_lines.push((line, effects)),
            None => self.lines.push(line),
        }
    }
}

/// Whether a command's output goes to a file.
fn writes(command: &[&str]) -> bool {
    command.iter().enumerate().any(|(at, word)| {
        let Some((before, target)) = word.split_once('>') else { return false };
        if !matches!(before, "" | "1" | "2" | "&") {
            return false;
        }
        let target = target.trim_start_matches(['>', '|']);
        let target =
            if target.is_empty() { command.get(at + 1).copied().unwrap_or_default() } else { target };
        !(target.starts_with('&') || target.trim_end_matches(')') == "/dev/null")
    })
}

fn is_first_argument(word: &str) -> bool {
    matches!(word.trim_matches('"'), "$1" | "${1}")
}

/// The name of the function that a statement begins.
fn function(statement: &str) -> Option<&str> {
    let (name, _) = statement.split_once("()")?;
    let name = name.trim().trim_start_matches("function ");
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}
