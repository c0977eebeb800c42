//! Control data as text: UTF-8, and before that was agreed on, Latin-1 (Debian Policy 5.1).

use std::borrow::Cow;

/// Bytes that are no UTF-8 are read as Latin-1: an old Maintainer is still a name then, and what dpkg installs can be
/// written down.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// apt's reading of a number (`strtoull`): the digits that it begins with, whatever follows. None where there are none,
/// where a sign precedes them, and where they are too many.
pub(crate) fn leading_number(text: &str) -> Option<u64> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// apt's reading of a flag (`StringToBool`), where it is set.
pub(crate) fn is_yes(value: &str) -> bool {
    ["yes", "true", "with", "on", "enable", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf_8_is_latin_1() {
        assert_eq!(decoded("Jörg".as_bytes()), "Jörg");
        assert_eq!(decoded(b"J\xf6rg"), "Jörg");
    }

    #[test]
    fn a_number_is_the_digits_in_front() {
        for (text, number) in [
            ("356K", Some(356)),
            ("2400MB", Some(2400)),
            ("706.0", Some(706)),
            ("1,234", Some(1)),
            ("0", Some(0)),
            ("x570", None),
            ("-1", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(leading_number(text), number, "{text}");
        }
    }
}
