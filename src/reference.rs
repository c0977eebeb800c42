//! Names of images in registries, as container tools write them: `registry.example:5000/team/tools:1.0@sha256:…`
//! (<https://github.com/distribution/reference>).

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::digest::Sha256;

/// Where images are that name no registry.
const DOCKER_HUB: &str = "docker.io";
/// What a name has without a tag.
const LATEST: &str = "latest";
/// Of all of a repository's name.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// A repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository {
    /// Host, and port where it is not that of https.
    pub(crate) registry: String,
    /// As the registry knows it: `team/tools`.
    pub(crate) name: String,
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Where.
    pub(crate) repository: Repository,
    /// What it is called there.
    pub(crate) tag: Option<String>,
    /// What it is.
    pub(crate) digest: Option<Sha256>,
}

impl Reference {
    /// What is behind `oci://`: the registry is always named.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (registry, rest) =
            text.split_once('/').ok_or_else(|| format!("'{text}' names no repository of a registry"))?;
        if !is_host(registry) {
            return Err(format!("'{registry}' is no HOST[:PORT]"));
        }
        Self::within(registry, rest)
    }

    /// As people name images: without a registry it is of Docker Hub.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn plain(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((first, _)) if first.contains(['.', ':', '[']) || first == "localhost" => Self::parse(text),
            Some(_) => Self::within(DOCKER_HUB, text),
            None => Self::within(DOCKER_HUB, &format!("library/{text}")),
        }
    }

    fn within(registry: &str, rest: &str) -> Result<Self, String> {
        let (rest, digest) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, digest)) => {
                let hex = digest.strip_prefix("sha256:").ok_or_else(|| {
                    format!("'{digest}' is no digest that is known here, which begin with sha256:")
                })?;
                (rest, Some(hex.parse::<Sha256>().map_err(|error| error.to_string())?))
            }
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if name.len() > LONGEST_NAME || !name.split('/').all(is_part) {
            return Err(format!(
                "'{name}' is no name of a repository: lower-case letters, digits and ._-/ are"
            ));
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(format!("'{tag}' is no tag: at most {LONGEST_TAG} letters, digits and ._- are"));
        }
        let repository = Repository { registry: registry.to_ascii_lowercase(), name: name.to_owned() };
        Ok(Self { repository, tag: tag.map(str::to_owned), digest })
    }

    /// The tag, or the one that is meant without.
    pub(crate) fn tag(&self) -> &str {
        self.tag.as_deref().unwrap_or(LATEST)
    }

    /// What a registry is asked for: the digest, where there is one.
    pub(crate) fn wanted(&self) -> String {
        self.digest.map_or_else(|| self.tag().to_owned(), |digest| format!("sha256:{digest}"))
    }

    /// The same image, as what it is and not as it is called.
    #[must_use]
    pub(crate) fn pinned(&self, digest: Sha256) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }
}

impl Repository {
    /// The host and port that are asked: Docker Hub's registry is called otherwise than its images.
    pub(crate) fn host(&self) -> &str {
        match self.registry.as_str() {
            DOCKER_HUB | "index.docker.io" => "registry-1.docker.io",
            other => other,
        }
    }
}

/// The scheme of what is in an image of a registry: a repository of packages, one layer a file.
pub(crate) const SCHEME: &str = "oci";

/// `oci://REGISTRY/REPOSITORY[:TAG]` as the URI of a source, always with a tag or digest: so that it can be told from the path of a
/// file behind it.
///
/// # Errors
/// Why it names no image.
pub(crate) fn of_source(uri: &Url) -> Result<Url, String> {
    let host = uri.host_str().unwrap_or_default();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    if !uri.username().is_empty() || uri.password().is_some() || uri.query().is_some() {
        return Err("a login for a registry is in a file of logins, which --registry-auth names".to_owned());
    }
    let image = Reference::parse(&format!("{host}{port}/{}", uri.path().trim_matches('/')))?;
    let mut uri = uri.clone();
    let tag = if image.digest.is_none() { format!(":{}", image.tag()) } else { String::new() };
    let named = Reference { tag: None, ..image.clone() };
    let path = match image.digest {
        Some(_) => format!("/{}", named.to_string().split_once('/').map_or("", |(_, path)| path)),
        None => format!("/{}{tag}", image.repository.name),
    };
    uri.set_path(&path);
    Ok(uri)
}

/// The image of such a URI, and the file in it.
pub(crate) fn file_in(url: &Url) -> Option<(Reference, String)> {
    let path = url.path().trim_start_matches('/');
    let mut end = 0;
    for part in path.split('/') {
        end += part.len();
        if part.contains([':', '@']) {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let image = Reference::parse(&format!("{}{port}/{}", url.host_str()?, &path[..end])).ok()?;
            let file = percent_decode_str(path[end..].trim_matches('/')).decode_utf8().ok()?;
            return Some((image, file.into_owned()));
        }
        end += 1;
    }
    None
}

/// Whether a host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address
        .map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

/// Without the port.
fn host_of(registry: &str) -> &str {
    match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => registry,
    }
}

/// `HOST[:PORT]`.
pub(crate) fn is_host(text: &str) -> bool {
    let host = host_of(text);
    let port = text[host.len()..].strip_prefix(':');
    let is_name = || {
        host.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
    };
    let is_address = || {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    port.is_none_or(|port| port.parse::<u16>().is_ok()) && (is_address() || is_name())
}

/// Letters and digits, joined by one dot, one or two underscores, or hyphens.
fn is_part(part: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let joins = part.split(is_alphanumeric).filter(|join| !join.is_empty());
    part.starts_with(is_alphanumeric)
        && part.ends_with(is_alphanumeric)
        && joins.into_iter().all(|join| matches!(join, "." | "_" | "__") || join.chars().all(|c| c == '-'))
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= LONGEST_TAG
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@sha256:{digest}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_are_read_as_container_tools_read_them() {
        for (text, registry, name, wanted) in [
            ("debian", "docker.io", "library/debian", "latest"),
            ("debian:12-slim", "docker.io", "library/debian", "12-slim"),
            ("team/tools", "docker.io", "team/tools", "latest"),
            ("registry.example/tools:1.0", "registry.example", "tools", "1.0"),
            ("localhost/a/b_c/d__e/f--g", "localhost", "a/b_c/d__e/f--g", "latest"),
            ("Registry.Example:5000/a", "registry.example:5000", "a", "latest"),
            ("[::1]:5000/a:b", "[::1]:5000", "a", "b"),
        ] {
            let reference = Reference::plain(text).unwrap();
            let Repository { registry: host, name: own } = &reference.repository;
            assert_eq!(
                (host.as_str(), own.as_str(), reference.wanted().as_str()),
                (registry, name, wanted),
                "{text}"
            );
        }
        let pinned = Reference::parse(&format!("host/a:1@{DIGEST}")).unwrap();
        assert_eq!((pinned.tag(), pinned.wanted().as_str()), ("1", DIGEST));
        assert_eq!(pinned.to_string(), format!("host/a:1@{DIGEST}"));
        assert_eq!(Reference::parse("tools/a").unwrap().repository.registry, "tools", "always a host");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "registry.example/",
            "registry.example/Tools",
            "registry.example/a//b",
            "registry.example/a..b",
            "registry.example/a___b",
            "registry.example/-a",
            "registry.example/../v2/a",
            "registry.example/a:",
            "registry.example/a:-1",
            "registry.example/a?x=1",
            "registry.example/a@sha512:00",
            "registry.example/a@sha256:00",
            "user:secret@registry.example/a",
            "registry.example:port/a",
            "-x.example/a",
            "a b.example/c",
        ] {
            assert!(Reference::plain(text).is_err() || Reference::parse(text).is_err(), "{text}");
        }
        assert!(Reference::parse("debian").is_err());
        let long = "a".repeat(129);
        assert!(Reference::plain(&format!("a:{long}")).is_err());
    }

    #[test]
    fn a_file_of_an_image_is_behind_its_tag() {
        let source = |text: &str| of_source(&Url::parse(text).unwrap());
        let file =
            |text: &str| file_in(&Url::parse(text).unwrap()).map(|(image, file)| format!("{image} {file}"));
        for (text, expected) in [
            ("oci://registry.example/team/debs", "oci://registry.example/team/debs:latest"),
            ("oci://registry.example:5000/debs:1/", "oci://registry.example:5000/debs:1"),
        ] {
            assert_eq!(source(text).unwrap().as_str(), expected);
        }
        let pinned = source(&format!("oci://registry.example/debs:1@{DIGEST}")).unwrap();
        assert_eq!(pinned.as_str(), format!("oci://registry.example/debs@{DIGEST}"));
        for bad in
            ["oci://registry.example/", "oci://u:p@registry.example/debs", "oci://h/Debs", "oci://h/a?b"]
        {
            assert!(source(bad).is_err(), "{bad}");
        }
        assert_eq!(
            file("oci://registry.example/team/debs:1/dists/stable/InRelease").as_deref(),
            Some("registry.example/team/debs:1 dists/stable/InRelease")
        );
        assert_eq!(file("oci://h:5000/a:1/x_1%253a2.deb").as_deref(), Some("h:5000/a:1 x_1%3a2.deb"));
        assert_eq!(file("oci://h/a/b"), None);
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for (host, is) in [
            ("localhost", true),
            ("a.localhost", true),
            ("127.0.0.9", true),
            ("[::1]", true),
            ("localhost.example", false),
            ("10.0.0.1", false),
            ("127.0.0.1.example", false),
        ] {
            assert_eq!(is_loopback(host), is, "{host}");
        }
    }
}
