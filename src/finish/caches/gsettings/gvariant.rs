//! GVariant: values in its text form ("GVariant Text Format" in GLib's manual) and in its serialised, little-endian
//! form ("GVariant Specification"). Only what has a known type is read, such as the default of a GSettings key.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use crate::finish::caches::number::integer;

/// Values and types in each other.
const DEEPEST: usize = 32;
/// Characters of one value; lists of key bindings and colours have some thousands.
const LONGEST: usize = 256 << 10;

/// As for a D-Bus signature.
const LONGEST_TYPE: usize = 255;

/// A type, of a type string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// One of `bynqiuxthdsogv`.
    Basic(char),
    Maybe(Box<Type>),
    Array(Box<Type>),
    /// A tuple, or (with `true`) the entry of a dictionary.
    Tuple(Vec<Type>, bool),
}

impl Type {
    /// Of a whole type string.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut letters = text.chars().peekable();
        let found = Self::read(&mut letters, 0)?;
        (letters.next().is_none() && text.len() <= LONGEST_TYPE).then_some(found)
    }

    fn read(letters: &mut Peekable<Chars<'_>>, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let letter = letters.next()?;
        Some(match letter {
            _ if "bynqiuxthdsogv".contains(letter) => Self::Basic(letter),
            'm' => Self::Maybe(Box::new(Self::read(letters, depth + 1)?)),
            'a' => Self::Array(Box::new(Self::read(letters, depth + 1)?)),
            '(' => {
                let mut members = Vec::new();
                while letters.next_if_eq(&')').is_none() {
                    members.push(Self::read(letters, depth + 1)?);
                }
                Self::Tuple(members, false)
            }
            '{' => {
                let key = letters.next().filter(|letter| "bynqiuxthdsog".contains(*letter))?;
                let value = Self::read(letters, depth + 1)?;
                letters.next_if_eq(&'}')?;
                Self::Tuple(vec![Self::Basic(key), value], true)
            }
            _ => return None,
        })
    }

    /// The type string.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Basic(letter) => letter.to_string(),
            Self::Maybe(inner) => format!("m{}", inner.text()),
            Self::Array(inner) => format!("a{}", inner.text()),
            Self::Tuple(members, is_entry) => {
                let inner: String = members.iter().map(Self::text).collect();
                if *is_entry { format!("{{{inner}}}") } else { format!("({inner})") }
            }
        }
    }

    fn alignment(&self) -> usize {
        match self {
            Self::Basic('n' | 'q') => 2,
            Self::Basic('i' | 'u' | 'h') => 4,
            Self::Basic('x' | 't' | 'd' | 'v') => 8,
            Self::Basic(_) => 1,
            Self::Maybe(inner) | Self::Array(inner) => inner.alignment(),
            Self::Tuple(members, _) => members.iter().map(Self::alignment).max().unwrap_or(1),
        }
    }

    /// In bytes, of types whose values are all of one size.
    fn fixed(&self) -> Option<usize> {
        match self {
            Self::Basic('b' | 'y') => Some(1),
            Self::Basic('n' | 'q') => Some(2),
            Self::Basic('i' | 'u' | 'h') => Some(4),
            Self::Basic('x' | 't' | 'd') => Some(8),
            Self::Basic(_) | Self::Maybe(_) | Self::Array(_) => None,
            Self::Tuple(members, _) => {
                let mut size = 0usize;
                for member in members {
                    size = size.next_multiple_of(member.alignment()) + member.fixed()?;
                }
                Some(size.next_multiple_of(self.alignment()).max(1))
            }
        }
    }
}

/// A value as written; what it means depends on the type that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Number(String),
    Text(String),
    /// Without the NUL at the end.
    Bytes(Vec<u8>),
    /// An array; a dictionary is one of entries.
    Array(Vec<Value>),
    Tuple(Vec<Value>),
    Entry(Box<(Value, Value)>),
    Just(Box<Value>),
    Nothing,
    Variant(Box<Value>),
    /// With its type before it.
    Typed(Type, Box<Value>),
    /// In its serialised form already.
    Serialised(Vec<u8>),
}

impl Value {
    /// A whole text. Says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
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

    /// The serialised form as a value of this type; `None` if it is none.
    pub(super) fn serialise(&self, r#type: &Type) -> Option<Vec<u8>> {
        match (self, r#type) {
            (Self::Serialised(bytes), _) => Some(bytes.clone()),
            (Self::Typed(own, value), _) if own == r#type => value.serialise(r#type),
            (Self::Variant(value), Type::Basic('v')) => {
                let own = value.infer()?;
                let mut bytes = value.serialise(&own)?;
                bytes.push(0);
                bytes.extend(own.text().bytes());
                Some(bytes)
            }
            (Self::Bool(is), Type::Basic('b')) => Some(vec![u8::from(*is)]),
            (Self::Number(text), Type::Basic('d')) => Some(float(text)?.to_le_bytes().to_vec()),
            (Self::Number(text), Type::Basic(letter)) => number(*letter, integer(text)?),
            (Self::Text(text), Type::Basic(letter)) => {
                let is_fit = match letter {
                    's' => true,
                    'o' => is_object_path(text),
                    'g' => is_signature(text),
                    _ => false,
                };
                (is_fit && !text.contains('\0')).then(|| [text.as_bytes(), b"\0"].concat())
            }
            (Self::Bytes(bytes), Type::Array(inner)) if **inner == Type::Basic('y') => {
                Some([bytes, &b"\0"[..]].concat())
            }
            (Self::Nothing, Type::Maybe(_)) => Some(Vec::new()),
            (Self::Just(value), Type::Maybe(inner)) => just(value, inner),
            (value, Type::Maybe(inner)) => just(value, inner),
            (Self::Array(values), Type::Array(inner)) => {
                let values = values.iter().map(|value| value.serialise(inner)).collect::<Option<Vec<_>>>()?;
                Some(array(&values, inner))
            }
            (Self::Tuple(values), Type::Tuple(types, false)) if values.len() == types.len() => {
                let values = values.iter().zip(types).map(|(value, r#type)| value.serialise(r#type));
                Some(tuple(&values.collect::<Option<Vec<_>>>()?, r#type, types))
            }
            (Self::Entry(entry), Type::Tuple(types, true)) => {
                let values = vec![entry.0.serialise(&types[0])?, entry.1.serialise(&types[1])?];
                Some(tuple(&values, r#type, types))
            }
            _ => None,
        }
    }

    /// The type of a value that stands in a variant.
    pub(super) fn infer(&self) -> Option<Type> {
        let array = |inner: Type| Type::Array(Box::new(inner));
        Some(match self {
            Self::Bool(_) => Type::Basic('b'),
            Self::Number(text) => Type::Basic(if integer(text).is_some() { 'i' } else { 'd' }),
            Self::Text(_) => Type::Basic('s'),
            Self::Bytes(_) => array(Type::Basic('y')),
            Self::Array(values) => {
                let types: Vec<Type> = values.iter().filter_map(Self::infer).collect();
                let is_float = types.contains(&Type::Basic('d'));
                array(if is_float { Type::Basic('d') } else { types.into_iter().next()? })
            }
            Self::Tuple(values) => {
                Type::Tuple(values.iter().map(Self::infer).collect::<Option<Vec<_>>>()?, false)
            }
            Self::Entry(entry) => Type::Tuple(vec![entry.0.infer()?, entry.1.infer()?], true),
            Self::Just(value) => Type::Maybe(Box::new(value.infer()?)),
            Self::Variant(_) => Type::Basic('v'),
            Self::Typed(own, _) => own.clone(),
            Self::Nothing | Self::Serialised(_) => return None,
        })
    }

    /// The strings in a value of the type `s`, or of arrays or maybes of it.
    pub(super) fn strings(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Array(values) => values.iter().flat_map(Self::strings).collect(),
            Self::Just(value) | Self::Typed(_, value) => value.strings(),
            _ => Vec::new(),
        }
    }

    /// Orders two numbers of one type.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Typed(_, value), other) => value.order(other),
            (value, Self::Typed(_, other)) => value.order(other),
            (Self::Number(left), Self::Number(right)) => match (integer(left), integer(right)) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => float(left)?.partial_cmp(&float(right)?),
            },
            _ => None,
        }
    }
}

fn just(value: &Value, inner: &Type) -> Option<Vec<u8>> {
    let mut bytes = value.serialise(inner)?;
    if inner.fixed().is_none() {
        bytes.push(0);
    }
    Some(bytes)
}

fn array(values: &[Vec<u8>], inner: &Type) -> Vec<u8> {
    let (mut body, mut ends) = (Vec::new(), Vec::new());
    for value in values {
        body.resize(body.len().next_multiple_of(inner.alignment()), 0);
        body.extend(value);
        ends.push(body.len());
    }
    if inner.fixed().is_none() {
        frame(&mut body, &ends);
    }
    body
}

fn tuple(values: &[Vec<u8>], whole: &Type, types: &[Type]) -> Vec<u8> {
    let (mut body, mut ends) = (Vec::new(), Vec::new());
    for (at, (value, r#type)) in values.iter().zip(types).enumerate() {
        body.resize(body.len().next_multiple_of(r#type.alignment()), 0);
        body.extend(value);
        if r#type.fixed().is_none() && at + 1 < values.len() {
            ends.push(body.len());
        }
    }
    if let Some(size) = whole.fixed() {
        body.resize(size, 0);
    } else {
        ends.reverse();
        frame(&mut body, &ends);
    }
    body
}

/// Appends framing offsets, each of as few bytes as the whole needs.
fn frame(body: &mut Vec<u8>, ends: &[usize]) {
    let fits = |size: &u32| body.len() + ends.len() * (*size as usize) < 1 << (8 * size);
    let size = [1, 2, 4].into_iter().find(fits).unwrap_or(8) as usize;
    for end in ends {
        body.extend(&(*end as u64).to_le_bytes()[..size]);
    }
}

fn number(letter: char, value: i128) -> Option<Vec<u8>> {
    Some(match letter {
        'y' => u8::try_from(value).ok()?.to_le_bytes().to_vec(),
        'n' => i16::try_from(value).ok()?.to_le_bytes().to_vec(),
        'q' => u16::try_from(value).ok()?.to_le_bytes().to_vec(),
        'i' | 'h' => i32::try_from(value).ok()?.to_le_bytes().to_vec(),
        'u' => u32::try_from(value).ok()?.to_le_bytes().to_vec(),
        'x' => i64::try_from(value).ok()?.to_le_bytes().to_vec(),
        't' => u64::try_from(value).ok()?.to_le_bytes().to_vec(),
        _ => return None,
    })
}

fn float(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| integer(text)?.to_string().parse().ok())
}

fn is_object_path(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text == "/" || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part))
}

fn is_signature(text: &str) -> bool {
    Type::parse(&format!("({text})")).is_some_and(|found| matches!(found, Type::Tuple(_, false)))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn serialised(r#type: &str, text: &str) -> Option<Vec<u8>> {
        Value::parse(text).ok()?.serialise(&Type::parse(r#type).unwrap())
    }

    /// The first ones are those of the GVariant Specification, 3: "Examples".
    #[test]
    fn serialises_as_specified() {
        for (r#type, text, expected) in [
            ("s", "'hello world'", &b"hello world\0"[..]),
            ("ms", "just 'hello world'", b"hello world\0\0"),
            ("ms", "'hello world'", b"hello world\0\0"),
            ("ms", "nothing", b""),
            ("ab", "[true, false, false, true, true]", &[1, 0, 0, 1, 1]),
            ("(si)", "('foo', -1)", &[b'f', b'o', b'o', 0, 0xff, 0xff, 0xff, 0xff, 4]),
            (
                "a(si)",
                "[('hi', -2), ('bye', -1)]",
                &[
                    b'h', b'i', 0, 0, 0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0, b'b', b'y', b'e', 0, 0xff, 0xff,
                    0xff, 0xff, 4, 9, 21,
                ],
            ),
            ("as", "['i','can','has','strings?']", b"i\0can\0has\0strings?\0\x02\x06\x0a\x13"),
            ("((ys)as)", "((byte 0x69, 'can'), ['has','strings?'])", b"ican\0has\0strings?\0\x04\x0d\x05"),
            ("a{si}", "{'a': 1}", &[b'a', 0, 0, 0, 1, 0, 0, 0, 2, 9]),
            ("(yy)", "(0x70, 0200)", &[0x70, 0x80]),
            ("(iy)", "(96, 112)", &[0x60, 0, 0, 0, 0x70, 0, 0, 0]),
            ("ai", "@ai []", b""),
            ("as", "[]", b""),
            ("v", "<uint32 7>", &[7, 0, 0, 0, 0, b'u']),
            ("v", "<[1, 2.5]>", b"\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\x40\0ad"),
            ("d", "1", &1f64.to_le_bytes()),
            ("d", "-inf", &f64::NEG_INFINITY.to_le_bytes()),
            ("ay", "b'a\\101\\n'", b"aA\n\0"),
            ("s", "\"it's \\u00e9 \\\"x\\\"\"", "it's \u{e9} \"x\"\0".as_bytes()),
            ("()", "()", &[0]),
        ] {
            assert_eq!(serialised(r#type, text).as_deref(), Some(expected), "{type} {text}");
        }
        let long = format!("['{}', 'b']", "a".repeat(300));
        let bytes = serialised("as", &long).unwrap();
        assert_eq!(bytes[bytes.len() - 4..], [45, 1, 47, 1]);
    }

    #[test]
    fn what_is_no_value_of_the_type_is_refused() {
        for (r#type, text) in [
            ("y", "256"),
            ("y", "-1"),
            ("i", "1.5"),
            ("b", "1"),
            ("s", "x"),
            ("s", "'x"),
            ("s", "'x' y"),
            ("s", "'\\u0000'"),
            ("i", "@u 1"),
            ("as", "['a' 'b']"),
            ("(ss)", "('a',)"),
            ("o", "'x'"),
            ("v", "<[]>"),
            ("u", ""),
            ("i", "--1"),
        ] {
            assert_eq!(serialised(r#type, text), None, "{type} {text}");
        }
        for bad in ["", "z", "a", "(", "{vs}", "{ss", "ss", &"a".repeat(100)] {
            assert_eq!(Type::parse(bad), None, "{bad}");
        }
        assert!(Value::parse(&"[".repeat(10_000)).is_err());
        assert!(Value::parse(&" ".repeat(1 << 20)).is_err());
    }

    #[test]
    fn numbers_are_in_order() {
        let order = |left: &str, right: &str| {
            Value::parse(left).unwrap().order(&Value::parse(right).unwrap()).unwrap()
        };
        assert_eq!(order("9", "10"), Ordering::Less);
        assert_eq!(order("-inf", "uint32 0"), Ordering::Less);
        assert_eq!(order("1.5", "1"), Ordering::Greater);
    }
}
