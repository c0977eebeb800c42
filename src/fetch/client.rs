//! The client: one request with its redirects, credentials and its place in the queue of its host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::auth;
use super::error::{Error, redacted};
use super::proxy::{Environment, Proxies};
use super::retry::Retry;
use super::tls::{self, BadVariable, CaBundle};

/// More redirects than this are a loop.
const MAX_REDIRECTS: usize = 10;

/// How a [`Client`] behaves.
#[derive(Debug, Clone)]
pub(crate) struct ClientOptions {
    /// Requests at once to one host and port; at least 1.
    pub(crate) connections_per_host: usize,
    /// Further tries after the first; a body that breaks off begins to count anew with every byte it brings.
    pub(crate) retries: u32,
    /// The first retry comes after about this time, every further one after twice as long, up to 5 s.
    pub(crate) backoff: Duration,
    /// Give up a connection when it is not there, or no byte has come, for so long.
    pub(crate) timeout: Duration,
    /// CAs to trust besides the built-in ones.
    pub(crate) ca_bundles: Vec<CaBundle>,
    /// Credentials, from [`auth::parse`].
    pub(crate) auth: Vec<auth::Entry>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connections_per_host: 8,
            retries: 3,
            backoff: Duration::from_millis(250),
            timeout: Duration::from_secs(30),
            ca_bundles: Vec::new(),
            auth: Vec::new(),
        }
    }
}

/// An HTTP and file client; clones share connections and limits.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    inner: Arc<Inner>,
}

type HostPort = (String, Option<u16>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    options: ClientOptions,
    proxies: Proxies,
    /// Of certificate authorities.
    bad_variable: Option<BadVariable>,
    hosts: Mutex<HashMap<HostPort, Arc<Semaphore>>>,
}

/// An answer, and the right to have one more request open to its host.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) response: Response,
    _permit: OwnedSemaphorePermit,
}

impl Client {
    /// A client that takes proxies and further CAs from the environment of the process.
    ///
    /// # Errors
    /// [`Error::BadCa`], [`Error::BadProxy`].
    pub(crate) fn new(options: ClientOptions) -> Result<Self, Error> {
        Self::with_environment(options, &|name| std::env::var_os(name))
    }

    pub(super) fn with_environment(
        options: ClientOptions,
        environment: Environment<'_>,
    ) -> Result<Self, Error> {
        let proxies = Proxies::read(environment)?;
        let (tls, bad_variable) = tls::configuration(&options.ca_bundles, environment)?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("aptlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeout)
            .read_timeout(options.timeout)
            .pool_max_idle_per_host(options.connections_per_host)
            // redirects are followed in `send`, where each hop gets its own credentials and its own queue
            .redirect(redirect::Policy::none());
        let http = proxies.apply(builder)?.build().map_err(|error| Error::Setup(format!("{error:?}")))?;
        let hosts = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { http, options, proxies, bad_variable, hosts }) })
    }

    /// The tries for one request.
    pub(super) fn retry(&self) -> Retry {
        Retry::new(self.inner.options.retries, self.inner.options.backoff)
    }

    pub(super) fn retries(&self) -> u32 {
        self.inner.options.retries
    }

    /// Wraps a failure of the HTTP client while it talked to `url`.
    pub(super) fn failed(&self, url: &Url, label: &str, error: &reqwest::Error) -> Error {
        let proxied = self.inner.proxies.cover(url.scheme());
        Error::network(label.to_owned(), error, proxied, self.inner.options.timeout)
    }

    /// One try: sends the request and follows redirects. Any status but a redirect's is a success here.
    pub(super) async fn send(&self, url: &Url, headers: &HeaderMap) -> Result<Opened, Error> {
        let mut target = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let label = label(url, &target);
            if let Some(BadVariable { variable, problem }) =
                self.inner.bad_variable.as_ref().filter(|_| target.scheme() == "https")
            {
                return Err(Error::BadCaVariable { variable, problem: problem.clone() });
            }
            // given back before the next hop asks for its own: two hosts that redirect to each other, or one
            // that redirects to itself, would otherwise lock each other out
            let permit = self.permit(&target).await?;
            let mut request = self.inner.http.get(target.clone()).headers(headers.clone());
            if target.username().is_empty()
                && let Some(entry) = auth::find(&self.inner.options.auth, &target)
            {
                request = request.basic_auth(&entry.login, Some(&entry.password));
            }
            let response = request.send().await.map_err(|error| self.failed(&target, &label, &error))?;
            match next_hop(&target, &response) {
                None => return Ok(Opened { response, _permit: permit }),
                Some(Ok(next)) => target = next,
                Some(Err(problem)) => return Err(Error::Redirect { url: label, problem }),
            }
        }
        Err(Error::Redirect {
            url: redacted(url).to_string(),
            problem: format!("more than {MAX_REDIRECTS} redirects"),
        })
    }

    async fn permit(&self, url: &Url) -> Result<OwnedSemaphorePermit, Error> {
        let host = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default());
        let semaphore = {
            let mut hosts = self.inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            let connections = self.inner.options.connections_per_host.max(1);
            Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(connections))))
        };
        semaphore.acquire_owned().await.map_err(|error| Error::Setup(error.to_string()))
    }
}

impl Opened {
    /// The error that a status which is no success stands for.
    pub(super) fn refused(&self, url: &Url) -> Error {
        let status = self.response.status();
        let url = label(url, self.response.url());
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Error::NotFound { url, cause: format!("the server answered {status}") };
        }
        let retry_after = self
            .response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        Error::Status { url, status, retry_after, tries: 1 }
    }
}

/// How messages name a URL.
pub(super) fn label(url: &Url, target: &Url) -> String {
    let (url, target) = (redacted(url), redacted(target));
    if url == target { url.to_string() } else { format!("{url} (redirected to {target})") }
}

fn next_hop(url: &Url, response: &Response) -> Option<Result<Url, String>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Some(redirected(url, response.headers().get(LOCATION).map(reqwest::header::HeaderValue::as_bytes)))
}

fn redirected(url: &Url, location: Option<&[u8]>) -> Result<Url, String> {
    let location = location
        .and_then(|location| std::str::from_utf8(location).ok())
        .ok_or("the server redirects without saying where to")?;
    let mut next =
        url.join(location).map_err(|error| format!("the server redirects to no valid URL ({error})"))?;
    match (url.scheme(), next.scheme()) {
        ("https", "http") => {
            return Err(format!("the server redirects from https to http ({})", redacted(&next)));
        }
        (_, "http" | "https") => {}
        (_, scheme) => return Err(format!("the server redirects to the scheme '{scheme}'")),
    }
    // credentials are the user's to give; those of the URL hold for the very same server only
    let (username, password) =
        if next.origin() == url.origin() { (url.username(), url.password()) } else { ("", None) };
    next.set_username(username)
        .and_then(|()| next.set_password(password))
        .map_err(|()| "the server redirects to a URL without a host".to_owned())?;
    Ok(next)
}

#[cfg(test)]
mod tests;
