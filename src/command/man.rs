//! `aptlet man`: manual pages, one for each command.

use std::fs;
use std::path::Path;

use crate::cli;
use crate::error::Error;
use crate::report;
use crate::wording::counted;

pub(super) fn manual(folder: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Output { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let pages = cli::manual().map_err(failed(folder))?;
    for (name, text) in &pages {
        let path = folder.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    report::print(&format!("{} in {}\n", counted(pages.len(), "page"), folder.display()))
}
