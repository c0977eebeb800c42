//! Reads a script as a shell would.

use std::cell::OnceCell;
use std::rc::Rc;

use super::syntax::{Body, Command, List, Part, Pipeline, Redirect, Statement, Way, Word};

/// Blocks in blocks; what is deeper is not read.
const DEEPEST: usize = 60;

/// A script, as far as it could be read.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) list: List,
    /// The line at which reading ended before the script did.
    pub(super) unread: Option<String>,
}

/// Reads a script. What stands behind something that is no shell is not read.
pub(super) fn parse(text: &str) -> Script {
    let mut parser = Parser::new(text, 0);
    let mut list = List::new();
    loop {
        match parser.statement() {
            Ok(Some(statement)) => list.push(statement),
            Ok(None) if parser.rest().is_empty() => return Script { list, unread: None },
            Ok(None) | Err(Unread) => break,
        }
    }
    let line = text[parser.at..].trim_start().lines().next().unwrap_or_default();
    Script { list, unread: Some(line.trim().to_owned()) }
}

/// Something that is no shell, or none that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unread;

type Read<T> = Result<T, Unread>;

/// A here-document whose text comes when the line ends.
struct Document {
    place: Rc<OnceCell<Word>>,
    end: String,
    indented: bool,
    quoted: bool,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: usize,
    documents: Vec<Document>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, depth: usize) -> Self {
        Self { text, at: 0, depth, documents: Vec::new() }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Goes one block deeper.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEEPEST {
            return Err(Unread);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// White space, continued lines and a comment.
    pub(super) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if self.take("\\\n") {
                continue;
            }
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('#') => self.at += rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            }
        }
    }

    /// Also ends of lines, and the here-documents behind them.
    fn lines(&mut self) -> Read<()> {
        loop {
            self.blanks();
            if !self.take("\n") {
                return Ok(());
            }
            for document in std::mem::take(&mut self.documents) {
                self.document(&document)?;
            }
        }
    }

    fn document(&mut self, document: &Document) -> Read<()> {
        let mut body = String::new();
        loop {
            if self.rest().is_empty() {
                break;
            }
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            self.at += line.len();
            let line = if document.indented { line.trim_start_matches('\t') } else { line };
            if line.trim_end_matches('\n') == document.end {
                break;
            }
            body.push_str(line);
        }
        let word = if document.quoted {
            Word { parts: vec![Part::Text { text: body, quoted: true }] }
        } else {
            Parser::here(&body, self.depth)?
        };
        let _ = document.place.set(word);
        Ok(())
    }

    /// The reserved word, or an operator, that comes next.
    fn reserved(&self) -> &'a str {
        let rest = self.rest();
        let is_letter = |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '{' | '}' | '!');
        let word = &rest[..rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len())];
        let ends = rest[word.len()..].chars().next().is_none_or(|letter| " \t\r\n;&|()<>".contains(letter));
        if ends { word } else { "" }
    }

    fn word_of(&mut self, wanted: &str) -> Read<()> {
        self.lines()?;
        if self.reserved() == wanted {
            self.at += wanted.len();
            return Ok(());
        }
        Err(Unread)
    }

    /// Statements until one of the words that end a list, which stays.
    pub(super) fn list(&mut self) -> Read<List> {
        self.deeper(|parser| {
            let mut list = List::new();
            while let Some(statement) = parser.statement()? {
                list.push(statement);
            }
            Ok(list)
        })
    }

    fn statement(&mut self) -> Read<Option<Statement>> {
        self.lines()?;
        let ends = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];
        if self.rest().is_empty() || self.rest().starts_with([')', ';']) || ends.contains(&self.reserved()) {
            return Ok(None);
        }
        let start = self.at;
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        let mut end = self.at;
        loop {
            self.blanks();
            let and = match () {
                () if self.take("&&") => true,
                () if self.take("||") => false,
                () => break,
            };
            self.lines()?;
            rest.push((and, self.pipeline()?));
            end = self.at;
        }
        if !self.rest().starts_with(";;") && !self.take(";") && !self.rest().starts_with(['\n', ')']) {
            self.take("&");
        }
        let text = self.text[start..end].replace("\\\n", " ");
        Ok(Some(Statement { first, rest, text: text.split_whitespace().collect::<Vec<_>>().join(" ") }))
    }

    fn pipeline(&mut self) -> Read<Pipeline> {
        self.blanks();
        let mut negated = false;
        while self.reserved() == "!" {
            self.at += 1;
            negated = !negated;
            self.blanks();
        }
        let mut commands = vec![Rc::new(self.command()?)];
        loop {
            self.blanks();
            if self.rest().starts_with("||") || !self.take("|") {
                return Ok(Pipeline { negated, commands });
            }
            self.take("&");
            self.lines()?;
            commands.push(Rc::new(self.command()?));
        }
    }

    fn command(&mut self) -> Read<Command> {
        self.deeper(|parser| {
            let mut redirects = Vec::new();
            let body = match parser.reserved() {
                "if" => parser.conditional()?,
                "for" => parser.repeated()?,
                word @ ("while" | "until") => {
                    parser.at += word.len();
                    let condition = parser.list()?;
                    Body::While { until: word == "until", condition, body: parser.block("do", "done")? }
                }
                "case" => parser.choice()?,
                "{" => Body::Group(parser.block("{", "}")?),
                "function" => {
                    parser.at += "function".len();
                    parser.blanks();
                    let name = parser.word()?.bare().ok_or(Unread)?.to_owned();
                    parser.blanks();
                    parser.take("()");
                    parser.lines()?;
                    Body::Function { name, body: Rc::new(parser.command()?) }
                }
                _ if parser.rest().starts_with("((") => return Err(Unread),
                _ if parser.take("(") => {
                    let list = parser.list()?;
                    if !parser.take(")") {
                        return Err(Unread);
                    }
                    Body::Subshell(list)
                }
                _ => return parser.simple(),
            };
            while let Some(redirect) = parser.redirect()? {
                redirects.push(redirect);
            }
            Ok(Command { body, redirects })
        })
    }

    fn block(&mut self, begin: &str, end: &str) -> Read<List> {
        self.word_of(begin)?;
        let list = self.list()?;
        self.word_of(end)?;
        Ok(list)
    }

    fn conditional(&mut self) -> Read<Body> {
        let mut arms = Vec::new();
        let mut otherwise = List::new();
        self.at += "if".len();
        loop {
            let condition = self.list()?;
            self.word_of("then")?;
            arms.push((condition, self.list()?));
            match self.reserved() {
                "elif" => self.at += "elif".len(),
                "else" => {
                    self.at += "else".len();
                    otherwise = self.list()?;
                    self.word_of("fi")?;
                    break;
                }
                _ => {
                    self.word_of("fi")?;
                    break;
                }
            }
        }
        Ok(Body::If { arms, otherwise })
    }

    fn repeated(&mut self) -> Read<Body> {
        self.at += "for".len();
        self.blanks();
        let name = self.word()?.bare().ok_or(Unread)?.to_owned();
        self.lines()?;
        let mut words = None;
        if self.reserved() == "in" {
            self.at += "in".len();
            let mut list = Vec::new();
            loop {
                self.blanks();
                if self.rest().starts_with([';', '\n']) || self.rest().is_empty() {
                    break;
                }
                list.push(self.word()?);
            }
            words = Some(list);
        }
        self.take(";");
        Ok(Body::For { name, words, body: self.block("do", "done")? })
    }

    fn choice(&mut self) -> Read<Body> {
        self.at += "case".len();
        self.blanks();
        let subject = self.word()?;
        self.word_of("in")?;
        let mut arms = Vec::new();
        loop {
            self.lines()?;
            if self.reserved() == "esac" {
                self.at += "esac".len();
                return Ok(Body::Case { subject, arms });
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.take("|") {
                    break;
                }
            }
            if !self.take(")") {
                return Err(Unread);
            }
            arms.push((patterns, self.list()?));
            if !self.take(";;") && self.reserved() != "esac" {
                return Err(Unread);
            }
        }
    }

    fn simple(&mut self) -> Read<Command> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let in_test = words.first().and_then(Word::bare) == Some("[[");
            match self.peek() {
                None | Some('\n' | ';' | ')') => break,
                Some('&' | '|' | '(') if in_test => return Err(Unread),
                Some('&' | '|') => break,
                Some('(') if assignments.is_empty() && redirects.is_empty() => {
                    let [name] = &words[..] else { return Err(Unread) };
                    let name = Word::bare(name).ok_or(Unread)?.to_owned();
                    self.at += 1;
                    self.blanks();
                    if !self.take(")") {
                        return Err(Unread);
                    }
                    self.lines()?;
                    let body = Body::Function { name, body: Rc::new(self.command()?) };
                    return Ok(Command { body, redirects });
                }
                Some('(') => return Err(Unread),
                Some(_) => {}
            }
            let assigned = if words.is_empty() { self.assignment() } else { None };
            match assigned {
                Some(name) => {
                    let value = if self.peek().is_none_or(|next| " \t\n;&|)".contains(next)) {
                        Word::default()
                    } else {
                        self.word()?
                    };
                    assignments.push((name, value));
                }
                None => words.push(self.word()?),
            }
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err(Unread);
        }
        Ok(Command { body: Body::Simple { assignments, words }, redirects })
    }

    /// `NAME=` of an assignment, if one comes next; it is read only if it stands at the start of a command.
    fn assignment(&mut self) -> Option<String> {
        let rest = self.rest();
        let name = &rest[..rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?];
        let sound = !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
        (sound && rest[name.len()..].starts_with('=')).then(|| {
            self.at += name.len() + 1;
            name.to_owned()
        })
    }

    fn redirect(&mut self) -> Read<Option<Redirect>> {
        self.blanks();
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let both = rest.starts_with("&>");
        if !both && !rest[digits..].starts_with(['<', '>']) {
            return Ok(None);
        }
        let descriptor = rest[..digits].parse().ok();
        self.at += digits + usize::from(both);
        let way = if self.take("<<") {
            let indented = self.take("-");
            self.blanks();
            let start = self.at;
            let _ = self.word()?;
            let end = &self.text[start..self.at];
            let place = Rc::new(OnceCell::new());
            self.documents.push(Document {
                place: Rc::clone(&place),
                end: end.replace(['\'', '"', '\\'], ""),
                indented,
                quoted: end.contains(['\'', '"', '\\']),
            });
            Way::Here(place)
        } else if self.take("<&") || self.take(">&") {
            self.blanks();
            let _ = self.word()?;
            Way::Copy
        } else if self.take("<") {
            self.take(">");
            self.blanks();
            Way::From(self.word()?)
        } else {
            self.take(">");
            let append = self.take(">");
            self.take("|");
            self.blanks();
            Way::Onto { target: self.word()?, append }
        };
        Ok(Some(Redirect { descriptor, way }))
    }
}
