//! Patterns of the shell (POSIX.1-2017, Shell Command Language, 2.13).

/// A letter, and whether it is quoted and so means itself.
pub(super) type Letter = (char, bool);

/// Whether any letter has a meaning as a pattern.
pub(super) fn is_pattern(letters: &[Letter]) -> bool {
    letters.iter().any(|letter| matches!(letter, ('*' | '?' | '[', false)))
}

/// Whether a whole text matches a pattern.
pub(super) fn matches(pattern: &[Letter], text: &[char]) -> bool {
    // where to go on if the last star takes one letter more
    let mut retry: Option<(usize, usize)> = None;
    let (mut at, mut from) = (0, 0);
    loop {
        if at < text.len() {
            match pattern.get(from) {
                Some(('*', false)) => {
                    retry = Some((from + 1, at));
                    from += 1;
                    continue;
                }
                Some(_) => {
                    if let Some(length) = one(&pattern[from..], text[at]) {
                        from += length;
                        at += 1;
                        continue;
                    }
                }
                None => {}
            }
        } else if pattern[from..].iter().all(|letter| *letter == ('*', false)) {
            return true;
        }
        let Some((star, taken)) = retry.filter(|(_, taken)| *taken < text.len()) else { return false };
        retry = Some((star, taken + 1));
        (from, at) = (star, taken + 1);
    }
}

/// Whether a letter is what a pattern begins with; then how much of the pattern that is.
fn one(pattern: &[Letter], letter: char) -> Option<usize> {
    match pattern.first()? {
        ('?', false) => Some(1),
        ('[', false) => {
            let Some(end) = (2..pattern.len()).find(|at| pattern[*at] == (']', false)) else {
                return (letter == '[').then_some(1);
            };
            let mut set = &pattern[1..end];
            let negated = matches!(set.first(), Some(('!' | '^', false)));
            if negated {
                set = &set[1..];
            }
            let mut found = false;
            while let Some((first, _)) = set.first() {
                if let [_, ('-', false), (last, _), ..] = set {
                    found |= (*first..=*last).contains(&letter);
                    set = &set[3..];
                } else {
                    found |= *first == letter;
                    set = &set[1..];
                }
            }
            (found != negated).then_some(end + 1)
        }
        (own, _) => (*own == letter).then_some(1),
    }
}

/// The length of the shortest or longest beginning of a text that matches.
pub(super) fn beginning(pattern: &[Letter], text: &[char], longest: bool) -> Option<usize> {
    let mut lengths = 0..=text.len();
    let fits = |length: &usize| matches(pattern, &text[..*length]);
    if longest { lengths.rev().find(fits) } else { lengths.find(fits) }
}

/// Where the shortest or longest end of a text that matches begins.
pub(super) fn end(pattern: &[Letter], text: &[char], longest: bool) -> Option<usize> {
    let mut starts = 0..=text.len();
    let fits = |start: &usize| matches(pattern, &text[*start..]);
    if longest { starts.find(fits) } else { starts.rev().find(fits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        let letters: Vec<Letter> = pattern.chars().map(|letter| (letter, false)).collect();
        matches(&letters, &text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn matches_as_a_shell_does() {
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "abbc"),
            ("?b", "ab"),
            ("[a-c]x", "bx"),
            ("[!a]", "b"),
            ("*.so.*", "x.so.1"),
            ("[", "["),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a*c", "abb"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a"), ("*.so", "x.so.1")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        let quoted: Vec<Letter> = vec![('*', true)];
        assert!(matches(&quoted, &['*']) && !matches(&quoted, &['x']));
        // a hostile one ends soon
        assert!(!fits(&"*a".repeat(200), &"a".repeat(199)));
    }
}
