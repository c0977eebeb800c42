//! A single `.deb` as a source of its own: what it says of itself becomes an index of one package.

use url::Url;

use super::index::{BadIndex, Part};
use super::list::join;
use super::loader::Loader;
use super::provenance::Provenance;
use crate::deb::{self, Control, Deb, paragraph};
use crate::digest::Sha256;
use crate::fetch::{self, Examined};
use crate::plan::PlanSource;
use crate::request;

/// How much of a file is kept for its control archive, in bytes; those of Debian are far smaller.
const LARGEST_CONTROL: usize = 16 << 20;
/// Fields that an index has and a control file has not (Debian wiki, `DebianRepository/Format`).
const OF_INDEX: [&str; 3] = ["Filename", "Size", "SHA256"];
/// The component of local files, for pins; apt has the same name for it.
const COMPONENT: &str = "local-deb";

/// An archive that was read, to be the last of the sources.
#[derive(Debug)]
pub(crate) struct Archived {
    /// `Package`
    pub(crate) name: String,
    /// Its index.
    pub(crate) part: Part,
    /// Where it is; its suite is one that no other source has.
    pub(crate) provenance: Provenance,
    /// What it is.
    pub(crate) sha256: Sha256,
}

/// Why an archive that was asked for cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be had, or is not the one that was asked for.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// It is no package, or a damaged one.
    #[error("{url}: {source}")]
    Deb {
        /// The archive.
        url: String,
        /// What is wrong with it.
        source: deb::Error,
    },
    /// Its control archive ends too late.
    #[error("{url}: its control archive does not end within the first {LARGEST_CONTROL} bytes")]
    Control {
        /// The archive.
        url: String,
    },
    /// Its control file is not what an index can hold.
    #[error("{url}: {source}")]
    Fields {
        /// The archive.
        url: String,
        /// What is wrong with it.
        source: BadIndex,
    },
    /// It is for other machines.
    #[error("{url}: the package is for architecture '{found}', this run installs for '{wanted}'")]
    Architecture {
        /// The archive.
        url: String,
        /// Its `Architecture`.
        found: String,
        /// The architecture of the run.
        wanted: String,
    },
    /// Two archives for one place in the tree.
    #[error("{first} and {second} are both asked for, and both are package '{name}'")]
    Twice {
        /// `Package` of both.
        name: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Fetch(fetch::Error::NotFound { .. } | fetch::Error::Read { .. }) => {
                "check the path or URL in the request, and that this user can read what is there"
            }
            Self::Fetch(error) if error.has_mismatch() => {
                "check who changed the file; if it is meant to be this one, correct the digest in the request"
            }
            Self::Fetch(error) => return error.hint(),
            Self::Deb { source: source @ deb::Error::Memory { .. }, .. } => return source.hint(),
            Self::Deb { .. } | Self::Control { .. } | Self::Fields { .. } => {
                "check that the file is a whole Debian binary package: dpkg-deb --info shows what it is"
            }
            Self::Architecture { found, .. } => {
                return Some(format!(
                    "ask for the package's file for this architecture, or use --arch {found}"
                ));
            }
            Self::Twice { .. } => "ask for one of them",
        };
        Some(hint.to_owned())
    }
}

/// Where an archive is, without user and password.
fn url_of(archive: &request::Archive) -> Url {
    join(&archive.public_folder(), &archive.file_name)
}

impl Loader {
    /// Reads an archive: all of it for its digest, and its control file once that digest is the right one.
    pub(crate) async fn archive(&self, archive: &request::Archive) -> Result<Archived, Error> {
        let url = url_of(archive);
        let examined = self.client.examine(&url, LARGEST_CONTROL).await?;
        if let Some(expected) = archive.sha256.filter(|expected| *expected != examined.sha256) {
            let problem = format!("SHA256 is {}, expected {expected}", examined.sha256);
            return Err(fetch::Error::Mismatch { url: url.to_string(), problem }.into());
        }
        self.accept(archive, url.as_str(), &examined)
    }

    fn accept(&self, archive: &request::Archive, url: &str, examined: &Examined) -> Result<Archived, Error> {
        let deb = Deb::open(examined.head.as_slice()).map_err(|source| match source {
            deb::Error::Corrupt { .. } | deb::Error::Header { .. } | deb::Error::Missing(_)
                if examined.size > examined.head.len() as u64 =>
            {
                Error::Control { url: url.to_owned() }
            }
            source => Error::Deb { url: url.to_owned(), source },
        })?;
        let control = deb.control();
        let found = control.field("Architecture").unwrap_or_default();
        let native = self.architectures.first().map_or("all", String::as_str);
        if !found.is_empty() && found != native && found != "all" {
            return Err(Error::Architecture {
                url: url.to_owned(),
                found: found.to_owned(),
                wanted: native.to_owned(),
            });
        }
        let stanza = stanza(control, &archive.file_name, examined);
        let part =
            Part::read(stanza.as_bytes()).map_err(|source| Error::Fields { url: url.to_owned(), source })?;
        if let Some(odd) = part.unusable() {
            let (package, reason) = (odd.package.clone(), odd.reason.clone());
            let source = BadIndex::Stanza { package, field: odd.field(), reason };
            return Err(Error::Fields { url: url.to_owned(), source });
        }
        Ok(Archived {
            name: control.field("Package").unwrap_or_default().to_owned(),
            part,
            provenance: provenance(archive, url),
            sha256: examined.sha256,
        })
    }
}

fn stanza(control: &Control, file_name: &str, examined: &Examined) -> String {
    let mut text = String::new();
    let own = |name: &str| OF_INDEX.iter().any(|field| field.eq_ignore_ascii_case(name));
    for (name, value) in paragraph::fields(&control.paragraph).filter(|(name, _)| !own(name)) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!("Filename: {file_name}\nSize: {}\nSHA256: {}\n", examined.size, examined.sha256));
    text
}

fn provenance(archive: &request::Archive, url: &str) -> Provenance {
    let folder = archive.public_folder();
    Provenance {
        site: folder.host_str().unwrap_or_default().to_owned(),
        suite: url.to_owned(),
        component: COMPONENT.to_owned(),
        source: PlanSource {
            id: url.to_owned(),
            uris: vec![folder.into()],
            suite: "./".to_owned(),
            ..PlanSource::default()
        },
        ..Provenance::default()
    }
}

/// Refuses two archives of one package; the same archive twice is once.
pub(crate) fn distinct(archives: Vec<Archived>) -> Result<Vec<Archived>, Error> {
    let mut distinct: Vec<Archived> = Vec::new();
    for archive in archives {
        match distinct.iter().find(|known| known.name == archive.name) {
            None => distinct.push(archive),
            Some(known) if known.provenance.source.id == archive.provenance.source.id => {}
            Some(known) => {
                return Err(Error::Twice {
                    first: known.provenance.source.id.clone(),
                    second: archive.provenance.source.id,
                    name: archive.name,
                });
            }
        }
    }
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;

    use super::*;
    use crate::deb::testing::{ar, file, tarball};
    use crate::error::{Class, Error as Any};
    use crate::fetch::{Client, ClientOptions};
    use crate::source::index::Index;
    use crate::source::keyring::{Keyring, KeyringFiles};

    const CONTROL: &str = "Package: tool\nVersion: 1:2-3\nArchitecture: all\nDepends: a,\n b (>= 1)\nfilename: /etc/passwd\n\
        Size: 1\nDescription: x\n long\n .\n end\n";

    fn package(control: &str) -> Vec<u8> {
        ar(&[("debian-binary", b"2.0\n"), ("control.tar", &tarball(&[file("./control", control)]))])
    }

    struct Folder {
        folder: tempfile::TempDir,
        loader: Loader,
    }

    impl Folder {
        fn new() -> Self {
            let loader = Loader {
                client: Client::new(ClientOptions::default()).unwrap(),
                keyring: Keyring::default(),
                keyring_files: KeyringFiles::default(),
                architectures: vec!["amd64".to_owned()],
                source_names: false,
                now: Timestamp::UNIX_EPOCH,
                kept: None,
            };
            Self { folder: tempfile::tempdir().unwrap(), loader }
        }

        async fn read(&self, bytes: &[u8], sha256: Option<Sha256>) -> Result<Archived, Error> {
            let file_name = "a %+~#1.deb".to_owned();
            std::fs::write(self.folder.path().join(&file_name), bytes).unwrap();
            let folder = Url::from_directory_path(self.folder.path()).unwrap();
            self.loader.archive(&request::Archive { folder, file_name, sha256 }).await
        }
    }

    #[tokio::test]
    async fn an_archive_is_an_index_of_one_package() {
        let folder = Folder::new();
        let deb = package(CONTROL);
        let digest = Sha256::of(&deb);
        let archived = folder.read(&deb, Some(digest)).await.unwrap();
        assert_eq!(archived.name, "tool");
        let source = archived.provenance.source.clone();
        let index = Index::new(vec![archived.part]);
        let tool = index.packages().next().unwrap();
        assert_eq!(
            (index.len(), tool.name(), tool.version(), tool.architecture()),
            (1, "tool", "1:2-3", "all")
        );
        assert_eq!((tool.filename(), tool.size()), ("a %+~#1.deb", deb.len() as u64));
        assert_eq!(tool.sha256(), Some(digest));
        let groups =
            tool.groups(crate::source::index::RelationField::Depends).map(|group| tool.show_group(group));
        assert_eq!(groups.collect::<Vec<_>>(), ["a", "b (>= 1)"]);
        // the plan finds it again
        assert!(archived.provenance.is_suite(&source.id));
        let uri = Url::parse(&source.uris[0]).unwrap();
        let path = join(&uri, tool.filename()).to_file_path().unwrap();
        assert_eq!(path, folder.folder.path().join("a %+~#1.deb"));
    }

    #[tokio::test]
    async fn nothing_is_read_from_what_is_not_what_was_asked_for() {
        let error = Folder::new().read(b"no archive at all", Some(Sha256::of(b"x"))).await.unwrap_err();
        assert!(matches!(&error, Error::Fetch(error) if error.has_mismatch()), "{error}");
        assert_eq!(Any::from(error).class(), Class::NotTrusted);
    }

    #[tokio::test]
    async fn what_is_no_package_for_this_machine_is_refused() {
        let folder = Folder::new();
        let large = vec![0; LARGEST_CONTROL];
        let late = ar(&[("debian-binary", b"2.0\n"), ("_large", &large), ("control.tar", b"")]);
        for (bytes, word, class) in [
            (b"Package: tool\n".to_vec(), "not a Debian package", Class::NotTrusted),
            (ar(&[("debian-binary", b"2.0\n")]), "no member control.tar", Class::NotTrusted),
            (late, "the first 16777216 bytes", Class::NotTrusted),
            (package("Package: tool\nArchitecture: all\n"), "bad Version", Class::NotTrusted),
            (package("Version: 1\nArchitecture: all\n"), "bad Package", Class::NotTrusted),
            (package("Package: tool\nVersion: 1\n"), "bad Architecture", Class::NotTrusted),
            (package(&CONTROL.replace("a,", "a [x],")), "bad Depends", Class::NotTrusted),
            (package(&CONTROL.replace("all", "arm64")), "for architecture 'arm64'", Class::NoSolution),
        ] {
            let error = folder.read(&bytes, None).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(word) && text.contains("a%20%25+~%231.deb"), "{text}");
            assert!(error.hint().is_some());
            assert_eq!(Any::from(error).class(), class, "{text}");
        }
    }

    #[tokio::test]
    async fn two_archives_of_one_package_are_refused() {
        let folder = Folder::new();
        let deb = package(CONTROL);
        let one = folder.read(&deb, None).await.unwrap();
        let again = folder.read(&deb, None).await.unwrap();
        let mut other = folder.read(&deb, None).await.unwrap();
        other.provenance.source.id = "file:///other.deb".to_owned();
        let one = distinct(vec![one, again]).unwrap();
        assert_eq!(one.len(), 1);
        let error = distinct(one.into_iter().chain([other]).collect()).unwrap_err().to_string();
        assert!(
            error.ends_with("and file:///other.deb are both asked for, and both are package 'tool'"),
            "{error}"
        );
    }
}
