//! `/etc/ld.so.cache`, as ldconfig(8) makes it: without it, the dynamic linker finds nothing in the folders that
//! ld.so.conf names besides its own. The format is `glibc-ld.so.cache1.1` of glibc's `dl-cache.h`; libraries for
//! certain processors (`glibc-hwcaps`) and soname links that no package ships are left out.

use std::collections::BTreeSet;

use super::configuration::configured;
use super::libraries::{Library, libraries_in};
use super::order::compare;
use crate::finish::error::Error;
use crate::finish::inside::{Inside, exists, resolve};
use crate::finish::note::{Cache, Note};

const CONFIGURATION: &str = "/etc/ld.so.conf";
const CACHE: &str = "/etc/ld.so.cache";
/// The linker's own folders; those of the architecture are in ld.so.conf.d as well.
const BUILT_IN: [&str; 2] = ["/lib", "/usr/lib"];

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
    let mut seen = BTreeSet::new();
    let mut libraries = Vec::new();
    for folder in folders {
        let place = resolve(&root, &folder)?;
        if let Some(place) = place.filter(|place| root.join(place).is_dir())
            && seen.insert(place)
        {
            libraries.extend(libraries_in(&root, &folder)?);
        }
    }
    // the first folder's come first among equals
    libraries.sort_by(|one, other| {
        compare(other.soname.as_bytes(), one.soname.as_bytes()).then(other.flags.cmp(&one.flags))
    });
    let made = match write(&libraries) {
        Some(cache) => inside.file(CACHE, &cache)?,
        None => false,
    };
    Ok((!made).then(|| Note::CacheNotMade { path: CACHE.to_owned(), cache: Cache::Ldconfig }))
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
