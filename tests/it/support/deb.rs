//! Builds `.deb` archives (deb(5)): honest and deterministic ones by default, hostile ones entry by entry.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aptlet::digest::Sha256;
use md5::{Digest as _, Md5};
use tar::{EntryType, Header};

pub(crate) use super::compression::Compression;

/// The modification time of every member, in seconds since the epoch (2024-01-01).
pub(crate) const MTIME: u64 = 1_704_067_200;

/// One entry of a tar archive, written exactly as given: nothing is checked or normalised.
#[derive(Clone, Debug)]
pub(crate) struct TarEntry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryType,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) link: Vec<u8>,
    pub(crate) data: Vec<u8>,
    /// The size that the header declares, where it is not that of `data`.
    pub(crate) size: Option<u64>,
}

impl TarEntry {
    /// An empty entry of root's with mode 0644; set the other fields with struct update syntax.
    pub(crate) fn new(path: impl AsRef<[u8]>, kind: EntryType) -> Self {
        let path = path.as_ref().to_vec();
        Self { path, kind, mode: 0o644, uid: 0, gid: 0, link: Vec::new(), data: Vec::new(), size: None }
    }

    fn append_to(&self, archive: &mut tar::Builder<Vec<u8>>) {
        for (kind, name) in [(b'L', &self.path), (b'K', &self.link)] {
            if name.len() > 100 {
                let mut long = Self::new("././@LongLink", EntryType::new(kind));
                long.data = [name.as_slice(), b"\0"].concat();
                long.append_to(archive);
            }
        }
        let mut header = Header::new_gnu();
        header.set_mode(self.mode);
        header.set_uid(self.uid);
        header.set_gid(self.gid);
        header.set_mtime(MTIME);
        header.set_entry_type(self.kind);
        header.set_size(self.size.unwrap_or(self.data.len() as u64));
        let fields = header.as_gnu_mut().unwrap();
        for (field, value) in [(&mut fields.name, &self.path), (&mut fields.linkname, &self.link)] {
            let length = value.len().min(field.len());
            field[..length].copy_from_slice(&value[..length]);
        }
        header.set_cksum();
        archive.append(&header, self.data.as_slice()).unwrap();
    }
}

/// A tar archive of `entries`, in that order.
pub(crate) fn tar(entries: &[TarEntry]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for entry in entries {
        entry.append_to(&mut archive);
    }
    archive.into_inner().unwrap()
}

/// An ar archive of `members`, in that order, with names as dpkg-deb writes them (no trailing slash).
pub(crate) fn ar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, data) in members {
        let size = data.len();
        out.extend(format!("{name:<16}{MTIME:<12}{0:<6}{0:<6}{1:<8}{size:<10}`\n", 0, 100_644).bytes());
        out.extend(data);
        if size % 2 == 1 {
            out.push(b'\n');
        }
    }
    out
}

/// A binary package in the making. Paths may start with `/`, `./` or neither.
#[derive(Clone, Debug)]
pub(crate) struct DebBuilder {
    fields: Vec<(String, String)>,
    control_files: Vec<(String, u32, Vec<u8>)>,
    conffiles: Vec<String>,
    directories: BTreeSet<String>,
    entries: Vec<TarEntry>,
    compression: Compression,
}

impl DebBuilder {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let builder = Self {
            fields: Vec::new(),
            control_files: Vec::new(),
            conffiles: Vec::new(),
            directories: BTreeSet::new(),
            entries: vec![TarEntry { mode: 0o755, ..TarEntry::new("./", EntryType::Directory) }],
            compression: Compression::Xz,
        };
        builder
            .field("Package", name)
            .field("Version", version)
            .arch("amd64")
            .field("Maintainer", "Nobody <nobody@mirror.example>")
            .field("Description", &format!("{name}, a package for tests"))
    }

    pub(crate) fn arch(self, arch: &str) -> Self {
        self.field("Architecture", arch)
    }

    /// Sets a control field, in place of an earlier one of that name.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        set_field(&mut self.fields, name, value);
        self
    }

    pub(crate) fn dir(mut self, path: &str, mode: u32) -> Self {
        self.parents(path);
        let path = format!("{}/", inside(path));
        if self.directories.insert(path.clone()) {
            self.entries.push(TarEntry { mode, ..TarEntry::new(path, EntryType::Directory) });
        }
        self
    }

    pub(crate) fn file(mut self, path: &str, mode: u32, data: impl AsRef<[u8]>) -> Self {
        self.parents(path);
        let data = data.as_ref().to_vec();
        self.entries.push(TarEntry { mode, data, ..TarEntry::new(inside(path), EntryType::Regular) });
        self
    }

    pub(crate) fn symlink(mut self, path: &str, target: &str) -> Self {
        self.parents(path);
        let link = target.as_bytes().to_vec();
        self.entries.push(TarEntry { mode: 0o777, link, ..TarEntry::new(inside(path), EntryType::Symlink) });
        self
    }

    /// A second name for the file `target` of this package.
    pub(crate) fn hardlink(mut self, path: &str, target: &str) -> Self {
        self.parents(path);
        let link = inside(target).into_bytes();
        self.entries.push(TarEntry { link, ..TarEntry::new(inside(path), EntryType::Link) });
        self
    }

    /// A file of mode 0644 that is also listed in `conffiles`.
    pub(crate) fn conffile(mut self, path: &str, data: impl AsRef<[u8]>) -> Self {
        self.conffiles.push(inside(path)[1..].to_owned());
        self.file(path, 0o644, data)
    }

    /// A maintainer script (Debian Policy 6.1), of mode 0755.
    pub(crate) fn script(self, name: &str, text: &str) -> Self {
        self.control_file(name, 0o755, text)
    }

    /// Any member of the control archive; also replaces a generated one (`control`, `md5sums`, `conffiles`).
    pub(crate) fn control_file(mut self, name: &str, mode: u32, data: impl AsRef<[u8]>) -> Self {
        self.control_files.retain(|(known, ..)| known != name);
        self.control_files.push((name.to_owned(), mode, data.as_ref().to_vec()));
        self
    }

    /// How the members are compressed. dpkg-deb refuses a control member in bzip2 or lzma, so that one is
    /// gzip then.
    pub(crate) fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Any entry of the data archive, unchecked and without parent directories, at this place.
    pub(crate) fn raw_tar_entry(mut self, entry: TarEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// The value of a control field; empty where it is not set.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The control stanza (Debian Policy 5.3), with an `Installed-Size` computed as by dpkg-gencontrol(1).
    pub(crate) fn control(&self) -> String {
        let mut fields = self.fields.clone();
        if self.value("Installed-Size").is_empty() {
            let kib: u64 =
                self.entries.iter().map(|entry| (entry.data.len() as u64).div_ceil(1024).max(1)).sum();
            set_field(&mut fields, "Installed-Size", &kib.to_string());
        }
        stanza(&fields)
    }

    /// `NAME_VERSION_ARCH.deb`, the version without its epoch.
    pub(crate) fn file_name(&self) -> String {
        let version = self.value("Version");
        let version = version.split_once(':').map_or(version, |(_, rest)| rest);
        format!("{}_{version}_{}.deb", self.value("Package"), self.value("Architecture"))
    }

    /// The members that [`build`](Self::build) archives, for a test to drop, reorder or damage before [`ar`].
    pub(crate) fn members(&self) -> Vec<(String, Vec<u8>)> {
        let control = match self.compression {
            Compression::Bzip2 | Compression::Lzma => Compression::Gzip,
            other => other,
        };
        let member = |name: &str, compression: Compression, entries: &[TarEntry]| {
            (format!("{name}{}", compression.extension()), compression.compress(&tar(entries)))
        };
        vec![
            ("debian-binary".to_owned(), b"2.0\n".to_vec()),
            member("control.tar", control, &self.control_entries()),
            member("data.tar", self.compression, &self.entries),
        ]
    }

    /// The `.deb`; the same bytes every time.
    pub(crate) fn build(&self) -> Vec<u8> {
        ar(&self.members())
    }

    fn control_entries(&self) -> Vec<TarEntry> {
        let mut files = vec![("control".to_owned(), 0o644, self.control().into_bytes())];
        let mut sums = String::new();
        for entry in self.entries.iter().filter(|entry| entry.kind == EntryType::Regular) {
            let path = String::from_utf8_lossy(&entry.path);
            let sum = Md5::digest(&entry.data);
            writeln!(sums, "{sum:x}  {}", path.trim_start_matches("./")).unwrap();
        }
        if !sums.is_empty() {
            files.push(("md5sums".to_owned(), 0o644, sums.into_bytes()));
        }
        if !self.conffiles.is_empty() {
            files.push(("conffiles".to_owned(), 0o644, (self.conffiles.join("\n") + "\n").into_bytes()));
        }
        files.retain(|(name, ..)| self.control_files.iter().all(|(own, ..)| own != name));
        files.extend(self.control_files.iter().cloned());
        let mut entries = vec![TarEntry { mode: 0o755, ..TarEntry::new("./", EntryType::Directory) }];
        entries.extend(files.into_iter().map(|(name, mode, data)| TarEntry {
            mode,
            data,
            ..TarEntry::new(format!("./{name}"), EntryType::Regular)
        }));
        entries
    }

    fn parents(&mut self, path: &str) {
        let path = inside(path);
        for (end, _) in path.match_indices('/').skip(1) {
            let directory = &path[..=end];
            if self.directories.insert(directory.to_owned()) {
                let entry = TarEntry::new(directory, EntryType::Directory);
                self.entries.push(TarEntry { mode: 0o755, ..entry });
            }
        }
    }
}

fn inside(path: &str) -> String {
    format!("./{}", path.trim_start_matches("./").trim_matches('/'))
}

/// Sets a deb822 field, in place of an earlier one of that name.
pub(crate) fn set_field(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some(field) => value.clone_into(&mut field.1),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}

/// A deb822 stanza. A value that starts with a line end is a list on the lines that follow.
pub(crate) fn stanza(fields: &[(String, String)]) -> String {
    fields.iter().fold(String::new(), |mut text, (name, value)| {
        let space = if value.is_empty() || value.starts_with('\n') { "" } else { " " };
        writeln!(text, "{name}:{space}{value}").unwrap();
        text
    })
}

/// Two digits for each byte.
pub(crate) fn hexadecimal(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The SHA-512 of `data` in hexadecimal.
pub(crate) fn sha512(data: &[u8]) -> String {
    use sha2::Digest as _;
    hexadecimal(sha2::Sha512::digest(data))
}

/// The SHA-256 of `data` in hexadecimal.
pub(crate) fn sha256(data: &[u8]) -> String {
    Sha256::of(data).to_string()
}
