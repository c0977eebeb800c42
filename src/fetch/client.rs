//! The client: one request with its redirects, credentials and its place in the queue of its host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use url::Url;

use super::auth;
use super::cause::Cause;
use super::error::{Error, LONGEST_ASKED};
use super::host::{Host, Place};
use super::identity::{Identity, Nobody};
use super::pace::Pace;
use super::proxy::{Environment, Proxies};
use super::registry::{Known, RegistryOptions};
use super::retry::{Retry, retry_after};
use super::tls::{self, BadVariable, CaBundle};
use crate::masking;

/// More redirects than this are a loop.
pub(super) const MAX_REDIRECTS: usize = 10;

/// How a [`Client`] behaves.
#[derive(Debug, Clone)]
pub(crate) struct ClientOptions {
    /// Requests at once to one host and port; at least 1.
    pub(crate) connections_per_host: usize,
    /// Further tries after the first; a body that breaks off begins to count anew with every byte it brings.
    pub(crate) retries: u32,
    /// The first retry comes after about this time, every further one after twice as long, up to 5 s.
    pub(crate) backoff: Duration,
    /// A server that is too busy (429, 503) is asked again for so long after it last gave something.
    pub(crate) patience: Duration,
    /// Give up a connection when it is not there, or no byte has come, for so long.
    pub(crate) timeout: Duration,
    /// Give up a connection that brings fewer bytes a second, on the average of the timeout.
    pub(crate) min_speed: u64,
    /// CAs to trust besides the built-in ones.
    pub(crate) ca_bundles: Vec<CaBundle>,
    /// What to show to servers that ask for a certificate.
    pub(crate) identity: Option<Identity>,
    /// Credentials, from [`auth::parse`].
    pub(crate) auth: Vec<auth::Entry>,
    /// What is known of registries.
    pub(crate) registries: RegistryOptions,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connections_per_host: 8,
            retries: 3,
            backoff: Duration::from_millis(250),
            patience: Duration::from_mins(1),
            timeout: Duration::from_secs(30),
            min_speed: 1000,
            ca_bundles: Vec::new(),
            identity: None,
            auth: Vec::new(),
            registries: RegistryOptions::default(),
        }
    }
}

/// An HTTP and file client; clones share connections and limits.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    inner: Arc<Inner>,
    /// Whether a server that is busy or silent is not waited for.
    hasty: bool,
}

type HostPort = (String, Option<u16>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// The same for what takes long to be sent.
    patient: OnceLock<reqwest::Client>,
    tls: rustls::ClientConfig,
    options: ClientOptions,
    proxies: Proxies,
    nobody: Nobody,
    /// Of certificate authorities.
    bad_variable: Option<BadVariable>,
    hosts: Mutex<HashMap<HostPort, Arc<Host>>>,
    known: Known,
}

/// An answer, and the right to have one more request open to its host.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) response: Response,
    /// Whether a server has asked for a certificate, and there is none.
    lacks_identity: bool,
    place: Place,
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
        let nobody = Nobody::default();
        let (tls, bad_variable) =
            tls::configuration(&options.ca_bundles, options.identity.as_ref(), &nobody, environment)?;
        let http = build(&options, &tls, &proxies, Some(options.timeout))?;
        let (hosts, patient, known) = (Mutex::default(), OnceLock::new(), Known::default());
        let inner =
            Arc::new(Inner { http, patient, tls, options, proxies, nobody, bad_variable, hosts, known });
        Ok(Self { inner, hasty: false })
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    /// An HTTP client that gives up no request of itself.
    pub(super) fn patient(&self) -> Result<&reqwest::Client, Error> {
        if let Some(known) = self.inner.patient.get() {
            return Ok(known);
        }
        let Inner { options, tls, proxies, patient, .. } = &*self.inner;
        let built = build(options, tls, proxies, None)?;
        Ok(patient.get_or_init(|| built))
    }

    /// What is remembered of registries.
    pub(super) fn known(&self) -> &Known {
        &self.inner.known
    }

    /// What the settings say of registries.
    pub(super) fn registries(&self) -> &RegistryOptions {
        &self.inner.options.registries
    }

    /// How long a server may be silent.
    pub(super) fn timeout(&self) -> Duration {
        self.inner.options.timeout
    }

    /// The same client, but one that does not wait for a server that is busy or silent: something else will do.
    pub(crate) fn hasty(&self) -> Self {
        Self { hasty: true, ..self.clone() }
    }

    /// The tries for one request.
    pub(super) fn retry(&self, url: &Url) -> Retry {
        let ClientOptions { retries, backoff, patience, .. } = self.inner.options;
        Retry::new(retries, backoff, if self.hasty { None } else { Some(patience) }, self.host(url))
    }

    /// How fast a body must come.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.inner.options.min_speed, self.inner.options.timeout)
    }

    /// Whether the host of a URL was given up because it could not be reached, or said nothing.
    pub(super) fn is_given_up(&self, url: &Url) -> bool {
        self.host(url).is_given_up()
    }

    #[cfg(test)]
    pub(super) fn was_given_up(&self, url: &Url) {
        self.host(url).was_given_up();
    }

    pub(super) fn retries(&self) -> u32 {
        self.inner.options.retries
    }

    /// Wraps a failure of the HTTP client while it talked to `url`.
    pub(super) fn failed(&self, url: &Url, label: &str, error: &reqwest::Error) -> Error {
        let proxy = self.inner.proxies.of(url);
        let asked = url.scheme() == "https" && self.inner.nobody.was_asked();
        match Error::network(label.to_owned(), error, proxy, self.inner.options.timeout) {
            // with TLS 1.2 the server just gives up
            Error::Unreachable {
                url,
                cause: Cause::Tls(_) | Cause::Reset | Cause::Closed,
                tries,
                proxy,
                ..
            } if asked => Error::Unreachable { url, cause: Cause::Anonymous, proxy, tries },
            error => error,
        }
    }

    /// One try: sends the request and follows redirects. Any status but a redirect's is a success here.
    pub(super) async fn send(&self, url: &Url, headers: &HeaderMap) -> Result<Opened, Error> {
        let mut target = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let label = label(url, &target);
            self.check_authorities(&target)?;
            // given back before the next hop asks for its own: two hosts that redirect to each other, or one
            // that redirects to itself, would otherwise lock each other out
            let place = self.host(&target).place().await?;
            let login =
                auth::find(&self.inner.options.auth, &target).filter(|_| target.username().is_empty());
            let asked = login.map_or_else(|| target.clone(), |entry| entry.completed(&target));
            let mut request = self.inner.http.get(asked).headers(headers.clone());
            if let Some((login, password)) = login.and_then(auth::Entry::basic) {
                request = request.basic_auth(login, Some(password));
            }
            let response = request.send().await.map_err(|error| self.failed(&target, &label, &error))?;
            match next_hop(&target, &response) {
                None => return Ok(self.opened(response, &target, place)),
                Some(Ok(next)) => target = next,
                Some(Err(problem)) => return Err(Error::Redirect { url: label, problem }),
            }
        }
        Err(Error::Redirect {
            url: masking::url(url),
            problem: format!("more than {MAX_REDIRECTS} redirects"),
        })
    }

    pub(super) fn opened(&self, response: Response, target: &Url, place: Place) -> Opened {
        let lacks_identity = target.scheme() == "https" && self.inner.nobody.was_asked();
        Opened { response, lacks_identity, place }
    }

    /// That the variables which name certificate authorities can be used, where that matters.
    pub(super) fn check_authorities(&self, target: &Url) -> Result<(), Error> {
        match self.inner.bad_variable.as_ref().filter(|_| target.scheme() == "https") {
            None => Ok(()),
            Some(BadVariable { variable, problem }) => {
                Err(Error::BadCaVariable { variable, problem: problem.clone() })
            }
        }
    }

    pub(super) fn host(&self, url: &Url) -> Arc<Host> {
        let host = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default());
        let mut hosts = self.inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = self.inner.options.connections_per_host;
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Host::new(connections))))
    }
}

impl Opened {
    /// Notes that the host gave what was asked for.
    pub(super) fn accepted(&self) {
        self.place.answered();
    }

    /// The error that a status which is no success stands for.
    pub(super) fn refused(self, url: &Url) -> Error {
        let status = self.response.status();
        let url = label(url, self.response.url());
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Error::NotFound { url, cause: format!("the server answered {status}") };
        }
        // nginx speaks to anybody, and says no then
        if self.lacks_identity && matches!(status.as_u16(), 400 | 495 | 496) {
            return Error::Unreachable { url, cause: Cause::Anonymous, proxy: None, tries: 1 };
        }
        let retry_after =
            self.response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let error = Error::Status { url, status, retry_after, tries: 1 };
        if error.is_busy() {
            self.place.refused(retry_after.filter(|asked| *asked <= LONGEST_ASKED));
        }
        error
    }
}

/// An HTTP client that waits no longer than so for an answer.
fn build(
    options: &ClientOptions,
    tls: &rustls::ClientConfig,
    proxies: &Proxies,
    timeout: Option<Duration>,
) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .user_agent(concat!("aptlet/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.timeout)
        .pool_max_idle_per_host(options.connections_per_host)
        // redirects are followed in `send`, where each hop gets its own credentials and its own queue
        .redirect(redirect::Policy::none());
    let builder = timeout.into_iter().fold(builder, reqwest::ClientBuilder::read_timeout);
    proxies.apply(builder)?.build().map_err(|error| Error::Setup(format!("{error:?}")))
}

/// How messages name a URL.
pub(super) fn label(url: &Url, target: &Url) -> String {
    let (url, target) = (masking::url(url), masking::url(target));
    if url == target { url } else { format!("{url} (redirected to {target})") }
}

pub(super) fn next_hop(url: &Url, response: &Response) -> Option<Result<Url, String>> {
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
            return Err(format!("the server redirects from https to http ({})", masking::url(&next)));
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
