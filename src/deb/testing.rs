//! Builds archives in memory for tests, hostile ones included: nothing here checks a path.
#![allow(clippy::unwrap_used)]

use tar::EntryType;

use crate::digest::Sha256;
use crate::plan::Artifact;

pub(crate) fn ar_header(name: &str, size: u64) -> Vec<u8> {
    format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100_644).into_bytes()
}

pub(crate) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, data) in members {
        bytes.extend(ar_header(name, data.len() as u64));
        bytes.extend_from_slice(data);
        if data.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// One member of a tar archive.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) header: tar::Header,
    pub(crate) data: Vec<u8>,
}

impl Entry {
    pub(crate) fn new(kind: EntryType, path: &[u8], link: &[u8], data: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path);
        old.linkname[..link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_000_000_000);
        header.set_uid(0);
        header.set_gid(0);
        Self { header, data: data.to_vec() }
    }

    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.header.set_mode(mode);
        self
    }

    pub(crate) fn mtime(mut self, mtime: u64) -> Self {
        self.header.set_mtime(mtime);
        self
    }

    pub(crate) fn owner(mut self, user: u64, group: u64) -> Self {
        self.header.set_uid(user);
        self.header.set_gid(group);
        self
    }

    pub(crate) fn size(mut self, size: u64) -> Self {
        self.header.set_size(size);
        self
    }
}

pub(crate) fn file(path: &str, data: &str) -> Entry {
    Entry::new(EntryType::Regular, path.as_bytes(), b"", data.as_bytes())
}

pub(crate) fn dir(path: &str) -> Entry {
    Entry::new(EntryType::Directory, path.as_bytes(), b"", b"").mode(0o755)
}

pub(crate) fn symlink(path: &str, target: &str) -> Entry {
    Entry::new(EntryType::Symlink, path.as_bytes(), target.as_bytes(), b"").mode(0o777)
}

pub(crate) fn hardlink(path: &str, target: &str) -> Entry {
    Entry::new(EntryType::Link, path.as_bytes(), target.as_bytes(), b"")
}

pub(crate) fn tarball(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Entry { header, data } in entries {
        let mut header = header.clone();
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

pub(crate) fn artifact(name: &str) -> Artifact {
    Artifact {
        name: name.to_owned(),
        version: "1.0".to_owned(),
        architecture: "amd64".to_owned(),
        source: "debian".to_owned(),
        filename: format!("pool/{name}.deb"),
        size: 0,
        sha256: Sha256::of(b""),
        installed_size: 1,
        also: Vec::new(),
    }
}

pub(crate) fn control_text(name: &str, more: &str) -> String {
    format!("Package: {name}\nVersion: 1.0\nArchitecture: amd64\n{more}Description: for tests\n a long one\n")
}

/// A package of [`artifact`]'s version, uncompressed.
pub(crate) fn deb(name: &str, more: &str, control_files: &[Entry], data: &[Entry]) -> Vec<u8> {
    let mut control = vec![dir("./"), file("./control", &control_text(name, more))];
    control.extend_from_slice(control_files);
    ar(&[("debian-binary", b"2.0\n"), ("control.tar", &tarball(&control)), ("data.tar", &tarball(data))])
}
