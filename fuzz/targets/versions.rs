//! `control::version::compare` is a total order (deb-version(7)); the input is three versions, one a line.
#![no_main]

use std::cmp::Ordering;

use aptlet::control::version::compare;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let versions: [&str; 3] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    for a in versions {
        assert_eq!(compare(a, a), Ordering::Equal, "reflexive");
        if !a.contains(':') {
            assert_eq!(compare(&format!("0:{a}"), a), Ordering::Equal, "no epoch is epoch 0");
        }
        for b in versions {
            let order = compare(a, b);
            assert_eq!(compare(b, a), order.reverse(), "antisymmetric: {a:?} {b:?}");
            for c in versions {
                if order.is_le() && compare(b, c).is_le() {
                    let equal = order.is_eq() && compare(b, c).is_eq();
                    let expected = if equal { Ordering::Equal } else { Ordering::Less };
                    assert_eq!(compare(a, c), expected, "transitive: {a:?} {b:?} {c:?}");
                }
            }
        }
    }
});
