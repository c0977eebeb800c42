//! The folder that goes on PATH, of a tree whose commands can be started as they are.

use std::path::Path;

use super::Error;
use super::launchers::{BIN, COMMAND_FOLDERS, commands};
use crate::tree::write::Generated;

/// From `var/lib/aptlet/bin` to the tree.
const UP: &str = "../../../..";

/// Links all commands of a tree, into a folder that exists; returns how many there are.
pub fn link(tree: &Path, generated: Generated) -> Result<usize, Error> {
    let commands = commands(tree);
    for name in commands.keys() {
        let folder =
            COMMAND_FOLDERS.iter().find(|folder| tree.join(folder).join(name).symlink_metadata().is_ok());
        let link = tree.join(BIN).join(name);
        let target = format!("{UP}/{}/{name}", folder.unwrap_or(&COMMAND_FOLDERS[0]));
        generated.link(&target, &link).map_err(|source| Error::write(&link, source))?;
    }
    Ok(commands.len())
}
