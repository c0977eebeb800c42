//! Simple commands: variables that are set, words that are made, functions that are called, input and output that are
//! led elsewhere.

use super::files::Made;
use super::run::{Leave, Left};
use super::state::{DEEPEST_CALLS, Shell};
use super::syntax::{Part, Redirect, Way, Word};
use super::value::{Run, Value};

impl Shell<'_, '_> {
    /// Opens what a redirection names: input at once, output as the file, and whether it is added to it.
    pub(super) fn redirected(&mut self, redirect: &Redirect, outputs: &mut Vec<(Value, bool)>) -> Run<()> {
        match &redirect.way {
            Way::Here(document) => {
                self.input = match document.get() {
                    Some(word) => self.single(&word.clone())?,
                    None => None,
                };
            }
            Way::From(word) => {
                let path = self.single(word)?;
                self.input = match path.and_then(|path| self.path(&path)) {
                    Some(path) => self.world.files.text(&path)?.flatten(),
                    None => None,
                };
            }
            // of errors
            Way::Onto { .. } if redirect.descriptor.is_some_and(|number| number != 1) => {}
            Way::Onto { target, append } => {
                let target = self.single(target)?;
                outputs.push((target.and_then(|target| self.path(&target)), *append));
            }
            Way::Copy if matches!(redirect.descriptor, None | Some(1)) => {
                outputs.push((Some("/dev/stderr".to_owned()), false));
            }
            Way::Copy => {}
        }
        Ok(())
    }

    /// Writes what a command printed.
    pub(super) fn written(&mut self, target: Option<&str>, text: Option<&str>, append: bool) -> Run<()> {
        let Some(target) = target else {
            self.miss();
            return Ok(());
        };
        if target.starts_with("/dev/") {
            return Ok(());
        }
        let is_sure = self.is_sure();
        let made = match text {
            _ if !is_sure => Made::No,
            Some(text) => self.world.files.write(target, text.as_bytes(), append)?,
            None => Made::No,
        };
        if made == Made::No && !self.world.files.forget(target) {
            self.miss();
        }
        Ok(())
    }

    /// Runs a command with its words and variables.
    pub(super) fn simple(&mut self, assignments: &[(String, Word)], words: &[Word]) -> Run<Left> {
        let mut values = Vec::new();
        self.substituted = false;
        for (name, word) in assignments {
            values.push((name, self.single(word)?));
        }
        if let Some(program @ ("local" | "export" | "readonly" | "declare" | "typeset")) =
            words.first().and_then(Word::bare)
        {
            self.declared(program, &words[1..])?;
            return Ok(Left::NOT);
        }
        let fields = self.fields(words)?;
        if fields.is_empty() {
            if !self.substituted {
                self.status = Some(0);
            }
            for (name, value) in values {
                self.variables.insert(name.clone(), value);
            }
            return Ok(Left::NOT);
        }
        let before: Vec<_> = values.iter().map(|(name, _)| self.variables.get(*name).cloned()).collect();
        for (name, value) in &values {
            self.variables.insert((*name).clone(), value.clone());
        }
        let left = self.call(&fields)?;
        for ((name, _), old) in values.into_iter().zip(before) {
            match old {
                Some(old) => self.variables.insert(name.clone(), old),
                None => self.variables.remove(name),
            };
        }
        Ok(left)
    }

    /// Gives variables values, `NAME=WORD`, or makes them a function's own.
    fn declared(&mut self, program: &str, words: &[Word]) -> Run<()> {
        for word in words {
            let (name, value) = match word.parts.split_first() {
                Some((Part::Text { text, quoted: false }, rest)) => match text.split_once('=') {
                    Some((name, start)) => {
                        let start = Part::Text { text: start.to_owned(), quoted: false };
                        let word = Word { parts: [&[start], rest].concat() };
                        (Some(name.to_owned()), Some(self.single(&word)?))
                    }
                    None => (self.single(word)?, None),
                },
                _ => (self.single(word)?, None),
            };
            let Some(name) = name.filter(|name| !name.starts_with('-')) else { continue };
            if program == "local"
                && let Some(own) = self.locals.last_mut()
            {
                own.push((name.clone(), self.variables.get(&name).cloned()));
                self.variables.entry(name.clone()).or_insert_with(|| Some(String::new()));
            }
            if let Some(value) = value {
                self.variables.insert(name, value);
            }
        }
        self.status = Some(0);
        Ok(())
    }

    /// Calls a function of the script, if there is one.
    pub(super) fn function(&mut self, name: &str, arguments: &[Value]) -> Run<Option<Left>> {
        let Some(body) = self.functions.get(name).cloned() else { return Ok(None) };
        if self.calls >= DEEPEST_CALLS {
            self.status = None;
            return Ok(Some(Left::NOT));
        }
        self.calls += 1;
        let outer = std::mem::replace(&mut self.arguments, arguments.to_vec());
        self.locals.push(Vec::new());
        let left = self.command(&body)?;
        for (name, value) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            match value {
                Some(value) => self.variables.insert(name, value),
                None => self.variables.remove(&name),
            };
        }
        self.arguments = outer;
        self.calls -= 1;
        if !left.sure && left.how == Leave::Return {
            self.status = None;
        }
        Ok(Some(left.without(&[Leave::Return])))
    }
}
