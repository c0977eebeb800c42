//! Reads pieces of files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Reads from a place of a file until the buffer is full, or the file at its end. Returns how many bytes there are.
pub(super) fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
