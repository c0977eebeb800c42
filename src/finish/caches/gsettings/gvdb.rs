//! GVDB, the file of nested hash tables that GLib maps into memory: `gschemas.compiled` is one. The format is that of
//! GLib's `gvdb-format.h`, in little-endian order.

use std::collections::BTreeMap;

use crate::arrange::Arrange as _;

/// `GVariant`, version 0, no options; then where the root table is.
const SIGNATURE: &[u8; 16] = b"GVariant\0\0\0\0\0\0\0\0";
const HEADER: usize = 24;
const ITEM: usize = 24;
const NO_PARENT: u32 = u32::MAX;

/// What a key of a table has.
#[derive(Debug)]
pub(super) enum Value {
    /// A value in GVariant's own form, with its type string.
    Variant {
        r#type: String,
        data: Vec<u8>,
    },
    Table(Table),
    /// The list of those keys that are children of this one.
    Children,
}

/// A table by key. Where the empty key has [`Value::Children`], keys without a leading `.` are its children.
pub(super) type Table = BTreeMap<String, Value>;

/// The file; `None` where it would exceed what 32 bits can address.
pub(super) fn write(root: &Table) -> Option<Vec<u8>> {
    let mut file = vec![0; HEADER];
    let (start, end) = table(&mut file, root)?;
    file[..SIGNATURE.len()].copy_from_slice(SIGNATURE);
    file[16..20].copy_from_slice(&start.to_le_bytes());
    file[20..24].copy_from_slice(&end.to_le_bytes());
    Some(file)
}

fn table(file: &mut Vec<u8>, table: &Table) -> Option<(u32, u32)> {
    let buckets = u32::try_from(table.len()).ok()?;
    let mut items: Vec<(u32, &str, &Value)> =
        table.iter().map(|(key, value)| (hash(key), key.as_str(), value)).collect();
    items.arrange_by_key(|(hash, key, _)| (hash % buckets.max(1), *key));
    let index = |wanted: &str| items.iter().position(|(_, key, _)| *key == wanted);
    let top = if matches!(table.get(""), Some(Value::Children)) { index("") } else { None };
    let is_child = |key: &str| top.is_some() && !key.is_empty() && !key.starts_with('.');

    align(file, 4);
    let start = file.len();
    let size = 8 + 4 * table.len() + ITEM * table.len();
    file.extend(0u32.to_le_bytes());
    file.extend(buckets.to_le_bytes());
    let mut next = 0;
    for bucket in 0..buckets {
        file.extend(u32::try_from(next).ok()?.to_le_bytes());
        next += items[next..].iter().take_while(|(hash, _, _)| hash % buckets == bucket).count();
    }
    file.resize(start + size, 0);
    let end = u32::try_from(file.len()).ok()?;

    for (at, (hash, key, value)) in items.iter().enumerate() {
        let name = u32::try_from(file.len()).ok()?;
        file.extend(key.as_bytes());
        let (kind, (from, to)) = match value {
            Value::Variant { r#type, data } => ('v', variant(file, r#type, data)?),
            Value::Table(inner) => ('H', self::table(file, inner)?),
            Value::Children => {
                let mut children: Vec<(&str, usize)> = items
                    .iter()
                    .enumerate()
                    .filter(|(_, (_, key, _))| is_child(key))
                    .map(|(at, (_, key, _))| (*key, at))
                    .collect();
                children.arrange();
                align(file, 4);
                let from = u32::try_from(file.len()).ok()?;
                for (_, child) in children {
                    file.extend(u32::try_from(child).ok()?.to_le_bytes());
                }
                ('L', (from, u32::try_from(file.len()).ok()?))
            }
        };
        let parent = if is_child(key) { top.and_then(|top| u32::try_from(top).ok())? } else { NO_PARENT };
        let mut item = Vec::with_capacity(ITEM);
        item.extend(hash.to_le_bytes());
        item.extend(parent.to_le_bytes());
        item.extend(name.to_le_bytes());
        item.extend(u16::try_from(key.len()).ok()?.to_le_bytes());
        item.extend([kind as u8, 0]);
        item.extend(from.to_le_bytes());
        item.extend(to.to_le_bytes());
        let place = start + 8 + 4 * table.len() + ITEM * at;
        file.get_mut(place..place + ITEM)?.copy_from_slice(&item);
    }
    Some((u32::try_from(start).ok()?, end))
}

/// The value in a variant of its own.
fn variant(file: &mut Vec<u8>, r#type: &str, data: &[u8]) -> Option<(u32, u32)> {
    align(file, 8);
    let from = u32::try_from(file.len()).ok()?;
    file.extend(data);
    file.push(0);
    file.extend(r#type.as_bytes());
    Some((from, u32::try_from(file.len()).ok()?))
}

fn align(file: &mut Vec<u8>, to: usize) {
    file.resize(file.len().next_multiple_of(to), 0);
}

/// Bernstein's, of signed characters.
fn hash(key: &str) -> u32 {
    key.bytes()
        .fold(5381u32, |hash, byte| hash.wrapping_mul(33).wrapping_add_signed(i32::from(byte.cast_signed())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn writes_what_the_format_says() {
        let value = |data: &[u8]| Value::Variant { r#type: "y".into(), data: data.to_vec() };
        let table = Table::from([
            (String::new(), Value::Children),
            ("a".into(), value(&[7])),
            (".b".into(), value(&[8])),
        ]);
        let file = write(&table).unwrap();
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!((&file[..8], word(16), word(20)), (&b"GVariant"[..], 24, 24 + 8 + 3 * 28));
        assert_eq!((word(24), word(28)), (0, 3));
        let items: Vec<usize> = (0..3).map(|at| 24 + 8 + 12 + at * 24).collect();
        let find = |hash: u32| *items.iter().find(|at| word(**at) == hash).unwrap();
        let (top, a) = (find(5381), find(5381 * 33 + 97));
        assert_eq!((file[top + 14], word(top + 4)), (b'L', u32::MAX));
        let (top_index, a_index) = ((top - items[0]) / 24, (a - items[0]) / 24);
        assert_eq!(word(a + 4) as usize, top_index);
        let (from, to) = (word(a + 16) as usize, word(a + 20) as usize);
        assert_eq!((from % 8, &file[from..to]), (0, &b"\x07\0y"[..]));
        let (from, to) = (word(top + 16) as usize, word(top + 20) as usize);
        assert_eq!((to - from, word(from) as usize), (4, a_index));
        assert_eq!(hash("\u{e9}"), 5381u32.wrapping_mul(33 * 33).wrapping_add_signed(-61 * 33 - 87));
    }
}
