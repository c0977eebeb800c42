//! A file that is opened to be looked through, and what kind of bytes stand where in it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::decide::VECTOR;
use super::elf::{self, ElfLayout};
use super::error::Error;
use super::read::fill;
use super::region::Region;

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

/// A file that is not passed over.
pub(super) struct Contents<'a> {
    pub(super) path: &'a Path,
    pub(super) file: File,
    pub(super) layout: ElfLayout,
    /// What its bytes are where they are nothing special.
    data: Region,
    pub(super) is_elf: bool,
}

impl<'a> Contents<'a> {
    /// Opens a file. `None` for one that is passed over, or that this user may not read.
    pub(super) fn open(path: &'a Path) -> Result<Option<Self>, Error> {
        let file = match File::open(path) {
            // a package may ship what its owner cannot read; nobody could run it either
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            file => file.map_err(|source| Error::read(path, source))?,
        };
        let mut beginning = [0; 8];
        let filled = fill(&file, &mut beginning, 0).map_err(|source| Error::read(path, source))?;
        let beginning = &beginning[..filled];
        if SEALED.iter().any(|magic| beginning.starts_with(magic)) {
            return Ok(None);
        }
        let is_elf = elf::is_elf(beginning);
        let layout = if is_elf { ElfLayout::of(&file) } else { ElfLayout::default() };
        let data = if is_elf && elf::is_dynamic_linker(path) { Region::LinkerData } else { Region::Data };
        Ok(Some(Self { path, file, layout, data, is_elf }))
    }

    /// What kind of bytes there are at a place.
    pub(super) fn region(&self, place: u64) -> Region {
        if self.layout.interpreter == Some(place) {
            Region::Interpreter
        } else if self.layout.is_code(place) {
            if self.is_linker() { Region::LinkerCode } else { Region::Code }
        } else if !self.is_linker() && self.layout.has_code() && place.is_multiple_of(VECTOR as u64) {
            Region::VectorConstant
        } else {
            self.data
        }
    }

    /// Whether instructions or tables may refer to what is at a place that is such a kind of bytes.
    pub(super) fn may_be_referred_to(&self, region: Region) -> bool {
        self.layout.has_code() && matches!(region, Region::Data | Region::VectorConstant)
    }

    /// What kind of bytes a constant is that instructions put together.
    pub(super) fn region_of_immediates(&self) -> Region {
        if self.is_linker() { Region::LinkerImmediates } else { Region::Immediates }
    }

    fn is_linker(&self) -> bool {
        self.data == Region::LinkerData
    }

    pub(super) fn unread(&self, source: io::Error) -> Error {
        Error::read(self.path, source)
    }
}
