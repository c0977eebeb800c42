//! What `[` and `test` say (POSIX.1-2017, test).

use super::files::Kind;
use super::state::Shell;
use super::value::{Run, Status, Value};

impl Shell<'_, '_> {
    pub(super) fn test(&self, arguments: &[Value]) -> Run<Status> {
        let words: Vec<Value> = match arguments {
            [rest @ .., Some(end)] if matches!(end.as_str(), "]" | "]]") => rest.to_vec(),
            all => all.to_vec(),
        };
        Ok(self.any(&words)?.map(|holds| i32::from(!holds)))
    }

    fn any(&self, words: &[Value]) -> Run<Option<bool>> {
        let mut result = Some(false);
        for part in split(words, &["-o", "||"]) {
            match self.all(part)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => result = None,
            }
        }
        Ok(result)
    }

    fn all(&self, words: &[Value]) -> Run<Option<bool>> {
        let mut result = Some(true);
        for part in split(words, &["-a", "&&"]) {
            match self.one(part)? {
                Some(false) => return Ok(Some(false)),
                Some(true) => {}
                None => result = None,
            }
        }
        Ok(result)
    }

    fn one(&self, words: &[Value]) -> Run<Option<bool>> {
        let text: Vec<Option<&str>> = words.iter().map(Option::as_deref).collect();
        Ok(match &text[..] {
            [] => Some(false),
            [Some("!"), _, ..] => self.one(&words[1..])?.map(|holds| !holds),
            [Some("("), _, .., Some(")")] => self.any(&words[1..words.len() - 1])?,
            // one that is not quoted may be no word at all
            [Some("-z" | "-n")] => Some(text[0] == Some("-n")),
            [one] => one.map(|one| !one.is_empty()),
            [Some("-z"), value] => value.map(str::is_empty),
            [Some("-n"), value] => value.map(|value| !value.is_empty()),
            [Some("-t"), _] => Some(false),
            [Some(operator), Some(path)] if operator.len() == 2 && operator.starts_with('-') => {
                self.file(operator, path)?
            }
            [one, Some("=" | "=="), other] => one.zip(*other).map(|(one, other)| one == other),
            [one, Some("!="), other] => one.zip(*other).map(|(one, other)| one != other),
            [Some(one), Some(operator), Some(other)] => {
                let numbers = one.trim().parse::<i64>().ok().zip(other.trim().parse::<i64>().ok());
                numbers.and_then(|(one, other)| match *operator {
                    "-eq" => Some(one == other),
                    "-ne" => Some(one != other),
                    "-lt" => Some(one < other),
                    "-le" => Some(one <= other),
                    "-gt" => Some(one > other),
                    "-ge" => Some(one >= other),
                    _ => None,
                })
            }
            _ => None,
        })
    }

    /// A test of a file.
    fn file(&self, operator: &str, path: &str) -> Run<Option<bool>> {
        if path.is_empty() {
            return Ok(Some(false));
        }
        let Some(path) = self.path(path) else { return Ok(None) };
        let files = &self.world.files;
        if matches!(operator, "-L" | "-h") {
            return Ok(match files.kind(&path)? {
                None => None,
                Some(_) => Some(files.link_target(&path)?.is_some()),
            });
        }
        let Some(kind) = files.kind(&path)? else { return Ok(None) };
        Ok(match operator {
            "-e" | "-r" | "-w" => Some(kind.is_some()),
            "-d" => Some(kind == Some(Kind::Folder)),
            "-f" => Some(kind == Some(Kind::File)),
            "-x" => match kind {
                Some(Kind::Folder) => Some(true),
                Some(Kind::File) => files.meta(&path)?.map(|meta| is_executable(&meta)),
                None => Some(false),
            },
            "-s" => match kind {
                Some(Kind::Folder) => Some(true),
                Some(Kind::File) => files.bytes(&path)?.flatten().map(|bytes| !bytes.is_empty()),
                None => Some(false),
            },
            "-b" | "-c" | "-p" | "-S" => Some(false),
            _ => None,
        })
    }
}

fn is_executable(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

/// The parts between some operators, but not between those in parentheses. An operator is none at the beginning, nor right
/// behind another one, where it is a word.
fn split<'a>(words: &'a [Value], operators: &[&str]) -> Vec<&'a [Value]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, word) in words.iter().enumerate() {
        match word.as_deref() {
            Some("(") => depth += 1,
            Some(")") => depth = depth.saturating_sub(1),
            Some(word) if depth == 0 && operators.contains(&word) && at > start => {
                parts.push(&words[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&words[start..]);
    parts
}
