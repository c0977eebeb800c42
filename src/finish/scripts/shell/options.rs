//! The options of a command, and what is none.

/// Arguments, taken apart.
#[derive(Debug, Default)]
pub(super) struct Options<'a> {
    /// Letters and long names, with their values if they have any.
    options: Vec<(String, &'a str)>,
    pub(super) names: Vec<&'a str>,
}

impl<'a> Options<'a> {
    /// `valued`: the options that take a value, letters and long names.
    pub(super) fn read(arguments: &[&'a str], valued: &[&str]) -> Self {
        let mut read = Self::default();
        let mut rest = arguments.iter().copied();
        while let Some(word) = rest.next() {
            if word == "--" {
                read.names.extend(rest.by_ref());
            } else if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, value),
                    None if valued.contains(&long) => (long, rest.next().unwrap_or_default()),
                    None => (long, ""),
                };
                read.options.push((name.to_owned(), value));
            } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                for (at, letter) in letters.char_indices() {
                    let behind = &letters[at + letter.len_utf8()..];
                    if valued.contains(&letter.to_string().as_str()) {
                        let value = if behind.is_empty() { rest.next().unwrap_or_default() } else { behind };
                        read.options.push((letter.to_string(), value));
                        break;
                    }
                    read.options.push((letter.to_string(), ""));
                }
            } else {
                read.names.push(word);
            }
        }
        read
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(option, _)| names.contains(&option.as_str()))
    }

    pub(super) fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.options
            .iter()
            .rev()
            .find(|(option, _)| names.contains(&option.as_str()))
            .map(|(_, value)| *value)
    }

    pub(super) fn values(&self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(move |(option, _)| names.contains(&option.as_str()))
            .map(|(_, value)| *value)
    }

    /// Whether there is no option but these.
    pub(super) fn only(&self, names: &[&str]) -> bool {
        self.options.iter().all(|(option, _)| names.contains(&option.as_str()))
    }
}
