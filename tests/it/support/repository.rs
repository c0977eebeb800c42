//! Builds Debian repositories in memory, as a map from path to bytes that a server or a folder can hold.
//! The layout is that of <https://wiki.debian.org/DebianRepository/Format>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;

use super::deb::{Compression, DebBuilder, set_field, sha256, stanza};
use super::signing::SigningKey;

/// Files to serve, by their path below the repository's URI.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Which signatures are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// `InRelease` alone.
    Inline,
    /// `Release` and `Release.gpg`.
    Detached,
    /// All three files, as Debian's mirrors.
    Both,
    /// `Release` alone.
    Not,
}

/// One suite in the making. By default it is for amd64, offers `Packages.xz`, by-hash, and all signatures.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    suite: String,
    stanzas: Vec<Stanza>,
    files: Files,
    architectures: Vec<String>,
    compressions: Vec<Compression>,
    by_hash: bool,
    signed: Signed,
    fields: Vec<(String, String)>,
    contents: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Stanza {
    component: String,
    architecture: String,
    text: String,
}

impl Repository {
    /// A suite such as `stable`. As for apt, one that ends in `/` (`./`) is a flat repository.
    pub(crate) fn new(suite: &str) -> Self {
        let date = "2024-06-01T00:00:00Z".parse().unwrap();
        let repository = Self {
            suite: suite.to_owned(),
            stanzas: Vec::new(),
            files: Files::new(),
            architectures: vec!["amd64".to_owned()],
            compressions: vec![Compression::Xz],
            by_hash: true,
            signed: Signed::Both,
            fields: Vec::new(),
            contents: BTreeMap::new(),
        };
        let repository = repository.release_field("Origin", "aptlet").release_field("Label", "aptlet");
        if repository.is_flat() {
            return repository.date(date);
        }
        repository.release_field("Suite", suite).release_field("Codename", suite).date(date)
    }

    /// Adds a package to the pool and to the index. A flat repository has no use for the component.
    pub(crate) fn add(mut self, component: &str, deb: &DebBuilder) -> Self {
        let folder = if self.is_flat() {
            self.root()
        } else {
            let name = deb.value("Package");
            format!("pool/{component}/{}/{name}/", name.get(..1).unwrap_or("_"))
        };
        let path = folder + &deb.file_name();
        let data = deb.build();
        let size = data.len();
        let text = format!("{}Filename: {path}\nSize: {size}\nSHA256: {}\n", deb.control(), sha256(&data));
        self.files.insert(path, data);
        self.add_stanza(component, &text)
    }

    /// Adds a stanza to the index and nothing to the pool.
    pub(crate) fn add_stanza(mut self, component: &str, text: &str) -> Self {
        let architecture = text.lines().find_map(|line| line.strip_prefix("Architecture:"));
        self.stanzas.push(Stanza {
            component: component.to_owned(),
            architecture: architecture.unwrap_or("all").trim().to_owned(),
            text: text.trim_end().to_owned() + "\n",
        });
        self
    }

    /// The index of the files in packages, at a path below that of `Release` such as `main/Contents-amd64`.
    pub(crate) fn contents(mut self, path: &str, text: &str) -> Self {
        self.contents.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The architectures that have an index. With `all` among them, packages for `all` are in that index alone;
    /// otherwise in each (see `No-Support-for-Architecture-all` of the repository format).
    pub(crate) fn architectures(mut self, architectures: &[&str]) -> Self {
        self.architectures = architectures.iter().map(|&architecture| architecture.to_owned()).collect();
        self
    }

    /// The forms in which `Packages` is served; the uncompressed one is in `Release` in any case.
    pub(crate) fn compressions(mut self, compressions: &[Compression]) -> Self {
        self.compressions = compressions.to_vec();
        self
    }

    /// Whether indexes are also served, and announced, under `by-hash/SHA256/`.
    pub(crate) fn by_hash(mut self, by_hash: bool) -> Self {
        self.by_hash = by_hash;
        self
    }

    pub(crate) fn signed(mut self, signed: Signed) -> Self {
        self.signed = signed;
        self
    }

    pub(crate) fn date(self, date: Timestamp) -> Self {
        self.release_field("Date", &release_time(date))
    }

    pub(crate) fn valid_until(self, end: Timestamp) -> Self {
        self.release_field("Valid-Until", &release_time(end))
    }

    /// Sets a field of `Release`, generated ones (`Components`, `SHA256` …) included.
    pub(crate) fn release_field(mut self, name: &str, value: &str) -> Self {
        set_field(&mut self.fields, name, value);
        self
    }

    /// The text of `Release`.
    pub(crate) fn release(&self) -> String {
        let mut hashes = String::new();
        for (path, _, data) in self.indexes() {
            write!(hashes, "\n {} {} {path}", sha256(&data), data.len()).unwrap();
        }
        let mut fields = self.fields.clone();
        let mut generate = |name: &str, value: &str| {
            if self.fields.iter().all(|(known, _)| known != name) {
                set_field(&mut fields, name, value);
            }
        };
        if self.by_hash {
            generate("Acquire-By-Hash", "yes");
        }
        generate("Architectures", &self.architectures.join(" "));
        if !self.is_flat() {
            generate("Components", &self.components().join(" "));
        }
        generate("SHA256", &hashes);
        stanza(&fields)
    }

    /// All files to serve.
    pub(crate) fn build(&self, key: &SigningKey) -> Files {
        self.build_with_release(&self.release(), key)
    }

    /// As [`build`](Self::build), with another text of `Release`, rightly signed.
    pub(crate) fn build_with_release(&self, release: &str, key: &SigningKey) -> Files {
        let root = self.root();
        let mut files = self.files.clone();
        for (path, compression, data) in self.indexes() {
            if !self.compressions.contains(&compression) {
                continue;
            }
            if self.by_hash {
                let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
                files.insert(format!("{root}{folder}by-hash/SHA256/{}", sha256(&data)), data.clone());
            }
            files.insert(format!("{root}{path}"), data);
        }
        if matches!(self.signed, Signed::Inline | Signed::Both) {
            files.insert(format!("{root}InRelease"), key.clearsign(release).into_bytes());
        }
        if matches!(self.signed, Signed::Detached | Signed::Both) {
            files.insert(format!("{root}Release.gpg"), key.detach_sign(release).into_bytes());
        }
        if self.signed != Signed::Inline {
            files.insert(format!("{root}Release"), release.as_bytes().to_vec());
        }
        files
    }

    fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }

    /// The folder of `Release`, with its slash.
    fn root(&self) -> String {
        match self.suite.as_str() {
            "/" | "./" => String::new(),
            suite if self.is_flat() => suite.to_owned(),
            suite => format!("dists/{suite}/"),
        }
    }

    fn components(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.stanzas.iter().map(|stanza| stanza.component.as_str()).collect();
        if names.is_empty() { vec!["main"] } else { names.into_iter().collect() }
    }

    /// Every index in every form that is served, and uncompressed; paths are below that of `Release`.
    fn indexes(&self) -> Vec<(String, Compression, Vec<u8>)> {
        let mut texts = Vec::new();
        if self.is_flat() {
            texts.push(("Packages".to_owned(), self.packages(|_| true)));
        } else {
            for component in self.components() {
                for architecture in &self.architectures {
                    let separate = self.architectures.iter().any(|known| known == "all");
                    let text = self.packages(|stanza| {
                        let here = stanza.architecture == *architecture;
                        stanza.component == component && (here || (stanza.architecture == "all" && !separate))
                    });
                    texts.push((format!("{component}/binary-{architecture}/Packages"), text));
                }
            }
        }
        texts.extend(self.contents.clone());
        let forms: BTreeSet<Compression> =
            self.compressions.iter().copied().chain([Compression::None]).collect();
        let mut indexes = Vec::new();
        for (path, text) in texts {
            indexes.extend(forms.iter().map(|&form| {
                let path = format!("{path}{}", form.extension());
                (path, form, form.compress(text.as_bytes()))
            }));
        }
        indexes
    }

    fn packages(&self, wanted: impl Fn(&Stanza) -> bool) -> String {
        let texts: Vec<&str> =
            self.stanzas.iter().filter(|stanza| wanted(stanza)).map(|stanza| stanza.text.as_str()).collect();
        texts.join("\n")
    }
}

fn release_time(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}
