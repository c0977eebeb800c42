//! Requests to one repository. What the registry wants to see is learned from its first refusal, and renewed as often as it
//! takes: a token that was good when a push began need not be so at its end.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::challenge::{Challenge, challenges};
use super::error::Error;
use super::known::{Giver, Session, Token};
use super::logins::{Found, Secret};
use super::said::refused;
use super::token;
use crate::fetch::cause::Cause;
use crate::fetch::client::{Client, Opened};
use crate::fetch::error::Error as FetchError;
use crate::fetch::payload::Payload;
use crate::fetch::retry::Retry;
use crate::masking;
use crate::reference::{Repository, is_loopback};

/// How often one request is told that what it shows is not good enough.
const MOST_RENEWALS: usize = 3;

/// What is to be done in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading.
    Pull,
    /// Writing as well.
    Push,
}

/// A repository of a registry; clones share tokens.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    repository: Repository,
    found: Found,
    scopes: Vec<String>,
    session: Arc<Session>,
}

impl Registry {
    /// A repository, for `access`; `also` is another one that is read from.
    ///
    /// # Errors
    /// [`Error::BadLogins`].
    pub(crate) fn new(
        client: &Client,
        repository: &Repository,
        access: Access,
        also: Option<&Repository>,
    ) -> Result<Self, FetchError> {
        let found = client.registries().logins.find(repository)?;
        let actions = if access == Access::Push { "pull,push" } else { "pull" };
        let mut scopes = vec![format!("repository:{}:{actions}", repository.name)];
        scopes.extend(also.map(|other| format!("repository:{}:pull", other.name)));
        let session = client.known().session(format!("{} {}", repository.registry, scopes.join(" ")));
        let (repository, client) = (repository.clone(), client.clone());
        let inner = Inner { client, repository, found, scopes, session };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which repository it is.
    pub(crate) fn repository(&self) -> &Repository {
        &self.inner.repository
    }

    /// Of a path below the repository.
    pub(in crate::fetch) async fn url(&self, path: &str) -> Result<Url, FetchError> {
        let base = self.inner.session.base.get_or_try_init(|| self.base()).await?;
        base.join(path).map_err(|error| no_registry(base, error.to_string()))
    }

    /// Tries, for one request.
    pub(in crate::fetch) fn retry(&self, url: &Url) -> Retry {
        self.inner.client.retry(url)
    }

    /// A request, as often as it takes. Whatever is no passing failure is an answer.
    pub(super) async fn ask(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        payload: Option<&Payload>,
    ) -> Result<Opened, FetchError> {
        let mut retry = self.retry(url);
        loop {
            match self.ask_once(method, url, headers, payload).await {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    retry.after(error).await?;
                }
            }
        }
    }

    /// One try.
    pub(in crate::fetch) async fn ask_once(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        payload: Option<&Payload>,
    ) -> Result<Opened, FetchError> {
        let client = &self.inner.client;
        let is_own = self.is_own(url).await?;
        let (mut headers, mut number) = (headers.clone(), 0);
        if is_own {
            let (shown, at) = self.shown().await?;
            headers.extend(shown.map(|shown| (AUTHORIZATION, shown)));
            number = at;
        }
        let mut opened = client.exchange(method, url, &headers, payload).await?;
        // more than once where others of the same session used up what is good for little
        for _ in 0..MOST_RENEWALS {
            if !is_own || opened.response.status() != StatusCode::UNAUTHORIZED {
                break;
            }
            let wanted = challenges(opened.response.headers());
            let refusal = refused(opened, url, &self.inner.found.login).await;
            let Some((shown, at)) = self.renewed(number, wanted, url).await? else { return Err(refusal) };
            headers.insert(AUTHORIZATION, shown);
            number = at;
            opened = client.exchange(method, url, &headers, payload).await?;
        }
        match opened.response.status().as_u16() {
            401 | 403 | 407 | 408 | 425 | 429 | 500.. => Err(self.refused(opened, url).await),
            _ => {
                opened.accepted();
                Ok(opened)
            }
        }
    }

    /// The error that an answer stands for.
    pub(super) async fn refused(&self, opened: Opened, url: &Url) -> FetchError {
        refused(opened, url, &self.inner.found.login).await
    }

    /// Plain http only where nobody is in between, or where that was said; and there only if there is no TLS.
    async fn base(&self) -> Result<Url, FetchError> {
        let Inner { client, repository, .. } = &*self.inner;
        let at = |scheme: &str| {
            let url = format!("{scheme}://{}/v2/{}/", repository.host(), repository.name);
            Url::parse(&url).map_err(|error| FetchError::Setup(error.to_string()))
        };
        let secure = at("https")?;
        if !self.may_be_plain(&secure) {
            return Ok(secure);
        }
        match client
            .exchange(&Method::GET, &secure.join("/v2/").unwrap_or(secure.clone()), &HeaderMap::new(), None)
            .await
        {
            Err(FetchError::Unreachable {
                cause: Cause::Tls(_) | Cause::Reset | Cause::Closed | Cause::NotHttp(_),
                ..
            }) => at("http"),
            _ => Ok(secure),
        }
    }

    fn may_be_plain(&self, url: &Url) -> bool {
        let insecure = &self.inner.client.registries().insecure;
        let host = url.host_str().unwrap_or_default();
        is_loopback(host)
            || insecure.iter().any(|known| {
                let with_port = url.port().map(|port| format!("{host}:{port}"));
                known.eq_ignore_ascii_case(host)
                    || with_port.is_some_and(|with_port| known.eq_ignore_ascii_case(&with_port))
            })
    }

    /// Whether a URL is the registry's: others are not shown its tokens.
    async fn is_own(&self, url: &Url) -> Result<bool, FetchError> {
        Ok(self.url("").await?.origin() == url.origin())
    }

    /// What is to be shown, and its number; a token whose time is over is renewed first.
    async fn shown(&self) -> Result<(Option<HeaderValue>, u64), FetchError> {
        // what is shown without being asked for
        if let Some(Secret::Token(token)) = &self.inner.found.secret {
            return Ok((token::bearer(token), 0));
        }
        let mut shown = self.inner.session.shown.lock().await;
        let until = shown.token.as_ref().and_then(|token| token.until);
        if let Some(giver) = shown.giver.clone()
            && until.is_some_and(|until| Instant::now() >= until)
        {
            let token = self.token(&giver).await?;
            shown.take(token);
        }
        Ok((shown.token.as_ref().map(|token| token.header.clone()), shown.number))
    }

    /// What to show instead of what was refused, which had this number; nothing where there is nothing else.
    async fn renewed(
        &self,
        number: u64,
        wanted: Vec<Challenge>,
        url: &Url,
    ) -> Result<Option<(HeaderValue, u64)>, FetchError> {
        let mut shown = self.inner.session.shown.lock().await;
        // another request was faster
        let known = shown.token.as_ref().map(|token| token.header.clone());
        if shown.number != number {
            return Ok(known.map(|known| (known, shown.number)));
        }
        for challenge in wanted {
            match (challenge, &self.inner.found.secret) {
                (_, Some(Secret::Token(_))) => return Ok(None),
                (Challenge::Bearer { realm, service, scope }, _) => {
                    let giver = self.giver(&realm, service, scope.as_deref(), url)?;
                    let token = self.token(&giver).await?;
                    let header = token.header.clone();
                    shown.giver = Some(giver);
                    shown.take(token);
                    return Ok(Some((header, shown.number)));
                }
                (Challenge::Basic, Some(Secret::Password { user, password })) => {
                    let Some(header) = token::basic(user, password).filter(|own| known.as_ref() != Some(own))
                    else {
                        return Ok(None);
                    };
                    shown.take(Token { header: header.clone(), until: None });
                    return Ok(Some((header, shown.number)));
                }
                (Challenge::Basic, _) => {}
            }
        }
        Ok(None)
    }

    async fn token(&self, giver: &Giver) -> Result<Token, FetchError> {
        let Found { secret, login } = &self.inner.found;
        token::fetch(&self.inner.client, giver, secret.as_ref(), login).await
    }

    /// Who is to be asked for a token. Which one is needed is known here better than there: some registries do not say, and some
    /// say only what the one request needs.
    fn giver(
        &self,
        realm: &str,
        service: Option<String>,
        scope: Option<&str>,
        url: &Url,
    ) -> Result<Giver, FetchError> {
        let realm = url
            .join(realm)
            .ok()
            .filter(|realm| matches!(realm.scheme(), "http" | "https"))
            .ok_or_else(|| no_registry(url, "it names no token server that can be asked"))?;
        let is_secret = self.inner.found.secret.is_some();
        if realm.scheme() == "http" && !self.may_be_plain(&realm) && (is_secret || url.scheme() == "https") {
            let realm = masking::url(&realm);
            return Err(Error::InClear { url: masking::url(url), realm }.into());
        }
        let mut scopes = self.inner.scopes.clone();
        let others = scope.into_iter().flat_map(str::split_whitespace);
        for other in others {
            if !scopes.iter().any(|known| covers(known, other)) {
                scopes.push(other.to_owned());
            }
        }
        Ok(Giver { realm, service, scopes })
    }

    pub(super) fn client(&self) -> &Client {
        &self.inner.client
    }

    /// Wraps a failure of the HTTP client.
    pub(super) fn failed(&self, url: &Url, error: &reqwest::Error) -> FetchError {
        self.inner.client.failed(url, &masking::url(url), error)
    }
}

/// The error of what answers otherwise than registries do.
pub(super) fn no_registry(url: &Url, problem: impl Into<String>) -> FetchError {
    Error::NoRegistry { url: masking::url(url), problem: problem.into() }.into()
}

/// Whether a scope has all that another one has: `repository:a:pull,push` has `repository:a:pull`.
fn covers(known: &str, other: &str) -> bool {
    let parts = |scope: &str| scope.rsplit_once(':').map(|(of, actions)| (of.to_owned(), actions.to_owned()));
    match (parts(known), parts(other)) {
        (Some((of, actions)), Some((of_other, needed))) => {
            of == of_other && needed.split(',').all(|action| actions.split(',').any(|known| known == action))
        }
        _ => known == other,
    }
}

// by hand: tokens are secrets
impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("repository", &self.repository).finish_non_exhaustive()
    }
}
