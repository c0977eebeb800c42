//! Values of GVariant in their text form ("GVariant Text Format" in GLib's manual), as schemas have them.

use std::iter::Peekable;
use std::str::Chars;

use super::types::{DEEPEST, Type};
use super::value::Value;

/// Characters of one value; lists of key bindings and colours have some thousands.
const LONGEST: usize = 256 << 10;

impl Value {
    /// A whole text. Says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a value of more than {LONGEST} bytes"));
        }
        let mut parser = Parser { letters: text.chars().peekable() };
        let value = parser.value(0);
        parser.blank();
        match (value, parser.letters.next()) {
            (Some(value), None) => Ok(value),
            _ => {
                let text: String = text.trim().chars().take(60).collect();
                Err(format!("'{}' is no value in GVariant's text format", text.escape_debug()))
            }
        }
    }
}

struct Parser<'a> {
    letters: Peekable<Chars<'a>>,
}

impl Parser<'_> {
    fn blank(&mut self) {
        while self.letters.next_if(char::is_ascii_whitespace).is_some() {}
    }

    fn eat(&mut self, letter: char) -> Option<()> {
        self.blank();
        self.letters.next_if_eq(&letter).map(|_| ())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        self.blank();
        let first = *self.letters.peek()?;
        match first {
            '@' => {
                self.letters.next();
                let own = Type::read(&mut self.letters, 0)?;
                Some(Value::Typed(own, Box::new(self.value(depth + 1)?)))
            }
            '\'' | '"' => self.text().map(Value::Text),
            '[' => {
                self.letters.next();
                self.list(']', depth).map(Value::Array)
            }
            '(' => {
                self.letters.next();
                self.list(')', depth).map(Value::Tuple)
            }
            '{' => {
                self.letters.next();
                self.dictionary(depth)
            }
            '<' => {
                self.letters.next();
                let value = self.value(depth + 1)?;
                self.eat('>')?;
                Some(Value::Variant(Box::new(value)))
            }
            '-' | '+' | '0'..='9' | '.' => Some(Value::Number(self.word())),
            _ => self.named(depth),
        }
    }

    fn named(&mut self, depth: usize) -> Option<Value> {
        let word = self.word();
        let letter = match &*word {
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            "nothing" => return Some(Value::Nothing),
            "just" => return Some(Value::Just(Box::new(self.value(depth + 1)?))),
            "inf" | "nan" => return Some(Value::Number(word)),
            "b" => return self.bytes().map(Value::Bytes),
            "boolean" => 'b',
            "byte" => 'y',
            "int16" => 'n',
            "uint16" => 'q',
            "int32" => 'i',
            "uint32" => 'u',
            "int64" => 'x',
            "uint64" => 't',
            "handle" => 'h',
            "double" => 'd',
            "string" => 's',
            "objectpath" => 'o',
            "signature" => 'g',
            _ => return None,
        };
        Some(Value::Typed(Type::Basic(letter), Box::new(self.value(depth + 1)?)))
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(letter) =
            self.letters.next_if(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(*letter))
        {
            word.push(letter);
        }
        word
    }

    fn list(&mut self, end: char, depth: usize) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        while self.eat(end).is_none() {
            values.push(self.value(depth + 1)?);
            if self.eat(',').is_none() {
                self.eat(end)?;
                break;
            }
        }
        Some(values)
    }

    fn dictionary(&mut self, depth: usize) -> Option<Value> {
        let mut entries = Vec::new();
        while self.eat('}').is_none() {
            let key = self.value(depth + 1)?;
            if entries.is_empty() && self.eat(',').is_some() {
                let value = self.value(depth + 1)?;
                self.eat('}')?;
                return Some(Value::Entry(Box::new((key, value))));
            }
            self.eat(':')?;
            entries.push(Value::Entry(Box::new((key, self.value(depth + 1)?))));
            if self.eat(',').is_none() {
                self.eat('}')?;
                break;
            }
        }
        Some(Value::Array(entries))
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.letters.next()?;
        let mut text = String::new();
        loop {
            match self.letters.next()? {
                letter if letter == quote => return Some(text),
                '\\' => match self.letters.next()? {
                    '\n' => {}
                    'u' => text.push(self.code(4)?),
                    'U' => text.push(self.code(8)?),
                    letter => text.push(escaped(letter)),
                },
                letter => text.push(letter),
            }
        }
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let mut code = 0;
        for _ in 0..digits {
            code = code << 4 | self.letters.next()?.to_digit(16)?;
        }
        char::from_u32(code)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let quote = self.letters.next().filter(|letter| matches!(letter, '\'' | '"'))?;
        let mut bytes = Vec::new();
        let push = |bytes: &mut Vec<u8>, letter: char| bytes.extend(letter.encode_utf8(&mut [0; 4]).bytes());
        loop {
            match self.letters.next()? {
                letter if letter == quote => return Some(bytes),
                '\\' => match self.letters.next()? {
                    '\n' => {}
                    letter @ '0'..='7' => {
                        let mut code = letter.to_digit(8)?;
                        for _ in 0..2 {
                            if let Some(letter) = self.letters.next_if(|letter| letter.is_digit(8)) {
                                code = code << 3 | letter.to_digit(8)?;
                            }
                        }
                        bytes.push(u8::try_from(code & 0xff).ok()?);
                    }
                    letter => push(&mut bytes, escaped(letter)),
                },
                letter => push(&mut bytes, letter),
            }
        }
    }
}

fn escaped(letter: char) -> char {
    match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        letter => letter,
    }
}
