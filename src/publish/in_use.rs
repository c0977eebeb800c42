//! Which generations running programs are from: a program that was started before a tree was replaced goes on with the old one,
//! and loads more of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::current_generation::{FOLDER, GENERATIONS};

/// Of a destination that containers add to while they run, see `live`.
const LIVE: &str = "live";

/// The names of the generations of a live destination that processes use which this user may look at, as their programs,
/// libraries and folders (proc(5)); where nothing is replaced under running programs, nobody looks.
pub(super) fn used(destination: &Path) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    if !destination.join(FOLDER).join(LIVE).is_dir() {
        return used;
    }
    let below = destination.join(GENERATIONS);
    let below = fs::canonicalize(&below).unwrap_or(below);
    let mut marker = below.as_os_str().as_bytes().to_vec();
    marker.push(b'/');
    let mut note = |text: &[u8]| {
        for at in memchr::memmem::find_iter(text, &marker) {
            let name = text[at + marker.len()..].split(|byte| matches!(byte, b'/' | b'\n' | b' ')).next();
            if let Some(name) = name.and_then(|name| str::from_utf8(name).ok())
                && !used.contains(name)
            {
                used.insert(name.to_owned());
            }
        }
    };
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process = process.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        if !is_process || process.file_name().to_str() == Some(&std::process::id().to_string()) {
            continue;
        }
        for link in ["exe", "cwd", "root"] {
            if let Ok(target) = fs::read_link(process.path().join(link)) {
                note(target.as_os_str().as_bytes());
            }
        }
        if let Ok(maps) = fs::read(process.path().join("maps")) {
            note(&maps);
        }
    }
    used
}
