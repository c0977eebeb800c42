//! "Did you mean": the word that a misspelt one was probably meant to be.

/// How alike two words must be, from 0 to 1, for the one to be worth naming; the measure that clap takes too.
const ALIKE: f64 = 0.8;

/// The one of `candidates` that is most like `word`, if any is like it at all.
pub(crate) fn nearest<S: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate.as_ref()), candidate))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_only_what_is_near() {
        let names = ["dest", "prefix", "mirror", "retries"];
        for (word, expected) in
            [("miror", "mirror"), ("dset", "dest"), ("destination", "dest"), ("retry", "retries")]
        {
            assert_eq!(nearest(word, names).as_deref(), Some(expected), "{word}");
        }
        for word in ["proxy", "", "x", "namespace"] {
            assert_eq!(nearest(word, names), None, "{word}");
        }
    }
}
