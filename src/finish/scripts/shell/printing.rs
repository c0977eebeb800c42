//! Commands that only print: echo, names of paths, what packages there are.

use super::files::{Kind, name_of};
use super::options::Options;
use super::pattern;
use super::state::Shell;
use super::value::{Run, Status, Value, known};

/// Deeper folders are not listed.
const DEEPEST: usize = 12;
const MOST_FOUND: usize = 5_000;

impl Shell<'_, '_> {
    /// Runs a command that only prints; whether it is one.
    pub(super) fn prints(&mut self, name: &str, arguments: &[Value]) -> Run<bool> {
        let words = known(arguments);
        let one = |text: Option<String>| text.map(|text| format!("{text}\n"));
        let first = words.as_ref().and_then(|words| words.first().copied());
        let (text, status): (Value, Status) = match name {
            "echo" => (words.map(|words| echo(&words)), Some(0)),
            "printf" => (words.and_then(|words| printf(&words)), Some(0)),
            "basename" => {
                let text = words.and_then(|words| {
                    let options = Options::read(&words, &["s"]);
                    let name = name_of(options.names.first()?).to_owned();
                    let suffix = options.value(&["s"]).or(options.names.get(1).copied()).unwrap_or_default();
                    Some(
                        name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(&name).to_owned(),
                    )
                });
                (one(text), Some(0))
            }
            "dirname" => {
                let folder = first.map(|path| match path.trim_end_matches('/').rsplit_once('/') {
                    Some(("", _)) => "/".to_owned(),
                    Some((folder, _)) => folder.to_owned(),
                    None => ".".to_owned(),
                });
                (one(folder), Some(0))
            }
            "expr" => {
                let number = words.and_then(|words| self.reckoned(&words.join(" ").replace(" = ", " == ")));
                (one(number.map(|number| number.to_string())), number.map(|number| i32::from(number == 0)))
            }
            "pwd" => (one(self.folder.clone()), Some(0)),
            "mktemp" => {
                self.world.temporary += 1;
                let path = format!("/tmp/aptlet.{}", self.world.temporary);
                let is_folder = arguments.iter().flatten().any(|word| word == "-d" || word == "--directory");
                if !is_folder {
                    self.world.files.write(&path, b"", false)?;
                }
                (one(Some(path)), Some(0))
            }
            "readlink" | "realpath" => {
                let path =
                    words.as_ref().and_then(|words| self.path(Options::read(words, &[]).names.first()?));
                let plain = words.is_some_and(|words| words.iter().all(|word| !word.starts_with('-')));
                match path {
                    Some(path) if plain && name == "readlink" => match self.world.files.link_target(&path)? {
                        Some(target) => (one(Some(target)), Some(0)),
                        None => (Some(String::new()), Some(1)),
                    },
                    Some(path) => match crate::finish::inside::resolve(&self.world.files.root(), &path)? {
                        Some(place) => (one(Some(format!("/{}", place.display()))), Some(0)),
                        None => (None, None),
                    },
                    None => (None, None),
                }
            }
            "dpkg" => match words.as_deref() {
                Some(["--print-architecture"]) => (one(Some(self.world.architecture.clone())), Some(0)),
                // nothing was configured before, and what is newer than nothing is told by the operator
                Some(["--compare-versions", "", operator, other]) if !other.is_empty() => {
                    let holds =
                        matches!(*operator, "lt" | "le" | "ne" | "<" | "<<" | "<=" | "gt-nl" | "ge-nl");
                    (Some(String::new()), Some(i32::from(!holds)))
                }
                Some(["-s" | "--status" | "-l" | "--list" | "-L", package]) => {
                    let is_there = self.world.packages.contains_key(*package);
                    (None, is_there.then_some(0))
                }
                _ => (None, None),
            },
            "dpkg-query" => self.dpkg_query(words.as_deref()),
            "dpkg-architecture" => {
                let triplet = match self.world.architecture.as_str() {
                    "amd64" => Some("x86_64-linux-gnu"),
                    "arm64" => Some("aarch64-linux-gnu"),
                    _ => None,
                };
                match words.as_ref().map(|words| words.concat()) {
                    Some(query) if query.ends_with("_MULTIARCH") => {
                        (one(triplet.map(str::to_owned)), Some(0))
                    }
                    Some(query) if query.ends_with("_ARCH") => {
                        (one(Some(self.world.architecture.clone())), Some(0))
                    }
                    _ => (None, None),
                }
            }
            "dpkg-vendor" => (None, None),
            // none is there before the first one
            "dpkg-statoverride" | "dpkg-divert" if first == Some("--list") => (Some(String::new()), Some(1)),
            "dpkg-divert" if first == Some("--truename") => {
                let path = words.and_then(|words| words.get(1).map(|path| (*path).to_owned()));
                (one(path), Some(0))
            }
            "id" if first == Some("-u") && arguments.len() == 1 => (one(Some("0".to_owned())), Some(0)),
            "ls" => match words.as_deref() {
                Some([folder]) if !folder.starts_with('-') => match self.path(folder) {
                    Some(path) if self.world.files.kind(&path)? == Some(Some(Kind::Folder)) => {
                        let names = self.world.files.names(&path)?;
                        let names: String = names
                            .iter()
                            .filter(|name| !name.starts_with('.'))
                            .flat_map(|name| [name, "\n"])
                            .collect();
                        (Some(names), Some(0))
                    }
                    Some(path) if self.world.files.kind(&path)? == Some(None) => {
                        (Some(String::new()), Some(2))
                    }
                    _ => (None, None),
                },
                _ => (None, None),
            },
            "find" => {
                let found = match words.as_deref() {
                    Some(words) => self.find(words)?,
                    None => None,
                };
                let status = found.as_ref().map(|_| 0);
                (found, status)
            }
            "seq" => {
                let numbers: Option<Vec<i64>> =
                    words.and_then(|words| words.iter().map(|word| word.parse().ok()).collect());
                let range = match numbers.as_deref() {
                    Some([last]) => Some((1, 1, *last)),
                    Some([first, last]) => Some((*first, 1, *last)),
                    Some([first, step, last]) if *step != 0 => Some((*first, *step, *last)),
                    _ => None,
                };
                (range.and_then(|(first, step, last)| sequence(first, step, last)), Some(0))
            }
            _ => return Ok(false),
        };
        self.print(text.as_deref());
        self.status = status;
        Ok(true)
    }

    /// Whether a package is installed, and which version it has.
    fn dpkg_query(&self, words: Option<&[&str]>) -> (Value, Status) {
        let Some(words) = words else { return (None, None) };
        let options = Options::read(words, &["f", "showformat"]);
        let [name] = options.names[..] else { return (None, None) };
        if !options.has(&["W", "show"]) {
            return (None, None);
        }
        let plain = name.split(':').next().unwrap_or_default();
        let Some((version, architecture)) = self.world.packages.get(plain) else {
            return (Some(String::new()), Some(1));
        };
        let state = if self.world.configured.contains(plain) { "installed" } else { "unpacked" };
        let status = format!("install ok {state}");
        let text = match options.value(&["f", "showformat"]) {
            None => format!("{name}\t{version}\n"),
            Some(format) => {
                let mut text = format.replace("\\n", "\n").replace("\\t", "\t");
                for (field, value) in [
                    ("${Package}", plain),
                    ("${package}", plain),
                    ("${Version}", version),
                    ("${version}", version),
                    ("${Architecture}", architecture),
                    ("${Status}", status.as_str()),
                    ("${db:Status-Status}", state),
                    ("${db:Status-Abbrev}", "ii "),
                ] {
                    text = text.replace(field, value);
                }
                text
            }
        };
        (Some(text).filter(|text| !text.contains("${")), Some(0))
    }

    /// find(1) with tests of names and kinds.
    fn find(&self, words: &[&str]) -> Run<Value> {
        let folders = words.iter().take_while(|word| !word.starts_with(['-', '(', '!'])).count();
        let (folders, mut tests) = words.split_at(folders);
        let (mut name, mut kind) = (None, None);
        let (mut least, mut most) = (0, DEEPEST);
        while let Some((test, rest)) = tests.split_first() {
            tests = rest;
            let value = rest.first().copied();
            match *test {
                "-print" => continue,
                "-name" => name = value,
                "-type" => kind = value,
                "-mindepth" => least = value.and_then(|value| value.parse().ok()).unwrap_or(0),
                "-maxdepth" => {
                    most = value.and_then(|value| value.parse().ok()).unwrap_or(DEEPEST).min(DEEPEST);
                }
                _ => return Ok(None),
            }
            tests = rest.get(1..).unwrap_or_default();
        }
        let letters: Option<Vec<pattern::Letter>> =
            name.map(|name| name.chars().map(|letter| (letter, false)).collect());
        let mut queue: Vec<(String, usize)> = Vec::new();
        for folder in folders.iter().rev() {
            let Some(path) = self.path(folder) else { return Ok(None) };
            queue.push((path, 0));
        }
        let mut found = String::new();
        let mut count = 0;
        while let Some((path, depth)) = queue.pop() {
            count += 1;
            if count > MOST_FOUND {
                return Ok(None);
            }
            let is_link = self.world.files.link_target(&path)?.is_some();
            let Some(is) = self.world.files.kind(&path)? else { return Ok(None) };
            if is.is_none() && !is_link {
                continue;
            }
            let is_folder = is == Some(Kind::Folder) && !is_link;
            let of_kind = match kind {
                None => true,
                Some("l") => is_link,
                Some("d") => is_folder,
                Some("f") => !is_link && is == Some(Kind::File),
                Some(_) => return Ok(None),
            };
            let named = letters
                .as_ref()
                .is_none_or(|letters| pattern::matches(letters, &name_of(&path).chars().collect::<Vec<_>>()));
            if of_kind && named && depth >= least {
                found.push_str(&path);
                found.push('\n');
            }
            if is_folder && depth < most {
                for name in self.world.files.names(&path)?.into_iter().rev() {
                    queue.push((format!("{}/{name}", path.trim_end_matches('/')), depth + 1));
                }
            }
        }
        Ok(Some(found))
    }
}

/// The numbers of seq(1), if they are not too many.
fn sequence(first: i64, step: i64, last: i64) -> Option<String> {
    let mut text = String::new();
    let mut number = first;
    for _ in 0..MOST_FOUND {
        if (step > 0 && number > last) || (step < 0 && number < last) {
            return Some(text);
        }
        text.push_str(&format!("{number}\n"));
        number = number.checked_add(step)?;
    }
    None
}

fn echo(words: &[&str]) -> String {
    let (end, words) = match words {
        ["-n", rest @ ..] => ("", rest),
        ["-e", rest @ ..] => ("\n", rest),
        words => ("\n", words),
    };
    // as dash does, without -e
    words.join(" ").replace("\\n", "\n").replace("\\t", "\t") + end
}

/// printf(1) with `%s`, `%d` and `%%`; the format is used until there are no more arguments.
fn printf(words: &[&str]) -> Option<String> {
    let (format, mut arguments) = words.split_first()?;
    let (format, rest) = if *format == "--" { arguments.split_first()? } else { (format, arguments) };
    arguments = rest;
    let mut text = String::new();
    loop {
        let before = arguments.len();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '%' => match letters.next()? {
                    '%' => text.push('%'),
                    's' | 'd' | 'i' | 'b' => {
                        if let Some((argument, rest)) = arguments.split_first() {
                            text.push_str(argument);
                            arguments = rest;
                        }
                    }
                    _ => return None,
                },
                '\\' => match letters.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    '\\' => text.push('\\'),
                    _ => return None,
                },
                letter => text.push(letter),
            }
        }
        if arguments.is_empty() || arguments.len() == before {
            return Some(text);
        }
    }
}
