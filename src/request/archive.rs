//! Requests that name a `.deb` by its place: a path of this machine, or a URL with the digest of what is there.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::path::normalise;
use super::problem::Problem;
use crate::digest::Sha256;
use crate::masking;

/// A `.deb` to be installed from where it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    /// The folder that it lies in, ending in `/`; may hold a user and a password.
    pub(crate) folder: Url,
    /// Its name there, without any escaping.
    pub(crate) file_name: String,
    /// What it must be. A path has no digest: what lies there is what is meant.
    pub(crate) sha256: Option<Sha256>,
}

// by hand: the URL may hold a password
impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("folder", &self.public_folder().as_str())
            .field("file_name", &self.file_name)
            .field("sha256", &self.sha256)
            .finish()
    }
}

impl Archive {
    /// The folder without user and password.
    pub(crate) fn public_folder(&self) -> Url {
        masking::public(&self.folder)
    }

    /// The archive that a request names, if it is of that kind; a relative path is one from `base`, which is
    /// absolute.
    pub(super) fn parse(text: &str, base: &Path) -> Result<Option<Self>, Problem> {
        if text.contains("://") || text.starts_with("file:/") {
            return Self::of_url(text).map(Some);
        }
        if text.starts_with('~') && text.contains('/') {
            return Err(Problem::Path("only a shell knows what '~' stands for"));
        }
        // apt, too, takes anything else for a name
        if ["/", "./", "../"].iter().any(|start| text.starts_with(start)) || matches!(text, "." | "..") {
            return Self::of_path(text, base).map(Some);
        }
        if !text.contains('=') && is_deb(Path::new(text)) {
            return Err(Problem::BareFile);
        }
        Ok(None)
    }

    fn of_path(text: &str, base: &Path) -> Result<Self, Problem> {
        let path: PathBuf = normalise(&base.join(text));
        let name = path.file_name().and_then(|name| name.to_str()).filter(|_| is_deb(&path));
        let folder = path.parent().and_then(|folder| Url::from_directory_path(folder).ok());
        match (name, folder) {
            (Some(name), Some(folder)) if !text.ends_with('/') => {
                Ok(Self { folder, file_name: name.to_owned(), sha256: None })
            }
            _ => Err(Problem::Path("it does not end in '.deb'")),
        }
    }

    fn of_url(text: &str) -> Result<Self, Problem> {
        let bad = |reason: &str| Problem::Url(reason.to_owned());
        let mut url = Url::parse(text).map_err(|error| Problem::Url(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "file") {
            return Err(bad("only the schemes http, https and file are supported"));
        }
        // it may be a secret, and would stand in the lock
        if url.query().is_some() {
            return Err(bad("a query ('?') is not supported"));
        }
        let digest = url.fragment().unwrap_or_default().to_owned();
        url.set_fragment(None);
        let name = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
        let name = percent_decode_str(name)
            .decode_utf8()
            .map_err(|_| bad("the name of the file is not UTF-8"))?
            .into_owned();
        if matches!(&*name, "" | "." | "..") || name.contains(|c: char| c == '/' || c.is_control()) {
            return Err(bad("it does not end in the name of a file"));
        }
        let folder = url.join(".").map_err(|error| Problem::Url(error.to_string()))?;
        match digest.strip_prefix("sha256=") {
            Some(hex) => match hex.parse() {
                Ok(sha256) => Ok(Self { folder, file_name: name, sha256: Some(sha256) }),
                Err(_) => Err(Problem::Digest("is not followed by 64 hexadecimal digits")),
            },
            None if digest.is_empty() => Err(Problem::NoDigest),
            None => Err(Problem::Digest("is missing after '#': no other digest is supported")),
        }
    }
}

fn is_deb(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "deb")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Result<Option<Archive>, Problem> {
        Archive::parse(text, Path::new("/work/here"))
    }

    /// Folder and name.
    fn place(text: &str) -> (String, String) {
        let archive = parse(text).unwrap().unwrap();
        (archive.folder.to_string(), archive.file_name)
    }

    #[test]
    fn a_path_is_one_from_the_base() {
        for (text, folder, name) in [
            ("./a_1_all.deb", "file:///work/here/", "a_1_all.deb"),
            ("../a.deb", "file:///work/", "a.deb"),
            ("/a.deb", "file:///", "a.deb"),
            ("/srv/a%20b/../c+d/x~1#2?.deb", "file:///srv/c+d/", "x~1#2?.deb"),
            ("./sub%20folder/ä.deb", "file:///work/here/sub%2520folder/", "ä.deb"),
        ] {
            assert_eq!(place(text), (folder.to_owned(), name.to_owned()), "{text}");
            assert_eq!(parse(text).unwrap().unwrap().sha256, None);
        }
    }

    #[test]
    fn a_url_needs_a_digest() {
        for (url, folder, name) in [
            ("https://mirror.example/x.deb", "https://mirror.example/", "x.deb"),
            (
                "http://mirror.example:81/a/b%20c/x%2b1%25.deb",
                "http://mirror.example:81/a/b%20c/",
                "x+1%.deb",
            ),
            ("file:///srv/x.deb", "file:///srv/", "x.deb"),
            ("file:/srv/x.deb", "file:///srv/", "x.deb"),
            ("https://mirror.example/download/17", "https://mirror.example/download/", "17"),
        ] {
            let text = format!("{url}#sha256={HEX}");
            assert_eq!(place(&text), (folder.to_owned(), name.to_owned()), "{text}");
            assert_eq!(parse(&text).unwrap().unwrap().sha256, Some(HEX.parse().unwrap()));
            assert_eq!(parse(url), Err(Problem::NoDigest), "{url}");
        }
        for fragment in ["sha256=", "sha256=00", "sha512=00", "md5=00", "main", HEX] {
            let result = parse(&format!("https://mirror.example/x.deb#{fragment}"));
            assert!(matches!(result, Err(Problem::Digest(_))), "{fragment}: {result:?}");
        }
    }

    #[test]
    fn what_cannot_be_fetched_or_written_into_a_lock_is_refused() {
        for url in [
            "ftp://mirror.example/x.deb",
            "https://mirror.example/x.deb?token=1",
            "https://mirror.example/",
            "https://mirror.example/a%2Fb.deb",
            "https://mirror.example/a%0ab.deb",
            "https://mirror.example/a%ff.deb",
            "https:///",
            "://",
        ] {
            let result = parse(&format!("{url}#sha256={HEX}"));
            assert!(matches!(result, Err(Problem::Url(_))), "{url}: {result:?}");
        }
        for path in
            ["/trixie", "./a.rpm", "./a.deb/", "./a.deb/trixie", ".", "..", "/", "~/a.deb", "~me/a.deb"]
        {
            assert!(matches!(parse(path), Err(Problem::Path(_))), "{path}");
        }
        assert_eq!(parse("a_1_all.deb"), Err(Problem::BareFile));
    }

    #[test]
    fn names_are_not_places() {
        for text in ["curl", "file:amd64", "curl/trixie", "curl=1.deb", "g++", "lib*", "~nfoo"] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let archive =
            parse(&format!("https://me:hunter2@mirror.example/a/x.deb#sha256={HEX}")).unwrap().unwrap();
        assert!(!format!("{archive:?}").contains("hunter2"));
        assert_eq!(archive.public_folder().as_str(), "https://mirror.example/a/");
    }
}
