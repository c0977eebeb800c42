//! One hostile archive, and what must become of it.

use crate::support::deb::{Compression, DebBuilder, TarEntry, ar, sha256, tar};
use crate::support::stage::Outcome;

pub(crate) const BLOCK: usize = 512;

/// A package with what the index says of it.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    control: String,
    pub(crate) bytes: Vec<u8>,
}

/// What must become of a case.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// This exit code, and these words in the message.
    Refused(i32, &'static [&'static str]),
    /// Installed, as by dpkg.
    Installed,
    /// Installed, whatever dpkg would make of it.
    Harmless,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Also that of the package.
    pub(crate) name: String,
    builder: DebBuilder,
    bytes: Vec<u8>,
    /// What is installed before it.
    others: Vec<Package>,
    pub(crate) flags: Vec<&'static str>,
    pub(crate) expected: Expected,
}

impl Package {
    fn new(builder: &DebBuilder, bytes: Vec<u8>) -> Self {
        Self { control: builder.control(), bytes }
    }

    /// The stanza of the index.
    pub(crate) fn stanza(&self, path: &str) -> String {
        let (size, hash) = (self.bytes.len(), sha256(&self.bytes));
        format!("{}Filename: {path}\nSize: {size}\nSHA256: {hash}\n", self.control)
    }
}

impl Case {
    fn new(name: &str, words: &'static [&'static str]) -> Self {
        let builder = builder(name);
        let expected = Expected::Refused(5, words);
        let bytes = builder.build();
        Self { name: name.to_owned(), builder, bytes, others: Vec::new(), flags: Vec::new(), expected }
    }

    /// A package with these entries of data.
    pub(crate) fn entries(name: &str, entries: &[TarEntry], words: &'static [&'static str]) -> Self {
        Self::data(name, tar(entries), words)
    }

    /// A package with this data.tar.
    pub(crate) fn data(name: &str, archive: Vec<u8>, words: &'static [&'static str]) -> Self {
        Self::compressed(name, Compression::None, archive, words)
    }

    /// A package with this member for its data, compressed already.
    pub(crate) fn compressed(
        name: &str,
        compression: Compression,
        data: Vec<u8>,
        words: &'static [&'static str],
    ) -> Self {
        Self::members(name, words, |members| {
            members[2] = (format!("data.tar{}", compression.extension()), data);
        })
    }

    /// A package of which the members are changed.
    pub(crate) fn members(
        name: &str,
        words: &'static [&'static str],
        change: impl FnOnce(&mut Vec<(String, Vec<u8>)>),
    ) -> Self {
        Self::raw(name, words, |builder| {
            let mut members = builder.members();
            change(&mut members);
            ar(&members)
        })
    }

    /// A package of which these are the bytes.
    pub(crate) fn raw(
        name: &str,
        words: &'static [&'static str],
        bytes: impl FnOnce(&DebBuilder) -> Vec<u8>,
    ) -> Self {
        let mut case = Self::new(name, words);
        case.bytes = bytes(&case.builder);
        case
    }

    /// A package as it is built, with other control information.
    pub(crate) fn built(
        name: &str,
        words: &'static [&'static str],
        change: impl FnOnce(DebBuilder) -> DebBuilder,
    ) -> Self {
        let mut case = Self::new(name, words);
        case.builder = change(case.builder);
        case.bytes = case.builder.build();
        case
    }

    /// Depends on a package of the name `before-NAME`.
    pub(crate) fn after(mut self, entries: &[TarEntry]) -> Self {
        // merging is by name
        let first = builder(&format!("a-{}", self.name));
        let mut members = first.members();
        members[2].1 = tar(entries);
        self.others.push(Package::new(&first, ar(&members)));
        let depends = format!("a-{}", self.name);
        self.builder = self.builder.field("Depends", &depends);
        self
    }

    /// What the index declares, in KiB.
    pub(crate) fn declares(mut self, kib: u64) -> Self {
        self.builder = self.builder.field("Installed-Size", &kib.to_string());
        self
    }

    pub(crate) fn flags(mut self, flags: &[&'static str]) -> Self {
        self.flags = flags.to_vec();
        self
    }

    pub(crate) fn exits(mut self, code: i32) -> Self {
        if let Expected::Refused(expected, _) = &mut self.expected {
            *expected = code;
        }
        self
    }

    /// Installed, but not by dpkg for comparison: it would run the scripts, and follow links out of its root.
    pub(crate) fn harmless(mut self) -> Self {
        self.expected = Expected::Harmless;
        self
    }

    /// Harmless, as dpkg also sees it.
    pub(crate) fn installed(mut self) -> Self {
        self.expected = Expected::Installed;
        self
    }

    /// In the order of installation.
    pub(crate) fn packages(&self) -> Vec<Package> {
        let own = Package::new(&self.builder, self.bytes.clone());
        self.others.iter().cloned().chain([own]).collect()
    }
}

impl Expected {
    /// What is not as it should be.
    pub(crate) fn misses(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        let (code, words) = match self {
            Self::Installed | Self::Harmless => (0, &[][..]),
            Self::Refused(code, words) => (*code, *words),
        };
        if outcome.code != Some(code) {
            wrong.push(format!("exit code {:?} instead of {code}", outcome.code));
        }
        let message = outcome.last_word().lines().next().unwrap_or_default();
        for word in words {
            if !message.contains(word) {
                wrong.push(format!("'{word}' is missing in the message"));
            }
        }
        if code != 0 {
            let lines = outcome.last_word().trim_end().lines().count();
            let hinted = outcome.last_word().contains("\n hint: ");
            if lines != 2 || !hinted || message.contains(char::is_control) || message.len() > 1000 {
                wrong.push(format!("not one line with a hint, but {lines}"));
            }
        }
        if outcome.stderr.contains("panicked") {
            wrong.push("a panic".to_owned());
        }
        wrong
    }
}

fn builder(name: &str) -> DebBuilder {
    DebBuilder::new(name, "1").compression(Compression::None)
}

/// Changes a header of an archive and sets its checksum right.
pub(crate) fn patched(mut archive: Vec<u8>, at: usize, field: usize, value: &[u8]) -> Vec<u8> {
    let header: &mut [u8] = &mut archive[at..at + BLOCK];
    header[field..field + value.len()].copy_from_slice(value);
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive
}
