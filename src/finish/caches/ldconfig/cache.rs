//! `/etc/ld.so.cache`, as ldconfig(8) makes it: without it, the dynamic linker finds nothing in the folders that
//! ld.so.conf names besides its own. The format is `glibc-ld.so.cache1.1` of glibc's `dl-cache.h`; libraries for
//! certain processors (`glibc-hwcaps`) and soname links that no package ships are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::configuration::configured;
use super::elf::flags_of;
use super::libraries::{Library, libraries_in};
use super::order::compare;
use crate::arrange::Arrange as _;
use crate::control::architecture::Architecture;
use crate::finish::error::Error;
use crate::finish::inside::{Inside, exists, files_in, resolve};
use crate::finish::note::{Cache, Note};
use crate::tree::libraries::list;

const CONFIGURATION: &str = "/etc/ld.so.conf";
const CACHE: &str = "/etc/ld.so.cache";
/// The linker's own folders; those of the architecture are in ld.so.conf.d as well.
const BUILT_IN: [&str; 2] = ["/lib", "/usr/lib"];
/// Those of other distributions.
const ELSEWHERE: [&str; 2] = ["/lib64", "/usr/lib64"];
/// What Debian's ld.so.conf includes.
const DROP_INS: &str = "/etc/ld.so.conf.d";

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const LITTLE_ENDIAN: u8 = 2;
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// Makes the cache, if the tree has a configuration for it. Returns a note where it cannot be.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Option<Note>, Error> {
    let root = inside.root();
    if !exists(&root, CONFIGURATION) || exists(&root, CACHE) {
        return Ok(None);
    }
    let mut folders = Vec::new();
    configured(&root, CONFIGURATION, 0, &mut folders)?;
    folders.extend(BUILT_IN.map(str::to_owned));
    let mut libraries = in_folders(&root, folders)?;
    // the first folder's come first among equals
    libraries.arrange_by(|one, other| {
        compare(other.soname.as_bytes(), one.soname.as_bytes()).then(other.flags.cmp(&one.flags))
    });
    let made = match write(&libraries) {
        Some(cache) => inside.file(CACHE, &cache)?,
        None => false,
    };
    Ok((!made).then(|| Note::CacheNotMade { path: CACHE.to_owned(), cache: Cache::Ldconfig }))
}

/// The libraries of all folders, each folder once.
fn in_folders(root: &Path, folders: Vec<String>) -> Result<Vec<Library>, Error> {
    let mut seen = BTreeSet::new();
    let mut libraries = Vec::new();
    for folder in folders {
        let place = resolve(root, &folder)?;
        if let Some(place) = place.filter(|place| root.join(place).is_dir())
            && seen.insert(place)
        {
            libraries.extend(libraries_in(root, &folder)?);
        }
    }
    Ok(libraries)
}

/// The libraries of one architecture that the dynamic linker of a root file system would find by their sonames, each as
/// the path of the first folder that has it. A tree whose libc-bin was left to a base has no ld.so.conf, and other
/// distributions none for their own folder, so folders that are the linker's own count whether they are configured or not.
///
/// # Errors
/// What cannot be read.
pub(crate) fn linkable(root: &Path, architecture: &Architecture) -> Result<BTreeMap<String, String>, Error> {
    let mut folders = Vec::new();
    configured(root, CONFIGURATION, 0, &mut folders)?;
    if !exists(root, CONFIGURATION) {
        for file in files_in(root, DROP_INS, ".conf")? {
            configured(root, &file, 0, &mut folders)?;
        }
    }
    let names = list(&root.join("usr/lib")).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        name.contains("-linux-gnu").then(|| format!("/usr/lib/{name}"))
    });
    folders.extend(names);
    folders.extend(BUILT_IN.iter().chain(&ELSEWHERE).map(|folder| (*folder).to_owned()));
    let mut found = BTreeMap::new();
    for library in in_folders(root, folders)? {
        if Some(library.flags) == flags_of(architecture) {
            found.entry(library.soname).or_insert(library.path);
        }
    }
    Ok(found)
}

fn write(libraries: &[Library]) -> Option<Vec<u8>> {
    let mut strings = Vec::new();
    let mut entries = Vec::new();
    let start = HEADER + ENTRY * libraries.len();
    for Library { soname, path, flags } in libraries {
        let value = u32::try_from(start + strings.len()).ok()?;
        strings.extend(path.bytes());
        strings.push(0);
        // most paths end with the soname
        let key = if path.ends_with(&**soname) {
            value + u32::try_from(path.len() - soname.len()).ok()?
        } else {
            let key = u32::try_from(start + strings.len()).ok()?;
            strings.extend(soname.bytes());
            strings.push(0);
            key
        };
        for word in [*flags, key, value, 0, 0, 0] {
            entries.extend(word.to_le_bytes());
        }
    }
    let mut cache = MAGIC.to_vec();
    cache.extend(u32::try_from(libraries.len()).ok()?.to_le_bytes());
    cache.extend(u32::try_from(strings.len()).ok()?.to_le_bytes());
    cache.push(LITTLE_ENDIAN);
    cache.resize(HEADER, 0);
    cache.extend(entries);
    cache.extend(strings);
    Some(cache)
}
