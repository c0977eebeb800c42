//! Words of a source list that know where they stand, so that every error can name the place.

use std::path::{Path, PathBuf};

use url::Url;

use crate::masking;
use crate::reference;
use crate::source::Error;
use crate::source::position::Position;

/// What `$(…)` stands for in URIs and suites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    /// `$(ARCH)`: the native architecture, in dpkg's spelling.
    pub architecture: String,
}

/// A file being parsed.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a Path,
    pub(super) vars: &'a Variables,
}

/// A line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A word and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// What follows the colon of a field or the `=` of an option: the lines, each with the place where it begins.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) lines: Vec<Word>,
}

impl Value {
    /// Where the first word is, or would be.
    pub(super) fn place(&self) -> Place {
        let first = self.words().into_iter().next().or_else(|| self.lines.first().cloned());
        first.map_or(Place { line: 1, column: 1 }, |word| word.place)
    }

    /// The words between white space.
    pub(super) fn words(&self) -> Vec<Word> {
        self.split(char::is_whitespace)
    }

    /// The words between white space or commas: options have them either way.
    pub(super) fn items(&self) -> Vec<Word> {
        self.split(|c| c.is_whitespace() || c == ',')
    }

    fn split(&self, separates: impl Fn(char) -> bool) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        for line in &self.lines {
            let mut within = false;
            for (column, c) in (line.place.column..).zip(line.text.chars()) {
                if separates(c) {
                    within = false;
                    continue;
                }
                if !within {
                    words.push(Word { text: String::new(), place: Place { line: line.place.line, column } });
                }
                within = true;
                if let Some(word) = words.last_mut() {
                    word.text.push(c);
                }
            }
        }
        words
    }
}

impl File<'_> {
    pub(super) fn at(self, place: Place) -> Position {
        Position { file: self.path.to_owned(), line: place.line, column: place.column }
    }

    /// Tells of what is odd and does no harm.
    pub(super) fn warn(self, place: Place, problem: impl std::fmt::Display) {
        tracing::warn!("{}: {problem}", self.at(place));
    }

    pub(super) fn error(self, place: Place, problem: impl Into<String>) -> Error {
        Error::List { at: self.at(place), problem: problem.into() }
    }

    pub(super) fn unknown(
        self,
        word: &Word,
        what: &'static str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Error {
        let name = masking::uri(&word.text).into_owned();
        let nearest = nearest(&word.text, known);
        Error::UnknownWord { at: self.at(word.place), what, name, nearest }
    }

    /// Tells of a name that apt does not know either, and passes over in silence.
    pub(super) fn pass_over(
        self,
        word: &Word,
        what: &'static str,
        known: impl IntoIterator<Item = &'static str>,
    ) {
        let (name, nearest) = (&word.text, nearest(&word.text, known));
        self.warn(
            word.place,
            format_args!("unknown {what} '{name}' is passed over; the nearest known one is '{nearest}'"),
        );
    }

    /// The only word of a value.
    pub(super) fn single(self, name: &str, value: &Value) -> Result<Word, Error> {
        match <[Word; 1]>::try_from(value.words()) {
            Ok([word]) => Ok(word),
            Err(words) => {
                let place = words.get(1).map_or(value.place(), |word| word.place);
                Err(self.error(place, format!("{name} takes one word")))
            }
        }
    }

    /// A URI of a repository, of whatever scheme: one that cannot be fetched from matters only if it is needed.
    pub(super) fn uri(self, word: &Word) -> Result<Url, Error> {
        let text = self.substitute(word);
        let shown = masking::uri(&text);
        let url = Url::parse(&text)
            .map_err(|error| self.error(word.place, format!("'{shown}' is not a URI: {error}")))?;
        // the rest of a password that was meant to be one, more often than not
        if url.fragment().is_some() && !url.cannot_be_a_base() {
            let problem =
                format!("'{shown}' has a '#', which no URI of a repository has; write %23 in a password");
            return Err(self.error(word.place, problem));
        }
        if url.scheme() == reference::SCHEME {
            return reference::of_source(&url)
                .map_err(|why| self.error(word.place, format!("'{shown}': {why}")));
        }
        Ok(url)
    }

    /// A suite; one that ends in `/` is the exact path of a flat repository.
    pub(super) fn suite(self, word: &Word) -> Result<String, Error> {
        let suite = self.substitute(word);
        self.no_parent("suite", &suite, word)?;
        Ok(suite)
    }

    /// A component.
    pub(super) fn component(self, word: &Word) -> Result<String, Error> {
        self.no_parent("component", &word.text, word)?;
        Ok(word.text.clone())
    }

    /// `text` must not lead out of the repository.
    pub(super) fn no_parent(self, what: &str, text: &str, word: &Word) -> Result<(), Error> {
        if text.split('/').any(|segment| segment == "..") {
            return Err(self.error(word.place, format!("{what} '{text}' must not contain '..'")));
        }
        Ok(())
    }

    /// The suites and components of an entry go together or not: a flat repository has none.
    pub(super) fn check_components(self, suite: &Word, components: &[Word]) -> Result<(), Error> {
        match (suite.text.ends_with('/'), components.first()) {
            (true, Some(component)) => Err(self.error(
                component.place,
                format!(
                    "suite '{}' is an exact path (it ends in '/'), so there must be no component",
                    suite.text
                ),
            )),
            (false, None) => Err(self.error(
                suite.place,
                format!("suite '{}' has no component; a flat repository's suite ends in '/'", suite.text),
            )),
            _ => Ok(()),
        }
    }

    /// A relative path, resolved beside this file.
    pub(super) fn beside(self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    fn substitute(self, word: &Word) -> String {
        let text = word.text.replace("$(ARCH)", &self.vars.architecture);
        // such as `$(lsb_release -cs)`, where a shell should have put something else
        if text.contains("$(") {
            self.warn(
                word.place,
                format_args!("unknown variable in '{text}' stands for itself; only $(ARCH) is known"),
            );
        }
        text
    }
}

fn nearest(name: &str, known: impl IntoIterator<Item = &'static str>) -> &'static str {
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    known.into_iter().min_by_key(|known| distance(known)).unwrap_or_default()
}
