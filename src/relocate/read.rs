//! Reads pieces of files.

use std::fs::File;
use std::io;
use std::ops::Range;
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

/// What is read at once by [`each_window`], in bytes; a multiple of the size of an instruction.
const WINDOW: usize = 256 << 10;

/// Gives the bytes of a range of a file piece by piece: where in the file they begin, the bytes with `around` more before and
/// after where the range has them, and which of them are not given again. Ends where the file does.
pub(super) fn each_window(
    file: &File,
    range: Range<u64>,
    around: usize,
    mut visit: impl FnMut(u64, &[u8], Range<usize>),
) -> io::Result<()> {
    let mut buffer = vec![0; WINDOW + 2 * around];
    let mut at = range.start;
    while at < range.end {
        let start = at.saturating_sub(around as u64).max(range.start);
        let wanted = usize::try_from(range.end - start).unwrap_or(usize::MAX).min(buffer.len());
        let filled = fill(file, &mut buffer[..wanted], start)?;
        let from = usize::try_from(at - start).unwrap_or_default();
        let to = (from + WINDOW).min(filled);
        if from >= to {
            break;
        }
        visit(start, &buffer[..filled], from..to);
        at += WINDOW as u64;
    }
    Ok(())
}
