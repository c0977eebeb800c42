//! Lists that are written as one text.

/// What separates the items of a list that is given as one text.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// The items of a list that is given as one text.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_separator).filter(|item| !item.is_empty())
}
