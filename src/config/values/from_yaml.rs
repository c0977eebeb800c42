//! How values are read from `aptlet.yaml`, so that errors keep their place in the file.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::in_place;
use crate::masking;
use crate::request::words;

/// Deserializes a list that is either a sequence or one text of [`words`].
pub(in crate::config) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T> Visitor<'de> for List<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of texts")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            if in_place::is_text(text) {
                return Ok(vec![parse_item(text)?]);
            }
            words::split(text).map(parse_item).collect()
        }

        // A name of digits only, which YAML takes for a number.
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Vec<T>, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Vec<T>, E> {
            self.visit_str(&number.to_string())
        }

        // Left to serde, these two would be reported without their place in the file.
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Vec<T>, E> {
            Err(E::custom("a text is expected; put the number into quotes"))
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Vec<T>, E> {
            Err(E::custom("a text or a list of texts is expected"))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(Item(value)) = sequence.next_element()? {
                list.push(value);
            }
            Ok(list)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

fn parse_item<T, E>(text: &str) -> Result<T, E>
where
    T: FromStr,
    T::Err: fmt::Display,
    E: de::Error,
{
    text.parse().map_err(|error| E::custom(format_args!("'{}': {error}", masking::uri(text))))
}

/// A value that is parsed from its text within the visitor, where errors still get their place in the file.
struct Item<T>(T);

impl<'de, T> Deserialize<'de> for Item<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T> Visitor<'_> for Text<T>
        where
            T: FromStr,
            T::Err: fmt::Display,
        {
            type Value = Item<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Item<T>, E> {
                parse_item(text).map(Item)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Deserializes an optional value from its text.
pub(in crate::config) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    Ok(Option::deserialize(deserializer)?.map(|Item(value)| value))
}
