//! A source: one suite of one repository, and where its files lie.

use std::path::PathBuf;

use url::Url;

use crate::source::index::Only;

/// One suite of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Source {
    /// Where it was written.
    pub origin: Location,
    /// Whether it is one of binary packages, `deb`.
    pub(crate) binary: bool,
    /// Base URIs, all serving the same files; at least one. What is to be looked up, a list of mirrors or a snapshot,
    /// has been once [`Loader::located`](crate::source::Loader::located) is done with it.
    pub uris: Vec<Url>,
    /// Base URIs of packages, where they are others.
    pub(crate) pools: Vec<Url>,
    /// The suite; ends in `/` for a flat repository.
    pub(crate) suite: String,
    /// The components; none for a flat repository, else at least one.
    pub components: Vec<String>,
    /// Which of its packages count.
    pub(crate) only: Only,
    /// The identifier of a snapshot of it, which is to be used in its stead.
    pub(crate) snapshot: Option<String>,
    /// The architectures to fetch; empty: the default ones.
    pub(crate) architectures: Vec<String>,
    /// Which keys may sign; `None`: any default key.
    pub(crate) signed_by: Option<SignedBy>,
    /// `Some(true)`: need not be signed; `Some(false)`: not trusted even when signed.
    pub(crate) trusted: Option<bool>,
    /// Whether `Valid-Until` of the Release counts. Without `check_date` it does not either, as in apt.
    pub(crate) check_valid_until: bool,
    /// Seconds after its `Date` for which the Release is valid at least.
    pub(crate) valid_until_min: Option<u64>,
    /// Seconds after its `Date` for which the Release is valid at most.
    pub(crate) valid_until_max: Option<u64>,
    /// Whether dates are compared with the clock.
    pub(crate) check_date: bool,
    /// Seconds that the Release may be dated in the future (apt's default: 10).
    pub(crate) date_max_future: u64,
    /// Whether indexes are fetched by their hash.
    pub(crate) by_hash: ByHash,
    /// Whether a repository without a signature is taken all the same, as untrusted.
    pub(crate) allow_insecure: bool,
    /// Path of `InRelease` below the suite, where it is not `InRelease`.
    pub(crate) inrelease_path: Option<String>,
}

/// The line at which something is written; lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub(crate) file: PathBuf,
    /// The line.
    pub line: usize,
}

/// `Signed-By` of sources.list(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// Keyring files, and fingerprints to which the keys are restricted; not both empty.
    Named {
        /// Paths; absolute, or resolved beside the source list.
        keyrings: Vec<PathBuf>,
        /// Upper-case hexadecimal digits, with `!` at the end if subkeys are excluded.
        fingerprints: Vec<String>,
    },
    /// The ASCII-armored key itself.
    Inline(String),
}

/// `By-Hash` of sources.list(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ByHash {
    /// If the Release says `Acquire-By-Hash: yes`.
    #[default]
    Yes,
    /// Never.
    No,
    /// Whatever the Release says.
    Force,
}

impl Source {
    /// Whether the repository has no `dists` and no components (a *flat* or *exact path* repository).
    pub fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }

    /// What messages and records call it: as it was written, but without credentials.
    pub(crate) fn name(&self) -> String {
        let uri = self.uris.first().map(without_login).unwrap_or_default();
        match &self.snapshot {
            Some(snapshot) => format!("{uri} {} (snapshot {snapshot})", self.suite),
            None => format!("{uri} {}", self.suite),
        }
    }

    /// Where `Release` lies, and what the paths in it are relative to; ends in `/`.
    pub fn release_dir(&self, uri: &Url) -> Url {
        let suite = self.suite.trim_matches('/');
        match (self.is_flat(), suite) {
            (true, "" | ".") => join(uri, ""),
            (true, _) => join(uri, &format!("{suite}/")),
            (false, _) => join(uri, &format!("dists/{suite}/")),
        }
    }

    /// All places where the Release may be: as `InRelease` and as `Release`, at each of the URIs.
    pub(crate) fn release_urls(&self) -> impl Iterator<Item = Url> + '_ {
        let inline = self.inrelease_path.as_deref().unwrap_or("InRelease");
        self.uris.iter().flat_map(move |uri| {
            let folder = self.release_dir(uri);
            [join(&folder, inline), join(&folder, "Release")]
        })
    }

    /// The files that its `Signed-By` names; none where that has the key itself.
    pub(crate) fn keyring_files(&self) -> &[PathBuf] {
        match &self.signed_by {
            Some(SignedBy::Named { keyrings, .. }) => keyrings,
            Some(SignedBy::Inline(_)) | None => &[],
        }
    }
}

fn without_login(uri: &Url) -> String {
    let mut uri = uri.clone();
    // these fail only for URIs that cannot have credentials
    let _ = uri.set_username("");
    let _ = uri.set_password(None);
    uri.set_query(None);
    uri.to_string()
}

/// The file `path` below `directory`, whether that ends in `/` or not. The path is taken as a name of a file, not
/// as a part of a URL: `%` in it is a percent sign. It must not have `..` in it.
///
/// As in apt (`pkgAcquire::URIEncode`), `+` and `~` are escaped, which they need not be: object stores read a plain `+` as a
/// space.
pub(crate) fn join(directory: &Url, path: &str) -> Url {
    let mut path = path.trim_start_matches('/').replace('%', "%25").replace('\\', "%5C");
    if matches!(directory.scheme(), "http" | "https") {
        path = path.replace('+', "%2B").replace('~', "%7E");
    }
    let mut url = directory.clone();
    url.set_path(&format!("{}/{path}", directory.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;
    use crate::source::list::{Variables, parse_file};

    fn one(line: &str) -> Source {
        let vars = Variables { architecture: "amd64".to_owned() };
        parse_file(Path::new("/etc/apt/a.list"), line, &vars).unwrap().remove(0)
    }

    #[test]
    fn directories_follow_the_repository_format() {
        for slash in ["", "/"] {
            let source = one(&format!("deb http://mirror.example/debian{slash} bookworm main"));
            let uri = &source.uris[0];
            assert_eq!(source.release_dir(uri).as_str(), "http://mirror.example/debian/dists/bookworm/");
        }
        for (suite, expected) in [("./", ""), ("/", ""), ("deb/$(ARCH)/", "deb/amd64/")] {
            let source = one(&format!("deb https://mirror.example/r {suite}"));
            let expected = format!("https://mirror.example/r/{expected}");
            assert_eq!(source.release_dir(&source.uris[0]).as_str(), expected);
        }
        let local = one("deb file:/srv/mirror stable main");
        assert_eq!(local.release_dir(&local.uris[0]).as_str(), "file:///srv/mirror/dists/stable/");
    }

    #[test]
    fn a_release_may_be_in_two_files_at_each_uri() {
        let mut source = one("deb http://mirror.example/debian bookworm main");
        source.uris.push("http://other.example/".parse().unwrap());
        let urls: Vec<String> = source.release_urls().map(String::from).collect();
        let expected = ["mirror.example/debian", "other.example"].map(|place| {
            ["InRelease", "Release"].map(|name| format!("http://{place}/dists/bookworm/{name}"))
        });
        assert_eq!(urls, expected.concat());
        source.inrelease_path = Some("by-date/InRelease".to_owned());
        let first = source.release_urls().next().unwrap();
        assert_eq!(first.as_str(), "http://mirror.example/debian/dists/bookworm/by-date/InRelease");
    }

    #[test]
    fn file_names_are_not_urls() {
        let base = Url::parse("http://mirror.example/debian?token=a").unwrap();
        let url = join(&base, "pool/main/l/lib c++/x_1%3a2:3~rc1+b1#?_all.deb");
        // but for `#` and `?`, what apt 2.6 sends
        assert_eq!(
            url.as_str(),
            "http://mirror.example/debian/pool/main/l/lib%20c%2B%2B/x_1%253a2:3%7Erc1%2Bb1%23%3F_all.deb?token=a"
        );
        let base = Url::parse("http://mirror.example/a+b~c").unwrap();
        assert_eq!(
            join(&base, "x").as_str(),
            "http://mirror.example/a+b~c/x",
            "a URI is sent as it was written"
        );
        let base = Url::parse("file:///srv/a+b").unwrap();
        assert_eq!(join(&base, "x+1~2").as_str(), "file:///srv/a+b/x+1~2");
    }
}
