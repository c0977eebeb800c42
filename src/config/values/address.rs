//! Settings that say where something is on the network.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use url::Url;

use super::error::BadValue;
use crate::reference;

/// An address to listen on: `IP:PORT`, or `:PORT` for all addresses of the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Vec<SocketAddr>);

impl FromStr for Listen {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()) {
            // the second where the kernel has no IPv6; where it has, the first is for both
            return Ok(Self(vec![
                (Ipv6Addr::UNSPECIFIED, port).into(),
                (Ipv4Addr::UNSPECIFIED, port).into(),
            ]));
        }
        match text.parse() {
            Ok(address) => Ok(Self(vec![address])),
            Err(_) => {
                Err(BadValue("':PORT' or 'IP:PORT' is expected, such as :8081 or 127.0.0.1:8081".to_owned()))
            }
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [address] => address.fmt(f),
            several => write!(f, ":{}", several.first().map_or(0, SocketAddr::port)),
        }
    }
}

/// The base URI of a repository, in a scheme that aptlet can fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MirrorUri(pub(crate) Url);

impl FromStr for MirrorUri {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let uri = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                BadValue("a URL begins with http://, https:// or file://".to_owned())
            }
            error => BadValue(error.to_string()),
        })?;
        match uri.scheme() {
            _ if uri.fragment().is_some() => {
                Err(BadValue("no URI of a repository has a '#'; write %23 in a password".to_owned()))
            }
            "http" | "https" | "file" | "copy" => Ok(Self(uri)),
            reference::SCHEME => reference::of_source(&uri).map(Self).map_err(BadValue),
            scheme => Err(BadValue(format!(
                "the scheme '{scheme}' is not supported, only http, https, oci, file and copy are"
            ))),
        }
    }
}

impl fmt::Display for MirrorUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_no_name() {
        for (text, first, count) in [
            (":8080", "[::]:8080", 2),
            ("0.0.0.0:8080", "0.0.0.0:8080", 1),
            ("[::1]:0", "[::1]:0", 1),
            ("127.0.0.1:9477", "127.0.0.1:9477", 1),
        ] {
            let listen: Result<Listen, _> = text.parse();
            let said =
                listen.as_ref().map(|listen| (listen.0[0].to_string(), listen.0.len(), listen.to_string()));
            assert_eq!(said, Ok((first.to_owned(), count, text.to_owned())));
        }
        for bad in
            ["", "8080", ":", ":http", ":65536", "localhost:8080", "::1:8080", "10.0.0.1", "http://[::]:80"]
        {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mirror_is_a_url_that_can_be_fetched() {
        for good in
            ["http://mirror.example/debian", "https://u:p@mirror.example/", "file:/srv/mirror", "copy:/srv"]
        {
            assert!(good.parse::<MirrorUri>().is_ok(), "{good}");
        }
        for (bad, why) in
            [("mirror.example/debian", "http://"), ("ftp://mirror.example/", "'ftp'"), ("http://", "host")]
        {
            let error = bad.parse::<MirrorUri>();
            assert!(matches!(&error, Err(BadValue(text)) if text.contains(why)), "{bad}: {error:?}");
        }
    }
}
