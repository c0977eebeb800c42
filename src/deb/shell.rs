//! Reads maintainer scripts without running them: finds the calls of one program whose arguments can be told from
//! the text alone. Assignments of literals and `for` loops over literals are followed; whatever depends on more
//! than the text is left out.

use std::collections::HashMap;

/// A loop over more words than this, or loops inside loops, is no list of commands.
const MOST_CALLS: usize = 1000;

/// Statements that are read, those in loops as often as the loop goes round.
const MOST_STATEMENTS: usize = 20_000;

/// A variable that doubles itself grows beyond any memory.
const LONGEST_WORD: usize = 64 << 10;

/// Lines of one quoted string; an awk program, perhaps.
const LONGEST_STRING: usize = 100;

/// One call found in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// The arguments, as the shell would pass them.
    Known(Vec<String>),
    /// The line, whose arguments cannot be told.
    Unknown(String),
}

/// The calls of `program` in a POSIX shell script, in the order of the text. Both branches of an `if` are read.
pub(crate) fn calls(script: &str, program: &str) -> Vec<Call> {
    let mut reader = Reader { program, variables: HashMap::new(), found: Vec::new(), read: 0 };
    reader.read(&logical_lines(script));
    reader.found
}

/// The statements of a script, one each: continued lines joined, comments and the text of here-documents dropped.
pub(crate) fn logical_lines(script: &str) -> Vec<String> {
    let joined = script.replace("\\\n", " ");
    let mut lines = Vec::new();
    let mut here_document: Option<String> = None;
    let mut rest = joined.lines();
    while let Some(line) = rest.next() {
        let mut trimmed = line.trim();
        if let Some(end) = &here_document {
            if trimmed == end {
                here_document = None;
            }
            continue;
        }
        let mut whole = String::new();
        if code(trimmed).is_none() {
            // a string of several lines; if nothing ends it, this is no quote
            for count in 1..=LONGEST_STRING {
                let text = rest.clone().take(count).fold(trimmed.to_owned(), |text, line| text + " " + line);
                if code(&text).is_some() {
                    whole = text;
                    rest.nth(count - 1);
                    break;
                }
            }
        }
        trimmed = if whole.is_empty() { trimmed } else { &whole };
        let trimmed = code(trimmed).unwrap_or(trimmed).trim();
        if trimmed.is_empty() {
            continue;
        }
        if let Some((_, end)) = trimmed.split_once("<<") {
            let end = end.trim_start_matches('-').trim();
            let end = end.split(char::is_whitespace).next().unwrap_or_default().trim_matches(['\'', '"']);
            here_document = (!end.is_empty()).then(|| end.to_owned());
        }
        lines.extend(statements(trimmed));
    }
    lines
}

/// A line without its comment; `None` where a quote is open at its end.
fn code(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut is_start = true;
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote != Some('\'') => {
                letters.next();
            }
            _ if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            '#' if quote.is_none() && is_start => return Some(&line[..at]),
            _ => {}
        }
        is_start = letter.is_whitespace() || letter == ';';
    }
    quote.is_none().then_some(line)
}

/// Splits a line at `;` outside quotes, and after `do`, `then` and `else`; `;;` is a statement of its own.
fn statements(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == ';' => {
                if letters.next_if_eq(&';').is_some() {
                    parts.push(";;".to_owned());
                }
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    let mut statements = Vec::new();
    for part in &parts {
        let mut part = part.trim();
        for word in ["do", "then", "else"] {
            if let Some(rest) = part.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace)) {
                statements.push(word.to_owned());
                part = rest.trim();
            }
        }
        if !part.is_empty() {
            statements.push(part.to_owned());
        }
    }
    statements
}

struct Reader<'a> {
    program: &'a str,
    variables: HashMap<String, String>,
    found: Vec<Call>,
    read: usize,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[String]) {
        let mut at = 0;
        while at < lines.len() && self.found.len() < MOST_CALLS && self.read < MOST_STATEMENTS {
            self.read += 1;
            let line = &lines[at];
            if let Some((variable, words)) = loop_head(line) {
                let end = loop_end(lines, at);
                self.repeat(variable, words, &lines[at + 1..end]);
                at = end + 1;
                continue;
            }
            if let Some((name, value)) = assignment(line) {
                match self.expand(value) {
                    Some(words) => self.variables.insert(name.to_owned(), words.join(" ")),
                    None => self.variables.remove(name),
                };
            } else {
                self.call(line);
            }
            at += 1;
        }
    }

    fn repeat(&mut self, variable: &str, words: &str, body: &[String]) {
        match self.expand_list(words) {
            Some(values) => {
                for value in values {
                    self.variables.insert(variable.to_owned(), value);
                    self.read(body);
                }
            }
            None => {
                self.variables.remove(variable);
                self.read(body);
            }
        }
        self.variables.remove(variable);
    }

    fn call(&mut self, line: &str) {
        let words: Vec<&str> = split_words(line);
        for (at, word) in words.iter().enumerate() {
            let is_program = *word == self.program
                || word.strip_suffix(self.program).is_some_and(|folder| folder.ends_with('/'));
            let before = &words[..at];
            let start =
                before.iter().rposition(|word| is_separator(word)).map_or(0, |separator| separator + 1);
            // `if program …`, `x || program …` and `configure) program …` are calls; `x=$(program …)`,
            // `which program` and `echo program` are not
            if is_program && before[start..].iter().all(|word| is_prefix(word)) {
                self.arguments(line, &words[at + 1..]);
            }
        }
    }

    fn arguments(&mut self, line: &str, words: &[&str]) {
        let mut arguments = Vec::new();
        for word in words {
            if is_separator(word)
                || matches!(*word, "&" | ")" | "}")
                || word.trim_start_matches(['1', '2', '&']).starts_with(['>', '<'])
            {
                break;
            }
            match self.expand(word) {
                Some(values) => arguments.extend(values),
                // a variable of its own that nothing sets is an option that is not given
                None if word.starts_with('$') && !word.contains(['(', '/']) => {}
                None => {
                    self.found.push(Call::Unknown(line.to_owned()));
                    return;
                }
            }
        }
        self.found.push(Call::Known(arguments));
    }

    fn expand_list(&self, words: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        for word in split_words(words) {
            values.extend(self.expand(word)?);
        }
        Some(values)
    }

    /// The words that one word of the script becomes; `None` where the text does not tell.
    fn expand(&self, word: &str) -> Option<Vec<String>> {
        let mut value = String::new();
        let mut quote = None;
        let mut quoted = false;
        let mut letters = word.chars().peekable();
        while let Some(letter) = letters.next() {
            if value.len() > LONGEST_WORD {
                return None;
            }
            match letter {
                '\'' | '"' if quote.is_none() => (quote, quoted) = (Some(letter), true),
                _ if quote == Some(letter) => quote = None,
                '$' if quote != Some('\'') => {
                    let braced = letters.next_if_eq(&'{').is_some();
                    let mut name = String::new();
                    while let Some(part) = letters.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                        name.push(part);
                    }
                    if braced && letters.next() != Some('}') {
                        return None;
                    }
                    value.push_str(self.variables.get(&name)?);
                }
                '`' | '*' | '?' if quote != Some('\'') => return None,
                '\\' if quote != Some('\'') => value.extend(letters.next()),
                _ => value.push(letter),
            }
        }
        if quote.is_some() {
            return None;
        }
        Some(if quoted { vec![value] } else { value.split_whitespace().map(str::to_owned).collect() })
    }
}

pub(crate) fn is_separator(word: &str) -> bool {
    matches!(word, "||" | "&&" | "|")
}

/// What may stand before a command.
fn is_prefix(word: &str) -> bool {
    let is_pattern = word.ends_with(')') && !word.contains('(');
    is_pattern
        || assignment(word).is_some()
        || matches!(
            word,
            "if" | "!" | "then" | "else" | "elif" | "do" | "{" | "exec" | "(" | "while" | "until"
        )
}

fn loop_head(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("for ")?.trim();
    let (variable, words) = rest.split_once(char::is_whitespace)?;
    Some((variable, words.trim().strip_prefix("in")?.trim()))
}

fn loop_end(lines: &[String], head: usize) -> usize {
    let mut depth = 0;
    for (at, line) in lines.iter().enumerate().skip(head) {
        let first = line.split_whitespace().next().unwrap_or_default();
        if matches!(first, "for" | "while" | "until") {
            depth += 1;
        } else if first == "done" {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    lines.len()
}

pub(crate) fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("local ").or_else(|| line.strip_prefix("export ")).unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && split_words(value).len() <= 1).then_some((name, value))
}

/// Splits at white space outside quotes; the quotes stay.
pub(crate) fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(&text[start..at]);
                }
                continue;
            }
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(script: &str) -> Vec<String> {
        calls(script, "update-alternatives")
            .into_iter()
            .map(|call| match call {
                Call::Known(arguments) => arguments.join(" "),
                Call::Unknown(line) => format!("? {line}"),
            })
            .collect()
    }

    #[test]
    fn reads_plain_and_continued_calls() {
        let script = "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n\tupdate-alternatives --install /usr/bin/js \\\n\
            \t js /usr/bin/nodejs 200 || true\nfi\n# update-alternatives --not this\nx=$(update-alternatives --list x)\n";
        assert_eq!(known(script), ["--install /usr/bin/js js /usr/bin/nodejs 200"]);
    }

    #[test]
    fn follows_variables_and_loops() {
        let script = "base=/usr/lib/jvm\ntools='java keytool'\npriority=17\nfor i in $tools; do\n  if [ -e x ]; then\n    slave=\"--slave a b $(c)\"\n  fi\n\
            update-alternatives --install /usr/bin/$i $i ${base}/bin/$i $priority $slave\ndone\n\
            for p in one two\ndo\nupdate-alternatives --x \"$p q\"\ndone";
        assert_eq!(
            known(script),
            [
                "--install /usr/bin/java java /usr/lib/jvm/bin/java 17",
                "--install /usr/bin/keytool keytool /usr/lib/jvm/bin/keytool 17",
                "--x one q",
                "--x two q"
            ]
        );
    }

    #[test]
    fn finds_calls_wherever_they_stand() {
        let script = "which x >/dev/null || update-alternatives --a\nconfigure) LC_ALL=C update-alternatives --b;;\n\
            if true; then /usr/bin/update-alternatives --c; else update-alternatives --d; fi\n\
            update-alternatives --e && update-alternatives --f 1>&2\nx=$(update-alternatives --g)\n\
            echo update-alternatives --h\nnot-update-alternatives --i\n";
        assert_eq!(known(script), ["--a", "--b", "--c", "--d", "--e", "--f"]);
    }

    #[test]
    fn strings_and_comments_end_where_they_do() {
        let script = "x='one\ntwo # no comment'\nupdate-alternatives --a # don't\nupdate-alternatives --b 'it; is'\n\
            awk '\n/update-alternatives --no/ { print \"x\" }\nupdate-alternatives --no\n' file\necho $# \\' \n\
            update-alternatives --c\necho 'never closed\nupdate-alternatives --d\n";
        assert_eq!(known(script), ["--a", "--b it; is", "--c", "--d"]);
    }

    #[test]
    fn hostile_scripts_come_to_an_end() {
        let doubling =
            "x=aaaaaaaaaaaaaaaa\n".to_owned() + &"x=$x$x$x$x\n".repeat(1000) + "update-alternatives $x\n";
        assert!(known(&doubling).iter().all(|line| line.len() < 1 << 20));
        let words = "1 2 3 4 5 6 7 8 9 10 ".repeat(10);
        let loops = format!("for a in {words}; do\n").repeat(20) + "true\n" + &"done\n".repeat(20);
        assert!(known(&loops).is_empty());
    }

    #[test]
    fn says_what_it_cannot_tell() {
        let script = "update-alternatives --install /usr/bin/x x /usr/lib/$(uname -m)/x 1\n\
            update-alternatives --install /usr/bin/y y $dir/y 1\n";
        assert_eq!(known(script).iter().filter(|line| line.starts_with("? ")).count(), 2);
    }

    #[test]
    fn a_here_document_is_no_script() {
        assert!(known("cat <<EOF\nupdate-alternatives --install a b c 1\nEOF\n").is_empty());
    }
}
