//! That manifests come out as they went in, but for what was added.
#![allow(clippy::unwrap_used)]

mod given;
mod modes;
mod random;
mod refused;
mod styles;
