//! Version order, by deb-version(7) and Debian Policy 5.6.12.

use std::cmp::Ordering;

/// Compares two versions as `dpkg --compare-versions` does: epoch as a number, then upstream version, then
/// revision. Bytes that no version may hold are ordered like other non-letters, so the order is total.
pub fn compare(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (left_epoch, left) = split_epoch(left);
    let (right_epoch, right) = split_epoch(right);
    compare_numbers(left_epoch.as_bytes(), right_epoch.as_bytes()).then_with(|| {
        let (left_upstream, left_revision) = split_revision(left);
        let (right_upstream, right_revision) = split_revision(right);
        compare_part(left_upstream, right_upstream).then_with(|| compare_part(left_revision, right_revision))
    })
}

fn split_epoch(version: &str) -> (&str, &str) {
    version.split_once(':').unwrap_or(("", version))
}

fn split_revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, ""))
}

/// deb-version(7), "Sorting algorithm": alternately a run of non-digits and a run of digits.
fn compare_part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        loop {
            let (l, r) = (weight(left), weight(right));
            match l.cmp(&r) {
                Ordering::Equal if l == END => break,
                Ordering::Equal => (left, right) = (&left[1..], &right[1..]),
                unequal => return unequal,
            }
        }
        let (left_digits, right_digits) = (digits(left), digits(right));
        match compare_numbers(&left[..left_digits], &right[..right_digits]) {
            Ordering::Equal => (left, right) = (&left[left_digits..], &right[right_digits..]),
            unequal => return unequal,
        }
    }
    Ordering::Equal
}

/// The weight of a run's end: after `~`, before everything else.
const END: u16 = 1;

/// `~` sorts before the end of the part, the end before letters, letters before all other bytes.
fn weight(rest: &[u8]) -> u16 {
    match rest.first() {
        None | Some(b'0'..=b'9') => END,
        Some(b'~') => 0,
        Some(letter) if letter.is_ascii_alphabetic() => u16::from(*letter),
        Some(other) => u16::from(*other) + 256,
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Compares two runs of digits by value, whatever their length; the empty run is zero.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (trim_zeros(left), trim_zeros(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_deb_version_7() {
        let ascending = [
            "~~",
            "~~a",
            "~",
            "",
            "0.0~rc1",
            "0.1",
            "1.0~beta1~svc1",
            "1.0~beta1",
            "1.0",
            "1.0-0.1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1+deb12u1",
            "1.0-10",
            "1.0a",
            "1.0+dfsg",
            "1.0.1",
            "1.2",
            "1.10",
            "1:0.1",
            "2:0",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                assert_eq!(compare(left, right), i.cmp(&j), "{left} and {right}");
            }
        }
    }

    #[test]
    fn leading_zeros_and_a_zero_epoch_do_not_count() {
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
        assert_eq!(compare("0:1.0", "1.0"), Ordering::Equal);
        assert_eq!(compare("1.0-0", "1.0"), Ordering::Equal);
        assert_eq!(compare("1.0-", "1.0"), Ordering::Equal);
    }

    #[test]
    fn numbers_longer_than_a_machine_word_are_compared_by_value() {
        assert_eq!(compare("99999999999999999999999", "100000000000000000000000"), Ordering::Less);
    }
}
