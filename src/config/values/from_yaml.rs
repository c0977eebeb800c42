//! How values are read from `aptlet.yaml`, so that errors keep their place in the file. What a text becomes is a closure's: a reader of its
//! own for each type of value would be a fiftieth of the binary.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::in_place;
use crate::masking;
use crate::request::words;

/// Takes a text, or says what is wrong with it.
type Take<'a> = &'a mut dyn FnMut(&str) -> Result<(), String>;

/// Reads an optional value from its text.
pub(in crate::config) fn parsed<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    optional(map, parse)
}

/// Reads an optional text that cannot be wrong.
pub(in crate::config) fn plain<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
    optional(map, |text| Ok(text.to_owned()))
}

/// Reads an optional word of a few.
pub(in crate::config) fn chosen<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: ValueEnum,
{
    optional(map, |text| {
        T::from_str(text, false).map_err(|_| {
            let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
            format!("'{text}' is none of {}", names.join(", "))
        })
    })
}

/// Reads a list that is either a sequence or one text of [`words`].
pub(in crate::config) fn list<'de, A, T>(map: &mut A) -> Result<Vec<T>, A::Error>
where
    A: MapAccess<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    let mut list = Vec::new();
    let mut take = |text: &str| {
        list.push(parse(text)?);
        Ok(())
    };
    map.next_value_seed(List(&mut take))?;
    Ok(list)
}

fn optional<'de, A, T>(map: &mut A, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
{
    let mut value = None;
    let mut take = |text: &str| {
        value = Some(read(text)?);
        Ok(())
    };
    map.next_value_seed(Optional(&mut take))?;
    Ok(value)
}

fn parse<T>(text: &str) -> Result<T, String>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse().map_err(|error| format!("'{}': {error}", masking::uri(text)))
}

/// A text, which is taken within the visitor, where errors still get their place in the file.
struct Text<'a>(Take<'a>);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// A text, or nothing.
struct Optional<'a>(Take<'a>);

impl<'de> DeserializeSeed<'de> for Optional<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Optional<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Text(self.0).deserialize(deserializer)
    }
}

/// Texts, or one of several words.
struct List<'a>(Take<'a>);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if in_place::is_text(text) {
            return (self.0)(text).map_err(E::custom);
        }
        words::split(text).try_for_each(|word| (self.0)(word)).map_err(E::custom)
    }

    // A name of digits only, which YAML takes for a number.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    // Left to serde, these two would be reported without their place in the file.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Err(E::custom("a text is expected; put the number into quotes"))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Err(E::custom("a text or a list of texts is expected"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(Text(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}
