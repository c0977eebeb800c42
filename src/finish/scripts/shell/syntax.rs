//! What a shell script is made of (POSIX.1-2017, Shell Command Language, 2.10), as far as maintainer scripts have it.

use std::cell::OnceCell;
use std::rc::Rc;

/// Commands one after the other.
pub(super) type List = Vec<Statement>;

/// Pipelines joined by `&&` and `||`.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) first: Pipeline,
    /// Whether one runs if those before it succeed (`&&`), or if they fail.
    pub(super) rest: Vec<(bool, Pipeline)>,
    /// As the script has it, on one line.
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) negated: bool,
    pub(super) commands: Vec<Rc<Command>>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) body: Body,
    pub(super) redirects: Vec<Redirect>,
}

#[derive(Debug)]
pub(super) enum Body {
    Simple {
        assignments: Vec<(String, Word)>,
        words: Vec<Word>,
    },
    Group(List),
    Subshell(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: List,
    },
    /// Without words it goes over the arguments.
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Function {
        name: String,
        body: Rc<Command>,
    },
}

#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) descriptor: Option<u32>,
    pub(super) way: Way,
}

#[derive(Debug)]
pub(super) enum Way {
    From(Word),
    Onto {
        target: Word,
        append: bool,
    },
    /// Of another descriptor, `>&2`.
    Copy,
    /// A here-document, which is read when its line has ended.
    Here(Rc<OnceCell<Word>>),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Text; what is not quoted may be a pattern.
    Text {
        text: String,
        quoted: bool,
    },
    Parameter {
        name: String,
        change: Option<Change>,
        quoted: bool,
    },
    /// What a command prints.
    Output {
        list: Rc<List>,
        quoted: bool,
    },
    /// Arithmetic, as the script has it.
    Number(String),
    /// What is not followed here.
    Other,
}

/// How the value of a parameter is changed: `${NAME:-word}`.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) operator: &'static str,
    pub(super) word: Word,
}

impl Word {
    /// The text of a word that is nothing but unquoted text, as reserved words are.
    pub(super) fn bare(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }
}
