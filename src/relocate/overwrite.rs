//! Writes over the paths in a file, and digests what is there then.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, Write};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use md5::{Digest as _, Md5};

use super::error::Error;
use super::read::fill;
use super::replacement::Replacement;
use crate::digest::{Checksum, Hasher, Sha256};
use crate::tree::volume::{set_mode, set_mode_of, times, unless_refused};

/// The beginning of a name until the file has its own; the number of the original's inode stands behind it.
const APART: &str = ".aptlet-apart-";

/// Writes a text with all replacements made, which are in the order of their offsets.
pub(super) fn write_with_replacements(
    out: impl Write,
    text: &[u8],
    replacements: &[Replacement],
) -> io::Result<()> {
    let (mut out, mut from) = (BufWriter::new(out), 0);
    for replacement in replacements {
        let at = usize::try_from(replacement.offset).unwrap_or(text.len());
        out.write_all(&text[from..at])?;
        out.write_all(&replacement.bytes)?;
        from = at + replacement.original.len();
    }
    out.write_all(&text[from..])?;
    out.flush()
}

/// Writes replacements over their originals, or behind the end of the file.
pub(super) fn write_in_place(
    path: &Path,
    file: &mut File,
    replacements: &[Replacement],
) -> Result<(), Error> {
    if replacements.is_empty() {
        return Ok(());
    }
    write(path, file, |file| {
        replacements.iter().try_for_each(|piece| file.write_all_at(&piece.bytes, piece.offset))
    })
}

/// Writes to a file that is open for reading. Keeps its mode and time; one that its owner may not write to is opened up for
/// the moment. One that has other names is a file of its own from then on, which takes the place of the open one: another
/// tree may have it as well.
pub(super) fn write(
    path: &Path,
    file: &mut File,
    content: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), Error> {
    let meta = file.metadata().map_err(|source| Error::read(path, source))?;
    let mode = meta.permissions().mode();
    if meta.nlink() > 1 && meta.is_file() {
        *file = set_apart(path, file).map_err(|source| Error::write(path, source))?;
    }
    let write = || -> io::Result<()> {
        if mode & 0o200 == 0 {
            set_mode(path, mode | 0o200)?;
        }
        let file = OpenOptions::new().write(true).open(path)?;
        content(&file)?;
        set_mode_of(&file, mode)?;
        Ok(unless_refused(rustix::fs::futimens(&file, &times(meta.mtime())))?)
    };
    write().map_err(|source| Error::write(path, source))
}

/// Gives a name a file of its own with the same content, and opens that.
fn set_apart(path: &Path, mut file: &File) -> io::Result<File> {
    let beside = path.with_file_name(format!("{APART}{}", file.metadata()?.ino()));
    let mut copy = File::create_new(&beside)?;
    file.rewind()?;
    io::copy(&mut file, &mut copy)?;
    set_mode_of(&copy, 0o600)?;
    fs::rename(&beside, path)?;
    File::open(path)
}

/// The SHA-256 of a file, and its MD5 as dpkg's md5sums have it.
pub(super) fn digests_of(file: &File, buffer: &mut [u8]) -> io::Result<(Sha256, String)> {
    let mut sha256 = Checksum::Sha256([0; 32]).hasher();
    let (mut md5, mut offset) = (Md5::new(), 0);
    loop {
        let filled = fill(file, buffer, offset)?;
        sha256.update(&buffer[..filled]);
        md5.update(&buffer[..filled]);
        if filled < buffer.len() {
            return Ok((sha256_of(sha256), format!("{:x}", md5.finalize())));
        }
        offset += filled as u64;
    }
}

pub(super) fn sha256_of(hasher: Hasher) -> Sha256 {
    match hasher.finish() {
        Checksum::Sha256(digest) => Sha256(digest),
        Checksum::Sha512(_) => Sha256([0; 32]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_may_grow() {
        let piece = |offset, original: &str, bytes: &str| Replacement {
            offset,
            original: original.into(),
            bytes: bytes.into(),
        };
        let replacements = [piece(2, "/usr", "/opt/t/usr"), piece(7, "/bin", "/opt/t/usr/bin")];
        let mut text = Vec::new();
        write_with_replacements(&mut text, b"x=/usr:/bin\n", &replacements).unwrap();
        assert_eq!(text, b"x=/opt/t/usr:/opt/t/usr/bin\n");
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::open(folder.path()).unwrap();
        let error = write(folder.path(), &mut file, |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        let expected = format!("cannot write {}: Is a directory (os error 21)", folder.path().display());
        assert_eq!(error.to_string(), expected);
    }
    #[test]
    fn another_name_of_a_file_keeps_what_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "/usr").unwrap();
        fs::set_permissions(&one, fs::Permissions::from_mode(0o555)).unwrap();
        fs::hard_link(&one, &other).unwrap();
        let mut file = File::open(&one).unwrap();
        write(&one, &mut file, |file| file.write_all_at(b"/p/u", 0)).unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "/p/u");
        assert_eq!((fs::read(&one).unwrap(), fs::read(&other).unwrap()), (b"/p/u".into(), b"/usr".into()));
        assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o7777, 0o555);
        assert_eq!(folder.path().read_dir().unwrap().count(), 2);
    }
}
