//! Commands that make text of text: what they are given is their input, or files of the tree.

use super::expression::{Kind, compile};
use super::options::Options;
use super::sed;
use super::state::Shell;
use super::value::{Run, Value, known};

use crate::arrange::Arrange as _;

const FILTERS: [&str; 13] =
    ["cat", "cut", "tr", "sed", "head", "tail", "sort", "uniq", "wc", "grep", "egrep", "fgrep", "awk"];

impl Shell<'_, '_> {
    /// Runs a filter; whether the command is one.
    pub(super) fn filter(&mut self, name: &str, arguments: &[Value]) -> Run<bool> {
        if !FILTERS.contains(&name) {
            return Ok(false);
        }
        let Some(words) = known(arguments) else {
            self.print(None);
            self.status = None;
            // a file that is changed
            if name == "sed" && arguments.iter().flatten().any(|word| word.starts_with("-i")) {
                self.miss();
            }
            return Ok(true);
        };
        let done = match name {
            "sed" => return self.sed(&words).map(|()| true),
            "grep" | "egrep" | "fgrep" => return self.grep(name, &words).map(|()| true),
            "cat" => self.given(&Options::read(&words, &[]).names)?,
            "cut" => {
                let options = Options::read(&words, &["d", "f", "c", "b", "delimiter", "fields"]);
                self.given(&options.names)?.and_then(|text| cut(&options, &text))
            }
            "tr" => {
                let options = Options::read(&words, &[]);
                self.input.clone().and_then(|text| translate(&options, &text))
            }
            "head" | "tail" => {
                let count = words.iter().find_map(|word| word.strip_prefix('-')?.parse::<usize>().ok());
                let words: Vec<&str> =
                    words.iter().copied().filter(|word| count.is_none() || !word.starts_with('-')).collect();
                let options = Options::read(&words, &["n", "c", "lines", "bytes"]);
                let count = count.or_else(|| options.value(&["n", "lines"])?.parse().ok()).unwrap_or(10);
                let plain = options.only(&["n", "lines", "q"]);
                self.given(&options.names)?.filter(|_| plain).map(|text| {
                    let lines: Vec<&str> = text.lines().collect();
                    let kept = if name == "head" {
                        &lines[..lines.len().min(count)]
                    } else {
                        &lines[lines.len().saturating_sub(count)..]
                    };
                    joined(kept.iter().copied())
                })
            }
            "sort" => {
                let options = Options::read(&words, &[]);
                self.given(&options.names)?.filter(|_| options.only(&["u", "r"])).map(|text| {
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.arrange();
                    if options.has(&["u"]) {
                        lines.dedup();
                    }
                    if options.has(&["r"]) {
                        lines.reverse();
                    }
                    joined(lines.into_iter())
                })
            }
            "uniq" => self.given(&words)?.map(|text| {
                let mut lines: Vec<&str> = text.lines().collect();
                lines.dedup();
                joined(lines.into_iter())
            }),
            "wc" => {
                let options = Options::read(&words, &[]);
                self.given(&options.names)?
                    .filter(|_| options.only(&["l"]) && options.names.is_empty())
                    .map(|text| format!("{}\n", text.lines().count()))
            }
            _ => self.awk(&words)?,
        };
        self.status = done.as_ref().map(|_| 0);
        self.print(done.as_deref());
        Ok(true)
    }

    /// The text of files, or the input where there is none.
    fn given(&self, names: &[&str]) -> Run<Value> {
        if names.is_empty() {
            return Ok(self.input.clone());
        }
        let mut whole = String::new();
        for name in names {
            let text = match *name {
                "-" => self.input.clone(),
                name => match self.path(name) {
                    Some(path) => self.world.files.text(&path)?.unwrap_or(Some(String::new())),
                    None => None,
                },
            };
            let Some(text) = text else { return Ok(None) };
            whole.push_str(&text);
        }
        Ok(Some(whole))
    }

    fn sed(&mut self, words: &[&str]) -> Run<()> {
        let in_place = words.iter().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
        let words: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !word.starts_with("-i") && !word.starts_with("--in-place"))
            .collect();
        let options = Options::read(&words, &["e", "f", "expression", "file"]);
        let mut names = options.names.clone();
        let mut program: Vec<&str> = options.values(&["e", "expression"]).collect();
        if program.is_empty() && !names.is_empty() {
            program.push(names.remove(0));
        }
        let quiet = options.has(&["n", "quiet", "silent"]);
        let kind = if options.has(&["E", "r", "regexp-extended"]) { Kind::Extended } else { Kind::Basic };
        let program = sed::read(&program.join("\n"), kind).filter(|_| !options.has(&["f", "file"]));
        if !in_place {
            let text = self.given(&names)?;
            let text = program.zip(text).map(|(program, text)| sed::run(&program, quiet, &text));
            self.status = text.as_ref().map(|_| 0);
            self.print(text.as_deref());
            return Ok(());
        }
        self.status = Some(0);
        for name in names {
            let path = self.path(name);
            let before = match &path {
                Some(path) => self.world.files.text(path)?.unwrap_or(Some(String::new())),
                None => None,
            };
            let after =
                program.as_ref().zip(before.as_ref()).map(|(program, text)| sed::run(program, quiet, text));
            if after.is_none() || after != before {
                self.written(path.as_deref(), after.as_deref(), false)?;
            }
        }
        Ok(())
    }

    fn grep(&mut self, name: &str, words: &[&str]) -> Run<()> {
        let options = Options::read(words, &["e", "regexp", "m", "A", "B", "C", "f"]);
        let mut names = options.names.clone();
        let expression = match options.value(&["e", "regexp"]) {
            Some(expression) => Some(expression),
            None if names.is_empty() => None,
            None => Some(names.remove(0)),
        };
        let kind = match name {
            "egrep" => Kind::Extended,
            "fgrep" => Kind::Fixed,
            _ if options.has(&["E"]) => Kind::Extended,
            _ if options.has(&["F"]) => Kind::Fixed,
            _ => Kind::Basic,
        };
        let understood = options
            .only(&["q", "s", "v", "i", "E", "F", "e", "regexp", "x", "w", "o", "h", "c", "quiet", "silent"])
            && (names.len() < 2 || options.has(&["h", "q"]));
        let expression = expression.filter(|_| understood).and_then(|expression| {
            let whole = match () {
                () if options.has(&["x"]) && kind == Kind::Extended => format!("^({expression})$"),
                () if options.has(&["x"]) && kind == Kind::Basic => format!("^\\({expression}\\)$"),
                () if options.has(&["w", "x"]) && kind != Kind::Basic => return None,
                () if options.has(&["w"]) => format!("\\b\\({expression}\\)\\b"),
                () => expression.to_owned(),
            };
            compile(&whole, kind, options.has(&["i"]))
        });
        let text = self.given(&names)?;
        let Some((expression, text)) = expression.zip(text) else {
            self.print(None);
            self.status = None;
            return Ok(());
        };
        let found: Vec<&str> =
            text.lines().filter(|line| expression.is_match(line) != options.has(&["v"])).collect();
        self.status = Some(i32::from(found.is_empty()));
        if !options.has(&["q", "quiet", "silent"]) {
            let text = match () {
                () if options.has(&["c"]) => format!("{}\n", found.len()),
                () if options.has(&["o"]) => {
                    joined(found.iter().flat_map(|line| expression.find_iter(line)).map(|hit| hit.as_str()))
                }
                () => joined(found.into_iter()),
            };
            self.print(Some(&text));
        }
        Ok(())
    }

    /// `awk '{print $N}'` and no more.
    fn awk(&mut self, words: &[&str]) -> Run<Value> {
        let options = Options::read(words, &["F", "v", "f"]);
        let Some((program, names)) = options.names.split_first() else { return Ok(None) };
        let inner = program.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let field = inner.and_then(|inner| inner.trim().trim_end_matches(';').strip_prefix("print"));
        let Some(number) = field.and_then(|field| field.trim().strip_prefix('$')?.parse::<usize>().ok())
        else {
            return Ok(None);
        };
        let separator = options.value(&["F"]);
        if !options.only(&["F"]) || separator.is_some_and(|separator| separator.chars().count() != 1) {
            return Ok(None);
        }
        let Some(text) = self.given(names)? else { return Ok(None) };
        let field = |line: &str| {
            let mut fields: Box<dyn Iterator<Item = &str>> = match separator {
                Some(separator) => Box::new(line.split(separator)),
                None => Box::new(line.split_whitespace()),
            };
            match number {
                0 => line.to_owned(),
                number => fields.nth(number - 1).unwrap_or_default().to_owned(),
            }
        };
        let fields: Vec<String> = text.lines().map(field).collect();
        Ok(Some(joined(fields.iter().map(String::as_str))))
    }
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A list of ranges, `1,3-5,7-`, as positions from 1.
fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    let range = |part: &str| {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (first, last),
            None => (part, part),
        };
        let first = if first.is_empty() { 1 } else { first.parse().ok()? };
        Some((first, if last.is_empty() { usize::MAX } else { last.parse().ok()? }))
    };
    list.split(',').map(range).collect()
}

fn cut(options: &Options<'_>, text: &str) -> Option<String> {
    if !options.only(&["d", "f", "c", "b", "s", "delimiter", "fields"]) {
        return None;
    }
    let mut made = String::new();
    if let Some(list) = options.value(&["f", "fields"]) {
        let ranges = ranges(list)?;
        let delimiter = options.value(&["d", "delimiter"]).unwrap_or("\t");
        for line in text.lines() {
            if !line.contains(delimiter) {
                if !options.has(&["s"]) {
                    made.push_str(line);
                    made.push('\n');
                }
                continue;
            }
            let wanted = |at: usize| ranges.iter().any(|(first, last)| (*first..=*last).contains(&(at + 1)));
            let fields = line.split(delimiter).enumerate().filter(|(at, _)| wanted(*at));
            made.push_str(&fields.map(|(_, field)| field).collect::<Vec<_>>().join(delimiter));
            made.push('\n');
        }
        return Some(made);
    }
    let ranges = ranges(options.value(&["c", "b"])?)?;
    for line in text.lines() {
        let wanted = |at: usize| ranges.iter().any(|(first, last)| (*first..=*last).contains(&(at + 1)));
        made.extend(line.chars().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, letter)| letter));
        made.push('\n');
    }
    Some(made)
}

/// A set of letters of `tr`.
fn set(text: &str) -> Option<Vec<char>> {
    match text {
        "[:upper:]" => return Some(('A'..='Z').collect()),
        "[:lower:]" => return Some(('a'..='z').collect()),
        "[:digit:]" => return Some(('0'..='9').collect()),
        "[:space:]" => return Some(" \t\n\r\u{b}\u{c}".chars().collect()),
        _ if text.contains("[:") => return None,
        _ => {}
    }
    let mut letters = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let letter = match letter {
            '\\' => match rest.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                other => other,
            },
            letter => letter,
        };
        if rest.peek() == Some(&'-') && rest.clone().nth(1).is_some() {
            rest.next();
            letters.extend(letter..=rest.next()?);
        } else {
            letters.push(letter);
        }
    }
    Some(letters)
}

fn translate(options: &Options<'_>, text: &str) -> Option<String> {
    if !options.only(&["d", "s"]) {
        return None;
    }
    let first = set(options.names.first()?)?;
    let second = match options.names.get(1) {
        Some(second) => Some(set(second)?),
        None => None,
    };
    let mut made = String::new();
    for letter in text.chars() {
        let place = first.iter().position(|own| *own == letter);
        let new = match (place, &second) {
            (Some(_), _) if options.has(&["d"]) => continue,
            (Some(place), Some(second)) => *second.get(place).or(second.last())?,
            _ => letter,
        };
        let squeezed = second.as_ref().unwrap_or(&first);
        if options.has(&["s"]) && squeezed.contains(&new) && made.ends_with(new) {
            continue;
        }
        made.push(new);
    }
    Some(made)
}
