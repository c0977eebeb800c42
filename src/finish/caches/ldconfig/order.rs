//! The order of libraries in the cache, `_dl_cache_libcmp` of glibc: the dynamic linker searches by halves.

use std::cmp::Ordering;

/// Numbers within names by their values, and after all else.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let number = |bytes: &[u8], at: &mut usize| {
        let mut value = 0u32;
        while let Some(digit) = bytes.get(*at).filter(|byte| byte.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
            *at += 1;
        }
        value
    };
    let letter = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or(0);
    let (mut left, mut right) = (0, 0);
    while left < one.len() {
        let (first, second) = (letter(one, left), letter(other, right));
        let order = match (first.is_ascii_digit(), second.is_ascii_digit()) {
            (true, true) => number(one, &mut left).cmp(&number(other, &mut right)),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                left += 1;
                right += 1;
                first.cast_signed().cmp(&second.cast_signed())
            }
        };
        if order.is_ne() {
            return order;
        }
    }
    0.cmp(&letter(other, right).cast_signed())
}
