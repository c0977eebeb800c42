//! Fetch: everything that aptlet reads from a network, or from a mirror in a local folder, comes through
//! this client. Release files and indices are read with [`Client::get`] and [`Client::open`], `.deb`s with
//! [`Client::download`], or [`Client::examine`] where only their beginning is of interest.
//!
//! What arrives here is hostile until its digest or signature has been checked; only `download` does so
//! itself. Retries, resuming, proxies, credentials and the limit of requests per host are settled here, so
//! that no caller needs to think of them.
//!
//! ```text
//! places     which of several URLs of one file is asked next
//!   ↓
//! client     one request: its redirects, credentials (auth), proxy, TLS, and its place in the queue of its host
//!   ↓
//! body       a body that goes on where a connection broke (retry, validators) or is too slow (pace); or a local file
//!   ↓
//! document   held in memory        download   into a file, verified        examine   digest and first bytes
//! ```

pub(crate) mod auth;
mod body;
mod cause;
mod client;
mod document;
mod download;
mod error;
mod examine;
mod exchange;
mod host;
mod identity;
mod jitter;
mod local;
mod open;
mod pace;
mod payload;
mod pinned;
mod places;
mod proxy;
pub(crate) mod registry;
mod retry;
#[cfg(test)]
mod testing;
mod tls;
mod validators;

pub(crate) use client::{Client, ClientOptions};
pub(crate) use document::{Answer, Document};
pub(crate) use download::Expected;
pub(crate) use error::Error;
pub(crate) use examine::Examined;
pub(crate) use identity::Identity;
pub(crate) use jitter::jittered;
pub(crate) use places::may_pass;
pub(crate) use tls::CaBundle;
pub(crate) use validators::Validators;
