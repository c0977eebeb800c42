//! Registries, as the OCI's distribution specification has them (<https://github.com/opencontainers/distribution-spec>): the same
//! client, with the logins and tokens of registries instead of those of mirrors.
//!
//! ```text
//! logins      which login is for which repository         challenge   what a registry wants to see
//!   ↓
//! session     requests to one repository, with its token renewed as often as it takes
//!   ↓
//! pull        manifests and blobs, verified               push        blobs, resumed where a connection broke, and manifests
//! ```

mod challenge;
mod error;
mod files;
mod known;
mod logins;
mod options;
mod pull;
mod push;
mod said;
mod session;
mod token;

#[allow(unreachable_pub, reason = "it is a part of the error of this room")]
pub use error::Error;
pub(in crate::fetch) use known::Known;
pub(crate) use logins::LoginFiles;
pub(crate) use options::RegistryOptions;
pub(crate) use push::Sent;
pub(crate) use session::{Access, Registry};
