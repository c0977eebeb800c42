//! The way through a script: which commands run, and how often.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::pattern;
use super::state::{MOST_STEPS, Shell};
use super::syntax::{Body, Command, List, Pipeline, Statement, Word};
use super::value::{Run, Status, Value};

/// How a part of a script is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leave {
    /// At its end.
    Not,
    /// For the next round of a loop.
    Continue,
    /// With the loop.
    Break,
    /// With the function.
    Return,
    /// With the script.
    Exit,
    /// With the script, and the installation fails: so at one that does not, this was not the way.
    Fail,
}

/// How a part of a script is left, and whether that is sure; if not, it may also go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) how: Leave,
    pub(super) sure: bool,
}

impl Left {
    pub(super) const NOT: Self = Self { how: Leave::Not, sure: true };

    pub(super) fn by(how: Leave) -> Self {
        Self { how, sure: true }
    }

    /// One of two ways, no one knows which.
    fn or(self, other: Self) -> Self {
        match (self.how, other.how) {
            (Leave::Fail, _) => other,
            (_, Leave::Fail) => self,
            (one, two) => Self { how: one.max(two), sure: one == two && self.sure && other.sure },
        }
    }

    /// What is left of it for those outside, where some ways end here.
    pub(super) fn without(self, ends: &[Leave]) -> Self {
        if ends.contains(&self.how) { Self::NOT } else { self }
    }
}

/// What a branch that is not taken leaves as it was.
pub(super) struct Kept {
    variables: BTreeMap<String, Value>,
    functions: BTreeMap<String, Rc<Command>>,
    arguments: Vec<Value>,
    folder: Value,
    status: Status,
}

impl Shell<'_, '_> {
    fn keep(&self) -> Kept {
        Kept {
            variables: self.variables.clone(),
            functions: self.functions.clone(),
            arguments: self.arguments.clone(),
            folder: self.folder.clone(),
            status: self.status,
        }
    }

    fn restore(&mut self, kept: Kept) {
        let Kept { variables, functions, arguments, folder, status } = kept;
        (self.variables, self.functions, self.arguments) = (variables, functions, arguments);
        (self.folder, self.status) = (folder, status);
    }

    /// What holds whichever of two ways it came: this one, or another.
    fn blend(&mut self, other: Kept) {
        for (name, value) in &other.variables {
            match self.variables.get(name) {
                Some(own) if own == value => {}
                // empty is how one that is not set reads
                None if value.as_deref() == Some("") => {}
                _ => {
                    self.variables.insert(name.clone(), None);
                }
            }
        }
        for (name, value) in &mut self.variables {
            if !other.variables.contains_key(name) && value.as_deref() != Some("") {
                *value = None;
            }
        }
        for (name, body) in other.functions {
            self.functions.entry(name).or_insert(body);
        }
        if self.arguments != other.arguments {
            self.arguments = vec![None];
        }
        if self.folder != other.folder {
            self.folder = None;
        }
        if self.status != other.status {
            self.status = None;
        }
    }

    /// Runs a part that may not run at all; `rest` is what runs in its stead.
    fn perhaps(
        &mut self,
        part: impl FnOnce(&mut Self) -> Run<Left>,
        rest: impl FnOnce(&mut Self) -> Run<Left>,
    ) -> Run<Left> {
        let before = self.keep();
        self.doubts += 1;
        let one = part(self)?;
        let after = self.keep();
        self.restore(before);
        let two = rest(self)?;
        self.doubts -= 1;
        if two.how == Leave::Fail {
            self.restore(after);
        } else if one.how != Leave::Fail {
            self.blend(after);
        }
        Ok(one.or(two))
    }

    pub(super) fn list(&mut self, list: &List) -> Run<Left> {
        let doubts = self.doubts;
        let mut perhaps = None::<Leave>;
        for statement in list {
            let left = self.statement(statement)?;
            if left.how == Leave::Not {
                continue;
            }
            if left.sure {
                self.doubts = doubts;
                return Ok(match perhaps {
                    Some(other) if other != left.how => Left { how: other.max(left.how), sure: false },
                    _ => left,
                });
            }
            perhaps = perhaps.max(Some(left.how));
            self.doubts += 1;
        }
        self.doubts = doubts;
        Ok(perhaps.map_or(Left::NOT, |how| Left { how, sure: false }))
    }

    fn statement(&mut self, statement: &Statement) -> Run<Left> {
        let outer = std::mem::replace(&mut self.statement, statement.text.clone());
        let left = self.pipelines(statement);
        self.statement = outer;
        left
    }

    fn pipelines(&mut self, statement: &Statement) -> Run<Left> {
        let mut left = self.pipeline(&statement.first)?;
        for (and, pipeline) in &statement.rest {
            if left.how != Leave::Not {
                return Ok(left);
            }
            match self.status {
                Some(code) if (code == 0) == *and => left = self.pipeline(pipeline)?,
                Some(_) => {}
                None => {
                    left = self.perhaps(
                        |shell| shell.pipeline(pipeline),
                        |shell| {
                            shell.status = if *and { None } else { Some(0) };
                            Ok(Left::NOT)
                        },
                    )?;
                }
            }
        }
        Ok(left)
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Run<Left> {
        let left = match &pipeline.commands[..] {
            [command] => self.command(command)?,
            [commands @ .., last] => {
                let outer = self.input.clone();
                for command in commands {
                    let text = self.captured(|shell| shell.apart(|shell| shell.command(command)))?;
                    self.input = text;
                }
                self.apart(|shell| shell.command(last))?;
                self.input = outer;
                Left::NOT
            }
            [] => Left::NOT,
        };
        if pipeline.negated {
            self.status = self.status.map(|code| i32::from(code == 0));
        }
        Ok(left)
    }

    /// Runs something as a subshell does, which changes nothing here.
    fn apart(&mut self, run: impl FnOnce(&mut Self) -> Run<Left>) -> Run<()> {
        let kept = self.keep();
        let locals = std::mem::take(&mut self.locals);
        let left = run(self)?;
        let status = if left.sure { self.status } else { None };
        self.restore(kept);
        self.locals = locals;
        self.status = status;
        Ok(())
    }

    /// What something prints.
    pub(super) fn captured(&mut self, run: impl FnOnce(&mut Self) -> Run<()>) -> Run<Value> {
        self.outputs.push(Some(String::new()));
        let done = run(self);
        let output = self.outputs.pop().flatten();
        done.map(|()| output)
    }

    pub(super) fn output_of(&mut self, list: &List) -> Run<Value> {
        let doubts = self.doubts;
        self.reading += 1;
        let text = self.captured(|shell| shell.apart(|shell| shell.list(list)))?;
        self.reading -= 1;
        self.doubts = doubts;
        self.substituted = true;
        Ok(text)
    }

    pub(super) fn command(&mut self, command: &Command) -> Run<Left> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Ok(Left::by(Leave::Exit));
        }
        if command.redirects.is_empty() {
            return self.body(&command.body);
        }
        let outer = self.input.clone();
        let mut outputs = Vec::new();
        for redirect in &command.redirects {
            self.redirected(redirect, &mut outputs)?;
        }
        let Some((target, append)) = outputs.pop() else {
            let left = self.body(&command.body)?;
            self.input = outer;
            return Ok(left);
        };
        let mut left = Left::NOT;
        let text = self.captured(|shell| {
            left = shell.body(&command.body)?;
            Ok(())
        })?;
        self.input = outer;
        self.written(target.as_deref(), text.as_deref(), append)?;
        Ok(left)
    }

    fn body(&mut self, body: &Body) -> Run<Left> {
        match body {
            Body::Simple { assignments, words } => self.simple(assignments, words),
            Body::Group(list) => self.list(list),
            Body::Subshell(list) => {
                self.apart(|shell| shell.list(list))?;
                Ok(Left::NOT)
            }
            Body::If { arms, otherwise } => self.conditional(arms, otherwise),
            Body::Case { subject, arms } => {
                let subject = self.single(subject)?;
                self.choice(subject.as_deref(), arms)
            }
            Body::For { name, words, body } => {
                let values = match words {
                    Some(words) => self.fields(words)?,
                    None => self.arguments.clone(),
                };
                self.repeated(name, values, body)
            }
            Body::While { until, condition, body } => self.while_it_holds(*until, condition, body),
            Body::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::clone(body));
                self.status = Some(0);
                Ok(Left::NOT)
            }
        }
    }

    fn conditional(&mut self, arms: &[(List, List)], otherwise: &List) -> Run<Left> {
        let Some(((condition, body), rest)) = arms.split_first() else {
            if otherwise.is_empty() {
                self.status = Some(0);
            }
            return self.list(otherwise);
        };
        let left = self.list(condition)?;
        if left.how != Leave::Not && left.sure {
            return Ok(left);
        }
        match self.status {
            Some(0) => self.list(body),
            Some(_) => self.conditional(rest, otherwise),
            None => self.perhaps(|shell| shell.list(body), |shell| shell.conditional(rest, otherwise)),
        }
    }

    fn choice(&mut self, subject: Option<&str>, arms: &[(Vec<Word>, List)]) -> Run<Left> {
        let Some(((patterns, body), rest)) = arms.split_first() else {
            self.status = Some(0);
            return Ok(Left::NOT);
        };
        let mut told = Some(false);
        for word in patterns {
            let pattern = self.pattern(word)?;
            let fits = match (&pattern, subject) {
                (Some(pattern), _) if pattern[..] == [('*', false)] => Some(true),
                (Some(pattern), Some(subject)) => {
                    Some(pattern::matches(pattern, &subject.chars().collect::<Vec<_>>()))
                }
                _ => None,
            };
            match fits {
                Some(true) => {
                    told = Some(true);
                    break;
                }
                Some(false) => {}
                None => told = None,
            }
        }
        self.status = Some(0);
        match told {
            Some(true) => self.list(body),
            Some(false) => self.choice(subject, rest),
            None => self.perhaps(|shell| shell.list(body), |shell| shell.choice(subject, rest)),
        }
    }

    fn repeated(&mut self, name: &str, values: Vec<Value>, body: &List) -> Run<Left> {
        let doubts = self.doubts;
        let mut left = Left::NOT;
        // an unknown value may be several, or none
        if values.iter().any(Option::is_none) {
            self.doubts += 1;
        }
        self.status = Some(0);
        for value in values {
            self.variables.insert(name.to_owned(), value);
            left = self.round(body)?;
            if left.how >= Leave::Break && left.sure {
                break;
            }
        }
        self.doubts = doubts;
        Ok(left.without(&[Leave::Break, Leave::Continue]))
    }

    /// One round of a loop; where it may have been left, all rounds behind are in doubt.
    fn round(&mut self, body: &List) -> Run<Left> {
        let left = self.list(body)?;
        if !left.sure && left.how >= Leave::Break {
            self.doubts += 1;
        }
        Ok(left.without(&[Leave::Continue]))
    }

    fn while_it_holds(&mut self, until: bool, condition: &List, body: &List) -> Run<Left> {
        let doubts = self.doubts;
        let mut left;
        loop {
            left = self.list(condition)?;
            if left.how != Leave::Not && left.sure {
                break;
            }
            match self.status {
                Some(code) if (code == 0) == until => break,
                Some(_) => {
                    left = self.round(body)?;
                    if left.how >= Leave::Break && left.sure {
                        break;
                    }
                }
                None => {
                    left = self.perhaps(|shell| shell.list(body), |_| Ok(Left::NOT))?;
                    break;
                }
            }
            if self.steps > MOST_STEPS {
                break;
            }
        }
        self.doubts = doubts;
        Ok(left.without(&[Leave::Break, Leave::Continue]))
    }
}
