//! Reads the words of a script, with their quotes and what is put in their place.

use std::rc::Rc;

use super::parse::{Parser, Unread};
use super::syntax::{Change, Part, Word};

/// The longer ones first.
const OPERATORS: [&str; 12] = [":-", ":=", ":?", ":+", "##", "%%", "-", "=", "?", "+", "#", "%"];

impl Parser<'_> {
    /// A word, up to white space or an operator.
    pub(super) fn word(&mut self) -> Result<Word, Unread> {
        let start = self.at;
        let word = self.deeper(|parser| parser.parts(|next| " \t\r\n;&|<>()".contains(next), false))?;
        if self.at == start { Err(Unread) } else { Ok(word) }
    }

    /// Parts up to a letter that ends them, which stays.
    fn parts(&mut self, ends: fn(char) -> bool, in_quotes: bool) -> Result<Word, Unread> {
        let mut word = Word::default();
        let add = |word: &mut Word, letter: &str, quoted: bool| match word.parts.last_mut() {
            Some(Part::Text { text, quoted: last }) if *last == quoted => text.push_str(letter),
            _ => word.parts.push(Part::Text { text: letter.to_owned(), quoted }),
        };
        while let Some(next) = self.peek() {
            if ends(next) {
                break;
            }
            match next {
                '\'' if !in_quotes => {
                    let text = &self.rest()[1..];
                    let end = text.find('\'').ok_or(Unread)?;
                    add(&mut word, &text[..end], true);
                    self.at += end + 2;
                }
                '"' if !in_quotes => {
                    self.at += 1;
                    add(&mut word, "", true);
                    let inner = self.deeper(|parser| parser.parts(|next| next == '"', true))?;
                    if !self.take("\"") {
                        return Err(Unread);
                    }
                    word.parts.extend(inner.parts);
                }
                '\\' => {
                    self.at += 1;
                    let Some(next) = self.peek() else { break };
                    self.at += next.len_utf8();
                    match next {
                        '\n' => {}
                        '$' | '`' | '"' | '\\' => add(&mut word, next.encode_utf8(&mut [0; 4]), true),
                        _ if in_quotes => {
                            add(&mut word, "\\", true);
                            add(&mut word, next.encode_utf8(&mut [0; 4]), true);
                        }
                        _ => add(&mut word, next.encode_utf8(&mut [0; 4]), true),
                    }
                }
                '`' => {
                    self.at += 1;
                    let part = self.backquoted(in_quotes)?;
                    word.parts.push(part);
                }
                '$' => {
                    self.at += 1;
                    match self.dollar(in_quotes)? {
                        Some(part) => word.parts.push(part),
                        None => add(&mut word, "$", in_quotes),
                    }
                }
                _ => {
                    self.at += next.len_utf8();
                    add(&mut word, next.encode_utf8(&mut [0; 4]), in_quotes);
                }
            }
        }
        Ok(word)
    }

    fn backquoted(&mut self, quoted: bool) -> Result<Part, Unread> {
        let mut inner = String::new();
        let mut letters = self.rest().char_indices();
        loop {
            let (at, letter) = letters.next().ok_or(Unread)?;
            match letter {
                '`' => {
                    self.at += at + 1;
                    break;
                }
                '\\' => {
                    let (_, next) = letters.next().ok_or(Unread)?;
                    if !matches!(next, '`' | '$' | '\\') {
                        inner.push('\\');
                    }
                    inner.push(next);
                }
                letter => inner.push(letter),
            }
        }
        let mut parser = Parser::new(&inner, self.depth);
        let list = parser.list()?;
        if !parser.rest().is_empty() {
            return Err(Unread);
        }
        Ok(Part::Output { list: Rc::new(list), quoted })
    }

    /// What a `$` begins; `None` where it is only a letter.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, Unread> {
        if self.take("((") {
            let end = self.rest().find("))").ok_or(Unread)?;
            let text = self.rest()[..end].to_owned();
            self.at += end + 2;
            return Ok(Some(Part::Number(text)));
        }
        if self.take("(") {
            let list = self.list()?;
            if !self.take(")") {
                return Err(Unread);
            }
            return Ok(Some(Part::Output { list: Rc::new(list), quoted }));
        }
        if self.take("{") {
            return self.braced(quoted).map(Some);
        }
        let name = self.name();
        Ok((!name.is_empty()).then_some(Part::Parameter { name, change: None, quoted }))
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let length = match rest.chars().next() {
            Some('0'..='9' | '@' | '*' | '#' | '?' | '$' | '!' | '-') => 1,
            Some(_) => rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len()),
            None => 0,
        };
        self.at += length;
        rest[..length].to_owned()
    }

    fn braced(&mut self, quoted: bool) -> Result<Part, Unread> {
        let mut name = self.name();
        if name == "#" && !self.rest().starts_with('}') {
            // the length of a value
            let _ = self.name();
            return if self.take("}") { Ok(Part::Other) } else { Err(Unread) };
        }
        if name.len() == 1 && name.as_bytes()[0].is_ascii_digit() {
            let rest = self.rest();
            let more = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            name.push_str(&rest[..more]);
            self.at += more;
        }
        if self.take("}") {
            return Ok(Part::Parameter { name, change: None, quoted });
        }
        let operator = OPERATORS.into_iter().find(|operator| self.take(operator));
        let word = self.deeper(|parser| parser.parts(|next| next == '}', false))?;
        if !self.take("}") {
            return Err(Unread);
        }
        match operator {
            None => Ok(Part::Other),
            Some(operator) => Ok(Part::Parameter { name, change: Some(Change { operator, word }), quoted }),
        }
    }

    /// The text of a here-document, in which quotes are only letters.
    pub(super) fn here(text: &str, depth: usize) -> Result<Word, Unread> {
        Parser::new(text, depth).parts(|_| false, true)
    }
}
