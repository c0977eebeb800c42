//! Why a connection failed: the root of what the HTTP client and TLS report, in words of our own.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// The root of a failure on the network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Nobody listens there (yet).
    #[error("connection refused")]
    Refused,
    /// No address for the name.
    #[error("the name does not resolve ({0})")]
    Unresolved(String),
    /// Not one byte for so long.
    #[error("nothing arrived for {} seconds", .0.as_secs_f32())]
    Timeout(Duration),
    /// The other side, or something between, broke the connection.
    #[error("the connection was reset")]
    Reset,
    /// The other side closed the connection too early.
    #[error("the server closed the connection early")]
    Closed,
    /// The certificate of the server was refused.
    #[error("certificate is not trusted: {0}")]
    Certificate(String),
    /// TLS did not come about.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The server wants to know who asks, and nobody is said to.
    #[error("the server asks for a client certificate, and none is given")]
    Anonymous,
    /// What answers does not speak HTTP, or something in between garbles it.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
    /// The system gives this process no more sockets, or no memory.
    #[error("{0}")]
    Starved(String),
    /// Anything else, in the words of the libraries below.
    #[error("{0}")]
    Other(String),
}

impl Cause {
    /// The cause of a failure of the HTTP client, which waited no longer than `timeout`.
    pub(super) fn of(error: &reqwest::Error, timeout: Duration) -> Self {
        // before the walk: a timeout or a failed look-up has an I/O error of no telling below it
        if error.is_timeout() {
            return Self::Timeout(timeout);
        }
        let chain = || std::iter::successors(error.source(), |&error| error.source());
        let root = chain().last().map_or_else(|| "request failed".to_owned(), one_line);
        let known = chain().find_map(Self::known);
        match known {
            Some(Self::Starved(_)) => known.unwrap_or(Self::Other(root)),
            _ if error.is_dns() => Self::Unresolved(root),
            known => known.unwrap_or(Self::Other(root)),
        }
    }

    fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(Self::of_tls(error));
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>().filter(|error| error.is_parse()) {
            return Some(Self::NotHttp(one_line(error)));
        }
        let error = error.downcast_ref::<io::Error>()?;
        // an io::Error is transparent: what it wraps is not among the sources
        if let Some(known) = error.get_ref().and_then(|inner| Self::known(inner)) {
            return Some(known);
        }
        if lacks(error) {
            return Some(Self::Starved(one_line(error)));
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(Self::Refused),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Some(Self::Reset)
            }
            io::ErrorKind::UnexpectedEof => Some(Self::Closed),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Some(Self::Other(error.kind().to_string()))
            }
            _ => None,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
                Self::Certificate("no known CA has issued it".to_owned())
            }
            rustls::Error::InvalidCertificate(error) => Self::Certificate(of_certificate(error)),
            rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired) => Self::Anonymous,
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                Self::Tls("the server does not speak TLS on this port".to_owned())
            }
            error => Self::Tls(one_line(error)),
        }
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        !matches!(self, Self::Certificate(_) | Self::Tls(_) | Self::Anonymous | Self::NotHttp(_))
    }

    /// What to do next; `proxied` tells whether the request went through a proxy.
    pub(super) fn hint(&self, proxied: bool) -> &'static str {
        match self {
            Self::Certificate(_) => {
                "give the CA that issued it with `--ca-certificate FILE`, and check the host name and the clock"
            }
            Self::Anonymous => {
                "give it with `--client-certificate FILE` and `--client-key FILE`, or as the keys tls.crt and tls.key of \
                 a Secret"
            }
            Self::Tls(_) => "check that the mirror speaks TLS 1.2 or 1.3 on this port, or use http",
            Self::NotHttp(_) => {
                "check the scheme, host and port of the URI, and that nothing in between changes what is sent: fetch \
                 the URL by hand"
            }
            Self::Starved(_) => "raise the limits of the container: open files, memory",
            _ if proxied => {
                "check the proxy that the environment names (http_proxy, https_proxy, all_proxy); no_proxy lists \
                 the hosts to reach without it"
            }
            Self::Unresolved(_) => "check the host name, and the pod's DNS and NetworkPolicy",
            _ => "check that the pod may reach the mirror (NetworkPolicy, firewall, http_proxy)",
        }
    }
}

/// Whether it is the system that has no more, and not the network.
pub(super) fn lacks(error: &io::Error) -> bool {
    use rustix::io::Errno as E;
    E::from_io_error(error).is_some_and(|errno| matches!(errno, E::MFILE | E::NFILE | E::NOMEM | E::NOBUFS))
}

/// Of rustls' own words, these are names of variants.
fn of_certificate(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => "it has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is the certificate of a CA, which no server may use as its own".to_owned()
        }
        error => one_line(error),
    }
}

fn one_line(error: impl fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_certificate() {
        use rustls::CertificateError as C;
        let other = rustls::OtherError(std::sync::Arc::new(io::Error::other("CaUsedAsEndEntity")));
        for (error, words) in [
            (C::UnknownIssuer, "no known CA has issued it"),
            (C::Expired, "it has expired"),
            (C::NotValidYet, "it is not valid yet"),
            (C::Other(other), "it is the certificate of a CA, which no server may use as its own"),
        ] {
            let cause = Cause::of_tls(&rustls::Error::InvalidCertificate(error));
            assert_eq!(cause.to_string(), format!("certificate is not trusted: {words}"));
        }
    }
}
