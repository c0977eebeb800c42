//! The default word list and dictionary of ispell, which dictionaries-common's programs link: `/usr/share/dict/words` and
//! `/usr/lib/ispell/default.hash` are reached through `/etc/dictionaries-common`.

use crate::arrange::Arrange as _;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};

const LARGEST: u64 = 1 << 20;
const LINKS: &str = "/etc/dictionaries-common";

/// A kind of dictionaries, as dictionaries-common has them.
struct Class {
    /// Where each package says what it has.
    records: &'static str,
    /// Where its files are, and what the names of these end in.
    folder: &'static str,
    suffixes: &'static [&'static str],
    /// What the default is called.
    link: &'static str,
    /// What remembers it.
    default: &'static str,
}

const CLASSES: [Class; 2] = [
    Class {
        records: "/var/lib/dictionaries-common/wordlist",
        folder: "/usr/share/dict",
        suffixes: &[""],
        link: "words",
        default: "/etc/dictionaries-common/wordlist-default",
    },
    Class {
        records: "/var/lib/dictionaries-common/ispell",
        folder: "/usr/lib/ispell",
        suffixes: &[".hash", ".aff"],
        link: "default",
        default: "/etc/dictionaries-common/default.ispell",
    },
];

/// Links the default of each class, where the tree has dictionaries-common: the first by its language's name, where
/// debconf would ask; one for American English comes first, as it does there.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<(), Error> {
    let root = inside.root();
    if !exists(&root, LINKS) {
        return Ok(());
    }
    for class in &CLASSES {
        let mut all = Vec::new();
        for path in inside::files_in(&root, class.records, "")? {
            let text = inside::read(&root, &path, LARGEST)?.unwrap_or_default();
            all.extend(entries(&String::from_utf8_lossy(&text)));
        }
        all.retain(|(_, name)| exists(&root, &format!("{}/{name}{}", class.folder, class.suffixes[0])));
        all.arrange_by_key(|(language, _)| (!language.starts_with("american"), language.to_lowercase()));
        let Some((language, name)) = all.first() else { continue };
        for suffix in class.suffixes {
            let target = format!("{}/{name}{suffix}", class.folder);
            inside.link(&target, &format!("{LINKS}/{}{suffix}", class.link))?;
            inside.link(
                &format!("{LINKS}/{}{suffix}", class.link),
                &format!("{}/{}{suffix}", class.folder, class.link),
            )?;
        }
        inside.file(class.default, language.as_bytes())?;
    }
    Ok(())
}

/// The languages of a record, each with its files' name.
fn entries(text: &str) -> Vec<(String, String)> {
    let field = |entry: &str, key: &str| {
        let lines = entry.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    let entry = |entry: &str| Some((field(entry, "Language")?, field(entry, "Hash-Name")?));
    let sound = |(_, name): &(String, String)| !name.is_empty() && !name.contains(['/', '\0']);
    text.split("\n\n").filter_map(entry).filter(sound).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn one_list_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        for (path, text) in [
            ("etc/dictionaries-common/.keep", ""),
            ("usr/share/dict/american-english", "word\n"),
            ("usr/share/dict/bokmaal", "ord\n"),
            (
                "var/lib/dictionaries-common/wordlist/wamerican",
                "Language: american (American English)\nHash-Name: american-english\n",
            ),
            (
                "var/lib/dictionaries-common/wordlist/wnorwegian",
                "\nLanguage: Bokmal\nHash-Name: bokmaal\n\nLanguage: up\nHash-Name: ../up\n",
            ),
        ] {
            tree.create_directory(Path::new(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        apply(&mut Inside::new(&mut tree, 1)).unwrap();
        assert_eq!(
            fs::read_link(root.join("etc/dictionaries-common/words")).unwrap(),
            Path::new("/usr/share/dict/american-english")
        );
        assert_eq!(
            fs::read_link(root.join("usr/share/dict/words")).unwrap(),
            Path::new("/etc/dictionaries-common/words")
        );
        assert_eq!(
            fs::read_to_string(root.join("etc/dictionaries-common/wordlist-default")).unwrap(),
            "american (American English)"
        );
        assert!(!root.join("usr/lib/ispell").exists());
    }
}
