//! The shared MIME database below `/usr/share/mime`, as update-mime-database(1) makes it of the packages' XML files.

use super::database::Database;
use super::files;
use crate::finish::caches::xml;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};

const FOLDER: &str = "/usr/share/mime";
/// What all packages of a desktop have together is 4 MB.
const MOST_BYTES: usize = 8 << 20;
/// Of one file.
const MOST_NOTES: usize = 20;

/// Makes the database, if the tree has sources of it and no cache. Returns notes on what is left out.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<String>, Error> {
    let root = inside.root();
    let mut files = inside::files_in(&root, &format!("{FOLDER}/packages"), ".xml")?;
    if exists(&root, &format!("{FOLDER}/mime.cache")) || files.is_empty() {
        return Ok(Vec::new());
    }
    // what an administrator says comes last
    files.sort_by_key(|path| path.ends_with("/Override.xml"));
    let mut database = Database::default();
    let (mut notes, mut read) = (Vec::new(), 0);
    for path in files {
        let bytes =
            inside::read(&root, &path, xml::LARGEST)?.filter(|bytes| read + bytes.len() <= MOST_BYTES);
        let Some(bytes) = bytes else {
            notes.push(format!("{path}: left out of the MIME types, because it is too large"));
            continue;
        };
        read += bytes.len();
        match xml::parse(&bytes).and_then(|document| database.add(&document)) {
            Ok(bad) => {
                let more = bad.len().saturating_sub(MOST_NOTES);
                let bad = bad.into_iter().take(MOST_NOTES);
                notes.extend(bad.map(|reason| format!("{path}: a MIME type is not whole: {reason}")));
                notes.extend((more > 0).then(|| format!("{path}: {more} more MIME types are not whole")));
            }
            Err(reason) => notes.push(format!("{path}: left out of the MIME types: {reason}")),
        }
    }
    let version = inside.tree.packages().iter().find(|package| package.artifact.name == "shared-mime-info");
    let version = version.map(|package| {
        let version = package
            .artifact
            .version
            .rsplit_once('-')
            .map_or(&*package.artifact.version, |(upstream, _)| upstream);
        format!("{}\n", version.split_once(':').map_or(version, |(_, upstream)| upstream))
    });
    database.sort();
    let mut bad = 0;
    for (name, content) in files::all(&database, version) {
        bad += usize::from(!inside.file(&format!("{FOLDER}/{name}"), &content)?);
    }
    if bad > 0 {
        notes.push(format!(
            "{FOLDER}: {bad} files of MIME types are not made, because something is in their way"
        ));
    }
    Ok(notes)
}
