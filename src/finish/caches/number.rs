//! Integers as C programs read them, in GSettings' schemas and in MIME types.

/// As strtoll(3) with base 0 reads it: `0x` begins a hexadecimal number, and `0` an octal one. `None` where 64 bits and a
/// sign do not hold it.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, 10),
    };
    let value = i128::from(u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?);
    Some(if is_negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells_the_base() {
        let numbers = ["10", "-10", "+7", "0x1F", "010", "0", "-0xff", "18446744073709551615"].map(integer);
        let expected = [10, -10, 7, 31, 8, 0, -255, i128::from(u64::MAX)];
        assert_eq!(numbers, expected.map(Some));
        for bad in ["", "-", "--1", "+-1", "0x", "08", "1.5", "ten", "18446744073709551616"] {
            assert_eq!(integer(bad), None, "{bad}");
        }
    }
}
