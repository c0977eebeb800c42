//! What tells MIME types of files by the bytes that they have: `<magic>`, and the file `magic` (Shared MIME-info Database
//! specification, 2.4).

use std::cmp::Ordering;
use std::rc::Rc;

use super::markup::{line, only};
use super::priority::order;
use crate::finish::caches::number::integer;
use crate::finish::caches::xml::Element;

const NO_MAGIC: &[u8] = b"__NOMAGIC__";

/// Bytes that a type's files have.
#[derive(Debug)]
pub(super) struct Magic {
    pub(super) priority: u8,
    pub(super) r#type: Rc<str>,
    pub(super) matches: Vec<Match>,
    is_none: bool,
}

/// Bytes at a place, and those that must be there besides (one of them).
#[derive(Debug)]
pub(super) struct Match {
    pub(super) start: u32,
    /// How many places to look at.
    pub(super) length: u32,
    /// Bytes that are swapped on little-endian machines.
    pub(super) word: u8,
    pub(super) data: Vec<u8>,
    pub(super) mask: Option<Vec<u8>>,
    pub(super) matches: Vec<Match>,
}

impl Magic {
    pub(super) fn new(name: &Rc<str>, element: &Element, priority: u8) -> Result<Self, String> {
        let matches = matches(element)?;
        if matches.is_empty() {
            return Err("a <magic> without a <match>".to_owned());
        }
        Ok(Self { priority, r#type: Rc::clone(name), matches, is_none: false })
    }

    /// What forgets all that was said of the type before.
    pub(super) fn none(name: &Rc<str>) -> Self {
        let only =
            Match { start: 0, length: 1, word: 1, data: NO_MAGIC.to_vec(), mask: None, matches: Vec::new() };
        Self { priority: 0, r#type: Rc::clone(name), matches: vec![only], is_none: true }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self.is_none, other.is_none) {
            (false, false) => order((self.priority, &self.r#type), (other.priority, &other.r#type)),
            (one, other) => other.cmp(&one),
        }
    }

    pub(super) fn write(&self, file: &mut Vec<u8>) {
        file.extend(format!("[{}:{}]\n", self.priority, self.r#type).bytes());
        write_matches(&self.matches, 0, file);
    }
}

fn write_matches(matches: &[Match], indent: usize, file: &mut Vec<u8>) {
    for one in matches {
        if indent > 0 {
            file.extend(indent.to_string().bytes());
        }
        file.extend(format!(">{}=", one.start).bytes());
        file.extend(u16::try_from(one.data.len()).unwrap_or(u16::MAX).to_be_bytes());
        file.extend(&one.data);
        if let Some(mask) = &one.mask {
            file.push(b'&');
            file.extend(mask);
        }
        if one.word != 1 {
            file.extend(format!("~{}", one.word).bytes());
        }
        if one.length != 1 {
            file.extend(format!("+{}", one.length).bytes());
        }
        file.push(b'\n');
        write_matches(&one.matches, indent + 1, file);
    }
}

fn matches(parent: &Element) -> Result<Vec<Match>, String> {
    only(parent, "match")
        .map(|element| {
            let element = element?;
            let (start, length) = range(line(element, "offset")?).ok_or("an offset that is none")?;
            let kind = line(element, "type")?;
            let value = element.attribute("value").filter(|value| !value.is_empty()).ok_or("no value")?;
            let (data, mask) = content(kind, value, element.attribute("mask"))
                .filter(|(data, _)| u16::try_from(data.len()).is_ok())
                .ok_or_else(|| {
                    format!("the {} '{}' is not valid", kind.escape_debug(), value.escape_debug())
                })?;
            let word = match kind {
                "host16" => 2,
                "host32" => 4,
                _ => 1,
            };
            Ok(Match { start, length, word, data, mask, matches: matches(element)? })
        })
        .collect()
}

fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    let [first, last]: [i32; 2] = [first.parse().ok()?, last.parse().ok()?];
    let length = u32::try_from(last.checked_sub(first)?).ok()?.checked_add(1)?;
    Some((u32::try_from(first).ok()?, length))
}

/// The bytes to find, and which of their bits count.
fn content(kind: &str, value: &str, mask: Option<&str>) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let (size, is_little) = match kind {
        "string" => {
            let data = unescaped(value);
            let mask = match mask {
                Some(mask) => Some(string_mask(mask, data.len())?),
                None => None,
            };
            return Some((data, mask));
        }
        "byte" => (1, true),
        "big16" | "host16" => (2, false),
        "little16" => (2, true),
        "big32" | "host32" => (4, false),
        "little32" => (4, true),
        _ => return None,
    };
    let number = |text: &str| {
        let mut bytes = u64::try_from(integer(text)?).ok()?.to_le_bytes();
        if size < 4 && bytes[size..].iter().any(|byte| *byte != 0) {
            return None;
        }
        if !is_little {
            bytes[..size].reverse();
        }
        Some(bytes[..size].to_vec())
    };
    let mask = match mask {
        Some(mask) => Some(number(mask)?),
        None => None,
    };
    Some((number(value)?, mask))
}

fn string_mask(mask: &str, size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0u8; size];
    for (at, letter) in mask.strip_prefix("0x")?.chars().enumerate() {
        let digit = u8::try_from(letter.to_digit(16)?).ok()?;
        *bytes.get_mut(at / 2)? |= if at % 2 == 0 { digit << 4 } else { digit };
    }
    Some(bytes)
}

/// C's escapes, with up to three octal or two hexadecimal digits.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes().peekable();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(letter) = bytes.next() else { break };
        let (radix, most, mut value) = match letter {
            b'0'..=b'7' => (8, 2, u32::from(letter - b'0')),
            b'x' => (16, 2, 0),
            _ => {
                out.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b'b' => 8,
                    b't' => b'\t',
                    b'f' => 12,
                    b'v' => 11,
                    other => other,
                });
                continue;
            }
        };
        let mut count = 0;
        while count < most
            && let Some(digit) = bytes.peek().and_then(|byte| char::from(*byte).to_digit(radix))
        {
            value = value * radix + digit;
            bytes.next();
            count += 1;
        }
        out.push(if radix == 16 && count == 0 { b'x' } else { value.to_le_bytes()[0] });
    }
    out
}
