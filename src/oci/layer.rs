//! A layer: files as a tar archive, compressed, under the digest of what came out.
//!
//! The bytes depend on the items alone: one form of header, and owners 0:0.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::blob::{Blob, Packing};
use super::error::Error;
use super::packed::Packed;
use crate::digest::Sha256;

/// The name of an entry that has what a link leads to, where the header has no room for that, as GNU tar writes it.
const LONG_LINK: &[u8] = b"././@LongLink";
/// That room.
const LONGEST_TARGET: usize = 100;
/// What a file in an archive is filled up with, to as many.
const TAR_BLOCK: [u8; 512] = [0; 512];

/// One path of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Relative to the root of the image.
    pub(crate) path: PathBuf,
    /// Permission bits.
    pub(crate) mode: u32,
    /// Seconds since 1970; what is before that counts as 1970.
    pub(crate) mtime: i64,
    /// What it is.
    pub(crate) content: Content,
}

/// What a path of a layer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Directory,
    /// A file of so many bytes, which are read below the root that the layer is made of.
    File(u64),
    Link(PathBuf),
    /// Another name of a file that stands before it in the layer.
    SameAs(PathBuf),
    Fifo,
}

/// A layer that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// As it is stored.
    pub(crate) blob: Blob,
    /// The digest before it was compressed.
    pub(crate) diff_id: Sha256,
    /// How it is compressed.
    pub(crate) packing: Packing,
}

impl Layer {
    /// Writes the files below `root` that `items` name, in that order, as a blob in the folder `blobs`; `at` is where the root is in the
    /// image.
    ///
    /// # Errors
    /// [`Error::OnDisk`] with the file.
    pub(crate) fn write(
        root: &Path,
        items: &[Item],
        at: &Path,
        packing: Packing,
        blobs: &Path,
    ) -> Result<Self, Error> {
        let beside = tempfile::Builder::new().prefix("layer-").make_in(blobs, |path| File::create_new(path));
        let (file, path) = beside.map_err(|source| Error::write(blobs, source))?.into_parts();
        let failed = |source| Error::write(&path, source);
        let packed = archive((root, items, at), Packed::new(file, packing), failed)?;
        let (blob, diff_id) = packed.finish().map_err(failed)?;
        let place = blobs.join(blob.digest.to_string());
        path.persist(&place).map_err(|error| Error::write(&place, error.error))?;
        Ok(Self { blob, diff_id, packing })
    }
}

/// Writes an archive of `items` to `out`.
fn archive(
    (root, items, at): (&Path, &[Item], &Path),
    out: Packed,
    failed: impl Fn(io::Error) -> Error,
) -> Result<Packed, Error> {
    let mut tar = Builder::new(out);
    for item in items {
        let path = at.join(&item.path);
        let mut header = header(item);
        let appended = match &item.content {
            Content::File(_) | Content::Fifo => tar.append_data(&mut header, &path, io::empty()),
            Content::Link(target) => set_target(&mut tar, &mut header, target)
                .and_then(|()| tar.append_data(&mut header, &path, io::empty())),
            Content::SameAs(other) => set_target(&mut tar, &mut header, &at.join(other))
                .and_then(|()| tar.append_data(&mut header, &path, io::empty())),
            // as tar(1) writes it, with a slash at the end
            Content::Directory => tar.append_data(&mut header, path.join(""), io::empty()),
        };
        appended.map_err(&failed)?;
        if let Content::File(size) = item.content {
            // read into the place where it is compressed; the crate's own way takes 8 KiB at once
            let source = root.join(&item.path);
            let read = |error| Error::read(&source, error);
            let mut file = File::open(&source).map_err(read)?;
            let mut left = size;
            while left > 0 {
                let room = tar.get_mut().room().map_err(&failed)?;
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
                let count = match file.read(&mut room[..most]) {
                    // whoever shortens it meanwhile
                    Ok(0) => return Err(read(io::ErrorKind::UnexpectedEof.into())),
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(read(error)),
                };
                tar.get_mut().fill(count);
                left -= count as u64;
            }
            let over = usize::try_from(size % TAR_BLOCK.len() as u64).unwrap_or(0);
            if over > 0 {
                tar.get_mut().write_all(&TAR_BLOCK[over..]).map_err(&failed)?;
            }
        }
    }
    tar.into_inner().map_err(&failed)
}

/// Names what a link leads to byte by byte: the crate's own way takes `./` and double slashes out.
fn set_target(tar: &mut Builder<impl Write>, header: &mut Header, target: &Path) -> io::Result<()> {
    let bytes = target.as_os_str().as_bytes();
    if bytes.len() > LONGEST_TARGET {
        let mut long = Header::new_gnu();
        long.as_mut_bytes()[..LONG_LINK.len()].copy_from_slice(LONG_LINK);
        long.set_entry_type(EntryType::GNULongLink);
        long.set_size(bytes.len() as u64 + 1);
        long.set_mode(0o644);
        long.set_uid(0);
        long.set_gid(0);
        long.set_mtime(0);
        long.set_cksum();
        tar.append(&long, [bytes, b"\0"].concat().as_slice())?;
    }
    header.set_link_name_literal(&bytes[..bytes.len().min(LONGEST_TARGET)])
}

fn header(item: &Item) -> Header {
    let mut header = Header::new_gnu();
    let (kind, size) = match &item.content {
        Content::Directory => (EntryType::Directory, 0),
        Content::File(size) => (EntryType::Regular, *size),
        Content::Link(_) => (EntryType::Symlink, 0),
        Content::SameAs(_) => (EntryType::Link, 0),
        Content::Fifo => (EntryType::Fifo, 0),
    };
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(item.mode & 0o7777);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(item.mtime).unwrap_or(0));
    header
}
