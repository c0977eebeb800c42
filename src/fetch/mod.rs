//! Fetch: everything that aptlet reads from a network, or from a mirror in a local folder, comes through
//! this client. Release files and indices are read with [`Client::get`] and [`Client::open`], `.deb`s with
//! [`Client::download`], or [`Client::examine`] where only their beginning is of interest.
//!
//! What arrives here is hostile until its digest or signature has been checked; only `download` does so
//! itself. Retries, resuming, proxies, credentials and the limit of requests per host are settled here, so
//! that no caller needs to think of them.

pub mod auth;
mod body;
mod client;
mod download;
mod error;
mod examine;
mod local;
mod proxy;
mod retry;
#[cfg(test)]
mod testing;
mod tls;

pub use body::Body;
pub use client::{Answer, Client, ClientOptions, Document, Validators};
pub use download::Expected;
pub use error::{Cause, Error};
pub use examine::Examined;
pub(crate) use retry::jittered;
pub use tls::CaBundle;
