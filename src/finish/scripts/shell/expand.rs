//! What the words of a script become.

use super::arithmetic::reckon;
use super::pattern::{self, Letter};
use super::state::Shell;
use super::syntax::{Change, Part, Word};
use super::value::{Run, Value};

/// A variable that doubles itself grows beyond any memory.
const LONGEST: usize = 256 << 10;

/// One field, letter by letter.
#[derive(Debug, Clone, Default)]
struct Field {
    letters: Vec<Letter>,
    /// Whether its text can be told.
    known: bool,
}

/// Fields that are being put together.
#[derive(Default)]
struct Fields {
    whole: Vec<Field>,
    open: Option<Field>,
}

impl Fields {
    fn field(&mut self) -> &mut Field {
        self.open.get_or_insert_with(|| Field { known: true, ..Field::default() })
    }

    fn close(&mut self) {
        self.whole.extend(self.open.take());
    }

    fn quoted(&mut self, text: &str) {
        self.field().letters.extend(text.chars().map(|letter| (letter, true)));
    }

    /// Text that is not quoted; what was put in its place ends fields at white space.
    fn plain(&mut self, text: &str, splits: bool) {
        for letter in text.chars() {
            if splits && letter.is_ascii_whitespace() {
                self.close();
            } else {
                self.field().letters.push((letter, false));
            }
        }
    }

    fn unknown(&mut self) {
        self.field().known = false;
    }
}

impl Shell<'_, '_> {
    /// The fields that words become; [`None`] for one, or several, that cannot be told.
    pub(super) fn fields(&mut self, words: &[Word]) -> Run<Vec<Value>> {
        let mut values = Vec::new();
        for word in words {
            let mut fields = Fields::default();
            self.parts(word, &mut fields, true)?;
            fields.close();
            for field in fields.whole {
                if field.known && pattern::is_pattern(&field.letters) {
                    let found = self.world.files.glob(&field.letters)?;
                    if !found.is_empty() {
                        values.extend(found.into_iter().map(Some));
                        continue;
                    }
                }
                values.push(text_of(&field));
            }
        }
        Ok(values)
    }

    /// The one value of a word that is not split.
    pub(super) fn single(&mut self, word: &Word) -> Run<Value> {
        Ok(self.pattern(word)?.map(|letters| letters.into_iter().map(|(letter, _)| letter).collect()))
    }

    /// A word as a pattern.
    pub(super) fn pattern(&mut self, word: &Word) -> Run<Option<Vec<Letter>>> {
        let mut fields = Fields::default();
        self.parts(word, &mut fields, false)?;
        let field = fields.open.unwrap_or(Field { known: true, ..Field::default() });
        Ok((field.known && field.letters.len() <= LONGEST).then_some(field.letters))
    }

    fn parts(&mut self, word: &Word, fields: &mut Fields, splits: bool) -> Run<()> {
        for part in &word.parts {
            match part {
                Part::Text { text, quoted: true } => fields.quoted(text),
                Part::Text { text, quoted: false } => fields.plain(text, false),
                Part::Other => fields.unknown(),
                Part::Number(text) => {
                    let number = self.reckoned(text).map(|number| number.to_string());
                    put(fields, number.as_deref(), true, splits);
                }
                Part::Output { list, quoted } => {
                    let value = self.output_of(list)?;
                    let value = value.map(|text| text.trim_end_matches('\n').to_owned());
                    put(fields, value.as_deref(), *quoted, splits);
                }
                Part::Parameter { name, change: None, quoted } if name == "@" && splits => {
                    let arguments = self.arguments.clone();
                    for (at, argument) in arguments.iter().enumerate() {
                        if at > 0 {
                            fields.close();
                        }
                        put(fields, argument.as_deref(), *quoted, splits);
                    }
                }
                Part::Parameter { name, change, quoted } => {
                    let value = self.parameter(name);
                    match change {
                        None => put(fields, value.unwrap_or(Some(String::new())).as_deref(), *quoted, splits),
                        Some(change) => self.changed(name, value, change, *quoted, fields, splits)?,
                    }
                }
            }
            if fields.open.as_ref().is_some_and(|field| field.letters.len() > LONGEST) {
                fields.unknown();
            }
        }
        Ok(())
    }

    /// The value of an arithmetic expression.
    pub(super) fn reckoned(&self, text: &str) -> Option<i64> {
        reckon(text, &|name| match self.parameter(name) {
            None => Some(0),
            Some(value) => value?.trim().parse().ok(),
        })
    }

    /// The value of a parameter; `None` where it is not set.
    pub(super) fn parameter(&self, name: &str) -> Option<Value> {
        let number = |number: i32| Some(Some(number.to_string()));
        match name {
            "@" | "*" => {
                let values: Option<Vec<&str>> = self.arguments.iter().map(Option::as_deref).collect();
                Some(values.map(|values| values.join(" ")))
            }
            "#" => Some(Some(self.arguments.len().to_string())),
            "?" => self.status.map_or(Some(None), number),
            "$" | "!" | "-" => Some(None),
            "0" => Some(Some(format!("/var/lib/dpkg/info/{}.{}", self.package, self.script.name()))),
            _ => match name.parse::<usize>() {
                Ok(at) => self.arguments.get(at - 1).cloned(),
                Err(_) => self.variables.get(name).cloned(),
            },
        }
    }

    fn changed(
        &mut self,
        name: &str,
        value: Option<Value>,
        change: &Change,
        quoted: bool,
        fields: &mut Fields,
        splits: bool,
    ) -> Run<()> {
        let empty_counts = change.operator.starts_with(':');
        let is_set = match &value {
            None => Some(false),
            Some(None) => None,
            Some(Some(text)) => Some(!(empty_counts && text.is_empty())),
        };
        match (change.operator.trim_start_matches(':'), is_set) {
            ("-" | "=" | "?" | "+", None) => fields.unknown(),
            ("-" | "=" | "?", Some(true)) => put(fields, value.flatten().as_deref(), quoted, splits),
            ("-", Some(false)) | ("+", Some(true)) if quoted => {
                let value = self.single(&change.word)?;
                put(fields, value.as_deref(), true, splits);
            }
            ("-", Some(false)) | ("+", Some(true)) => self.parts(&change.word, fields, splits)?,
            ("=", Some(false)) => {
                let value = self.single(&change.word)?;
                put(fields, value.as_deref(), quoted, splits);
                self.variables.insert(name.to_owned(), value);
            }
            ("+", Some(false)) => put(fields, Some(""), quoted, splits),
            ("?", Some(false)) => fields.unknown(),
            (operator, _) => {
                let pattern = self.pattern(&change.word)?;
                let text = value.unwrap_or(Some(String::new()));
                let cut = pattern.zip(text).map(|(pattern, text)| cut(operator, &pattern, &text));
                put(fields, cut.as_deref(), quoted, splits);
            }
        }
        Ok(())
    }
}

/// A text without its beginning or end that matches.
fn cut(operator: &str, pattern: &[Letter], text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let longest = operator.len() > 1;
    let kept = if operator.starts_with('#') {
        &letters[pattern::beginning(pattern, &letters, longest).unwrap_or(0)..]
    } else {
        &letters[..pattern::end(pattern, &letters, longest).unwrap_or(letters.len())]
    };
    kept.iter().collect()
}

fn put(fields: &mut Fields, value: Option<&str>, quoted: bool, splits: bool) {
    match value {
        None => fields.unknown(),
        Some(text) if quoted => fields.quoted(text),
        Some(text) => fields.plain(text, splits),
    }
}

fn text_of(field: &Field) -> Value {
    (field.known && field.letters.len() <= LONGEST)
        .then(|| field.letters.iter().map(|(letter, _)| *letter).collect())
}
