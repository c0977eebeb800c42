//! The dpkg database, `/var/lib/dpkg`: what dpkg-query, apt and vulnerability scanners read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use md5::{Digest as _, Md5};

use super::dpkg_fields::can_be_read;
use super::error::Error;
use super::links::resolve_in_root;
use super::package::Unpacked;
use super::rootfs::Tree;
use super::volume::{set_mode_of, times, unless_refused};
use crate::arrange::Arrange as _;
use crate::deb::paragraph::fields;

const DATABASE: &str = "var/lib/dpkg";

/// Writes the database of all packages merged so far, as if dpkg had installed them. `source_date`, in seconds
/// since the epoch, becomes the time of all files, so that equal trees have equal databases.
///
/// Configuration files are hashed as they are at this moment.
pub fn write(tree: &mut Tree, source_date: i64) -> Result<(), Error> {
    for directory in ["info", "triggers", "updates"] {
        tree.create_directory(&Path::new(DATABASE).join(directory))?;
    }
    let writer = Writer { directory: tree.root().join(DATABASE), source_date };
    let mut packages: Vec<_> = tree.packages().iter().collect();
    packages.arrange_by_key(|package| (&package.artifact.name, &package.artifact.architecture));
    let mut status = String::new();
    for package in &packages {
        if !status.is_empty() {
            status.push('\n');
        }
        status.push_str(&paragraph(tree, package)?);
        let prefix = prefix(package);
        writer.file(&format!("info/{prefix}.list"), 0o644, &list(package))?;
        for file in &package.control.files {
            writer.file(&format!("info/{prefix}.{}", file.name), file.mode, &file.bytes)?;
        }
    }
    writer.file("status", 0o644, status.as_bytes())?;
    for empty in ["available", "statoverride"] {
        writer.file(empty, 0o644, b"")?;
    }
    writer.file("diversions", 0o644, diversions(tree).as_bytes())?;
    writer.file("info/format", 0o644, b"1\n")?;
    writer.file("arch", 0o644, architectures(tree).as_bytes())
}

struct Writer {
    directory: PathBuf,
    source_date: i64,
}

impl Writer {
    fn file(&self, name: &str, mode: u32, content: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(name);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(content)?;
            set_mode_of(&file, mode)?;
            Ok(unless_refused(rustix::fs::futimens(&file, &times(self.source_date)))?)
        };
        write().map_err(|source| Error::write(&path, source))
    }
}

/// `NAME`, or `NAME:ARCH` where several architectures of a package can be installed (`Multi-Arch: same`).
fn prefix(package: &Unpacked) -> String {
    let artifact = &package.artifact;
    if package.control.field("Multi-Arch") == Some("same") {
        format!("{}:{}", artifact.name, artifact.architecture)
    } else {
        artifact.name.clone()
    }
}

/// All paths as archived, the root first; an empty package has just the root.
fn list(package: &Unpacked) -> Vec<u8> {
    let mut list = b"/.\n".to_vec();
    for path in &package.paths {
        list.extend_from_slice(path.as_os_str().as_bytes());
        list.push(b'\n');
    }
    list
}

/// Three lines for each: the file, where it is instead, and the package, or a colon for a local one.
fn diversions(tree: &Tree) -> String {
    let mut lines = String::new();
    for diversion in tree.diversions() {
        let package = diversion.package.as_deref().unwrap_or(":");
        let _ = writeln!(lines, "{}\n{}\n{package}", diversion.from.display(), diversion.to.display());
    }
    lines
}

/// The native architecture first, as dpkg keeps it.
fn architectures(tree: &Tree) -> String {
    let mut names = vec![tree.architecture()];
    for package in tree.packages() {
        let architecture = package.artifact.architecture.as_str();
        if architecture != "all" && !names.contains(&architecture) {
            names.push(architecture);
        }
    }
    names.join("\n") + "\n"
}

/// The package's stanza of the status file (deb822(5)).
fn paragraph(tree: &Tree, package: &Unpacked) -> Result<String, Error> {
    let mut text = format!("Package: {}\nStatus: install ok installed\n", package.artifact.name);
    for (name, value) in fields(&package.control.paragraph) {
        // dpkg keeps no empty ones either, and cannot read one at the very end
        if name.eq_ignore_ascii_case("Package")
            || value.is_empty()
            || !can_be_read(name, value, &package.artifact.architecture)
        {
            continue;
        }
        text.push_str(name);
        // The first line of a list such as Files is empty, and stays without a trailing blank.
        text.push_str(if value.starts_with('\n') { ":" } else { ": " });
        text.push_str(value);
        text.push('\n');
    }
    let conffiles = conffiles(tree, package)?;
    if !conffiles.is_empty() {
        let _ = write!(text, "Conffiles:\n{conffiles}");
    }
    Ok(text)
}

/// Lines of ` PATH MD5`, for all configuration files that the package brought (deb-conffiles(5)).
fn conffiles(tree: &Tree, package: &Unpacked) -> Result<String, Error> {
    let mut lines = String::new();
    let declared = package.control.file("conffiles").unwrap_or_default();
    if declared.is_empty() {
        return Ok(lines);
    }
    // Each once, and only what the package has: a line is hostile too, and one with the flag remove-on-upgrade names a
    // file that is not there.
    let mut present: HashSet<&Path> = package.paths.iter().map(PathBuf::as_path).collect();
    for line in String::from_utf8_lossy(declared).lines() {
        let path = line.trim_end();
        if !present.remove(Path::new(path)) {
            continue;
        }
        let place = tree.place_for(package, Path::new(path));
        let resolved = resolve_in_root(tree.root(), &place)
            .map_err(|source| Error::read(tree.root().join(&place), source))?;
        let Some(resolved) = resolved else {
            // what dpkg has for one that was left out, once the package is configured
            if tree.root().join(&place).symlink_metadata().is_err() {
                let _ = writeln!(lines, " {path} newconffile");
            }
            continue;
        };
        let full = tree.root().join(resolved);
        let unread = |source| Error::read(&full, source);
        if full.symlink_metadata().map_err(unread)?.is_file() {
            let _ = writeln!(lines, " {path} {}", md5_of(&full).map_err(unread)?);
        }
    }
    Ok(lines)
}

/// MD5 is what dpkg compares configuration files by; nothing is trusted because of it.
fn md5_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Md5::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:x}", hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}
