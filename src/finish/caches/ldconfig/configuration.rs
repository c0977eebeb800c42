//! `/etc/ld.so.conf`: the folders that ldconfig(8) looks for libraries in.

use std::path::Path;

use crate::finish::error::Error;
use crate::finish::inside::{self, is_sound};

const LARGEST_CONFIGURATION: u64 = 64 << 10;
const DEEPEST_INCLUDE: usize = 4;
const MOST_FOLDERS: usize = 256;

/// The folders of a configuration file (ldconfig(8)), those of the files that it includes in their place.
pub(super) fn configured(
    root: &Path,
    file: &str,
    depth: usize,
    folders: &mut Vec<String>,
) -> Result<(), Error> {
    let Some(bytes) = inside::read(root, file, LARGEST_CONFIGURATION)? else { return Ok(()) };
    for line in String::from_utf8_lossy(&bytes).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("include") && depth < DEEPEST_INCLUDE {
            for pattern in words {
                for included in matching(root, file, pattern)? {
                    configured(root, &included, depth + 1, folders)?;
                }
            }
            continue;
        }
        let folder = line.trim_end_matches('/');
        if is_sound(folder) && folders.len() < MOST_FOLDERS {
            folders.push(folder.to_owned());
        }
    }
    Ok(())
}

/// The files that an `include` means; patterns with one `*`, in the name of the file.
fn matching(root: &Path, from: &str, pattern: &str) -> Result<Vec<String>, Error> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{folder}/{pattern}") };
    let Some((folder, name)) = whole.rsplit_once('/') else { return Ok(Vec::new()) };
    let Some((before, after)) = name.split_once('*') else { return Ok(vec![whole]) };
    let mut files = inside::files_in(root, folder, after)?;
    files.retain(|file| {
        file.rsplit('/').next().is_some_and(|name| {
            name.len() >= before.len() + after.len() && name.starts_with(before) && !name.starts_with('.')
        })
    });
    Ok(files)
}
