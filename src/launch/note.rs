//! What is told of commands that lack something, and of libraries for programs that are not the tree's.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::lacking::Lack;

/// So many names are shown.
const MOST: usize = 10;

/// What is told of a command, of a program that commands start, or of a library. Serialised, a note has its variant as `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Note {
    /// A command looks for files in the main image, though the tree has them.
    LooksInImage {
        /// Its name.
        command: String,
        /// Where the tree is seen.
        prefix: String,
        /// The paths that it looks for.
        files: Vec<String>,
    },
    /// A program of the main image is started, though the tree has one.
    StartsFromImage {
        /// Its path, or its name where it is found by PATH.
        program: String,
        /// Where the tree is seen.
        prefix: String,
        /// The commands that start it.
        commands: Vec<String>,
    },
    /// A library is newer than the image's own, whose place it takes.
    NewerLibrary {
        /// What programs load it by.
        soname: String,
        /// The package that has it in the tree.
        package: String,
        /// Its version there.
        version: String,
        /// And in the image.
        image: String,
    },
    /// Nothing is known of the image, whose own programs can load the libraries if its C library is new enough.
    NeedsLibc {
        /// How many there are.
        libraries: usize,
        /// The release of glibc that they need.
        libc: String,
        /// One that needs it.
        library: String,
    },
    /// The image has no C library, so no program of its own loads any.
    NoLibc {
        /// How many libraries there are.
        libraries: usize,
    },
    /// A library needs another that neither the tree nor the image is known to have.
    NoLibrary {
        /// What it is loaded by.
        soname: String,
        /// The one that needs it.
        library: String,
    },
    /// The base has commands of the names of some that are exposed.
    AlsoInBase {
        /// Their names.
        commands: Vec<String>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LooksInImage { command, prefix, files } => {
                write!(f, "{command}: at {prefix} it looks in the main image for {}", files.join(", "))
            }
            Self::StartsFromImage { program, prefix, commands } => {
                write!(f, "{program}: at {prefix} the main image's is started by {}", commands.join(", "))
            }
            Self::NewerLibrary { soname, package, version, image } => {
                write!(
                    f,
                    "{soname}: the image's own programs load that of {package} {version} instead of their {image}"
                )
            }
            Self::NeedsLibc { libraries, libc, library } => {
                let libraries = counted_libraries(*libraries);
                write!(
                    f,
                    "the image's own programs can load {libraries} of the tree if the image has glibc {libc} or newer, which \
                     {library} needs; --image-libc has that checked"
                )
            }
            Self::NoLibc { libraries } => {
                let libraries = counted_libraries(*libraries);
                write!(
                    f,
                    "the image has no C library, so no program of its own loads the {libraries} of the tree"
                )
            }
            Self::NoLibrary { soname, library } => {
                write!(
                    f,
                    "{library}: it needs {soname}, which neither the tree nor, as far as is known, the image has"
                )
            }
            Self::AlsoInBase { commands } => {
                let more = match commands.len().saturating_sub(MOST) {
                    0 => String::new(),
                    count => format!(" and {count} more"),
                };
                let shown = commands[..commands.len().min(MOST)].join(", ");
                write!(
                    f,
                    "the base has {shown}{more} of its own: where commands/ is mounted at the front of PATH the packages' is \
                     found, with bin/ last on PATH the base's"
                )
            }
        }
    }
}

fn counted_libraries(count: usize) -> String {
    if count == 1 { "1 library".to_owned() } else { format!("{count} libraries") }
}

/// One note for each command that looks for files, and one for each program, however many commands start it.
pub(crate) fn notes(lacking: &BTreeMap<String, Lack>, prefix: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut starters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (command, lack) in lacking {
        if !lack.files.is_empty() {
            notes.push(Note::LooksInImage {
                command: command.clone(),
                prefix: prefix.to_owned(),
                files: lack.files.iter().cloned().collect(),
            });
        }
        for program in &lack.programs {
            starters.entry(program).or_default().push(command.clone());
        }
    }
    notes.extend(starters.into_iter().map(|(program, commands)| Note::StartsFromImage {
        program: program.to_owned(),
        prefix: prefix.to_owned(),
        commands,
    }));
    notes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn commands_that_look_for_files_come_first() {
        let lack = |files: &[&str], programs: &[&str]| Lack {
            files: files.iter().map(|file| (*file).to_owned()).collect::<BTreeSet<_>>(),
            programs: programs.iter().map(|program| (*program).to_owned()).collect(),
        };
        let lacking = BTreeMap::from([
            ("by-name".to_owned(), lack(&["/etc", "/etc/perl"], &["/bin/sh"])),
            ("go".to_owned(), lack(&["its dynamic linker"], &[])),
            ("other".to_owned(), lack(&[], &["/usr/bin/ksh"])),
            ("perl".to_owned(), lack(&["/etc", "/etc/perl"], &["/bin/sh"])),
        ]);
        let notes = notes(&lacking, "/opt/t");
        assert_eq!(
            notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "by-name: at /opt/t it looks in the main image for /etc, /etc/perl",
                "go: at /opt/t it looks in the main image for its dynamic linker",
                "perl: at /opt/t it looks in the main image for /etc, /etc/perl",
                "/bin/sh: at /opt/t the main image's is started by by-name, perl",
                "/usr/bin/ksh: at /opt/t the main image's is started by other",
            ]
        );
        let names = |count: usize| (1..=count).map(|number| format!("c{number}")).collect();
        let also = |count: usize| Note::AlsoInBase { commands: names(count) }.to_string();
        assert!(also(2).starts_with("the base has c1, c2 of its own: "), "{}", also(2));
        assert!(
            also(12).starts_with("the base has c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 and 2 more of"),
            "{}",
            also(12)
        );
        let text = serde_json::to_string(&notes[3]).unwrap();
        let expected = r#"{"kind":"starts-from-image","program":"/bin/sh","prefix":"/opt/t","commands":["by-name","perl"]}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Note>(&text).unwrap(), notes[3]);
    }
}
