//! Reading the small text files that people write.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::error::Error;

/// The largest file of configuration that is read, in bytes; a `ConfigMap` cannot exceed 1 MiB.
pub(crate) const LARGEST: u64 = 16 << 20;

/// The text of the file at `path`, without a byte order mark.
///
/// # Errors
/// What is not a regular file, is larger than [`LARGEST`] or is not UTF-8, and any failure to read it.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    check(path)?;
    let failed = |source| Error::Read { path: path.to_owned(), source };
    read_from(File::open(path).map_err(failed)?, path)
}

/// The bytes of a file of the user's, for formats that are older than UTF-8.
///
/// # Errors
/// As for [`read`], but for [`Error::NotText`].
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    check(path)?;
    let failed = |source| Error::Read { path: path.to_owned(), source };
    bytes_from(File::open(path).map_err(failed)?, path)
}

fn bytes_from(reader: impl std::io::Read, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|source| Error::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// The text that `reader` gives, without a byte order mark; `path` is for messages.
///
/// # Errors
/// As for [`read`].
pub(crate) fn read_from(reader: impl std::io::Read, path: &Path) -> Result<String, Error> {
    let text = String::from_utf8(bytes_from(reader, path)?).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', good).count();
        Error::NotText { path: path.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Checks that `path` is a regular file of at most [`LARGEST`] bytes.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    if metadata.len() > LARGEST {
        return Err(Error::TooLarge { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_text_without_its_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("packages");
        fs::write(&path, "\u{feff}curl\r\n").unwrap();
        assert_eq!(read(&path).unwrap(), "curl\r\n");
    }

    #[test]
    fn names_the_line_that_is_not_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("packages");
        fs::write(&path, b"curl\nj\xff\n").unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, Error::NotText { line: 2, .. }), "{error}");
        assert!(error.to_string().contains("packages:2"), "{error}");
    }

    #[test]
    fn refuses_what_is_no_small_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(Error::NotAFile { .. })));
        let path = folder.path().join("large");
        File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(matches!(read(&path), Err(Error::TooLarge { .. })));
        assert!(matches!(read(&folder.path().join("none")), Err(Error::Read { .. })));
    }
}
