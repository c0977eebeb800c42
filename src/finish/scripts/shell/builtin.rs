//! Which command is what, and those that change the course of a script.

use super::parse::parse;
use super::run::{Leave, Left};
use super::state::{DEEPEST_CALLS, Shell};
use super::value::{Run, Value, known};
use super::world::is_shell;
use crate::deb::shell::Call;
use crate::finish::accounts::adduser;
use crate::finish::scripts::known::{DONE, IDLE, READING};
use crate::generators::{self, is_known};

/// Programs of the tree that are read in their turn are not larger.
const LARGEST_PROGRAM: usize = 64 << 10;

/// Programs that start another one.
const PREFIXES: [&str; 5] = ["env", "nice", "ionice", "nohup", "command"];

impl Shell<'_, '_> {
    /// Calls a command, whose name comes first.
    pub(super) fn call(&mut self, fields: &[Value]) -> Run<Left> {
        let Some((Some(name), arguments)) = fields.split_first() else {
            self.not_understood();
            return Ok(Left::NOT);
        };
        let base = name.rsplit('/').next().unwrap_or_default();
        if self.program(base, arguments)? {
            return Ok(Left::NOT);
        }
        if let Some(left) = self.function(name, arguments)? {
            return Ok(left);
        }
        if let Some(left) = self.course(name, arguments)? {
            return Ok(left);
        }
        if self.filter(base, arguments)? || self.prints(base, arguments)? || self.filing(base, arguments)? {
            return Ok(Left::NOT);
        }
        if is_known(base)
            && self.is_sure()
            && self.reading == 0
            && let Some(words) = known(arguments)
        {
            let arguments = words.into_iter().map(str::to_owned).collect();
            let call =
                generators::Call { package: self.package.to_owned(), program: name.clone(), arguments };
            self.world.registered.generators.push(call);
            self.status = Some(0);
        } else if IDLE.contains(&base) {
            self.followed.idle = true;
            self.print(None);
            self.status = Some(0);
        } else if DONE.contains(&base) {
            self.print(None);
            self.status = Some(0);
        } else if adduser::PROGRAMS.contains(&base) {
            let call = match known(arguments) {
                Some(words) => Call::Known(words.into_iter().map(str::to_owned).collect()),
                None => Call::Unknown(self.statement.clone()),
            };
            self.world.registered.accounts.push((self.package.to_owned(), base.to_owned(), call));
            self.status = Some(0);
        } else if READING.contains(&name.as_str()) {
            self.print(None);
            self.status = None;
        } else {
            self.other_program(name, arguments)?;
        }
        Ok(Left::NOT)
    }

    pub(super) fn not_understood(&mut self) {
        self.miss();
        self.print(None);
        self.status = None;
    }

    /// Commands of the shell's own.
    fn course(&mut self, name: &str, arguments: &[Value]) -> Run<Option<Left>> {
        let first = arguments.first().and_then(Option::as_deref);
        self.status = match name {
            ":" | "true" | "trap" | "umask" | "ulimit" | "wait" | "alias" | "hash" | "shopt" | "ischroot"
            | "bind" => Some(0),
            "false" => Some(1),
            "[" | "test" | "[[" => self.test(arguments)?,
            "exit" | "return" => {
                let code = match arguments {
                    [] => self.status,
                    [code, ..] => code.as_ref().and_then(|code| code.trim().parse().ok()),
                };
                self.status = code;
                let how = match (name, code) {
                    ("return", _) => Leave::Return,
                    (_, Some(0)) => Leave::Exit,
                    // an installation that goes well does not come here
                    _ => Leave::Fail,
                };
                return Ok(Some(Left::by(how)));
            }
            "break" => return Ok(Some(Left::by(Leave::Break))),
            "continue" => return Ok(Some(Left::by(Leave::Continue))),
            "set" => {
                self.set(arguments);
                Some(0)
            }
            "shift" => {
                let count = first.and_then(|count| count.parse().ok()).unwrap_or(1);
                self.arguments.drain(..self.arguments.len().min(count));
                Some(0)
            }
            "unset" => {
                for name in arguments.iter().flatten() {
                    self.variables.remove(name);
                }
                Some(0)
            }
            "read" => self.read(arguments),
            "cd" => {
                self.folder = match first {
                    Some("-") | None => None,
                    Some(folder) => self.path(folder),
                };
                Some(0)
            }
            "exec" if arguments.is_empty() => Some(0),
            "exec" => {
                let left = self.call(arguments)?;
                return Ok(Some(if left.how == Leave::Not { Left::by(Leave::Exit) } else { left }));
            }
            "eval" => return self.evaluate(arguments).map(Some),
            "." | "source" => return self.source(arguments).map(Some),
            "command" | "which" | "type" if name != "command" || matches!(first, Some("-v" | "-V")) => {
                let mut names = arguments.iter().flatten().filter(|word| !word.starts_with('-'));
                names.next().cloned().map(|name| self.which(&name))
            }
            _ if PREFIXES.contains(&name) => {
                let is_own = |word: &Value| {
                    word.as_ref().is_some_and(|word| {
                        word.starts_with('-') || word.contains('=') || word.parse::<i64>().is_ok()
                    })
                };
                let rest = &arguments[arguments.iter().take_while(|word| is_own(word)).count()..];
                return self.call(rest).map(Some);
            }
            _ if name.starts_with("db_") => Some(self.debconf(name, arguments)),
            _ => return Ok(None),
        };
        Ok(Some(Left::NOT))
    }

    fn set(&mut self, arguments: &[Value]) {
        match arguments {
            [Some(option), rest @ ..] if option == "--" => self.arguments = rest.to_vec(),
            [Some(option), ..] if option.starts_with(['-', '+']) => {}
            [] => {}
            words => self.arguments = words.to_vec(),
        }
    }

    /// Takes a line of the input.
    fn read(&mut self, arguments: &[Value]) -> Option<i32> {
        let names: Vec<&str> =
            arguments.iter().flatten().map(String::as_str).filter(|name| !name.starts_with('-')).collect();
        let Some(input) = self.input.take() else {
            for name in names {
                self.variables.insert(name.to_owned(), None);
            }
            return None;
        };
        let (line, rest) = input.split_once('\n').unwrap_or((&input, ""));
        let separators = match self.variables.get("IFS") {
            Some(Some(separators)) => separators.clone(),
            _ => " \t\n".to_owned(),
        };
        let is_separator = |letter: char| separators.contains(letter);
        let mut text = line.trim_matches(|letter: char| is_separator(letter) && letter.is_whitespace());
        for (at, name) in names.iter().enumerate() {
            let last = at + 1 == names.len();
            let (value, behind) = match text.split_once(is_separator) {
                Some(parts) if !last => parts,
                _ => (text, ""),
            };
            self.variables.insert((*name).to_owned(), Some(value.to_owned()));
            text = behind.trim_start_matches(|letter: char| is_separator(letter) && letter.is_whitespace());
        }
        let status = i32::from(input.is_empty());
        self.input = Some(rest.to_owned());
        Some(status)
    }

    fn evaluate(&mut self, arguments: &[Value]) -> Run<Left> {
        let text = known(arguments).map(|words| words.join(" "));
        let Some(text) = text.filter(|_| self.calls < DEEPEST_CALLS) else {
            self.print(None);
            self.status = None;
            return Ok(Left::NOT);
        };
        self.calls += 1;
        let script = parse(&text);
        let left = self.list(&script.list);
        self.calls -= 1;
        if script.unread.is_some() {
            self.miss();
        }
        left
    }

    /// Reads a script of the tree as a part of this one.
    fn source(&mut self, arguments: &[Value]) -> Run<Left> {
        self.status = None;
        let Some((Some(path), rest)) = arguments.split_first() else { return Ok(Left::NOT) };
        if path.ends_with("/debconf/confmodule") {
            self.status = Some(0);
            return Ok(Left::NOT);
        }
        let Some(path) = self.path(path) else { return Ok(Left::NOT) };
        let Some(Some(text)) = self.world.files.text(&path)? else { return Ok(Left::NOT) };
        if self.calls >= DEEPEST_CALLS {
            return Ok(Left::NOT);
        }
        self.calls += 1;
        let outer = (!rest.is_empty()).then(|| std::mem::replace(&mut self.arguments, rest.to_vec()));
        self.status = Some(0);
        let script = parse(&text);
        let left = self.list(&script.list)?;
        if let Some(outer) = outer {
            self.arguments = outer;
        }
        self.calls -= 1;
        if script.unread.is_some() {
            self.miss();
        }
        Ok(if left.how == Leave::Return { Left::NOT } else { left })
    }

    /// Finds a command, and prints where it is.
    fn which(&mut self, name: &str) -> i32 {
        let base = name.rsplit('/').next().unwrap_or_default();
        let path = match name.starts_with('/') {
            true => self.world.files.kind(name).ok().flatten().flatten().map(|_| name.to_owned()),
            false => self.world.files.program(name),
        };
        let is_own = self.functions.contains_key(name) || Self::understands(base);
        match path {
            Some(path) => self.print(Some(&format!("{path}\n"))),
            None if is_own => self.print(Some(&format!("/usr/bin/{base}\n"))),
            None => return 1,
        }
        0
    }

    /// Whether a program is one that every Debian has, or that something here does the work of.
    fn understands(name: &str) -> bool {
        let all: [&[&str]; 4] = [&IDLE, &DONE, &READING, &adduser::PROGRAMS];
        all.iter().any(|names| names.contains(&name))
            || ["mkdir", "cp", "mv", "ln", "sed", "chmod", "touch", "install", "ucf", "perl", "tar"]
                .contains(&name)
    }

    /// The answers of debconf (debconf-devel(7)) without a frontend.
    fn debconf(&mut self, name: &str, arguments: &[Value]) -> i32 {
        let question = arguments.first().cloned().flatten();
        match name {
            "db_get" => {
                let answer =
                    question.and_then(|question| self.world.answers.get(&question).cloned()).flatten();
                self.variables.insert("RET".to_owned(), answer);
            }
            "db_set" => {
                if let Some(question) = question {
                    let value = arguments.get(1).cloned().flatten().filter(|_| self.is_sure());
                    self.world.answers.insert(question, value);
                }
            }
            "db_fget" | "db_metaget" | "db_info" | "db_capb" => {
                self.variables.insert("RET".to_owned(), None);
            }
            // none is asked
            "db_input" => return 30,
            _ => {}
        }
        0
    }

    /// A program that is no command here: if it is a shell script of the tree, that is read.
    fn other_program(&mut self, name: &str, arguments: &[Value]) -> Run<()> {
        // bytecode, which Python does without
        if arguments
            .iter()
            .flatten()
            .any(|word| word.ends_with("/py_compile.py") || word.ends_with("/compileall.py"))
        {
            self.followed.idle = true;
            self.status = Some(0);
            return Ok(());
        }
        let path = if name.contains('/') { self.path(name) } else { self.world.files.program(name) };
        let text = match path {
            Some(path) => self.world.files.text(&path)?.flatten(),
            None => None,
        };
        let Some(text) = text.filter(|text| text.len() <= LARGEST_PROGRAM && is_shell(text)) else {
            self.not_understood();
            return Ok(());
        };
        if self.calls >= DEEPEST_CALLS || self.doubts > 0 {
            self.not_understood();
            return Ok(());
        }
        let script = parse(&text);
        self.calls += 1;
        self.nested += 1;
        let outer_missed = std::mem::take(&mut self.nested_missed);
        let functions = std::mem::take(&mut self.functions);
        let given = std::mem::replace(&mut self.arguments, arguments.to_vec());
        let variables = self.variables.clone();
        let folder = self.folder.clone();
        let left = self.list(&script.list)?;
        (self.functions, self.arguments, self.variables, self.folder) = (functions, given, variables, folder);
        self.nested -= 1;
        self.calls -= 1;
        let missed = std::mem::replace(&mut self.nested_missed, outer_missed);
        if missed || script.unread.is_some() {
            self.miss();
        }
        if !left.sure || left.how == Leave::Fail {
            self.status = None;
        }
        Ok(())
    }
}
