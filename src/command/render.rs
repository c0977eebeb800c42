//! `aptlet render`: prints what a pod needs, or a manifest that has it.

use std::path::Path;

use crate::building::space;
use crate::config::{self, Host, Mode, Options, Rendering, Settings};
use crate::error::Error;
use crate::lock;
use crate::render::{self, Manifest};
use crate::report;
use crate::resolve::likely_owners;
use crate::source::elsewhere::is_library;

pub(super) fn render(flags: Options, settings: &Settings) -> Result<(), Error> {
    for request in &settings.requests {
        // a source of its own may have a package of that name: nothing is asked here
        if let [owner, ..] = likely_owners(&request.name).as_slice() {
            let what = if is_library(&request.name) { "a library" } else { "a command" };
            tracing::warn!(
                "'{}' is the name of {what}, and Debian has it in another package: ask for {owner}",
                request.name
            );
        }
    }
    let mut rendering = Rendering::resolve(flags, settings, &Host::this()?)?;
    if let (Some(_), Some(path)) = (rendering.storage, &settings.lock) {
        rendering.give_room(space::of_volume(&lock::read(path)?, trees(rendering.mode, settings)));
    }
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

/// How many trees are in the volume at once, at most. A container that starts again may find another list in its ConfigMap, and
/// makes that tree beside the first; an init container does so only after its node has started anew.
fn trees(mode: Mode, settings: &Settings) -> u64 {
    match mode {
        Mode::Init | Mode::Image => 1,
        Mode::Entrypoint => 2,
        // what is linked counts once, and what is rewritten for each
        Mode::Sidecar | Mode::Live => settings.keep_generations as u64 + 1,
    }
}

fn read(path: &Path) -> Result<String, config::Error> {
    if path == Path::new("-") {
        return config::read_text_from(std::io::stdin(), Path::new("/dev/stdin"));
    }
    config::read_text(path)
}
