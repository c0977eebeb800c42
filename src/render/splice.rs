//! Putting new text in the place of parts of a text.

use std::borrow::Cow;
use std::ops::Range;

use crate::arrange::Arrange as _;

/// New text in the place of some bytes, or between two.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) bytes: Range<usize>,
    pub(super) text: String,
}

/// A text in which a change cannot be made where it would have to be.
#[derive(Debug)]
pub(super) struct Stuck {
    /// From 1.
    pub(super) line: usize,
    pub(super) reason: Cow<'static, str>,
}

/// The text with the splices made, of which none touches another.
pub(super) fn applied(text: &str, mut splices: Vec<Splice>) -> String {
    // those at one place stay in order
    splices.arrange_by_key(|splice| (splice.bytes.start, splice.bytes.end));
    let mut result = String::new();
    let mut at = 0;
    for Splice { bytes, text: new } in splices {
        result.push_str(text.get(at..bytes.start).unwrap_or_default());
        if bytes.start == text.len() && !text.ends_with('\n') {
            result.push_str(&with_ends_of(text, "\n"));
        }
        result.push_str(&with_ends_of(text, &new));
        at = at.max(bytes.end);
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

/// `lines` with line ends as in `text`.
pub(super) fn with_ends_of(text: &str, lines: &str) -> String {
    if text.contains("\r\n") { lines.replace('\n', "\r\n") } else { lines.to_owned() }
}
