//! From settings to a plan: the inputs, whether what is installed answers them, and else what to install.

mod client;
mod elsewhere;
pub(crate) mod fingerprint;
pub(crate) mod freshness;
pub(crate) mod plan;

pub(crate) use client::client;
