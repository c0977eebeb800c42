//! What maintainer scripts would have done at a first installation and nothing here does. A script is read, never
//! run; where it cannot be told whether a line matters, it is listed.

use std::collections::BTreeSet;
use std::path::Path;

use super::effects::{self, Effect};
use super::known::{DONE, DONE_HELPERS, IDLE, IDLE_HELPERS, READING, REVIEWED};
use crate::deb::script::{assignment, is_separator, logical_lines, split_words};
use crate::finish::accounts::adduser;
use crate::finish::inside::{exists, is_sound};

/// A script is listed by so many lines of so many characters.
const MOST_LINES: usize = 8;
const MOST_LETTERS: usize = 100;
/// Blocks in blocks; what is deeper is not read.
const DEEPEST: usize = 100;

/// What is left of one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The package.
    pub package: String,
    /// `preinst` or `postinst`.
    pub script: &'static str,
    /// Statements that nothing does, shortened; none if all that was left out is known not to be missed.
    pub lines: Vec<String>,
}

impl Remaining {
    /// One line for the report; none where nothing is missed.
    pub fn note(&self) -> Option<String> {
        let Self { package, script, lines } = self;
        let more = lines.len().saturating_sub(MOST_LINES);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let lines = lines.iter().take(MOST_LINES).map(String::as_str).collect::<Vec<_>>().join("; ");
        (!lines.is_empty()).then(|| format!("{package}: its {script} was not run, which has: {lines}{more}"))
    }
}

/// Adds lines that some step could not read.
pub(crate) fn add(all: &mut Vec<Remaining>, package: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let lines = lines.iter().map(|line| shorten(line));
    match all.iter_mut().find(|remaining| remaining.package == package && remaining.script == "postinst") {
        Some(remaining) => remaining.lines.extend(lines),
        None => {
            all.push(Remaining { package: package.to_owned(), script: "postinst", lines: lines.collect() });
        }
    }
}

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
    script: &'static str,
    text: &str,
    sure_lines: &mut Vec<SureLine>,
) -> Option<Remaining> {
    if REVIEWED.contains(&(package, script)) {
        return Some(Remaining { package: package.to_owned(), script, lines: Vec::new() });
    }
    let action = if script == "preinst" { "install" } else { "configure" };
    let mut walk = Walk {
        root,
        action,
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

/// The script without the parts that debhelper is known to write, and whether any of these was left out undone.
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
    /// `if`: whether this branch is taken, whether that is sure, and whether an `else` could be, or must.
    If {
        taken: bool,
        sure: bool,
        rest: bool,
        told: bool,
    },
    /// `case`: whether it is about the script's own first argument, and whether this branch is taken.
    Case {
        action: bool,
        taken: bool,
        sure: bool,
        at_pattern: bool,
    },
    Loop,
    Braces {
        function: bool,
    },
}

#[derive(Debug)]
struct Walk<'a> {
    root: &'a Path,
    action: &'static str,
    functions: BTreeSet<String>,
    blocks: Vec<Block>,
    lines: Vec<String>,
    sure_lines: Vec<(String, Vec<Effect>)>,
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
            *taken = !*action || patterns.clone().any(|word| word == self.action || word == "triggered");
            *sure = *action && patterns.clone().any(|word| word == self.action);
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

    fn close(&mut self, is_it: impl Fn(&Block) -> bool) {
        if let Some(at) = self.blocks.iter().rposition(is_it) {
            self.blocks.truncate(at);
        }
    }

    fn in_function(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Braces { function: true }))
    }

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

    /// Whether a condition holds at a first installation; `None` where the text does not tell.
    fn truth(&self, words: &[&str]) -> Option<bool> {
        if self.in_function() {
            return None;
        }
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['"', '\''])).collect();
        let is_or = |word: &&str| matches!(*word, "||" | "-o");
        if words.iter().any(is_or) {
            let is_and = |word: &&str| matches!(*word, "&&" | "-a");
            let mut parts = words.split(is_or).map(|part| self.truth(part)).collect::<Vec<_>>().into_iter();
            return match words.iter().any(is_and) {
                true => None,
                false if parts.clone().any(|truth| truth == Some(true)) => Some(true),
                false if parts.all(|truth| truth == Some(false)) => Some(false),
                false => None,
            };
        }
        let mut all = Some(true);
        for part in words.split(|word| matches!(*word, "&&" | "-a")) {
            let part: Vec<&str> = part
                .iter()
                .copied()
                .filter(|word| !matches!(*word, "[" | "]" | "[[" | "]]" | "test"))
                .collect();
            let (negated, part) = match &part[..] {
                ["!", rest @ ..] => (true, rest),
                rest => (false, rest),
            };
            let truth = match part {
                ["-n", "$2"] => Some(false),
                ["-z", "$2"] => Some(true),
                ["-e" | "-f" | "-d" | "-x" | "-s" | "-r", path] => self.is_there(path),
                ["$1" | "${1}", "=" | "==", value] | [value, "=" | "==", "$1" | "${1}"] => match *value {
                    "triggered" => None,
                    value => Some(value == self.action),
                },
                // an empty version is before all others, and for the -nl operators after them
                ["dpkg", "--compare-versions", "$2", operator, ..] => match *operator {
                    "lt" | "le" | "gt-nl" | "ge-nl" => None,
                    _ => Some(false),
                },
                _ => None,
            };
            match truth.map(|truth| truth != negated) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }

    /// Whether a test of a file holds: a script of the tree has to do with what the tree has.
    fn is_there(&self, path: &str) -> Option<bool> {
        let path = path.trim_start_matches("${DPKG_ROOT}").trim_start_matches("$DPKG_ROOT");
        let is_plain = is_sound(path) && !path.contains(['$', '`', '*', '?', '[']);
        // what is there may have been changed by the script's own lines before
        is_plain.then(|| exists(self.root, path)).filter(|there| !there)
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

fn shorten(line: &str) -> String {
    let line: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(script: &'static str, body: &str) -> Vec<String> {
        remaining(Path::new("/nonexistent"), "x", script, &format!("#!/bin/sh\n{body}"), &mut Vec::new())
            .map(|remaining| remaining.lines)
            .unwrap_or_default()
    }

    #[test]
    fn what_debhelper_writes_is_known() {
        let body = "set -e\n# Automatically added by dh_installsystemd/13.11.4\nsystemctl enable x\nodd\n\
            # End automatically added section\n# Automatically added by dh_unheard/1\nodder\n\
            # End automatically added section\nexit 0\n";
        assert_eq!(lines("postinst", body), ["odder"]);
        let body = "# Automatically added by dh_installalternatives/13\nupdate-alternatives --install a b c 1\n\
            # End automatically added section\n";
        assert_eq!(
            remaining(
                Path::new("/nonexistent"),
                "x",
                "postinst",
                &format!("#!/bin/sh -e\n{body}"),
                &mut Vec::new()
            ),
            None,
            "done in full"
        );
        let idle =
            remaining(Path::new("/nonexistent"), "x", "postinst", "#!/bin/sh\nldconfig\n", &mut Vec::new())
                .unwrap();
        let reviewed =
            remaining(Path::new("/nonexistent"), "libc6", "postinst", "#!/bin/sh\nodd\n", &mut Vec::new())
                .unwrap();
        assert_eq!(reviewed, Remaining { package: "libc6".into(), ..idle.clone() });
        assert!(idle.lines.is_empty() && idle.note().is_none());
    }

    #[test]
    fn only_a_first_installation_counts() {
        let body = "case \"$1\" in\n  configure)\n    if [ -n \"$2\" ]; then upgrade-it; else first; fi\n\
            if dpkg --compare-versions \"$2\" lt-nl 1.0; then\n mend\n fi\n inner\n ;;\n abort-upgrade|failed)\n undo\n ;;\n\
            *)\n echo \"odd: $1\" >&2\n fail\n exit 1\n;;\nesac\nif [ \"$1\" = \"upgrade\" ]; then old; elif maybe; then one; \
            else two; fi\nlast || true\n";
        assert_eq!(lines("postinst", body), ["first", "inner", "one", "two", "last || true"]);
        assert_eq!(lines("preinst", "if [ \"$1\" = install ]; then\nnow\nfi\n"), ["now"]);
        assert!(lines("postinst", "[ \"$1\" = configure ] && [ -n \"$2\" ] && old").is_empty());
        assert_eq!(lines("postinst", "[ -z \"$2\" ] && new").len(), 1);
        assert!(lines("preinst", "if [ \"$1\" = configure ]; then\nnow\nfi\n").is_empty());
        assert_eq!(
            lines("postinst", "case $1 in triggered) act ;; configure) also;; esac\n"),
            ["act", "also"]
        );
    }

    #[test]
    fn a_file_that_the_tree_does_not_have_decides() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        let body = "#!/bin/sh\nif [ -f /usr/etc/old ]; then move; fi\nif [ ! -e \"$DPKG_ROOT/etc/new\" ]; then make; fi\n\
            if [ -d /etc ]; then one; else two; fi\nif [ -x \"$X/y\" ]; then three; fi\n";
        let lines = remaining(folder.path(), "x", "postinst", body, &mut Vec::new()).unwrap().lines;
        assert_eq!(lines, ["make", "one", "two", "three"]);
    }

    #[test]
    fn reading_and_what_is_not_missed_is_not_listed() {
        let body = ". /usr/share/debconf/confmodule\ndb_get x/y\nX=$(cat /etc/x)\nif [ -x $Y ] && which z >/dev/null 2>&1; then\n\
            invoke-rc.d x start || exit $?\nfi\nchown root:adm /var/x\ngetent group x >/dev/null || addgroup --system x\n\
            rm -f /etc/old\nrun_it() {\n  mkdir /var/y\n}\nrun_it\necho text > /etc/file\ncat <<EOF > /etc/other\nbody\nEOF\n\
            sed -i s/a/b/ /etc/x\nsed s/a/b/ /etc/x\n/usr/lib/x/setup --now\nfor i in a b; do touch /var/$i; done\n";
        assert_eq!(
            lines("postinst", body),
            [
                "mkdir /var/y",
                "echo text > /etc/file",
                "cat <<EOF > /etc/other",
                "sed -i s/a/b/ /etc/x",
                "/usr/lib/x/setup --now",
                "touch /var/$i"
            ]
        );
    }

    #[test]
    fn only_what_is_sure_is_done() {
        let body = "mkdir /sure\nif [ -n \"$2\" ]; then touch /no; else touch /yes; fi\n\
            if [ \"$x\" = y ]; then touch /maybe; else touch /other; fi\ncase \"$1\" in configure) touch /case;; esac\n\
            case \"$x\" in y) touch /pattern;; esac\nf() {\ntouch /function\n}\n\
            for i in a; do touch /loop; done\n\
            if [ \"$1\" = \"configure\" ] || [ \"$1\" = abort-upgrade ]; then touch /either; fi\n\
            if [ \"$1\" = upgrade -o \"$1\" = x ]; then touch /neither; fi\n[ -e \"$x\" ] || touch /or\n";
        let mut sure_lines = Vec::new();
        let left = remaining(
            Path::new("/nonexistent"),
            "x",
            "postinst",
            &format!("#!/bin/sh\n{body}"),
            &mut sure_lines,
        )
        .unwrap();
        let done: Vec<&str> = sure_lines.iter().map(|sure| sure.line.as_str()).collect();
        assert_eq!(done, ["mkdir /sure", "touch /yes", "touch /case", "touch /either"]);
        let expected = ["touch /maybe", "touch /other", "touch /pattern", "touch /function", "touch /loop"];
        assert_eq!(left.lines[..5], expected);
        assert!(left.lines.len() == 6 && left.lines[5].ends_with("|| touch /or"));
    }

    #[test]
    fn other_languages_and_garbage_are_told() {
        let perl = remaining(
            Path::new("/nonexistent"),
            "x",
            "postinst",
            "#!/usr/bin/perl -w\nsystem('x');\n",
            &mut Vec::new(),
        )
        .unwrap();
        assert_eq!(
            perl.note().unwrap(),
            "x: its postinst was not run, which has: a program that is no shell script (/usr/bin/perl -w)"
        );
        assert!(
            remaining(Path::new("/nonexistent"), "x", "postinst", "\u{7f}ELF", &mut Vec::new()).is_some()
        );
        for garbage in
            ["esac\nfi\n}\ndone\n;;\nelse\n", "case\n", "if\n", "case $1 in", "(((\n", "x() {", "case a in b"]
        {
            lines("postinst", garbage);
        }
        for nested in ["case x in a) ", "x() { ", "if x; then "] {
            lines("postinst", &nested.repeat(5_000));
        }
        let long = (0..20).map(|n| format!("do-{n} {}", "\u{e9}".repeat(200))).collect::<Vec<_>>().join("\n");
        let note = remaining(
            Path::new("/nonexistent"),
            "x",
            "postinst",
            &format!("#!/bin/sh\n{long}"),
            &mut Vec::new(),
        )
        .unwrap()
        .note()
        .unwrap();
        assert!(note.ends_with("; and 12 more") && note.chars().count() < 1000, "{note}");
    }
}
