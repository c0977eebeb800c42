//! Credentials in the format of `apt_auth.conf(5)`, which is that of netrc with schemes, ports and paths.

use std::fmt;
use std::path::Path;

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::Error;

/// One `machine` entry, or the login of a source.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As written before `://`; without it the entry is for `https` only.
    scheme: Option<String>,
    host: String,
    /// Without it the entry is for every port.
    port: Option<u16>,
    /// Begins with `/`, or is empty for the whole host.
    path: String,
    login: String,
    password: String,
    /// The query of a source's URI, such as `token=…`.
    query: Option<String>,
    /// Whether it is that of a source, which may have none at all.
    of_source: bool,
}

impl Entry {
    /// The user, password and query in the URI of a source, for all that is below it, and for nothing else. One without any is
    /// of use, too: it keeps those of other sources away.
    pub(crate) fn of_uri(url: &Url) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Self {
            scheme: Some(url.scheme().to_owned()),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            path: url.path().trim_end_matches('/').to_owned(),
            login: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
            query: url.query().filter(|query| !query.is_empty()).map(str::to_owned),
            of_source: true,
        }
    }

    /// Whether these credentials are meant for `url`.
    ///
    /// The path of an entry of auth.conf is compared as apt does, by its beginning alone: `/deb` is for `/debian` as well. That
    /// of a source's URI is a folder.
    pub(crate) fn matches(&self, url: &Url) -> bool {
        let below = |rest: &str| !self.of_source || rest.is_empty() || rest.starts_with('/');
        url.scheme() == self.scheme.as_deref().unwrap_or("https")
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
            && (self.port.is_none() || self.port == url.port_or_known_default())
            && url.path().strip_prefix(&*self.path).is_some_and(below)
    }

    /// User and password, if it has them.
    pub(super) fn basic(&self) -> Option<(&str, &str)> {
        let has_login = !self.login.is_empty() || !self.password.is_empty();
        has_login.then_some((&self.login, &self.password))
    }

    fn has_any(&self) -> bool {
        self.basic().is_some() || self.query.is_some()
    }

    /// The URL with the query that belongs to it, unless it has one of its own.
    pub(super) fn completed(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if url.query().is_none() {
            url.set_query(self.query.as_deref());
        }
        url
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The entry for `url`: what the URI of its source has, which is the one with the longest path; else the first of auth.conf, as
/// apt takes it.
pub(super) fn find<'a>(entries: &'a [Entry], url: &Url) -> Option<&'a Entry> {
    let matching = || entries.iter().filter(|entry| entry.matches(url));
    let of_source =
        matching().filter(|entry| entry.of_source).max_by_key(|entry| (entry.path.len(), entry.has_any()));
    let own = of_source.filter(|entry| entry.has_any());
    own.or_else(|| matching().find(|entry| !entry.of_source))
}

/// Reads a file of credentials; `origin` is its path, for messages.
///
/// Unlike apt, which skips them, this refuses tokens other than `machine`, `login` and `password`: a
/// misspelt one would otherwise show up as a puzzling 401.
///
/// # Errors
/// [`Error::BadAuth`] with line and column.
pub(crate) fn parse(text: &str, origin: &Path) -> Result<Vec<Entry>, Error> {
    let bad = |token: &Token, problem| Error::BadAuth {
        path: origin.to_owned(),
        line: token.line,
        column: token.column,
        problem,
    };
    let complete = |machine: Option<&Token>, entries: &[Entry]| match (machine, entries.last()) {
        (Some(token), Some(entry)) if entry.login.is_empty() && entry.password.is_empty() => {
            Err(bad(token, "this machine has neither login nor password"))
        }
        _ => Ok(()),
    };
    let tokens = tokens(text);
    let mut tokens = tokens.iter().peekable();
    let mut entries: Vec<Entry> = Vec::new();
    let mut machine = None;
    while let Some(keyword) = tokens.next() {
        // only here: a password may begin with '#'
        if keyword.text.starts_with('#') {
            while tokens.next_if(|token| token.line == keyword.line).is_some() {}
            continue;
        }
        let mut value = |missing| tokens.next().ok_or_else(|| bad(keyword, missing));
        match keyword.text {
            "machine" => {
                complete(machine, &entries)?;
                let name = value("machine has no host after it")?;
                entries.push(machine_entry(name.text).map_err(|problem| bad(name, problem))?);
                machine = Some(keyword);
            }
            "login" => {
                let login = value("login has no name after it")?;
                let entry = entries.last_mut().ok_or_else(|| bad(keyword, "login before any machine"))?;
                login.text.clone_into(&mut entry.login);
            }
            "password" => {
                let password = value("password has nothing after it")?;
                let entry = entries.last_mut().ok_or_else(|| bad(keyword, "password before any machine"))?;
                password.text.clone_into(&mut entry.password);
            }
            _ => return Err(bad(keyword, "machine, login or password is expected here")),
        }
    }
    complete(machine, &entries)?;
    Ok(entries)
}

fn machine_entry(text: &str) -> Result<Entry, &'static str> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, text),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        // the last colon of a bare IPv6 address is no port's
        Some((host, port)) if !port.ends_with(']') => {
            (host, Some(port.parse().map_err(|_| "the port is not a number from 0 to 65535")?))
        }
        _ => (authority, None),
    };
    if host.is_empty() {
        return Err("machine has no host");
    }
    Ok(Entry {
        scheme,
        host: host.to_owned(),
        port,
        path: path.to_owned(),
        login: String::new(),
        password: String::new(),
        query: None,
        of_source: false,
    })
}

struct Token<'a> {
    text: &'a str,
    line: usize,
    column: usize,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        let mut column = 1;
        loop {
            let word = rest.trim_start();
            column += rest[..rest.len() - word.len()].chars().count();
            if word.is_empty() {
                break;
            }
            let (text, after) = word.split_at(word.find(char::is_whitespace).unwrap_or(word.len()));
            tokens.push(Token { text, line: number + 1, column });
            column += text.chars().count();
            rest = after;
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Vec<Entry>, String> {
        parse(text, Path::new("auth.conf")).map_err(|error| error.to_string())
    }

    fn login(entries: &[Entry], url: &str) -> Option<String> {
        find(entries, &Url::parse(url).unwrap()).map(|entry| format!("{}:{}", entry.login, entry.password))
    }

    #[test]
    fn reads_entries_on_one_line_and_on_many() {
        let entries = read(
            "# the team's mirror\nmachine mirror.example/debian login apt password #1\n\n\
             machine http://[2001:db8::1]:8080\n\tlogin bob # not a secret\n\tpassword secret\n",
        )
        .unwrap();
        assert_eq!(login(&entries, "https://mirror.example/debian/x").as_deref(), Some("apt:#1"));
        assert_eq!(login(&entries, "http://[2001:db8::1]:8080/x").as_deref(), Some("bob:secret"));
        assert!(!format!("{entries:?}").contains("secret"));
    }

    #[test]
    fn matches_scheme_host_port_and_path() {
        let entries = read(
            "machine mirror.example/deb login a password a machine mirror.example login b password b\n\
             machine http://plain.example login c password c machine port.example:443 login d password d",
        )
        .unwrap();
        assert_eq!(login(&entries, "https://mirror.example/debian/").as_deref(), Some("a:a"));
        assert_eq!(login(&entries, "https://MIRROR.example:8443/ubuntu").as_deref(), Some("b:b"));
        assert_eq!(login(&entries, "http://mirror.example/debian/"), None, "https only without a scheme");
        assert_eq!(login(&entries, "https://x.mirror.example/"), None);
        assert_eq!(login(&entries, "http://plain.example/x").as_deref(), Some("c:c"));
        assert_eq!(login(&entries, "https://plain.example/x"), None);
        assert_eq!(login(&entries, "https://port.example/x").as_deref(), Some("d:d"));
        assert_eq!(login(&entries, "https://port.example:8443/x"), None);
    }

    #[test]
    fn what_a_uri_has_is_for_its_own_source_alone() {
        let mut entries = read("machine http://h login conf password conf").unwrap();
        for uri in [
            "http://u:p@h/team",
            "http://h/team/public/",
            "http://h/other?token=x",
            "https://v:q@h/",
            "http://w:r@i:81/a/",
        ] {
            entries.push(Entry::of_uri(&Url::parse(uri).unwrap()));
        }
        for (url, expected) in [
            ("http://h/team/dists/x", Some("u:p")),
            ("http://h/team", Some("u:p")),
            ("http://h/team-public/x", Some("conf:conf")),
            ("http://h/team/public/dists/x", Some("conf:conf")),
            ("http://h/team/publicity/x", Some("u:p")),
            ("https://h/team/x", Some("v:q")),
            ("http://i:81/a/x", Some("w:r")),
            ("http://i:81/ab/x", None),
            ("http://i/a/x", None),
        ] {
            assert_eq!(login(&entries, url).as_deref(), expected, "{url}");
        }
        let url = Url::parse("http://h/other/pool/a%2Bb.deb").unwrap();
        let entry = find(&entries, &url).unwrap();
        assert_eq!(entry.completed(&url).as_str(), "http://h/other/pool/a%2Bb.deb?token=x");
        assert_eq!(entry.basic(), None, "a query takes the place of a login");
        assert!(!format!("{entries:?}").contains("token=x"));
    }

    #[test]
    fn names_the_place_of_a_mistake_but_never_a_secret() {
        for (text, message) in [
            (
                "machine a.example\nlogin b passwd c",
                "auth.conf:2:9: machine, login or password is expected here",
            ),
            ("machine a.example login b password two words", "auth.conf:1:40: machine, login or password is"),
            ("\n login b password c", "auth.conf:2:2: login before any machine"),
            ("machine", "auth.conf:1:1: machine has no host after it"),
            ("machine a.example login", "auth.conf:1:19: login has no name after it"),
            (
                "machine a.example # none\nmachine b.example login c",
                "auth.conf:1:1: this machine has neither",
            ),
            ("machine a.example:http login b", "auth.conf:1:9: the port is not a number"),
            ("machine https:///debian login b", "auth.conf:1:9: machine has no host"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn an_empty_file_has_no_entries() {
        assert_eq!(read("# nothing\n\n"), Ok(Vec::new()));
    }
}
