//! What a client remembers of registries, so that nothing is asked twice: tokens, and which files an image has.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderValue;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;

use crate::digest::Sha256;

/// Who gives tokens out, and which.
#[derive(Debug, Clone)]
pub(super) struct Giver {
    pub(super) realm: Url,
    pub(super) service: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// What is shown to a registry.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    /// When it is to be renewed.
    pub(super) until: Option<Instant>,
}

/// What a registry is shown with each request.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) token: Option<Token>,
    pub(super) giver: Option<Giver>,
    /// How often it was renewed.
    pub(super) number: u64,
}

impl Shown {
    pub(super) fn take(&mut self, token: Token) {
        self.token = Some(token);
        self.number += 1;
    }
}

/// A repository, as one has access to it.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Where it is.
    pub(super) base: OnceCell<Url>,
    pub(super) shown: tokio::sync::Mutex<Shown>,
}

/// The files of an image by their names, with digest and size.
pub(super) type Files = BTreeMap<String, (Sha256, u64)>;

/// All that is remembered.
#[derive(Debug, Default)]
pub(in crate::fetch) struct Known {
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    images: Mutex<HashMap<String, Arc<OnceCell<Files>>>>,
}

impl Known {
    /// The session for a repository and what is to be done there.
    pub(super) fn session(&self, key: String) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry(key).or_default())
    }

    /// The files of an image, if they are known already.
    pub(super) fn image(&self, name: String) -> Arc<OnceCell<Files>> {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(images.entry(name).or_default())
    }
}
