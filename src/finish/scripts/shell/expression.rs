//! Regular expressions of POSIX (basic and extended) as those of the library here.

use regex_lite::{Regex, RegexBuilder};

/// Longer ones are none of a maintainer script.
const LONGEST: usize = 1000;

/// Which kind an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Basic,
    Extended,
    Fixed,
}

/// `None` for one that is not understood.
pub(super) fn compile(expression: &str, kind: Kind, ignore_case: bool) -> Option<Regex> {
    if expression.len() > LONGEST {
        return None;
    }
    let text =
        if kind == Kind::Fixed { regex_lite::escape(expression) } else { translate(expression, kind)? };
    RegexBuilder::new(&text).case_insensitive(ignore_case).size_limit(1 << 20).build().ok()
}

fn translate(expression: &str, kind: Kind) -> Option<String> {
    let basic = kind == Kind::Basic;
    let mut text = String::new();
    let mut letters = expression.chars().peekable();
    let mut at_start = true;
    while let Some(letter) = letters.next() {
        let starts = std::mem::replace(&mut at_start, false);
        match letter {
            '\\' => match letters.next()? {
                special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?') if basic => {
                    text.push(special);
                    at_start = matches!(special, '(' | '|');
                }
                back if back.is_ascii_digit() => return None,
                'n' => text.push_str("\\n"),
                't' => text.push_str("\\t"),
                class @ ('b' | 'w' | 's' | 'S' | 'W' | 'B') => text.extend(['\\', class]),
                '<' | '>' => text.push_str("\\b"),
                other => text.push_str(&regex_lite::escape(&other.to_string())),
            },
            '[' => {
                text.push('[');
                if let Some(negation) = letters.next_if_eq(&'^') {
                    text.push(negation);
                }
                let mut first = true;
                loop {
                    match letters.next()? {
                        ']' if !first => break,
                        '[' if matches!(letters.peek(), Some(':')) => {
                            text.push('[');
                            for inner in letters.by_ref() {
                                text.push(inner);
                                if inner == ']' {
                                    break;
                                }
                            }
                        }
                        inner @ ('[' | ']' | '\\' | '&' | '~') => text.extend(['\\', inner]),
                        inner => text.push(inner),
                    }
                    first = false;
                }
                text.push(']');
            }
            '(' | ')' | '{' | '}' | '|' | '+' | '?' if basic => text.extend(['\\', letter]),
            '*' if basic && starts => text.push_str("\\*"),
            '^' if basic && !starts => text.push_str("\\^"),
            '$' if basic && letters.peek().is_some_and(|next| *next != '\\') => text.push_str("\\$"),
            other => {
                text.push(other);
                at_start = other == '^';
            }
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn basic_and_extended_ones_differ() {
        let fits =
            |expression: &str, kind, text: &str| compile(expression, kind, false).unwrap().is_match(text);
        assert!(fits("a(b)\\{2\\}", Kind::Basic, "a(b))") && fits("\\(ab\\)*c$", Kind::Basic, "ababc"));
        assert!(fits("^(a|b)+$", Kind::Extended, "abab") && !fits("^(a|b)+$", Kind::Basic, "abab"));
        assert!(fits("[^]/]x", Kind::Basic, "ax") && fits("^[[:space:]]*#", Kind::Basic, "  #"));
        assert!(fits("a.c", Kind::Fixed, "a.c") && !fits("a.c", Kind::Fixed, "abc"));
        assert!(fits("1$2", Kind::Basic, "1$2") && fits("*x", Kind::Basic, "*x"));
        assert!(compile("\\(a\\)\\1", Kind::Basic, false).is_none());
    }
}
