//! What sysusers.d(5) and tmpfiles.d(5) share: where their files are, and how their lines read.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::Error;
use super::inside;

const LARGEST: u64 = 1 << 20;

/// The lines of the `*.conf` files of `NAME.d`, by the files' names, each with the file that it is in. A file in
/// `/etc` hides one of its name in `/usr`, and an empty one hides it altogether.
pub(super) fn lines(root: &Path, folder: &str) -> Result<Vec<(String, Vec<String>)>, Error> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for parent in ["/etc", "/usr/local/lib", "/usr/lib"] {
        let folder = format!("{parent}/{folder}");
        for path in inside::files_below(root, &folder, ".conf")? {
            let name = path.strip_prefix(&folder).and_then(|name| name.strip_prefix('/'));
            if let Some(name) = name.filter(|name| !name.contains('/')) {
                files.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    let mut lines = Vec::new();
    for path in files.into_values() {
        let bytes = inside::read(root, &path, LARGEST)?.unwrap_or_default();
        for line in String::from_utf8_lossy(&bytes).lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                lines.push((path.clone(), words(line)));
            }
        }
    }
    Ok(lines)
}

/// Splits a line at white space; quotes keep words together, a backslash keeps a character as it is.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            _ if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '\\' if quote != Some('\'') => word.get_or_insert_default().extend(letters.next()),
            _ if quote.is_none() && letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Field `number` of a line, from 0; `None` where it is missing or `-`.
pub(super) fn field(words: &[String], number: usize) -> Option<&str> {
    words.get(number).map(String::as_str).filter(|word| !matches!(*word, "" | "-"))
}

/// Resolves `%%`; `None` where there is another specifier, which depends on the machine.
pub(super) fn plain(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split("%%").collect();
    parts.iter().all(|part| !part.contains('%')).then(|| parts.join("%"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn a_file_in_etc_hides_its_namesake() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            ("usr/lib/x.d/b.conf", "one two\n\n# no\n"),
            ("usr/lib/x.d/a.conf", "first\n"),
            ("usr/lib/x.d/hidden.conf", "hidden\n"),
            ("usr/lib/x.d/no.txt", "no\n"),
            ("usr/lib/x.d/deeper/no.conf", "no\n"),
            ("etc/x.d/hidden.conf", ""),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        let expected = [
            ("/usr/lib/x.d/a.conf".to_owned(), vec!["first".to_owned()]),
            ("/usr/lib/x.d/b.conf".to_owned(), vec!["one".to_owned(), "two".to_owned()]),
        ];
        assert_eq!(lines(root, "x.d").unwrap(), expected);
    }

    #[test]
    fn splits_as_systemd_does() {
        assert_eq!(words("u x - \"A  b\" '' a\\ b \"it\\\"s\""), ["u", "x", "-", "A  b", "", "a b", "it\"s"]);
        assert_eq!(plain("100%% of %%").unwrap(), "100% of %");
        assert_eq!(plain("/run/%i"), None);
        assert_eq!(plain("%"), None);
    }
}
