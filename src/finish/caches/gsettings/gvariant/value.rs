//! A value of GVariant as it is written, before it has a type.

use std::cmp::Ordering;

use super::types::Type;
use crate::finish::caches::number::integer;

/// A value as written; what it means depends on the type that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
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
    /// The type of a value that stands in a variant.
    pub(crate) fn infer(&self) -> Option<Type> {
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
    pub(crate) fn strings(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Array(values) => values.iter().flat_map(Self::strings).collect(),
            Self::Just(value) | Self::Typed(_, value) => value.strings(),
            _ => Vec::new(),
        }
    }

    /// Orders two numbers of one type.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
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

/// A number that need not be whole.
pub(super) fn float(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| integer(text)?.to_string().parse().ok())
}
