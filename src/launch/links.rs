//! The folder that goes on PATH, of a tree whose commands can be started as they are.
//!
//! Programs that look for their files beside the folder they are started from (`$0/../lib`) find what the tree has in `usr`: by
//! the folder's real place, as `pwd -P` tells it, and by names alone.

use std::path::Path;

use super::commands::{COMMAND_FOLDERS, commands};
use super::error::Error;
use crate::tree::libraries::list;
use crate::tree::records;
use crate::tree::write::Generated;

/// A link to the tree's `usr` stands beside `bin`, as one does in the destination: scripts that follow the links from
/// `/p/bin/X` one by one take `..` to be the name before it, and arrive at the same file as the kernel.
const USR: &str = "var/lib/aptlet/usr";
const USR_FROM_THERE: &str = "../../../usr";
/// What `usr` has besides is linked there, too: `python3-config` takes the folder above `bin` for the prefix it was installed in.
const BESIDE: &str = "var/lib/aptlet";

/// Links all commands of a tree, into a folder that exists; returns how many there are.
pub(crate) fn link(tree: &Path, generated: Generated) -> Result<usize, Error> {
    let commands = commands(tree);
    let usr = tree.join(USR);
    generated.link(USR_FROM_THERE, &usr).map_err(|source| Error::write(&usr, source))?;
    for folder in list(&tree.join("usr")).iter().filter(|path| path.is_dir()) {
        let Some(name) = folder.file_name().filter(|name| *name != "bin") else { continue };
        let link = tree.join(BESIDE).join(name);
        let target = Path::new("usr").join(name);
        generated.link(&target.to_string_lossy(), &link).map_err(|source| Error::write(&link, source))?;
    }
    for name in commands.keys() {
        let folder =
            COMMAND_FOLDERS.iter().find(|folder| tree.join(folder).join(name).symlink_metadata().is_ok());
        let link = tree.join(records::COMMANDS).join(name);
        let target = format!("../{}/{name}", folder.unwrap_or(&COMMAND_FOLDERS[0]));
        generated.link(&target, &link).map_err(|source| Error::write(&link, source))?;
    }
    Ok(commands.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Component, PathBuf};

    use super::*;

    /// As `cd -L` of a shell understands `..`.
    fn by_name(path: &Path) -> PathBuf {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => assert!(plain.pop()),
                part => plain.push(part),
            }
        }
        plain
    }

    #[test]
    fn a_link_leads_to_the_same_file_by_name_and_by_inode() {
        let destination = tempfile::tempdir().unwrap();
        let tree = destination.path().join(".aptlet/generations/1");
        for folder in ["usr/bin", "usr/sbin", "usr/include/x", records::COMMANDS] {
            fs::create_dir_all(tree.join(folder)).unwrap();
        }
        for command in ["usr/bin/one", "usr/sbin/two"] {
            fs::write(tree.join(command), command).unwrap();
            fs::set_permissions(tree.join(command), Permissions::from_mode(0o755)).unwrap();
        }
        symlink(".aptlet/generations/1/usr", destination.path().join("usr")).unwrap();
        let bin = destination.path().join("bin");
        symlink(Path::new(".aptlet/generations/1").join(records::COMMANDS), &bin).unwrap();
        assert_eq!(link(&tree, Generated { date: 0 }).unwrap(), 2);
        for (name, file) in [("one", "usr/bin/one"), ("two", "usr/sbin/two")] {
            assert_eq!(fs::read_to_string(bin.join(name)).unwrap(), file);
            let target = fs::read_link(bin.join(name)).unwrap();
            assert_eq!(fs::read_to_string(by_name(&bin.join(target))).unwrap(), file);
        }
        // the folder above is a prefix such as `usr`
        let above = fs::canonicalize(&bin).unwrap().parent().unwrap().to_owned();
        assert!(above.join("include/x").is_dir());
        assert_eq!(fs::read_to_string(above.join("sbin/two")).unwrap(), "usr/sbin/two");
    }
}
