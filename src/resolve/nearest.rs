//! "Did you mean": the package names that a name nobody knows was probably meant to be.
//!
//! Names are misremembered more often than misspelt: the version is missing (`libssl`), or is one that the suite does
//! not have (`nodejs20`), or a word is (`openjdk-jre`). So names that contain the words asked for count beside those
//! that are a few keys away.

use crate::arrange::Arrange as _;

/// How many are named.
const NAMED: usize = 3;
/// What a key pressed wrongly, left out, doubled or swapped with its neighbour costs.
const EDIT: usize = 10;
/// What it costs to be cut off, or continued.
const CUT: usize = 6;
/// What it costs to lack words.
const WORDS: usize = 9;
/// Names that cost more are not worth naming.
const MOST: usize = 30;

/// The names nearest to `wanted`, the nearest first. `known` has each name with how often it is depended on: of names
/// that are about as near, the one that many need is meant.
pub(super) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = (&'a str, u32)>) -> Vec<String> {
    let words: Vec<&str> = parts(wanted).collect();
    let letters = letters(wanted);
    let mut scored: Vec<(i64, &str)> = known
        .filter_map(|(name, mentions)| {
            let ways = [by_edits(wanted, letters, name), by_end(wanted, name), by_words(&words, name)];
            let cost = ways.into_iter().flatten().min().filter(|cost| *cost <= MOST)?;
            let needed = (mentions + 1).ilog2();
            Some((i64::try_from(cost).unwrap_or(i64::MAX) - i64::from(needed), name))
        })
        .collect();
    scored.arrange();
    scored.into_iter().take(NAMED).map(|(_, name)| name.to_owned()).collect()
}

/// A misspelling: one edit for every four letters. In a short name it makes more of a difference.
fn by_edits(wanted: &str, letters: u64, name: &str) -> Option<usize> {
    let most = (wanted.len() / 4).clamp(1, 3);
    if wanted.len() < 2 || wanted.len().abs_diff(name.len()) > most {
        return None;
    }
    // an edit adds or removes one letter at most, which is quicker to see
    let others = self::letters(name);
    if [letters & !others, others & !letters].iter().any(|gone| gone.count_ones() as usize > most) {
        return None;
    }
    let edits = strsim::osa_distance(wanted, name);
    let short = 4 * 5_usize.saturating_sub(wanted.len());
    // people get the first letter right
    let first = if wanted.as_bytes().first() == name.as_bytes().first() { 0 } else { EDIT / 2 };
    (edits <= most).then_some(edits * (EDIT + short) + first)
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty())
}

/// The set of bytes in a name; some share a place.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte % 64))
}

/// One continues the other, best of all where a word or a number begins.
fn by_end(wanted: &str, name: &str) -> Option<usize> {
    let (short, long) = if wanted.len() < name.len() { (wanted, name) } else { (name, wanted) };
    let rest = long.strip_prefix(short)?;
    let fresh = rest.starts_with(|c: char| !c.is_ascii_alphabetic()) || short.ends_with('-');
    match short.len() {
        0..=2 => None,
        _ if fresh && short == wanted => Some(CUT + rest.len()),
        // what was asked for would be ignored
        _ if fresh => Some(CUT + 3 * rest.len()),
        // `postgres` may well be `postgresql`, but `nodejs` is no cut-off `node`
        _ if short == wanted => Some(CUT + EDIT / 2 + rest.len()),
        _ => None,
    }
}

/// All words are there, among others or in another order.
fn by_words(words: &[&str], name: &str) -> Option<usize> {
    let length: usize = words.iter().map(|word| word.len()).sum();
    let there = length >= 3 && length <= name.len() && words.iter().all(|word| name.contains(word));
    let whole = |word: &&str| parts(name).any(|part| part == *word);
    there.then(|| {
        let inside = if words.iter().all(whole) { 0 } else { CUT };
        WORDS + inside + name.len() - length
    })
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KNOWN: [(&str, u32); 24] = [
        ("python3", 9000),
        ("python3.11", 50),
        ("python-is-python3", 1),
        ("python3-requests", 300),
        ("pythonpy", 0),
        ("libssl3", 900),
        ("libssl-dev", 100),
        ("libssl-doc", 0),
        ("libssl-utils", 0),
        ("libss2", 5),
        ("libtls26", 5),
        ("ffmpeg", 80),
        ("nodejs", 400),
        ("nodejs-doc", 0),
        ("node-js20n", 0),
        ("openjdk-17-jre", 10),
        ("openjdk-17-jre-headless", 20),
        ("openjdk-17-jdk", 20),
        ("default-jre", 100),
        ("default-mysql-client", 30),
        ("mysql-client-docs", 0),
        ("jq", 40),
        ("jqp", 0),
        ("kubetail", 0),
    ];

    fn first(wanted: &str) -> String {
        nearest(wanted, KNOWN.into_iter()).join(" ")
    }

    #[test]
    fn misspelt() {
        assert_eq!(first("pyhton3"), "python3");
        assert_eq!(first("ffmpg"), "ffmpeg");
        assert_eq!(first("jqq"), "jq jqp");
        assert_eq!(first("pyton3-request"), "python3-requests");
        assert_eq!(first("openjdk17-jre"), "openjdk-17-jre openjdk-17-jdk");
    }

    #[test]
    fn misremembered() {
        assert_eq!(first("libssl"), "libssl3 libssl-dev libss2");
        assert_eq!(first("python"), "python3 python3.11 python3-requests");
        assert_eq!(first("nodejs20"), "nodejs node-js20n");
        assert_eq!(first("jre-openjdk"), "openjdk-17-jre openjdk-17-jre-headless");
        assert_eq!(first("openjdk-jre"), "openjdk-17-jre openjdk-17-jre-headless");
        assert_eq!(first("mysql-client"), "mysql-client-docs default-mysql-client");
    }

    #[test]
    fn nothing_where_nothing_is_near() {
        for wanted in ["kubernetes-cli", "x", "", "terraform", "chrome-stable"] {
            assert_eq!(first(wanted), "", "{wanted}");
        }
        assert_eq!(first(&"x".repeat(6000)), "");
    }

    #[test]
    fn what_is_depended_on_more_comes_first_among_equals() {
        let known = [("abcd1", 1), ("abcd2", 7), ("abcd3", 7)];
        assert_eq!(nearest("abcd", known.into_iter()), ["abcd2", "abcd3", "abcd1"]);
    }
}
