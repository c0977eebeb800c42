//! `aptlet render`: prints what a pod needs, or a manifest that has it.

use std::path::Path;

use crate::config::{self, Host, Options, Rendering, Settings};
use crate::error::Error;
use crate::render::{self, Manifest};
use crate::report;

pub(super) fn render(flags: Options, settings: &Settings) -> Result<(), Error> {
    let rendering = Rendering::resolve(flags, settings, &Host::this()?)?;
    let manifest =
        rendering.manifest.as_deref().map(|path| read(path).map(|text| (path, text))).transpose()?;
    let text = match &manifest {
        None => render::render(&rendering, None)?,
        Some((path, text)) => {
            let place =
                if *path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
            render::render(&rendering, Some(Manifest { place: &place, text }))?
        }
    };
    report::print(&text)
}

fn read(path: &Path) -> Result<String, config::Error> {
    if path == Path::new("-") {
        return config::read_text_from(std::io::stdin(), Path::new("/dev/stdin"));
    }
    config::read_text(path)
}
