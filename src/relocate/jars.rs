//! The work on Java archives: what their members have of paths is decided about as text that may grow.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::error::Error;
use super::jar;
use super::needles::Needle;
use super::overwrite::{digests_of, write, write_with_replacements};
use super::region::Region;
use super::replacement::Replacement;
use super::worker::{Changed, Searched, Worker};

impl Worker<'_> {
    /// As [`Worker::rewrite`].
    pub(super) fn rewrite_jar(&mut self, path: &Path) -> Result<Option<Searched>, Error> {
        let Some((mut file, made)) = self.jar(path)? else { return Ok(None) };
        let unread = |source| Error::read(path, source);
        let (original, _) = digests_of(&file, &mut self.buffer).map_err(unread)?;
        write(path, &mut file, |file| file.write_all_at(&made.bytes, made.offset))?;
        let (sha256, md5) = digests_of(&file, &mut self.buffer).map_err(unread)?;
        let changed = Some(Changed { original, md5, replacements: made.replacements });
        Ok(Some(Searched { sha256, plain: false, changed, cramped: Vec::new() }))
    }

    /// A Java archive, and what is to be written to it.
    pub(super) fn jar(&mut self, path: &Path) -> Result<Option<(File, jar::Rewritten)>, Error> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            file => file.map_err(|source| Error::read(path, source))?,
        };
        let made = jar::rewritten(&file, &mut |text| self.lengthened(text));
        Ok(made.map_err(|source| Error::read(path, source))?.map(|made| (file, made)))
    }

    /// A text with its paths rewritten, as long as that makes it; `None` where it has none.
    fn lengthened(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let mut replacements = Vec::new();
        for found in self.searcher.find_iter(text) {
            let at = found.start();
            if !matches!(Needle::of(found.pattern()), Needle::Plain) {
                continue;
            }
            let made = match self.form.adapted() {
                Some(adapted) => adapted.replacement_in_text(text, at, self.paths),
                None => {
                    let made = self.form.replacement(text, at, (Region::Data, usize::MAX), self.paths);
                    made.map(|bytes| (bytes.len(), bytes))
                }
            };
            match made {
                Ok((length, bytes)) => {
                    let original = text[at..at + length].to_vec();
                    replacements.push(Replacement { offset: at as u64, original, bytes });
                }
                Err(kept) => self.kept.add(text, at, at as u64, kept),
            }
        }
        let mut made = Vec::new();
        let written = write_with_replacements(&mut made, text, &replacements);
        (!replacements.is_empty() && written.is_ok()).then_some(made)
    }
}
