//! Proxies, as `curl(1)` and `apt-transport-http(1)` read them from the environment.

use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;

use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::Url;

use super::error::Error;
use crate::masking;

/// How environment variables are read; an argument, because tests cannot set the process's own.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The proxies of both schemes.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    no_proxy: String,
}

type Kind = fn(Url) -> reqwest::Result<Proxy>;

#[derive(Clone)]
struct Setting {
    variable: &'static str,
    url: Url,
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; lower case goes first, and an empty
    /// variable counts as none (as in curl). `DIRECT` is apt's word for no proxy.
    pub(super) fn read(environment: Environment<'_>) -> Result<Self, Error> {
        let pick = |names: [&'static str; 4]| -> Result<Option<Setting>, Error> {
            match names.into_iter().find_map(|name| value(environment, name).transpose()) {
                Some(found) => found.and_then(|(variable, value)| setting(variable, &value)),
                None => Ok(None),
            }
        };
        let exceptions = ["no_proxy", "NO_PROXY"]
            .into_iter()
            .find_map(|name| value(environment, name).transpose())
            .transpose()?
            .map_or_else(String::new, |(_, value)| value);
        Ok(Self {
            http: pick(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: pick(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            no_proxy: exceptions
                .split(|c: char| c == ',' || c.is_whitespace())
                // `*.example.com` is common and means what the matcher calls `.example.com`
                .map(|host| host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host))
                .collect::<Vec<_>>()
                .join(","),
        })
    }

    /// Makes these the only proxies of a client: reqwest's own reading of the environment is off.
    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let mut builder = builder.no_proxy();
        let settings = [(&self.http, Proxy::http::<Url> as Kind), (&self.https, Proxy::https::<Url>)];
        for (setting, proxy) in settings {
            if let Some(Setting { variable, url }) = setting {
                let proxy = proxy(url.clone()).map_err(|_| Error::BadProxy {
                    variable,
                    problem: "is not the URL of a proxy".to_owned(),
                })?;
                builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&self.no_proxy)));
            }
        }
        Ok(builder)
    }

    /// The proxy for a URL, and the variable that names it, as messages name it.
    pub(super) fn of(&self, url: &Url) -> Option<String> {
        let setting = if url.scheme() == "https" { &self.https } else { &self.http };
        let Setting { variable, url: proxy } = setting.as_ref()?;
        if self.no_proxy.split(',').any(|exception| excepts(exception, url)) {
            return None;
        }
        let proxy = masking::url(proxy);
        Some(format!("the proxy {} of {variable}", proxy.trim_end_matches('/')))
    }
}

/// Whether an item of `no_proxy` is about the host of a URL, as reqwest's matcher has it.
fn excepts(exception: &str, url: &Url) -> bool {
    let (exception, Some(host)) = (exception.trim(), url.host()) else { return false };
    let address = match host {
        url::Host::Domain(host) => {
            let domain = exception.trim_start_matches('.');
            return exception == "*"
                || !domain.is_empty()
                    && host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        }
        url::Host::Ipv4(address) => IpAddr::V4(address),
        url::Host::Ipv6(address) => IpAddr::V6(address),
    };
    let (network, bits) = match exception.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (exception, None),
    };
    exception == "*" || network.parse().is_ok_and(|network| within(address, network, bits.unwrap_or(128)))
}

/// Whether the first `bits` of two addresses of one kind are the same.
fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |one: u128, other: u128, length: u32| {
        let rest = length - bits.min(length);
        rest == 128 || one >> rest == other >> rest
    };
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting").field("variable", &self.variable).finish_non_exhaustive()
    }
}

fn value(environment: Environment<'_>, name: &'static str) -> Result<Option<(&'static str, String)>, Error> {
    match environment(name).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => match value.into_string() {
            Ok(value) => Ok(Some((name, value))),
            Err(_) => Err(Error::BadProxy { variable: name, problem: "is not UTF-8".to_owned() }),
        },
    }
}

fn setting(variable: &'static str, value: &str) -> Result<Option<Setting>, Error> {
    if value.trim().eq_ignore_ascii_case("DIRECT") {
        return Ok(None);
    }
    let bad = |problem| Error::BadProxy { variable, problem };
    // `proxy:3128` would parse as a URL of the scheme `proxy`
    let text = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(text.trim()).map_err(|error| bad(format!("is not a URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(bad(format!("names a proxy of the scheme '{}', which is not supported", url.scheme())));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("names no host".to_owned()));
    }
    Ok(Some(Setting { variable, url }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        Proxies::read(&|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.into())
        })
        .map_err(|error| error.to_string())
    }

    fn urls(variables: &[(&str, &str)]) -> [Option<String>; 2] {
        let proxies = read(variables).unwrap();
        [proxies.http, proxies.https].map(|setting| setting.map(|setting| setting.url.to_string()))
    }

    #[test]
    fn reads_both_cases_and_lower_case_first() {
        assert_eq!(urls(&[]), [None, None]);
        assert_eq!(
            urls(&[("HTTP_PROXY", "http://upper:1/"), ("http_proxy", "lower:2"), ("https_proxy", "")]),
            [Some("http://lower:2/".to_owned()), None]
        );
        assert_eq!(
            urls(&[("ALL_PROXY", "socks5h://all:1080"), ("https_proxy", "DIRECT")]),
            [Some("socks5h://all:1080".to_owned()), None]
        );
    }

    #[test]
    fn tells_which_proxy_is_asked_without_its_password() {
        let proxies = read(&[
            ("all_proxy", "http://u:hunter2@all:1"),
            ("no_proxy", ".svc,mirror.example,10.0.0.0/8,192.0.2.1,fd00::/8"),
        ])
        .unwrap();
        let proxy = |url: &str| proxies.of(&Url::parse(url).unwrap());
        let all = Some("the proxy http://all:1 of all_proxy".to_owned());
        for url in
            ["https://deb.example/x", "http://notmirror.example/x", "http://11.0.0.1/", "http://[fe80::1]/"]
        {
            assert_eq!(proxy(url), all, "{url}");
        }
        for url in [
            "http://a.svc/",
            "http://mirror.example/",
            "http://a.mirror.example/",
            "http://10.1.2.3/",
            "http://192.0.2.1:8080/",
            "http://[fd00::1]/",
        ] {
            assert_eq!(proxy(url), None, "{url}");
        }
        assert_eq!(
            read(&[("all_proxy", "a"), ("no_proxy", "*")]).unwrap().of(&Url::parse("http://b/").unwrap()),
            None
        );
    }

    #[test]
    fn reads_exceptions_as_people_write_them() {
        assert_eq!(
            read(&[("NO_PROXY", "*.svc localhost,10.0.0.0/8")]).unwrap().no_proxy,
            ".svc,localhost,10.0.0.0/8"
        );
        assert_eq!(read(&[("no_proxy", "*")]).unwrap().no_proxy, "*");
    }

    #[test]
    fn refuses_what_is_no_proxy_without_showing_it() {
        for value in ["ftp://u:hunter2@proxy:21", "http://u:hunter2@", "http://u:hunter2@proxy:port"] {
            let error = read(&[("http_proxy", value)]).unwrap_err();
            assert!(error.contains("http_proxy") && !error.contains("hunter2"), "{error}");
        }
    }
}
