//! Puts a list in order. The standard library's sort is copied for each type that it sorts, and each copy has 4 KiB; here it sorts
//! numbers alone, and the list follows them. What is sorted millions of times takes the standard library's (clippy.toml).

use std::cmp::Ordering;

/// As the methods of slices that are called `sort`; all are stable.
pub(crate) trait Arrange<T> {
    /// As [`slice::sort`].
    fn arrange(&mut self)
    where
        T: Ord;

    /// As [`slice::sort_by`].
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// As [`slice::sort_by_cached_key`].
    fn arrange_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Arrange<T> for [T] {
    fn arrange(&mut self)
    where
        T: Ord,
    {
        let order = order(self.len(), &mut |one, other| self[one].cmp(&self[other]));
        follow(self, order);
    }

    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = order(self.len(), &mut |one, other| compare(&self[one], &self[other]));
        follow(self, order);
    }

    fn arrange_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let keys: Vec<K> = self.iter().map(key).collect();
        let order = order(self.len(), &mut |one, other| keys[one].cmp(&keys[other]));
        follow(self, order);
    }
}

/// The numbers below `length` in the order that `compare` says.
#[inline(never)]
#[allow(clippy::disallowed_methods, reason = "this is the one copy")]
fn order(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// Puts each item where its number is.
fn follow<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..order.len() {
        let mut at = start;
        while order[at] != start {
            let next = order[at];
            items.swap(at, next);
            order[at] = at;
            at = next;
        }
        order[at] = at;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::stable_sort_primitive, clippy::unnecessary_sort_by, reason = "what is compared with")]
    use super::*;

    #[test]
    fn a_list_is_as_the_standard_library_sorts_it() {
        let mut seed = 7_u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % 50
        };
        for length in [0, 1, 2, 3, 10, 100, 1000] {
            let list: Vec<(u64, usize)> = (0..length).map(|number| (next(), number)).collect();
            let (mut ours, mut theirs) = (list.clone(), list.clone());
            ours.arrange();
            theirs.sort();
            assert_eq!(ours, theirs);
            let (mut ours, mut theirs) = (list.clone(), list.clone());
            ours.arrange_by(|one, other| other.0.cmp(&one.0));
            theirs.sort_by(|one, other| other.0.cmp(&one.0));
            assert_eq!(ours, theirs, "also what is the same stays as it was");
            let (mut ours, mut theirs) = (list.clone(), list);
            ours.arrange_by_key(|(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            assert_eq!(ours, theirs);
        }
    }
}
