//! Where a source is that does not say it itself: in a list of mirrors (apt-transport-mirror(1)), or in a snapshot service
//! (`Snapshot` of sources.list(5)).

use std::io::Read as _;

use url::Url;

use super::Error;
use super::left_out::LeftOut;
use super::list::Source;
use super::loader::Loader;
use crate::arrange::Arrange as _;
use crate::compression::Compression;
use crate::fetch::Answer;

/// apt takes no longer list either.
const LARGEST_LIST: u64 = 1 << 20;
/// Schemes of mirrors that a list from the network may name: what is local is nothing to it.
const REMOTE: [&str; 2] = ["http", "https"];

/// The services that keep snapshots, as apt knows them: by the host of the mirror, or the end of its name.
const SERVICES_BY_HOST: [(&str, &str); 6] = [
    ("archive.ubuntu.com", "https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/"),
    (".archive.ubuntu.com", "https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/"),
    ("security.ubuntu.com", "https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/"),
    ("ftp.debian.org", "https://snapshot.debian.org/archive/@PATH@/@SNAPSHOTID@/"),
    ("ppa.launchpadcontent.net", "https://snapshot.ppa.launchpadcontent.net/@PATH@/@SNAPSHOTID@/"),
    ("ppa.launchpad.net", "https://snapshot.ppa.launchpadcontent.net/@PATH@/@SNAPSHOTID@/"),
];
const OF_DEBIAN: &str = "https://snapshot.debian.org/archive/debian/@SNAPSHOTID@/";
const OF_DEBIAN_SECURITY: &str = "https://snapshot.debian.org/archive/debian-security/@SNAPSHOTID@/";
const OF_UBUNTU: &str = "https://snapshot.ubuntu.com/ubuntu/@SNAPSHOTID@/";

impl Loader {
    /// The sources with the URIs of their mirrors or snapshots; and those of which these are not to be had.
    pub(crate) async fn located(&self, sources: Vec<Source>) -> (Vec<Source>, Vec<LeftOut>) {
        let (mut found, mut left_out) = (Vec::new(), Vec::new());
        for source in sources {
            let is_list = source.uris.iter().any(|uri| list_of(uri).is_some());
            if !is_list && source.snapshot.is_none() {
                found.push(source);
                continue;
            }
            match self.locate(source.clone()).await {
                Ok(source) => found.push(source),
                Err(error) => left_out.push(LeftOut::source(&source, error)),
            }
        }
        (found, left_out)
    }

    async fn locate(&self, mut source: Source) -> Result<Source, Error> {
        if let Some(id) = source.snapshot.clone() {
            let mut uris = Vec::new();
            for uri in &source.uris {
                uris.push(self.snapshot(&source, uri, &id).await?);
            }
            uris.dedup();
            source.uris = uris;
            return Ok(source);
        }
        let (mut uris, mut pools) = (Vec::new(), Vec::new());
        for uri in &source.uris {
            let Some(list) = list_of(uri) else {
                uris.push(uri.clone());
                pools.push(uri.clone());
                continue;
            };
            let text = self.mirror_list(&list).await?;
            let mirrors = mirrors(&text, list.scheme(), &source, &self.architectures);
            let serving = |kind: &str| -> Vec<Url> {
                let serving = mirrors.iter().filter(|mirror| mirror.serves("type", kind));
                serving.map(|mirror| mirror.uri.clone()).collect()
            };
            let (indexes, packages) = (serving("index"), serving("deb"));
            if indexes.is_empty() || packages.is_empty() {
                return Err(Error::NoMirrors { url: list.to_string(), source_name: source.name() });
            }
            uris.extend(indexes);
            pools.extend(packages);
        }
        source.pools = if pools == uris { Vec::new() } else { pools };
        source.uris = uris;
        Ok(source)
    }

    async fn mirror_list(&self, list: &Url) -> Result<String, Error> {
        let bytes = match self.client.get(list, LARGEST_LIST, None).await? {
            Answer::Document(document) => document.bytes,
            // nothing conditional was asked
            Answer::NotModified => Vec::new(),
        };
        let extension = list.path().rsplit_once('.').map_or("", |(_, extension)| extension);
        let Some(compression) =
            Compression::of_extension(extension).filter(|kind| *kind != Compression::None)
        else {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        };
        let mut text = Vec::new();
        let unreadable =
            |error: std::io::Error| Error::BadMirrorList { url: list.to_string(), source: error };
        let decoder = compression.decoder(bytes.as_slice()).map_err(unreadable)?;
        decoder.take(LARGEST_LIST).read_to_end(&mut text).map_err(unreadable)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Where the snapshot `id` of what is at `uri` is: by its host, or by what its Release says of itself.
    async fn snapshot(&self, source: &Source, uri: &Url, id: &str) -> Result<Url, Error> {
        let template = match by_host(uri.host_str().unwrap_or_default()) {
            Some(template) => template.to_owned(),
            None => {
                let released = self.release_from(source, uri).await?;
                let release = &released.release;
                match (release.label.as_str(), release.snapshots.as_str(), release.origin.as_str()) {
                    ("Debian-Security", ..) => OF_DEBIAN_SECURITY.to_owned(),
                    (_, own, _) if !matches!(own, "" | "no") => own.to_owned(),
                    (_, "", "Debian") => OF_DEBIAN.to_owned(),
                    (_, "", "Ubuntu") => OF_UBUNTU.to_owned(),
                    _ => return Err(Error::NoSnapshots { source_name: source.name() }),
                }
            }
        };
        let path = uri.path().trim_matches('/');
        let place = template.replace("@SNAPSHOTID@", id).replace("@PATH@", path);
        let remote = |url: &Url| REMOTE.contains(&url.scheme());
        let url = Url::parse(&place).ok().filter(remote);
        url.ok_or_else(|| Error::NoSnapshots { source_name: source.name() })
    }
}

/// The list that `mirror:` and `mirror+SCHEME:` stand for.
pub(crate) fn list_of(uri: &Url) -> Option<Url> {
    let rest = &uri.as_str()[uri.scheme().len()..];
    let scheme = match uri.scheme() {
        "mirror" => "http",
        scheme => scheme.strip_prefix("mirror+")?,
    };
    let mut list = Url::parse(&format!("{scheme}{rest}")).ok()?;
    // the URI of a repository may end in a slash, and that of a file does not
    let path = list.path().trim_end_matches('/').to_owned();
    list.set_path(&path);
    Some(list)
}

fn by_host(host: &str) -> Option<&'static str> {
    // a.b.c, .b.c, .c
    let mut levels =
        std::iter::successors(Some(host), |host| host.get(1..)?.find('.').map(|dot| &host[dot + 1..]));
    levels.find_map(|level| {
        SERVICES_BY_HOST.iter().find(|(known, _)| *known == level).map(|(_, service)| *service)
    })
}

/// A line of a list.
struct Mirror {
    uri: Url,
    /// The least comes first.
    priority: u64,
    /// What it is restricted to: `arch:amd64`.
    tags: Vec<(String, String)>,
}

impl Mirror {
    /// Whether it serves what has that `value`: it does unless it names others only.
    fn serves(&self, key: &str, value: &str) -> bool {
        let mut named = self.tags.iter().filter(|(own, _)| own == key).peekable();
        named.peek().is_none() || named.any(|(_, own)| own == value)
    }
}

/// The mirrors of a list that serve all of a source, in the order in which they are to be tried: apt's own is random among
/// those of one priority, and here it is that of the list, so that two runs do the same.
fn mirrors(text: &str, scheme: &str, source: &Source, architectures: &[String]) -> Vec<Mirror> {
    let mut mirrors: Vec<Mirror> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| mirror(line, scheme))
        .filter(|mirror| {
            let all = |key: &str, values: &[String]| values.iter().all(|value| mirror.serves(key, value));
            mirror.serves("release", &source.suite)
                && all("arch", architectures)
                && all("component", &source.components)
        })
        .collect();
    mirrors.arrange_by_key(|mirror| mirror.priority);
    mirrors
}

fn mirror(line: &str, scheme: &str) -> Option<Mirror> {
    let (uri, metadata) = line.trim_end().split_once('\t').unwrap_or((line.trim_end(), ""));
    let mut uri = Url::parse(uri).ok()?;
    let local = matches!(uri.scheme(), "file" | "copy") && !REMOTE.contains(&scheme);
    if !local && !REMOTE.contains(&uri.scheme()) {
        tracing::debug!("the mirror {uri} of the list is passed over");
        return None;
    }
    // what is in a lock or a message is read by others, and logins have a file of their own
    let _ = uri.set_username("");
    let _ = uri.set_password(None);
    let tags = metadata.split_whitespace().filter_map(|tag| tag.split_once(':'));
    // a source names its suite in either way
    let key = |key| if matches!(key, "suite" | "codename") { "release" } else { key };
    let tags: Vec<(String, String)> =
        tags.map(|(name, value)| (key(name).to_owned(), value.to_owned())).collect();
    let priority = tags.iter().find(|(key, _)| key == "priority").and_then(|(_, value)| value.parse().ok());
    Some(Mirror { uri, priority: priority.unwrap_or(u64::MAX), tags })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;
    use crate::source::list::{Variables, parse_file};

    fn source(line: &str) -> Source {
        let vars = Variables { architecture: "amd64".to_owned() };
        parse_file(Path::new("a.list"), line, &vars).unwrap().remove(0)
    }

    fn tried(text: &str, scheme: &str, kind: &str) -> Vec<String> {
        let source = source("deb mirror+file:/m s main contrib");
        let mirrors = mirrors(text, scheme, &source, &["amd64".to_owned()]);
        let serving = mirrors.iter().filter(|mirror| mirror.serves("type", kind));
        serving.map(|mirror| mirror.uri.to_string()).collect()
    }

    #[test]
    fn the_list_is_where_the_uri_says() {
        for (uri, list) in [
            ("mirror+file:/etc/apt/mirrors.txt", Some("file:///etc/apt/mirrors.txt")),
            ("mirror+file:///etc/apt/mirrors.txt/", Some("file:///etc/apt/mirrors.txt")),
            ("mirror+https://h/list", Some("https://h/list")),
            ("mirror://h/list", Some("http://h/list")),
            ("http://h/list", None),
        ] {
            assert_eq!(list_of(&uri.parse().unwrap()).map(String::from).as_deref(), list, "{uri}");
        }
    }

    #[test]
    fn mirrors_come_by_their_priority_and_for_what_they_serve() {
        let text = "# ours\n\nhttp://last.example/d\nfile:/srv/d\tpriority:1 type:index\n\
            http://part.example/d\tpriority:2 arch:amd64 arch:all type:deb\nhttp://arm.example/d\tarch:arm64\n\
            http://other.example/d\tsuite:t\nhttp://own.example/d\tcodename:s component:main component:contrib\n\
            http://main.example/d\tcomponent:main\ntor+http://x.example/\nnonsense\n";
        let (last, own) = ("http://last.example/d", "http://own.example/d");
        assert_eq!(tried(text, "file", "index"), ["file:///srv/d", last, own]);
        assert_eq!(tried(text, "file", "deb"), ["http://part.example/d", last, own]);
        assert_eq!(tried(text, "https", "index"), [last, own], "a list from elsewhere names nothing local");
    }

    #[test]
    fn the_services_of_snapshots_are_known_by_host() {
        for (host, service) in [
            ("ftp.debian.org", Some("https://snapshot.debian.org/archive/@PATH@/@SNAPSHOTID@/")),
            ("archive.ubuntu.com", Some("https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/")),
            ("de.archive.ubuntu.com", Some("https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/")),
            ("a.b.archive.ubuntu.com", Some("https://snapshot.ubuntu.com/@PATH@/@SNAPSHOTID@/")),
            ("x.ftp.debian.org", None),
            ("mirror.example", None),
            ("", None),
        ] {
            assert_eq!(by_host(host), service, "{host}");
        }
    }
}
