//! The commands of sed(1) that maintainer scripts have: `s`, `d`, `p`, `q`, `a`, `i` and `c`, with addresses.

use regex_lite::Regex;

use super::expression::{Kind, compile};

pub(super) struct Line {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
}

enum Address {
    Number(usize),
    Last,
    Fits(Regex),
}

enum Action {
    Replace { expression: Regex, with: Vec<Piece>, global: bool, print: bool },
    Delete,
    Print,
    Quit,
    Append(String),
    Insert(String),
    Change(String),
}

/// A part of a replacement.
enum Piece {
    Text(String),
    Group(usize),
}

/// A program; `None` where it has more than is understood.
pub(super) fn read(program: &str, kind: Kind) -> Option<Vec<Line>> {
    let mut rest = program.trim_start_matches([' ', '\t', '\n', ';']);
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else {
            let line;
            (line, rest) = read_line(rest, kind)?;
            lines.push(line);
        }
        rest = rest.trim_start_matches([' ', '\t', '\n', ';']);
    }
    Some(lines)
}

fn read_line(text: &str, kind: Kind) -> Option<(Line, &str)> {
    let (from, mut rest) = address(text, kind)?;
    let mut to = None;
    if from.is_some() && rest.starts_with(',') {
        (to, rest) = address(&rest[1..], kind)?;
        to.as_ref()?;
    }
    rest = rest.trim_start();
    let negated = rest.starts_with('!');
    rest = rest.trim_start_matches('!').trim_start();
    let letter = rest.chars().next()?;
    rest = &rest[letter.len_utf8()..];
    let action = match letter {
        'd' => Action::Delete,
        'p' => Action::Print,
        'q' => Action::Quit,
        'a' | 'i' | 'c' => {
            let (text, behind) = rest.split_once('\n').unwrap_or((rest, ""));
            let mut text = text.trim_start();
            rest = behind;
            if let Some(same) = text.strip_prefix('\\') {
                text = same.trim_start();
                if text.is_empty() {
                    (text, rest) = behind.split_once('\n').unwrap_or((behind, ""));
                }
            }
            let text = format!("{}\n", text.replace("\\t", "\t"));
            match letter {
                'a' => Action::Append(text),
                'i' => Action::Insert(text),
                _ => Action::Change(text),
            }
        }
        's' => {
            let delimiter = rest.chars().next()?;
            let (expression, behind) = until(&rest[delimiter.len_utf8()..], delimiter)?;
            let (with, behind) = until(behind, delimiter)?;
            let flags = behind.len() - behind.trim_start_matches(['g', 'p', 'i', 'I']).len();
            let (flags, behind) = behind.split_at(flags);
            rest = behind;
            let expression = compile(&expression, kind, flags.contains(['i', 'I']))?;
            let (global, print) = (flags.contains('g'), flags.contains('p'));
            Action::Replace { expression, with: pieces(&with)?, global, print }
        }
        _ => return None,
    };
    let ends = rest.trim_start_matches([' ', '\t']);
    let told = matches!(action, Action::Append(_) | Action::Insert(_) | Action::Change(_));
    (told || ends.is_empty() || ends.starts_with([';', '\n']))
        .then_some((Line { from, to, negated, action }, ends))
}

fn address(text: &str, kind: Kind) -> Option<(Option<Address>, &str)> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    if digits > 0 {
        return Some((Some(Address::Number(text[..digits].parse().ok()?)), &text[digits..]));
    }
    if let Some(rest) = text.strip_prefix('$') {
        return Some((Some(Address::Last), rest));
    }
    let body = text.strip_prefix('\\').unwrap_or(text);
    if body.len() == text.len() && !text.starts_with('/') {
        return Some((None, text));
    }
    let delimiter = body.chars().next()?;
    let (expression, rest) = until(&body[delimiter.len_utf8()..], delimiter)?;
    Some((Some(Address::Fits(compile(&expression, kind, false)?)), rest))
}

/// The text up to a delimiter, which a backslash makes a letter.
fn until(text: &str, delimiter: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut letters = text.char_indices();
    let mut in_set = false;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                let (_, next) = letters.next()?;
                if next != delimiter {
                    inner.push('\\');
                }
                inner.push(next);
            }
            letter if letter == delimiter && !in_set => {
                return Some((inner, &text[at + letter.len_utf8()..]));
            }
            letter => {
                match letter {
                    '[' => in_set = text[at..].contains(']'),
                    ']' => in_set = false,
                    _ => {}
                }
                inner.push(letter);
            }
        }
    }
    None
}

fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = vec![Piece::Text(String::new())];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let group = match letter {
            '&' => Some(0),
            '\\' => match letters.next()? {
                digit if digit.is_ascii_digit() => digit.to_digit(10),
                'n' => {
                    pieces.push(Piece::Text("\n".to_owned()));
                    continue;
                }
                't' => {
                    pieces.push(Piece::Text("\t".to_owned()));
                    continue;
                }
                other => {
                    pieces.push(Piece::Text(other.to_string()));
                    continue;
                }
            },
            letter => {
                pieces.push(Piece::Text(letter.to_string()));
                continue;
            }
        };
        pieces.push(Piece::Group(group? as usize));
    }
    Some(pieces)
}

/// What a program makes of a text.
pub(super) fn run(program: &[Line], quiet: bool, text: &str) -> String {
    let mut made = String::new();
    let lines: Vec<&str> = text.lines().collect();
    // whether each command is in its range
    let mut within = vec![false; program.len()];
    'lines: for (at, line) in lines.iter().enumerate() {
        let mut space = (*line).to_owned();
        let mut behind = String::new();
        let mut ends = false;
        for (number, command) in program.iter().enumerate() {
            let fits = |address: &Address| match address {
                Address::Number(number) => *number == at + 1,
                Address::Last => at + 1 == lines.len(),
                Address::Fits(expression) => expression.is_match(&space),
            };
            let chosen = match (&command.from, &command.to) {
                (None, _) => true,
                (Some(from), None) => fits(from),
                (Some(from), Some(to)) => {
                    if within[number] {
                        within[number] = !fits(to);
                        true
                    } else {
                        let starts = fits(from);
                        within[number] = starts && !matches!(to, Address::Number(last) if *last <= at + 1);
                        starts
                    }
                }
            };
            if chosen == command.negated {
                continue;
            }
            match &command.action {
                Action::Delete => {
                    made.push_str(&behind);
                    continue 'lines;
                }
                Action::Print => made.extend([space.as_str(), "\n"]),
                Action::Quit => {
                    ends = true;
                    break;
                }
                Action::Append(text) => behind.push_str(text),
                Action::Insert(text) => made.push_str(text),
                Action::Change(text) => {
                    made.push_str(text);
                    continue 'lines;
                }
                Action::Replace { expression, with, global, print } => {
                    let found = expression.is_match(&space);
                    space = replaced(expression, with, *global, &space);
                    if found && *print {
                        made.extend([space.as_str(), "\n"]);
                    }
                }
            }
        }
        if !quiet {
            made.extend([space.as_str(), "\n"]);
        }
        made.push_str(&behind);
        if ends {
            break;
        }
    }
    made
}

fn replaced(expression: &Regex, with: &[Piece], global: bool, text: &str) -> String {
    let replacement = |groups: &regex_lite::Captures<'_>| {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Group(number) => groups.get(*number).map_or("", |group| group.as_str()).to_owned(),
        };
        with.iter().map(piece).collect::<String>()
    };
    expression.replacen(text, usize::from(!global), replacement).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn does_as_sed_does() {
        let text = "one\ntwo # x\nthree\n";
        for (program, quiet, expected) in [
            ("s/o/0/", false, "0ne\ntw0 # x\nthree\n"),
            ("s,[aeo],<&>,g", false, "<o>n<e>\ntw<o> # x\nthr<e><e>\n"),
            ("s/\\(t\\)\\(.\\)/\\2\\1/", false, "one\nwto # x\nhtree\n"),
            ("/two/d", false, "one\nthree\n"),
            ("\\@two@d; $d", false, "one\n"),
            ("s/ *#.*$//p", true, "two\n"),
            ("1,2!d", false, "one\ntwo # x\n"),
            ("/one/,/two/p", true, "one\ntwo # x\n"),
            ("2q", false, "one\ntwo # x\n"),
            ("1i\\\nzero\n$a last", false, "zero\none\ntwo # x\nthree\nlast\n"),
            ("s/[^/]*$//", false, "\n\n\n"),
        ] {
            assert_eq!(run(&read(program, Kind::Basic).unwrap(), quiet, text), expected, "{program}");
        }
        for other in ["y/a/b/", "N;P", "s/a", "b end", "w file", "s/a/b/w f"] {
            assert!(read(other, Kind::Basic).is_none(), "{other}");
        }
    }
}
