//! What can go wrong in fetching, in words that a person reading a pod's log can act on.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;

use super::cause::{Cause, lacks};
use super::registry::Error as RegistryError;

/// A server that wants to be left alone for longer than this is given up at once.
pub(super) const LONGEST_ASKED: Duration = Duration::from_mins(2);

/// Why something could not be fetched. URLs are redacted: no credentials and no query string.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A scheme that aptlet does not speak.
    #[error("{url}: the scheme '{scheme}' is not supported")]
    Unsupported {
        /// The URL asked for.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// The network, the name service, TLS or a proxy stood in the way.
    #[error("{url}: {cause}{}{}", Through(.proxy), Tries(*.tries))]
    Unreachable {
        /// The URL asked for.
        url: String,
        /// The root of the failure.
        cause: Cause,
        /// The proxy that was asked, and the variable that names it.
        proxy: Option<String>,
        /// How often it was tried.
        tries: u32,
    },
    /// There is no such file: status 404 or 410, or a missing local file.
    #[error("{url}: {cause}")]
    NotFound {
        /// The URL asked for.
        url: String,
        /// How the server put it.
        cause: String,
    },
    /// Any other status that is no success.
    #[error("{url}: the server answered {status}{}{}", Asks(*.retry_after), Tries(*.tries))]
    Status {
        /// The URL asked for.
        url: String,
        /// The status.
        status: StatusCode,
        /// The server's `Retry-After` (RFC 9110, 10.2.3).
        retry_after: Option<Duration>,
        /// How often it was tried.
        tries: u32,
    },
    /// A redirect that is not followed.
    #[error("{url}: {problem}")]
    Redirect {
        /// The URL asked for.
        url: String,
        /// Why it is not followed.
        problem: String,
    },
    /// The document is larger than the caller accepts.
    #[error("{url}: the document is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The URL asked for.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The connection ended before the body did.
    #[error("{url}: the body ended after {received} of {size} bytes{}", Tries(*.tries))]
    Truncated {
        /// The URL asked for.
        url: String,
        /// Bytes received in all tries.
        received: u64,
        /// Bytes that were to come.
        size: u64,
        /// How often it was tried without a further byte.
        tries: u32,
    },
    /// The body comes too slowly.
    #[error("{url}: only {received} bytes came within {seconds} seconds{}", Tries(*.tries))]
    Slow {
        /// The URL asked for.
        url: String,
        /// Bytes received in that time.
        received: u64,
        /// The time.
        seconds: u64,
        /// How often it was tried.
        tries: u32,
    },
    /// The file became another one between two parts of it.
    #[error("{url}: the file changed on the server while it was read")]
    Changed {
        /// The URL asked for.
        url: String,
    },
    /// The file is complete, but not the one that the index or the lock promises.
    #[error("{url}: {problem}")]
    Mismatch {
        /// The URL asked for.
        url: String,
        /// What differs: the digest or the size.
        problem: String,
    },
    /// A local file, or a file of a mirror mounted as a volume, cannot be read.
    #[error("{url}: cannot be read: {source}")]
    Read {
        /// The URL asked for.
        url: String,
        /// What the system said.
        source: io::Error,
    },
    /// The downloaded bytes cannot be stored. This is about the destination, not about the mirror.
    #[error("cannot write what is downloaded from {url}: {source}")]
    Write {
        /// Where the bytes came from.
        url: String,
        /// What the system said.
        source: io::Error,
    },
    /// None of the URLs served the file.
    #[error("{what} cannot be fetched: {}", Listed(.attempts))]
    AllFailed {
        /// The name of the file.
        what: String,
        /// The error of every URL that was tried.
        attempts: Vec<Error>,
    },
    /// A file of credentials that is not in the format of `apt_auth.conf(5)`.
    #[error("{}:{line}:{column}: {problem}", .path.display())]
    BadAuth {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong; never quotes the file, which holds passwords.
        problem: &'static str,
    },
    /// A bundle of CA certificates that cannot be used.
    #[error("CA certificates {}: {problem}", .path.display())]
    BadCa {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A certificate to show to servers, or its key, that cannot be used.
    #[error("client certificate {}: {problem}", .path.display())]
    BadIdentity {
        /// The file.
        path: PathBuf,
        /// What is wrong; never quotes the file.
        problem: String,
    },
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR`, where https is spoken.
    #[error("the environment variable {variable} names no usable certificates: {problem}")]
    BadCaVariable {
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// An environment variable that does not name a usable proxy.
    #[error("the environment variable {variable} {problem}")]
    BadProxy {
        /// The variable.
        variable: &'static str,
        /// What is wrong; never quotes the value, which may hold a password.
        problem: String,
    },
    /// A registry that does not do what it was asked for.
    #[error(transparent)]
    Registry(Box<RegistryError>),
    /// The HTTP client could not be set up: a bug in aptlet.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        Self::Registry(Box::new(error))
    }
}

impl Error {
    /// Wraps a failure of the HTTP client.
    pub(super) fn network(
        url: String,
        error: &reqwest::Error,
        proxy: Option<String>,
        timeout: Duration,
    ) -> Self {
        Self::Unreachable { url, cause: Cause::of(error, timeout), proxy, tries: 1 }
    }

    /// Whether the server says that it is asked too much just now (RFC 6585, 4; RFC 9110, 15.6.4).
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Status { status, .. } if matches!(status.as_u16(), 429 | 503))
    }

    /// Whether the server said nothing, or next to nothing, for as long as it was listened to.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { cause: Cause::Timeout(_), .. } | Self::Slow { .. })
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { cause, .. } => cause.may_pass(),
            Self::Status { status, .. } => {
                matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            Self::Truncated { .. } | Self::Slow { .. } => true,
            _ => false,
        }
    }

    /// The same error, telling how often it was tried.
    pub(super) fn tried(mut self, times: u32) -> Self {
        if let Self::Unreachable { tries, .. }
        | Self::Status { tries, .. }
        | Self::Truncated { tries, .. }
        | Self::Slow { tries, .. } = &mut self
        {
            *tries = times;
        }
        self
    }

    /// Whether this, or any of its attempts, is a file that is not what was promised.
    pub(crate) fn has_mismatch(&self) -> bool {
        match self {
            Self::Mismatch { .. } => true,
            Self::AllFailed { attempts, .. } => attempts.iter().any(Self::has_mismatch),
            _ => false,
        }
    }

    /// Whether this process was given no socket or no memory for it.
    pub(crate) fn is_starved(&self) -> bool {
        match self {
            Self::Unreachable { cause: Cause::Starved(_), .. } => true,
            Self::AllFailed { attempts, .. } => attempts.iter().any(Self::is_starved),
            Self::Read { source, .. } | Self::Write { source, .. } => lacks(source),
            // of files, what the system said is kept as a text
            Self::BadCa { problem, .. } => problem.contains("(os error 24)"),
            _ => false,
        }
    }

    /// Whether the file is missing, and everything else went well: on every URL that was tried.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::AllFailed { attempts, .. } => {
                !attempts.is_empty() && attempts.iter().all(Self::is_not_found)
            }
            _ => false,
        }
    }

    /// Whether the server does not give the file out, in whatever words: an object store answers 403 for what it does not have. As
    /// in apt, what may be another answer a little later does not count.
    pub(crate) fn is_withheld(&self) -> bool {
        match self {
            Self::Status { status, .. } => status.is_client_error() && *status != 407 && !self.is_transient(),
            error => error.is_not_found(),
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unsupported { scheme, .. } => instead_of(scheme),
            Self::Unreachable { cause, proxy, .. } => cause.hint(proxy.is_some()),
            Self::NotFound { .. } => {
                "check the URI, suite and component of the source; where a lock names the file, the repository may have \
                 dropped that version: write the lock again (snapshot.debian.org has the old ones of Debian)"
            }
            Self::Status { status, .. } => match status.as_u16() {
                400 => {
                    "check the URI of the source, and that its scheme and port are those of the server: fetch the URL \
                     by hand"
                }
                401 => {
                    "give the credentials in auth.conf (apt_auth.conf(5)); an entry without a scheme is used \
                     for https only: write `machine http://HOST` for http"
                }
                403 => {
                    "check whether the file is there and may be read by all: an object store answers 403 for a file \
                     that it does not have; for a server that wants a login, give it in auth.conf (apt_auth.conf(5)), \
                     as `machine http://HOST` where it is for http"
                }
                407 => "put the user and password into the proxy's URL",
                429 | 503 => {
                    "wait longer with --patience, lower --connections, or add another mirror to the source's URIs"
                }
                500.. => "try again later or add another mirror to the source's URIs",
                _ => "fetch the URL by hand to see what the server says, or use another mirror",
            },
            Self::Redirect { .. } => "use the URL that the server redirects to, or another mirror",
            Self::Truncated { .. } => {
                "check for a proxy that limits the size of files, or add another mirror"
            }
            Self::Slow { .. } => "add another mirror to the source's URIs, or lower --min-speed",
            Self::Changed { .. } => "try again: the mirror is being updated",
            Self::Mismatch { .. } => {
                "use another mirror: a proxy, or a mirror in the middle of an update, may have changed the file; where a lock \
                 names it, the repository may have built it anew under the same version: write the lock again"
            }
            Self::AllFailed { attempts, .. } => return attempts.iter().find_map(Self::hint),
            Self::Registry(error) => return Some(error.hint()),
            Self::BadAuth { .. } => "write each entry as `machine HOST[/PATH] login USER password PASSWORD`",
            Self::BadCa { .. } => "give a file of PEM certificates (-----BEGIN CERTIFICATE-----)",
            Self::BadIdentity { .. } => {
                "give a PEM certificate and its key without a passphrase, such as tls.crt and tls.key of a Secret"
            }
            Self::BadCaVariable { .. } => {
                "unset it, or let it name what is there: the certificates of public mirrors are built in"
            }
            Self::BadProxy { .. } => {
                "write the proxy as http://HOST:PORT, with USER:PASSWORD@ before the host where it wants a login; or DIRECT for \
                 none"
            }
            Self::TooLarge { .. } => "check the URI of the source: what answers there is no repository",
            Self::Read { .. } => "check that it is a regular file, and readable for this user",
            Self::Write { .. } | Self::Setup(_) => return None,
        };
        Some(hint.to_owned())
    }
}

fn instead_of(scheme: &str) -> &'static str {
    match scheme {
        "ftp" => "use the http or https address of the mirror",
        "cdrom" => "mount the medium and use file:/PATH",
        "tor" | "tor+http" | "tor+https" => {
            "use http or https, and set all_proxy=socks5h://HOST:9050 to go through Tor"
        }
        _ if scheme.starts_with("mirror") => "list the mirrors themselves in the source's URIs",
        _ => "use http, https or file",
    }
}

struct Tries(u32);

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            tries => write!(f, " ({tries} tries)"),
        }
    }
}

struct Through<'a>(&'a Option<String>);

impl fmt::Display for Through<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |proxy| write!(f, ", through {proxy}"))
    }
}

struct Asks(Option<Duration>);

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(asked) if asked > LONGEST_ASKED => {
                write!(f, " and wants to be left alone for {} seconds", asked.as_secs())
            }
            _ => Ok(()),
        }
    }
}

struct Listed<'a>(&'a [Error]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("there is no URL to try");
        }
        for (number, error) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_attempt_on_one_line() {
        let unreachable = Error::Unreachable {
            url: "http://a.example/x".to_owned(),
            cause: Cause::Refused,
            proxy: None,
            tries: 4,
        };
        let mismatch = Error::Mismatch { url: "http://b.example/x".to_owned(), problem: "wrong".to_owned() };
        let error = Error::AllFailed { what: "x".to_owned(), attempts: vec![unreachable, mismatch] };
        assert_eq!(
            error.to_string(),
            "x cannot be fetched: http://a.example/x: connection refused (4 tries); http://b.example/x: wrong"
        );
        assert!(error.has_mismatch());
        assert!(!error.is_not_found());
    }
}
