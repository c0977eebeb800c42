//! Which paths of packages are left out: patterns from several layers of configuration, in one order.

use super::options::TreeMaking;
use super::values::PathPattern;

use crate::arrange::Arrange as _;

/// What is left out of packages, and what of that is brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Paths {
    /// Whether documentation and the like is left out.
    pub(crate) slim: bool,
    /// Patterns that come after what `slim` does; the last that matches a path decides.
    pub(crate) rules: Vec<PathRule>,
}

/// A pattern of one of the two kinds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct PathRule {
    /// Whether it brings back what it matches.
    pub(crate) include: bool,
    /// The pattern.
    pub(crate) pattern: String,
}

/// The patterns in the order in which they take effect. `layers` begins with the lowest.
///
/// Each of the two lists is that of the highest layer that has it, as with all lists. A list of a higher layer comes after
/// one of a lower layer, so that its word is the last. Of one layer, patterns are in the order of the command line;
/// where there is none (the environment, `aptlet.yaml`), what excludes comes first.
pub(super) fn rules(layers: [&TreeMaking; 3]) -> Vec<PathRule> {
    let highest = |list: fn(&TreeMaking) -> &[PathPattern]| {
        let layer = layers.iter().enumerate().rev().find(|(_, tree)| !list(tree).is_empty());
        layer.map(|(rank, tree)| (rank, list(tree))).unwrap_or_default()
    };
    let mut patterns = Vec::new();
    for (include, (rank, list)) in
        [(false, highest(|tree| &tree.path_exclude)), (true, highest(|tree| &tree.path_include))]
    {
        patterns.extend(list.iter().map(|pattern| ((rank, pattern.place), include, &pattern.text)));
    }
    patterns.arrange_by_key(|(order, ..)| *order);
    patterns.into_iter().map(|(_, include, pattern)| PathRule { include, pattern: pattern.clone() }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn layer(excluded: &[(&str, usize)], included: &[(&str, usize)]) -> TreeMaking {
        let list = |patterns: &[(&str, usize)]| {
            patterns
                .iter()
                .map(|(text, place)| PathPattern { place: *place, ..text.parse().unwrap() })
                .collect()
        };
        TreeMaking { path_exclude: list(excluded), path_include: list(included), ..TreeMaking::default() }
    }

    fn said(layers: [&TreeMaking; 3]) -> String {
        let sign = |rule: &PathRule| if rule.include { '+' } else { '-' };
        rules(layers)
            .iter()
            .map(|rule| format!("{}{}", sign(rule), rule.pattern))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_highest_layer_has_the_last_word() {
        let none = TreeMaking::default();
        assert_eq!(said([&none, &none, &none]), "");
        let map = layer(&[("/a", 0), ("/b", 0)], &[("/c", 0)]);
        assert_eq!(said([&map, &none, &none]), "-/a -/b +/c");
        let environment = layer(&[("/d", 0)], &[]);
        assert_eq!(said([&map, &environment, &none]), "+/c -/d");
        let flags = layer(&[], &[("/e", 3)]);
        assert_eq!(said([&map, &environment, &flags]), "-/d +/e");
        let flags = layer(&[("/f", 2), ("/g", 6)], &[("/e", 4)]);
        assert_eq!(said([&map, &environment, &flags]), "-/f +/e -/g");
    }
}
