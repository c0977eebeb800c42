//! Values of GVariant in their serialised, little-endian form ("GVariant Specification").

use super::types::Type;
use super::value::{Value, float};
use crate::finish::caches::number::integer;

impl Value {
    /// The serialised form as a value of this type; `None` if it is none.
    pub(crate) fn serialise(&self, r#type: &Type) -> Option<Vec<u8>> {
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

fn is_object_path(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text == "/" || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part))
}

fn is_signature(text: &str) -> bool {
    Type::parse(&format!("({text})")).is_some_and(|found| matches!(found, Type::Tuple(_, false)))
}
