//! One file: its paths found, decided about, and rewritten in place.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use aho_corasick::AhoCorasick;
use md5::{Digest as _, Md5};

use super::Relocation;
use super::elf::{self, Layout};
use super::exact::{Among, CONSTANT, Left};
use super::paths::Paths;
use super::token::{BEFORE, LONGEST, is_path_byte, token};
use crate::digest::{Checksum, Sha256};
use crate::tree::unpack::times;

/// What is read at once, in bytes.
const CHUNK: usize = 512 << 10;

/// Files whose bytes are no text that anybody would read: compressed, or with checksums of their own. `.mo` files are
/// found by their keys.
const SEALED: [&[u8]; 9] = [
    b"\x1f\x8b",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\xde\x12\x04\x95",
    b"\x95\x04\x12\xde",
];

/// One path that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// In bytes from the beginning of the file.
    pub(super) offset: u64,
    /// What was there.
    pub(super) original: Vec<u8>,
    /// What is there now, as long.
    pub(super) bytes: Vec<u8>,
}

/// A file that was looked through.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) sha256: Sha256,
    pub(super) changed: Option<Changed>,
}

/// A file that is not what its package has.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    /// The digest of what the package has.
    pub(super) original: Sha256,
    /// As dpkg's md5sums have it, of the file as it is now.
    pub(super) md5: String,
    pub(super) edits: Vec<Edit>,
}

/// A path that stays as it is.
pub(super) type Staying = (u64, Vec<u8>, Left);

/// What one thread works with.
pub(super) struct Worker<'a> {
    relocation: &'a Relocation,
    paths: &'a Paths,
    searcher: &'a AhoCorasick,
    buffer: Vec<u8>,
    /// Where paths that stay are listed, if anybody asks.
    staying: Option<Vec<Staying>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(relocation: &'a Relocation, paths: &'a Paths, searcher: &'a AhoCorasick) -> Self {
        Self { relocation, paths, searcher, buffer: vec![0; BEFORE + CHUNK + LONGEST], staying: None }
    }

    /// The paths of a file that stay as they are; of one that is passed over, none.
    pub(super) fn staying(&mut self, path: &Path) -> io::Result<Vec<Staying>> {
        self.staying = Some(Vec::new());
        if let Some((file, layout, data)) = self.open(path)? {
            self.scan(&file, &layout, data)?;
        }
        Ok(self.staying.take().unwrap_or_default())
    }

    /// The path, or name of a variable, at a place of a file.
    pub(super) fn token_at(&mut self, path: &Path, offset: u64) -> io::Result<Vec<u8>> {
        let filled = read_full(&File::open(path)?, &mut self.buffer[..LONGEST], offset)?;
        Ok(token(&self.buffer[..filled]).to_vec())
    }

    /// Rewrites a file. `None` for one that is passed over, or that this user may not read.
    pub(super) fn rewrite(&mut self, path: &Path) -> io::Result<Option<Done>> {
        let Some((file, layout, data)) = self.open(path)? else { return Ok(None) };
        let (sha256, original, edits) = self.scan(&file, &layout, data)?;
        let Some(original) = original else { return Ok(Some(Done { sha256, changed: None })) };
        write(path, &file.metadata()?, &edits)?;
        let md5 = md5_of(&file, &mut self.buffer)?;
        Ok(Some(Done { sha256, changed: Some(Changed { original, md5, edits }) }))
    }

    fn open(&self, path: &Path) -> io::Result<Option<(File, Layout, Among)>> {
        let file = match File::open(path) {
            // a package may ship what its owner cannot read; nobody could run it either
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            file => file?,
        };
        let mut beginning = [0; 8];
        let filled = read_full(&file, &mut beginning, 0)?;
        let beginning = &beginning[..filled];
        let is_elf = elf::is_elf(beginning);
        if !self.relocation.wants(is_elf) || SEALED.iter().any(|magic| beginning.starts_with(magic)) {
            return Ok(None);
        }
        let layout = if is_elf { elf::layout(&file) } else { Layout::default() };
        let data = if is_elf && is_linker(path) { Among::Linker } else { Among::Data };
        Ok(Some((file, layout, data)))
    }

    /// Finds what to write, and the digests after it and (where they differ) before it.
    fn scan(
        &mut self,
        file: &File,
        layout: &Layout,
        data: Among,
    ) -> io::Result<(Sha256, Option<Sha256>, Vec<Edit>)> {
        let mut edits: Vec<Edit> = Vec::new();
        let mut after = Checksum::Sha256([0; 32]).hasher();
        let mut before = None;
        // `offset` is where the buffer begins in the file, `from` where what is new in it begins in the buffer
        let (mut offset, mut from) = (0_u64, 0_usize);
        loop {
            let filled = read_full(file, &mut self.buffer, offset)?;
            let at_end = filled < self.buffer.len();
            // what begins later than this may go on in the next chunk
            let to = if at_end { filled } else { filled - LONGEST };
            let known = edits.len();
            let chunk = &self.buffer[..filled];
            for found in self.searcher.find_iter(&chunk[from..]) {
                let at = from + found.start();
                if at >= to {
                    break;
                }
                let place = offset + at as u64;
                let among = if layout.interpreter == Some(place) {
                    Among::Interpreter
                } else if layout.is_code(place) {
                    if data == Among::Linker { Among::LinkerCode } else { Among::Code }
                } else if data == Among::Data && layout.has_code() && place.is_multiple_of(CONSTANT as u64) {
                    Among::Constant
                } else {
                    data
                };
                match (self.relocation.decide(chunk, at, among, self.paths), &mut self.staying) {
                    (Ok(bytes), _) => {
                        let original = chunk[at..at + bytes.len()].to_vec();
                        edits.push(Edit { offset: place, original, bytes });
                    }
                    // what is inside of another path is none of its own
                    (Err(Left::NotABeginning), _) if at > 0 && is_path_byte(chunk[at - 1]) => {}
                    (Err(left), Some(staying)) if chunk[at] == b'/' => {
                        staying.push((place, token(&chunk[at..]).to_vec(), left));
                    }
                    (Err(_), _) => {}
                }
            }
            if before.is_none() && !edits.is_empty() {
                before = Some(after.clone());
            }
            if let Some(before) = &mut before {
                before.update(&self.buffer[from..to]);
            }
            // the last of the chunk before may end in this one
            for edit in &edits[known.saturating_sub(1)..] {
                lay_over(&mut self.buffer[..filled], offset, edit);
            }
            after.update(&self.buffer[from..to]);
            if at_end {
                return Ok((finish(after), before.map(finish), edits));
            }
            let next = offset + to as u64;
            offset = next - BEFORE as u64;
            from = BEFORE;
        }
    }
}

fn lay_over(buffer: &mut [u8], offset: u64, edit: &Edit) {
    for (place, byte) in (edit.offset..).zip(&edit.bytes) {
        let at = place.checked_sub(offset).and_then(|at| usize::try_from(at).ok());
        if let Some(slot) = at.and_then(|at| buffer.get_mut(at)) {
            *slot = *byte;
        }
    }
}

fn finish(hasher: crate::digest::Hasher) -> Sha256 {
    match hasher.finish() {
        Checksum::Sha256(digest) => Sha256(digest),
        Checksum::Sha512(_) => Sha256([0; 32]),
    }
}

/// Whether a file has the name of a dynamic linker of glibc.
pub(super) fn is_linker(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"ld-linux") || name.starts_with(b"ld64.so") || name.starts_with(b"ld.so")
}

fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
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

/// Keeps mode and time of the file; one that its owner may not write to is opened up for the moment.
fn write(path: &Path, meta: &fs::Metadata, edits: &[Edit]) -> io::Result<()> {
    let mode = meta.permissions().mode();
    if mode & 0o200 == 0 {
        fs::set_permissions(path, Permissions::from_mode(mode | 0o200))?;
    }
    let file = OpenOptions::new().write(true).open(path)?;
    for edit in edits {
        file.write_all_at(&edit.bytes, edit.offset)?;
    }
    file.set_permissions(Permissions::from_mode(mode))?;
    rustix::fs::futimens(&file, &times(meta.mtime()))?;
    Ok(())
}

fn md5_of(file: &File, buffer: &mut [u8]) -> io::Result<String> {
    let (mut hasher, mut offset) = (Md5::new(), 0);
    loop {
        let filled = read_full(file, buffer, offset)?;
        hasher.update(&buffer[..filled]);
        if filled < buffer.len() {
            return Ok(format!("{:x}", hasher.finalize()));
        }
        offset += filled as u64;
    }
}
