//! That manifests come out as they went in, but for what was added.
#![allow(clippy::unwrap_used)]

mod anchors;
mod exposure;
mod given;
mod libraries;
mod live;
mod modes;
mod names;
mod random;
mod refused;
mod shapes;
mod storage;
mod styles;
