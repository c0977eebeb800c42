//! Reads maintainer scripts without running them: finds the calls of one program whose arguments can be told from
//! the text alone. Assignments of literals and `for` loops over literals are followed; whatever depends on more
//! than the text is left out.

use std::collections::HashMap;

/// A loop over more words than this, or loops inside loops, is no list of commands.
const MOST_CALLS: usize = 1000;

/// One call found in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tree) enum Call {
    /// The arguments, as the shell would pass them.
    Known(Vec<String>),
    /// The line, whose arguments cannot be told.
    Unknown(String),
}

/// The calls of `program` in a POSIX shell script, in the order of the text. Both branches of an `if` are read.
pub(in crate::tree) fn calls(script: &str, program: &str) -> Vec<Call> {
    let mut reader = Reader { program, variables: HashMap::new(), found: Vec::new() };
    reader.read(&logical_lines(script));
    reader.found
}

/// Joins continued lines and drops comments.
fn logical_lines(script: &str) -> Vec<String> {
    let joined = script.replace("\\\n", " ");
    let mut lines = Vec::new();
    let mut here_document: Option<String> = None;
    for line in joined.lines() {
        let trimmed = line.trim();
        if let Some(end) = &here_document {
            if trimmed == end {
                here_document = None;
            }
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with('#') {
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

/// Splits a line at `;` outside quotes; `do` and `then` start a statement of their own.
fn statements(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == ';' => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    let keyword = |part: &str| {
        let part = part.trim();
        ["do", "then", "else"]
            .iter()
            .find_map(|word| part.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace)))
            .unwrap_or(part)
            .trim()
            .to_owned()
    };
    parts.iter().map(|part| keyword(part)).filter(|part| !part.is_empty()).collect()
}

struct Reader<'a> {
    program: &'a str,
    variables: HashMap<String, String>,
    found: Vec<Call>,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[String]) {
        let mut at = 0;
        while at < lines.len() && self.found.len() < MOST_CALLS {
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
        let Some(at) = words.iter().position(|word| *word == self.program) else { return };
        // `if program …` and `program …` are calls; `x=$(program …)`, `which program` and `echo program` are not
        if !words[..at]
            .iter()
            .all(|word| matches!(*word, "if" | "!" | "then" | "else" | "elif" | "do" | "{" | "exec"))
        {
            return;
        }
        let mut arguments = Vec::new();
        for word in &words[at + 1..] {
            if matches!(*word, "||" | "&&" | "|" | "&" | ")" | "}")
                || word.starts_with(['>', '<'])
                || word.starts_with("2>")
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

fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("local ").or_else(|| line.strip_prefix("export ")).unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && split_words(value).len() <= 1).then_some((name, value))
}

/// Splits at white space outside quotes; the quotes stay.
fn split_words(text: &str) -> Vec<&str> {
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
