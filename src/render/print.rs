//! What is printed.

use super::alone::pieces;
use super::config_map::Data;
use super::error::Error;
use super::patched::{Manifest, patched};
use super::values;
use super::write::{self, Lists};
use crate::config::Rendering;

/// What is to be printed.
///
/// # Errors
/// Files that cannot be read, and whatever stands in the way of adding to `manifest`.
pub fn render(rendering: &Rendering, manifest: Option<Manifest<'_>>) -> Result<String, Error> {
    let data = Data::read(rendering)?;
    Ok(match manifest {
        _ if rendering.helm_values => write::block(&values::values(rendering, data)?, Lists::Indented),
        Some(manifest) => patched(rendering, &data, manifest)?,
        None => pieces(rendering, &data)?,
    })
}
