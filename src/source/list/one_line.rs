//! The one-line format of sources.list(5), `*.list`: `deb [ option=value … ] uri suite [component …]`.

use std::path::Path;

use super::options::{Format, SourceOptions};
use super::source::Source;
use super::value::{File, Place, Value, Variables, Word};
use crate::source::Error;

pub(super) fn parse(path: &Path, text: &str, vars: &Variables) -> Result<Vec<Source>, Error> {
    let file = File { path, vars };
    let mut sources = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        sources.extend(entry(file, number, line)?);
    }
    Ok(sources)
}

/// The source on a line; none on an empty line, and where no architecture is left.
fn entry(file: File<'_>, line: usize, text: &str) -> Result<Option<Source>, Error> {
    let mut words = split(file, line, text)?.into_iter().peekable();
    let Some(kind) = words.next() else {
        return Ok(None);
    };
    if !matches!(kind.text.as_str(), "deb" | "deb-src") {
        return Err(file.unknown(&kind, "type", ["deb", "deb-src"]));
    }
    let mut options = SourceOptions::default();
    if let Some(open) = words.next_if(|word| word.text == "[") {
        loop {
            match words.next() {
                Some(word) if word.text == "]" => break,
                Some(word) => option(file, &mut options, &word)?,
                None => return Err(file.error(open.place, "the option list has no ']'")),
            }
        }
    }
    let missing = |what: &str| file.error(kind.place, format!("this line has no {what}"));
    let uri = file.uri(&words.next().ok_or_else(|| missing("URI"))?)?;
    let suite = words.next().ok_or_else(|| missing("suite"))?;
    let component_words: Vec<_> = words.collect();
    file.check_components(&suite, &component_words)?;
    let components =
        component_words.iter().map(|word| file.component(word)).collect::<Result<Vec<_>, _>>()?;
    let only = options.only(file, kind.place)?;
    let source = options.source(file, line, vec![uri], file.suite(&suite)?, components);
    let source = Source { binary: kind.text == "deb", only, ..source };
    Ok((!options.excludes_all(&file.vars.architecture)).then_some(source))
}

/// `name=value`, `name+=value` or `name-=value`; commas separate values.
fn option(file: File<'_>, options: &mut SourceOptions, word: &Word) -> Result<(), Error> {
    let Some((name, value)) = word.text.split_once('=') else {
        return Err(file.error(word.place, format!("option '{}' has no '='", word.text)));
    };
    let column = word.place.column + name.chars().count() + 1;
    let value = Word { text: value.to_owned(), place: Place { column, ..word.place } };
    let name = Word { text: name.to_owned(), place: word.place };
    options.set(file, Format::OneLine, &name, &Value { lines: vec![value] }, &[])
}

/// Splits a line into words as apt does: a comment begins at any `#` that is not in brackets and ends with the line;
/// white space within double quotes, and within the brackets of a URI such as `cdrom:[Debian 12]/`, does not separate.
/// The brackets around the options are words of their own.
fn split(file: File<'_>, line: usize, text: &str) -> Result<Vec<Word>, Error> {
    let mut words: Vec<Word> = Vec::new();
    let (mut within, mut quote, mut options, mut label) = (false, None, false, false);
    for (column, c) in (1..).zip(text.chars()) {
        if c == '#' && !options && !label {
            break;
        }
        let place = Place { line, column };
        let bracket = (c == '[' && words.len() == 1 && !within) || (c == ']' && options);
        label = quote.is_none() && !bracket && !options && within && (c == '[' || label && c != ']');
        if quote.is_none() && bracket {
            options = c == '[';
            within = false;
            words.push(Word { text: c.to_string(), place });
        } else if quote.is_none() && !label && c.is_whitespace() {
            within = false;
        } else {
            if !within {
                words.push(Word { text: String::new(), place });
                within = true;
            }
            if c == '"' {
                quote = if quote.is_none() { Some(place) } else { None };
            } else if let Some(word) = words.last_mut() {
                word.text.push(c);
            }
        }
    }
    match quote {
        Some(place) => Err(file.error(place, "this quotation mark is not closed")),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;

    use super::*;
    use crate::source::list::SignedBy;

    fn parse(text: &str) -> Result<Vec<Source>, Error> {
        let vars = Variables { architecture: "amd64".to_owned() };
        super::parse(Path::new("/etc/apt/sources.list.d/x.list"), text, &vars)
    }

    #[test]
    fn reads_entries_and_passes_over_comments() {
        let text = "# deb http://mirror.example/old sid main\n\n\
            deb http://mirror.example/debian trixie main contrib # ours\n\
            deb-src http://mirror.example/debian trixie main\r\n\
            deb\t\"https://mirror.example/$(ARCH)\" ./\n";
        let sources = parse(text).unwrap();
        assert_eq!(sources.len(), 3);
        let binary: Vec<bool> = sources.iter().map(|source| source.binary).collect();
        assert_eq!(binary, [true, false, true]);
        assert_eq!((sources[0].origin.line, sources[0].suite.as_str()), (3, "trixie"));
        assert_eq!(sources[0].components, ["main", "contrib"]);
        assert_eq!(sources[2].uris[0].as_str(), "https://mirror.example/amd64");
    }

    #[test]
    fn a_label_in_brackets_is_part_of_the_uri() {
        let label = "[Debian GNU/Linux 12.1.0 _Bookworm_ - Official #1 20230722-10:48]";
        let source =
            parse(&format!("deb [arch=amd64] cdrom:{label}/ bookworm main contrib # x")).unwrap().remove(0);
        assert!(source.uris[0].as_str().starts_with("cdrom:[Debian GNU/Linux"), "{}", source.uris[0]);
        assert_eq!((source.suite.as_str(), source.components.len()), ("bookworm", 2));
        assert!(parse("deb [arch-=amd64] http://mirror.example x main").unwrap().is_empty());
        assert_eq!(parse("deb [arhc=amd64] http://mirror.example x main").unwrap().len(), 1);
    }

    #[test]
    fn reads_options() {
        let print = "AB".repeat(20);
        for line in [
            format!(
                "deb [ arch=amd64,arm64 signed-by=/k/a.gpg,{print} trusted=yes check-valid-until=no ] http://mirror.example/ x main"
            ),
            format!(
                "deb [arch=\"amd64,arm64\" signed-by=/k/a.gpg,{print} trusted=yes check-valid-until=no] http://mirror.example/ x main"
            ),
        ] {
            let source = parse(&line).unwrap().remove(0);
            assert_eq!(source.architectures, ["amd64", "arm64"]);
            assert_eq!((source.trusted, source.check_valid_until), (Some(true), false));
            let keyrings = vec![PathBuf::from("/k/a.gpg")];
            assert_eq!(
                source.signed_by,
                Some(SignedBy::Named { keyrings, fingerprints: vec![print.clone()] })
            );
        }
        let source =
            parse("deb [arch+=i386 arch-=amd64 lang=en] http://mirror.example x main").unwrap().remove(0);
        assert_eq!(source.architectures, ["i386"]);
    }

    #[test]
    fn every_error_names_its_place() {
        for (line, expected) in [
            ("dbe http://mirror.example x main", "1:1: unknown type 'dbe'"),
            ("deb [trusted] http://mirror.example x main", "1:6: option 'trusted' has no '='"),
            ("deb [trusted=] http://mirror.example x main", "1:6: trusted has no value"),
            (
                "deb [arch=amd64 trusted=maybe] http://mirror.example x main",
                "1:25: trusted must be yes or no",
            ),
            (
                "deb [arch=amd64 http://mirror.example x main",
                "1:17: option 'http://mirror.example' has no '='",
            ),
            ("deb [arch=amd64", "1:5: the option list has no ']'"),
            ("deb", "1:1: this line has no URI"),
            ("deb http://mirror.example", "1:1: this line has no suite"),
            ("deb http://mirror.example x", "1:27: suite 'x' has no component"),
            ("deb http://mirror.example ./ main", "1:30: suite './' is an exact path"),
            ("deb \"http://mirror.example x main", "1:5: this quotation mark is not closed"),
        ] {
            let message = parse(line).unwrap_err().to_string();
            assert!(message.starts_with(&format!("/etc/apt/sources.list.d/x.list:{expected}")), "{message}");
        }
    }
}
