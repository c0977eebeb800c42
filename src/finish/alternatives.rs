//! Alternatives: the links that `update-alternatives` would have made, in automatic mode.
//!
//! What is registered is read from the packages' postinst scripts; the links and the records below
//! `var/lib/dpkg/alternatives` are laid out as update-alternatives(1) documents them.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::Error;
use super::inside::{exists, is_sound, resolve};
use crate::arrange::Arrange as _;
use crate::deb::shell::Call;
use crate::tree::Tree;
use crate::tree::write::Generated;

/// Where `update-alternatives` keeps its records.
const RECORDS: &str = "var/lib/dpkg/alternatives";

/// One `--install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]…`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    link: String,
    name: String,
    path: String,
    priority: i64,
    slaves: Vec<Slave>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Slave {
    link: String,
    name: String,
    path: String,
}

/// Makes the links of all alternatives that the scripts register and the tree has. Returns the lines that could
/// not be read, with the package's name.
pub(super) fn apply(
    tree: &mut Tree,
    date: i64,
    calls: &[(String, Call)],
) -> Result<Vec<(String, String)>, Error> {
    let root = tree.root().to_owned();
    let mut groups: BTreeMap<String, Vec<Alternative>> = BTreeMap::new();
    let mut unread = Vec::new();
    for (package, call) in calls {
        match call {
            Call::Known(arguments) => match parse(arguments) {
                Some(alternative) if exists(&root, &alternative.path) => {
                    groups.entry(alternative.name.clone()).or_default().push(alternative);
                }
                _ => {}
            },
            Call::Unknown(line) => unread.push((package.clone(), line.clone())),
        }
    }
    if groups.is_empty() {
        return Ok(unread);
    }
    tree.create_directory(Path::new("etc/alternatives"))?;
    tree.create_directory(Path::new(RECORDS))?;
    let farm = Farm { root: &root, generated: Generated { date } };
    for (name, mut alternatives) in groups {
        // the highest priority; between equals, the first that was installed stays
        alternatives.arrange_by_key(|alternative| std::cmp::Reverse(alternative.priority));
        alternatives.dedup_by(|later, earlier| later.path == earlier.path);
        if let Some(best) = alternatives.first() {
            farm.install(&best.link, &name, &best.path)?;
            for slave in best.slaves.iter().filter(|slave| exists(&root, &slave.path)) {
                farm.install(&slave.link, &slave.name, &slave.path)?;
            }
            let path = root.join(RECORDS).join(&name);
            farm.generated
                .file(&path, record(&alternatives).as_bytes())
                .map_err(|source| Error::write(&path, source))?;
        }
    }
    Ok(unread)
}

fn parse(arguments: &[String]) -> Option<Alternative> {
    let start = arguments.iter().position(|argument| argument == "--install")?;
    let mut rest = arguments[start + 1..].iter().map(String::as_str);
    let mut alternative = Alternative {
        link: absolute(rest.next()?)?,
        name: file_name(rest.next()?)?,
        path: absolute(rest.next()?)?,
        priority: rest.next()?.parse().ok()?,
        slaves: Vec::new(),
    };
    while rest.next() == Some("--slave") {
        alternative.slaves.push(Slave {
            link: absolute(rest.next()?)?,
            name: file_name(rest.next()?)?,
            path: absolute(rest.next()?)?,
        });
    }
    Some(alternative)
}

/// A script is a package's word: what it names must stay in the tree.
fn absolute(path: &str) -> Option<String> {
    is_sound(path).then(|| path.to_owned())
}

fn file_name(name: &str) -> Option<String> {
    let sound = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\n', '\0']);
    sound.then(|| name.to_owned())
}

/// Where links are made.
struct Farm<'a> {
    root: &'a Path,
    generated: Generated,
}

impl Farm<'_> {
    /// `LINK -> /etc/alternatives/NAME -> PATH`; what a package ships at LINK stays.
    fn install(&self, link: &str, name: &str, path: &str) -> Result<(), Error> {
        let Some((folder, file)) = link.rsplit_once('/') else { return Ok(()) };
        let folder = if folder.is_empty() { "/" } else { folder };
        // a folder of manual pages, say, that no package ships
        let Some(folder) = resolve(self.root, folder)? else { return Ok(()) };
        self.link(path, &self.root.join("etc/alternatives").join(name))?;
        self.link(&format!("/etc/alternatives/{name}"), &self.root.join(folder).join(file))
    }

    fn link(&self, target: &str, path: &Path) -> Result<(), Error> {
        self.generated.link(target, path).map_err(|source| Error::write(path, source))
    }
}

/// The record that `update-alternatives --display` reads: mode, link, slaves, then each alternative.
fn record(alternatives: &[Alternative]) -> String {
    let mut slaves: BTreeMap<&str, &str> = BTreeMap::new();
    for slave in alternatives.iter().flat_map(|alternative| &alternative.slaves) {
        slaves.entry(&slave.name).or_insert(&slave.link);
    }
    let mut text = format!("auto\n{}\n", alternatives.first().map_or("", |best| &best.link));
    for (slave, link) in &slaves {
        text.push_str(&format!("{slave}\n{link}\n"));
    }
    text.push('\n');
    let mut sorted: Vec<&Alternative> = alternatives.iter().collect();
    sorted.arrange_by_key(|alternative| &alternative.path);
    for alternative in sorted {
        text.push_str(&format!("{}\n{}\n", alternative.path, alternative.priority));
        for slave in slaves.keys() {
            let path = alternative.slaves.iter().find(|own| own.name == *slave).map_or("", |own| &own.path);
            text.push_str(&format!("{path}\n"));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    fn tree(folder: &Path, files: &[&str]) -> Tree {
        let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
        for file in files {
            let path = Path::new(file);
            tree.create_directory(path.parent().unwrap()).unwrap();
            fs::write(tree.root().join(path), file).unwrap();
        }
        tree
    }

    fn calls(scripts: &[(&str, &str)]) -> Vec<(String, Call)> {
        let of = |(package, text): &(&str, &str)| {
            let calls = crate::deb::shell::calls(text, "update-alternatives");
            let package = (*package).to_owned();
            calls.into_iter().map(|call| (package.clone(), call)).collect::<Vec<_>>()
        };
        scripts.iter().flat_map(of).collect()
    }

    #[test]
    fn the_highest_priority_wins_and_the_record_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(folder.path(), &["usr/bin/vim.tiny", "usr/bin/nano", "usr/share/man/nano.1"]);
        let scripts = [
            ("vim-tiny", "update-alternatives --install /usr/bin/editor editor /usr/bin/vim.tiny 15"),
            (
                "nano",
                "update-alternatives --install /usr/bin/editor editor /usr/bin/nano 40 --slave \
                 /usr/share/man/editor.1 editor.1 /usr/share/man/nano.1",
            ),
            ("gone", "update-alternatives --install /usr/bin/editor editor /usr/bin/emacs 99"),
            ("odd", "update-alternatives --install /usr/bin/odd odd $(x) 1"),
        ];
        let unread = apply(&mut tree, 1, &calls(&scripts)).unwrap();
        assert_eq!(unread.len(), 1);
        let target = |path: &str| fs::read_link(tree.root().join(path)).unwrap();
        assert_eq!(target("usr/bin/editor"), Path::new("/etc/alternatives/editor"));
        assert_eq!(target("etc/alternatives/editor"), Path::new("/usr/bin/nano"));
        assert_eq!(target("etc/alternatives/editor.1"), Path::new("/usr/share/man/nano.1"));
        let record = fs::read_to_string(tree.root().join("var/lib/dpkg/alternatives/editor")).unwrap();
        assert_eq!(
            record,
            "auto\n/usr/bin/editor\neditor.1\n/usr/share/man/editor.1\n\n/usr/bin/nano\n40\n/usr/share/man/nano.1\n\
             /usr/bin/vim.tiny\n15\n\n\n"
        );
    }

    #[test]
    fn a_script_cannot_name_what_is_outside() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(folder.path(), &["usr/bin/x"]);
        let scripts = [
            ("a", "update-alternatives --install /usr/bin/../../../y y /usr/bin/x 1"),
            ("b", "update-alternatives --install /usr/bin/z ../z /usr/bin/x 1"),
            ("c", "update-alternatives --install y y /usr/bin/x 1"),
        ];
        apply(&mut tree, 1, &calls(&scripts)).unwrap();
        assert!(!tree.root().join("etc").exists());
    }
}
