//! One request of any kind, for registries, which are written to as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, Method, Response};
use url::Url;

use super::cause::Cause;
use super::client::{Client, MAX_REDIRECTS, Opened, label, next_hop};
use super::error::Error;
use super::payload::Payload;
use crate::masking;

/// How often it is looked whether anything has gone out.
const LOOK: Duration = Duration::from_millis(250);

impl Client {
    /// One try. Redirects are followed where nothing is sent; the credentials among `headers` are for the first server alone.
    /// Any status but a redirect's is a success here.
    ///
    /// # Errors
    /// All of this module that concern a URL.
    pub(super) async fn exchange(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        payload: Option<&Payload>,
    ) -> Result<Opened, Error> {
        let (mut target, mut headers) = (url.clone(), headers.clone());
        for _ in 0..=MAX_REDIRECTS {
            let label = label(url, &target);
            self.check_authorities(&target)?;
            let place = self.host(&target).place().await?;
            let response = match payload {
                Some(payload) => self.upload(method, &target, &headers, payload, &label).await?,
                None => {
                    let request =
                        self.http().request(method.clone(), target.clone()).headers(headers.clone());
                    request.send().await.map_err(|error| self.failed(&target, &label, &error))?
                }
            };
            match next_hop(&target, &response) {
                Some(Ok(next)) if matches!(*method, Method::GET | Method::HEAD) => {
                    if next.origin() != target.origin() {
                        headers.remove(AUTHORIZATION);
                    }
                    target = next;
                }
                Some(Err(problem)) => return Err(Error::Redirect { url: label, problem }),
                _ => return Ok(self.opened(response, &target, place)),
            }
        }
        Err(Error::Redirect {
            url: masking::url(url),
            problem: format!("more than {MAX_REDIRECTS} redirects"),
        })
    }

    /// Sends something. The time that a server may be silent begins anew with all that goes out: the HTTP client's own would
    /// be for the whole of it.
    async fn upload(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        payload: &Payload,
        label: &str,
    ) -> Result<Response, Error> {
        let sent = Arc::new(AtomicU64::new(0));
        let request = self.patient()?.request(method.clone(), url.clone()).headers(headers.clone());
        let request = request.header(CONTENT_LENGTH, payload.length());
        let answer = request.body(Body::wrap(payload.body(&sent))).send();
        tokio::pin!(answer);
        let (mut seen, mut silent) = (0, Duration::ZERO);
        loop {
            match tokio::time::timeout(LOOK, &mut answer).await {
                Ok(answer) => return answer.map_err(|error| self.failed(url, label, &error)),
                Err(_) => {
                    let now = sent.load(Ordering::Relaxed);
                    silent = if now == seen { silent + LOOK } else { Duration::ZERO };
                    seen = now;
                    if silent >= self.timeout() {
                        let cause = Cause::Timeout(self.timeout());
                        return Err(Error::Unreachable {
                            url: label.to_owned(),
                            cause,
                            proxy: None,
                            tries: 1,
                        });
                    }
                }
            }
        }
    }
}
