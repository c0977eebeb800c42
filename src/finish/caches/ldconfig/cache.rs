//! `/etc/ld.so.cache`, as ldconfig(8) makes it: without it, the dynamic linker finds nothing in the folders that
//! ld.so.conf names besides its own. The format is `glibc-ld.so.cache1.1` of glibc's `dl-cache.h`; libraries for
//! certain processors (`glibc-hwcaps`) and soname links that no package ships are left out.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef};

use crate::finish::inside::{self, Inside, exists, is_sound};
use crate::tree::Error;
use crate::tree::links::resolve_in_root;

const CONFIGURATION: &str = "/etc/ld.so.conf";
const CACHE: &str = "/etc/ld.so.cache";
/// The linker's own folders; those of the architecture are in ld.so.conf.d as well.
const BUILT_IN: [&str; 2] = ["/lib", "/usr/lib"];

const LARGEST_CONFIGURATION: u64 = 64 << 10;
const DEEPEST_INCLUDE: usize = 4;
const MOST_FOLDERS: usize = 256;

/// Bounds of what is read of a library.
const MOST_SEGMENTS: u16 = 256;
const LARGEST_DYNAMIC: u64 = 64 << 10;
const LONGEST_SONAME: u64 = 256;

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const LITTLE_ENDIAN: u8 = 2;
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// A library for the C library of GNU/Linux.
const LIBC6: u32 = 3;

/// A library as the cache has it.
#[derive(Debug, PartialEq, Eq)]
struct Library {
    soname: String,
    path: String,
    flags: u32,
}

/// Makes the cache, if the tree has a configuration for it. Returns a note where it cannot be.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Option<String>, Error> {
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
    Ok((!made)
        .then(|| format!("{CACHE}: not made, so libraries in the folders of ld.so.conf.d are not found")))
}

fn resolve(root: &Path, path: &str) -> Result<Option<PathBuf>, Error> {
    resolve_in_root(root, Path::new(path)).map_err(|source| Error::write(Path::new(path), source))
}

/// The folders of a configuration file (ldconfig(8)), those of the files that it includes in their place.
fn configured(root: &Path, file: &str, depth: usize, folders: &mut Vec<String>) -> Result<(), Error> {
    let Some(bytes) = inside::read(root, file, LARGEST_CONFIGURATION)? else { return Ok(()) };
    for line in String::from_utf8_lossy(&bytes).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("include") && depth < DEEPEST_INCLUDE {
            for pattern in words {
                for included in matching(root, file, pattern)? {
                    configured(root, &included, depth + 1, folders)?;
                }
            }
            continue;
        }
        let folder = line.trim_end_matches('/');
        if is_sound(folder) && folders.len() < MOST_FOLDERS {
            folders.push(folder.to_owned());
        }
    }
    Ok(())
}

/// The files that an `include` means; patterns with one `*`, in the name of the file.
fn matching(root: &Path, from: &str, pattern: &str) -> Result<Vec<String>, Error> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{folder}/{pattern}") };
    let Some((folder, name)) = whole.rsplit_once('/') else { return Ok(Vec::new()) };
    let Some((before, after)) = name.split_once('*') else { return Ok(vec![whole]) };
    let mut files = inside::files_in(root, folder, after)?;
    files.retain(|file| {
        file.rsplit('/').next().is_some_and(|name| {
            name.len() >= before.len() + after.len() && name.starts_with(before) && !name.starts_with('.')
        })
    });
    Ok(files)
}

/// One library for each soname: a file rather than a link, and the newer of two.
fn libraries_in(root: &Path, folder: &str) -> Result<Vec<Library>, Error> {
    struct Found {
        name: String,
        is_link: bool,
        flags: u32,
    }
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for path in inside::files_in(root, folder, "")? {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !(name.starts_with("lib") || name.starts_with("ld-")) || !name.contains(".so") {
            continue;
        }
        let Some(real) = resolve(root, &path)? else { continue };
        let Some((flags, soname)) = about(&root.join(&real)) else { continue };
        let mut soname = soname.unwrap_or_else(|| name.to_owned());
        let is_symlink = resolve(root, folder)?.is_some_and(|folder| {
            root.join(folder).join(name).symlink_metadata().is_ok_and(|meta| meta.is_symlink())
        });
        // a link that is neither the soname's nor for ld(1) counts as a file
        let is_link =
            is_symlink && (name == soname || name.strip_suffix(".so").is_some() && soname.starts_with(name));
        if is_link {
            name.clone_into(&mut soname);
        }
        let is_better = |old: &Found| {
            !is_link && old.is_link
                || is_link == old.is_link && compare(old.name.as_bytes(), name.as_bytes()).is_lt()
        };
        if found.get(&soname).is_none_or(is_better) {
            found.insert(soname, Found { name: name.to_owned(), is_link, flags });
        }
    }
    let library = |(soname, Found { name, flags, .. }): (String, Found)| {
        let path = format!("{folder}/{soname}");
        let path = if exists(root, &path) { path } else { format!("{folder}/{name}") };
        Library { soname, path, flags }
    };
    Ok(found.into_iter().map(library).collect())
}

/// The flags and the soname of a shared library; `None` if it is none that is known here.
fn about(path: &Path) -> Option<(u32, Option<String>)> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let data = ReadCache::new(File::open(path).ok()?);
    let ident = (&data).read_bytes_at(0, 16).ok()?;
    match ident.get(4)? {
        1 => read::<FileHeader32<Endianness>>(&data),
        2 => read::<FileHeader64<Endianness>>(&data),
        _ => None,
    }
}

fn read<Elf: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> Option<(u32, Option<String>)> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let flags =
        LIBC6 | architecture(header.is_class_64(), header.e_machine(endian), header.e_flags(endian).0)?;
    if header.e_type(endian) != elf::ET_DYN || header.e_phnum(endian) > MOST_SEGMENTS {
        return None;
    }
    let segments = header.program_headers(endian, data).ok()?;
    let dynamic = segments.iter().find(|segment| segment.p_type(endian) == elf::PT_DYNAMIC)?;
    if dynamic.p_filesz(endian).into() > LARGEST_DYNAMIC {
        return None;
    }
    let dynamic = dynamic.dynamic(endian, data).ok()??;
    let value = |tag: elf::DynamicTag| {
        dynamic.iter().find(|entry| entry.d_tag(endian) == tag).map(|entry| entry.d_val(endian).into())
    };
    let Some(soname) = value(elf::DT_SONAME) else { return Some((flags, None)) };
    let address = value(elf::DT_STRTAB)?.checked_add(soname)?;
    let place =
        segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD).find_map(|segment| {
            let within = address.checked_sub(segment.p_vaddr(endian).into())?;
            let size: u64 = segment.p_filesz(endian).into();
            let offset: u64 = segment.p_offset(endian).into();
            (within < size).then(|| Some((offset.checked_add(within)?, size - within)))?
        });
    let (offset, rest) = place?;
    let bytes = data.read_bytes_at(offset, rest.min(LONGEST_SONAME)).ok()?;
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let soname = std::str::from_utf8(&bytes[..end]).ok()?;
    let is_name = !soname.is_empty() && !soname.contains(|letter: char| letter == '/' || letter.is_control());
    is_name.then(|| (flags, Some(soname.to_owned())))
}

/// What tells libraries of different architectures apart in one cache.
fn architecture(is_64: bool, machine: elf::Machine, flags: u32) -> Option<u32> {
    Some(match (machine, is_64) {
        (elf::EM_386, false) => 0,
        (elf::EM_X86_64, true) => 0x0300,
        (elf::EM_S390, true) => 0x0400,
        (elf::EM_PPC64, true) => 0x0500,
        (elf::EM_X86_64, false) => 0x0800,
        // with the hard-float ABI
        (elf::EM_ARM, false) if flags & 0x400 != 0 => 0x0900,
        (elf::EM_AARCH64, true) => 0x0a00,
        // with doubles in registers
        (elf::EM_RISCV, true) if flags & 6 == 4 => 0x1000,
        _ => return None,
    })
}

/// Numbers within names by their values, and after all else.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let number = |bytes: &[u8], at: &mut usize| {
        let mut value = 0u32;
        while let Some(digit) = bytes.get(*at).filter(|byte| byte.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
            *at += 1;
        }
        value
    };
    let letter = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or(0);
    let (mut left, mut right) = (0, 0);
    while left < one.len() {
        let (first, second) = (letter(one, left), letter(other, right));
        let order = match (first.is_ascii_digit(), second.is_ascii_digit()) {
            (true, true) => number(one, &mut left).cmp(&number(other, &mut right)),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                left += 1;
                right += 1;
                first.cast_signed().cmp(&second.cast_signed())
            }
        };
        if order.is_ne() {
            return order;
        }
    }
    0.cmp(&letter(other, right).cast_signed())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;
    use crate::tree::Tree;

    /// A shared library of nothing but a dynamic section.
    fn library(soname: &str) -> Vec<u8> {
        let word = |value: u64| value.to_le_bytes();
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        file.extend([word(0), word(64), word(0)].concat());
        file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
        let size = 176 + 48 + soname.len() as u64 + 1;
        for (kind, from, length) in [(1u32, 0, size), (2, 176, 48)] {
            file.extend([kind.to_le_bytes(), 4u32.to_le_bytes()].concat());
            file.extend([word(from), word(from), word(from), word(length), word(length), word(8)].concat());
        }
        file.extend([word(14), word(0), word(5), word(224), word(0), word(0)].concat());
        file.extend(soname.bytes());
        file.push(0);
        file
    }

    fn tree(folder: &Path) -> Tree {
        let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
        for path in ["etc/ld.so.conf.d", "usr/lib/x86_64-linux-gnu/odd", "opt/libs"] {
            tree.create_directory(Path::new(path)).unwrap();
        }
        let root = tree.root().to_owned();
        fs::write(root.join("etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n").unwrap();
        let conf =
            |name: &str, text: &str| fs::write(root.join("etc/ld.so.conf.d").join(name), text).unwrap();
        conf(
            "b.conf",
            "# usual\n/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n/gone\n../../up\ninclude b.conf\n",
        );
        conf("a.conf", "/usr/lib/x86_64-linux-gnu/odd/  # first\n/opt/libs");
        conf("ignored", "/opt");
        let libs = root.join("usr/lib/x86_64-linux-gnu");
        for (path, soname) in [
            ("libone.so.1.2", "libone.so.1"),
            ("libone.so.1.10", "libone.so.1"),
            ("libtwo.so", "libtwo.so"),
            ("odd/libone.so.1", "libone.so.1"),
            ("odd/nolib.so", "nolib.so"),
            ("odd/libevil.so", "../../x"),
            ("libunlinked-3.so", "libunlinked.so.3"),
        ] {
            fs::write(libs.join(path), library(soname)).unwrap();
        }
        symlink("libone.so.1.10", libs.join("libone.so.1")).unwrap();
        symlink("libone.so.1", libs.join("libone.so")).unwrap();
        symlink("/etc/passwd", root.join("opt/libs/libaway.so")).unwrap();
        fs::write(root.join("opt/libs/libtext.so"), "INPUT(libone.so)").unwrap();
        tree
    }

    #[test]
    fn ldconfig_lists_what_it_makes() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(folder.path());
        let root = tree.root().to_owned();
        let mut inside = Inside::new(&mut tree, 1);
        assert_eq!(apply(&mut inside).unwrap(), None);
        let listed = || {
            let output =
                Command::new("/sbin/ldconfig").arg("-p").arg("-C").arg(root.join("etc/ld.so.cache")).output();
            let text = String::from_utf8(output.ok()?.stdout).unwrap();
            let mut lines: Vec<String> = text.lines().skip(1).map(|line| line.trim().to_owned()).collect();
            lines.retain(|line| !line.starts_with("Cache generated"));
            Some(lines)
        };
        let Some(ours) = listed() else {
            println!("skipped: there is no ldconfig to read the cache with");
            return;
        };
        let in_lib = |name: &str| format!("{name} (libc6,x86-64) => /lib/x86_64-linux-gnu/{name}");
        assert_eq!(
            ours,
            [
                "libunlinked.so.3 (libc6,x86-64) => /lib/x86_64-linux-gnu/libunlinked-3.so".to_owned(),
                in_lib("libtwo.so"),
                "libone.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/odd/libone.so.1".to_owned(),
                in_lib("libone.so.1"),
                in_lib("libone.so"),
            ]
        );
    }

    #[test]
    fn broken_libraries_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.so");
        let whole = library("libx.so.1");
        fs::write(&path, &whole).unwrap();
        assert_eq!(about(&path), Some((0x303, Some("libx.so.1".to_owned()))));
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            about(&path);
        }
        for at in 0..whole.len() {
            for value in [0, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                fs::write(&path, bytes).unwrap();
                about(&path);
            }
        }
    }

    #[test]
    fn a_tree_without_a_configuration_needs_no_cache() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let mut inside = Inside::new(&mut tree, 1);
        apply(&mut inside).unwrap();
        assert!(!tree.root().join("etc").exists());
    }
}
