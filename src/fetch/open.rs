//! Which way leads to a URL: that of mirrors, or that of registries.

use url::Url;

use super::body::Body;
use super::client::Client;
use super::error::Error;
use super::validators::Validators;
use crate::reference;

impl Client {
    /// Opens a body of any length: the caller must stop where it has had enough.
    ///
    /// A body counts as a request to its host until it is read to its end or dropped; whoever holds more than
    /// [`connections_per_host`](super::ClientOptions::connections_per_host) of them without reading waits for ever.
    ///
    /// # Errors
    /// All of this module that concern a URL.
    pub(crate) async fn open(&self, url: &Url) -> Result<Body, Error> {
        self.open_if(url, None).await
    }

    /// The same; with a condition, the body may turn out as [not modified](Body::is_not_modified).
    pub(super) async fn open_if(&self, url: &Url, condition: Option<&Validators>) -> Result<Body, Error> {
        if url.scheme() == reference::SCHEME {
            return self.open_in_image(url).await;
        }
        Body::open(self, url, condition).await
    }
}
