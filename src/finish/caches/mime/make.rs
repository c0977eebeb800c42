//! The shared MIME database below `/usr/share/mime`, as update-mime-database(1) makes it of the packages' XML files.

use super::database::Database;
use super::files;
use crate::arrange::Arrange as _;
use crate::finish::caches::xml;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::Note;

const FOLDER: &str = "/usr/share/mime";
/// What all packages of a desktop have together is 4 MB.
const MOST_BYTES: usize = 8 << 20;
/// Of one file.
const MOST_NOTES: usize = 20;

/// Makes the database, if the tree has sources of it and no cache. Returns notes on what is left out.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let mut files = inside::files_in(&root, &format!("{FOLDER}/packages"), ".xml")?;
    if exists(&root, &format!("{FOLDER}/mime.cache")) || files.is_empty() {
        return Ok(Vec::new());
    }
    // what an administrator says comes last
    files.arrange_by_key(|path| path.ends_with("/Override.xml"));
    let mut database = Database::default();
    let (mut notes, mut read) = (Vec::new(), 0);
    for path in files {
        let bytes =
            inside::read(&root, &path, xml::LARGEST)?.filter(|bytes| read + bytes.len() <= MOST_BYTES);
        let Some(bytes) = bytes else {
            notes.push(Note::MimeFileTooLarge { path });
            continue;
        };
        read += bytes.len();
        match database.add(&bytes) {
            Ok(bad) => {
                let more = bad.len().saturating_sub(MOST_NOTES);
                let bad = bad.into_iter().take(MOST_NOTES);
                notes.extend(bad.map(|reason| Note::MimeTypeCut { path: path.clone(), reason }));
                notes.extend((more > 0).then_some(Note::MoreMimeTypesCut { path, count: more }));
            }
            Err(reason) => notes.push(Note::MimeFileLeftOut { path, reason }),
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
        notes.push(Note::MimeFilesNotMade { path: FOLDER.to_owned(), count: bad });
    }
    Ok(notes)
}
