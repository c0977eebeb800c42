//! Certificate authorities: the bundle that OpenSSL and most programs trust, and the keystore that is made of it for
//! Java.

pub(super) mod bundle;
pub(super) mod java;
mod subject_hash;

pub(crate) use self::bundle::Authority;
