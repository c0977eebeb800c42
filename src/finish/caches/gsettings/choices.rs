//! The strings that a key of a GSettings schema may have.

use std::collections::BTreeMap;

use super::gvariant::Value;
use super::markup::{attribute, children};
use crate::finish::caches::number::integer;
use crate::finish::caches::xml::Element;

/// A string of choices is found by words of four bytes.
const LONGEST_CHOICE: usize = 65;
const MOST_CHOICES: usize = 4096;

/// The strings that a key may have: those of an enumeration, of flags, or `<choices>`.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    /// [`Self::kind`].
    kind: Option<char>,
    /// As in `strinfo.c` of GLib.
    words: Vec<u8>,
    /// By string: the number of the word that its value is, and whether it is an alias.
    strings: BTreeMap<String, (u32, bool)>,
    values: Vec<u32>,
}

impl Choices {
    /// Of `<enum>` or `<flags>`.
    pub(super) fn of_enum(element: &Element, is_flags: bool) -> Result<Self, String> {
        let mut choices = Self { kind: Some(if is_flags { 'f' } else { 'e' }), ..Self::default() };
        for value in children(element)? {
            let nick = attribute(value, "nick")?;
            let text = attribute(value, "value")?;
            let bad =
                || format!("the value '{}' of '{}' is not valid", text.escape_debug(), nick.escape_debug());
            let number = integer(text).ok_or_else(bad)?;
            let word = if is_flags {
                u32::try_from(number).ok().filter(|number| number.count_ones() <= 1)
            } else {
                i32::try_from(number).ok().map(i32::cast_unsigned)
            };
            let word = word.filter(|word| !choices.values.contains(word)).ok_or_else(bad)?;
            if &*value.name != "value" || nick.chars().count() < 2 {
                return Err(bad());
            }
            // no flag at all is an empty array
            if !is_flags || word != 0 {
                choices.values.push(word);
                choices.push(nick, word, false)?;
            }
        }
        if choices.words.is_empty() { Err("an enumeration without a value".to_owned()) } else { Ok(choices) }
    }

    /// Those of `<choices>`.
    pub(super) fn add(&mut self, element: &Element) -> Result<(), String> {
        self.kind = Some('c');
        for choice in children(element)? {
            self.push(attribute(choice, "value")?, 0, false)?;
        }
        if self.words.is_empty() { Err("no choices at all".to_owned()) } else { Ok(()) }
    }

    /// Those of `<aliases>`: other strings for what is there.
    pub(super) fn add_aliases(&mut self, element: &Element) -> Result<(), String> {
        for alias in children(element)? {
            let target = attribute(alias, "target")?;
            let Some((place, false)) = self.strings.get(target).copied() else {
                return Err(format!("'{}' is an alias of nothing", target.escape_debug()));
            };
            self.push(attribute(alias, "value")?, place, true)?;
        }
        Ok(())
    }

    fn push(&mut self, text: &str, word: u32, is_alias: bool) -> Result<(), String> {
        let place = u32::try_from(self.words.len() / 4).unwrap_or(u32::MAX);
        let is_new = !self.strings.contains_key(text);
        if !is_new || text.len() > LONGEST_CHOICE || self.strings.len() >= MOST_CHOICES {
            return Err(format!("the choice '{}' is there twice, or too long", text.escape_debug()));
        }
        self.words.extend(word.to_le_bytes());
        self.words.push(if is_alias { 0xfe } else { 0xff });
        self.words.extend(text.as_bytes());
        let words = ((text.len() + 6) / 4).max(2);
        self.words.resize((place as usize + 1 + words) * 4, 0);
        if let Some(last) = self.words.last_mut() {
            *last = 0xff;
        }
        self.strings.insert(text.to_owned(), (place, is_alias));
        Ok(())
    }

    /// `e` for an enumeration, `f` for flags, `c` for `<choices>`; `None` where any value will do.
    pub(super) fn kind(&self) -> Option<char> {
        self.kind
    }

    /// The strings as `gschemas.compiled` has them.
    pub(super) fn words(&self) -> &[u8] {
        &self.words
    }

    /// Whether all strings of a value are choices; aliases are none.
    pub(super) fn allows(&self, value: &Value) -> bool {
        self.kind.is_none()
            || value.strings().into_iter().all(|text| matches!(self.strings.get(text), Some((_, false))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The example of `strinfo.c`.
    #[test]
    fn choices_are_words() {
        let mut choices = Choices::default();
        for (text, word, is_alias) in [("foo", 1, false), ("bar", 2, false), ("baz", 3, true)] {
            choices.push(text, word, is_alias).unwrap();
        }
        assert_eq!(
            choices.words,
            *b"\x01\0\0\0\xfffoo\0\0\0\xff\x02\0\0\0\xffbar\0\0\0\xff\x03\0\0\0\xfebaz\0\0\0\xff"
        );
        assert_eq!(choices.strings["bar"], (3, false));
        assert!(choices.push("foo", 9, false).is_err() && choices.push(&"x".repeat(66), 9, false).is_err());
        choices.push(&"x".repeat(65), 9, false).unwrap();
    }
}
