//! `aptlet render`: prints what a pod needs, or a manifest that has it.

use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::config::{self, Host, LARGEST, Options, Rendering, Settings};
use crate::error::Error;
use crate::render::{self, Manifest};

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
    std::io::stdout().write_all(text.as_bytes()).map_err(Error::Stdout)
}

fn read(path: &Path) -> Result<String, config::Error> {
    if path != Path::new("-") {
        return config::read_text(path);
    }
    let failed = |source| config::Error::Read { path: "/dev/stdin".into(), source };
    let mut bytes = Vec::new();
    std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(config::Error::TooLarge { path: "/dev/stdin".into() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', good).count();
        config::Error::NotText { path: "/dev/stdin".into(), line }
    })
}
