//! What the integration tests share: a repository that the test builds and signs itself, a server for it, and
//! a sandbox in which the real binary runs.

mod compression;
pub(crate) mod deb;
mod http;
pub(crate) mod repository;
pub(crate) mod server;
pub(crate) mod signing;
pub(crate) mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder for one run of aptlet: its destination, its `ConfigMap`, and a place for all else.
pub(crate) struct Sandbox {
    root: TempDir,
    /// The destination; empty at first.
    pub(crate) dest: PathBuf,
    /// A mounted `ConfigMap`; see [`configure`](Self::configure).
    pub(crate) config: PathBuf,
    keys: BTreeMap<String, Vec<u8>>,
    updates: u32,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("aptlet-test-").tempdir().unwrap();
        let [dest, config, temp] = ["dest", "config", "tmp"].map(|name| root.path().join(name));
        for folder in [&dest, &config, &temp] {
            fs::create_dir(folder).unwrap();
        }
        let mut sandbox = Self { root, dest, config, keys: BTreeMap::new(), updates: 0 };
        sandbox.publish();
        sandbox
    }

    /// A path in the sandbox.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Sets a key of the `ConfigMap`, as an update by the kubelet.
    pub(crate) fn configure(&mut self, key: &str, value: impl AsRef<[u8]>) {
        self.keys.insert(key.to_owned(), value.as_ref().to_vec());
        self.publish();
    }

    /// Removes a key of the `ConfigMap`, as an update by the kubelet.
    pub(crate) fn unconfigure(&mut self, key: &str) {
        self.keys.remove(key);
        self.publish();
    }

    /// Writes the keys in the steps of the kubelet's `AtomicWriter`: a new folder with a time for a name,
    /// `..data` moved to it by a rename, links `KEY -> ..data/KEY`, and the old folder removed.
    fn publish(&mut self) {
        self.updates += 1;
        let name = format!("..2024_01_01_00_00_00.{:09}", self.updates);
        let folder = self.config.join(&name);
        fs::create_dir(&folder).unwrap();
        for (key, value) in &self.keys {
            fs::write(folder.join(key), value).unwrap();
        }
        let data = self.config.join("..data");
        let old = fs::read_link(&data).ok();
        symlink(&name, self.config.join("..data_tmp")).unwrap();
        fs::rename(self.config.join("..data_tmp"), &data).unwrap();
        for key in self.keys.keys().filter(|key| self.config.join(key).symlink_metadata().is_err()) {
            symlink(Path::new("..data").join(key), self.config.join(key)).unwrap();
        }
        for entry in fs::read_dir(&self.config).unwrap().map(Result::unwrap) {
            let key = entry.file_name().into_string().unwrap();
            if !key.starts_with("..") && !self.keys.contains_key(&key) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        if let Some(old) = old {
            fs::remove_dir_all(self.config.join(old)).unwrap();
        }
    }

    /// The real binary with nothing in its environment that a test did not put there. All that it may write
    /// to by default is in the sandbox.
    pub(crate) fn aptlet(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aptlet"));
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.path("tmp"))
            .env("TMPDIR", self.path("tmp"))
            .env("APTLET_CONFIG", &self.config)
            .env("APTLET_DEST", &self.dest)
            .env("APTLET_TERMINATION_LOG", self.path("termination-log"))
            .current_dir(self.path("tmp"));
        command
    }
}

/// Says what is not tested, for all to see.
pub(crate) fn skip(why: &str) {
    // eprintln would be captured with the rest of the test's output
    io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).unwrap();
}

/// Whether `tool` can be run. Where it cannot, says `skipped: no TOOL`.
pub(crate) fn have(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        skip(&format!("no {tool}"));
    }
    found
}

/// Whether the tests are root's. Where they are not, says that this takes root.
pub(crate) fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(&format!("{what} takes root"));
    }
    root
}

/// One file of a tree, with all that must not change unnoticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Below the folder asked for, which itself is the empty path.
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// The permission bits, in the lower 12 bits.
    pub(crate) mode: u32,
    /// In bytes; 0 for what is not a regular file.
    pub(crate) size: u64,
    /// Of a regular file, in hexadecimal.
    pub(crate) sha256: Option<String>,
    /// Where a symbolic link points.
    pub(crate) link: Option<PathBuf>,
    /// Seconds and nanoseconds since the epoch.
    pub(crate) mtime: (i64, i64),
}

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Directory,
    Regular,
    Symlink,
    Fifo,
    Socket,
    Device,
}

/// The tree at `root`, sorted by path; empty where there is nothing.
pub(crate) fn snapshot(root: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    if root.symlink_metadata().is_ok() {
        collect(root, PathBuf::new(), &mut entries);
    }
    entries.sort();
    entries
}

fn collect(root: &Path, path: PathBuf, entries: &mut Vec<Entry>) {
    let absolute = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(&path) };
    let metadata = absolute.symlink_metadata().unwrap();
    let kind = match metadata.file_type() {
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_file() => Kind::Regular,
        kind if kind.is_symlink() => Kind::Symlink,
        kind if kind.is_fifo() => Kind::Fifo,
        kind if kind.is_socket() => Kind::Socket,
        _ => Kind::Device,
    };
    if kind == Kind::Directory {
        for entry in fs::read_dir(&absolute).unwrap() {
            collect(root, path.join(entry.unwrap().file_name()), entries);
        }
    }
    entries.push(Entry {
        kind,
        mode: metadata.permissions().mode() & 0o7777,
        size: if kind == Kind::Regular { metadata.len() } else { 0 },
        sha256: (kind == Kind::Regular).then(|| deb::sha256(&fs::read(&absolute).unwrap())),
        link: (kind == Kind::Symlink).then(|| fs::read_link(&absolute).unwrap()),
        mtime: (metadata.mtime(), metadata.mtime_nsec()),
        path,
    });
}
