//! The order of what tells MIME types by content: what has the higher priority is tried first.

use std::cmp::Ordering;

/// Orders priorities with the names of types, which are in order among equals.
pub(super) fn order(one: (u8, &str), other: (u8, &str)) -> Ordering {
    let parts = |name: &str| name.split_once('/').map(|(media, rest)| (media.to_owned(), rest.to_owned()));
    other.0.cmp(&one.0).then_with(|| parts(one.1).cmp(&parts(other.1)))
}
