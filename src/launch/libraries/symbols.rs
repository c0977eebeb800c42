//! What a shared library needs of others, and what it has for them: names of libraries, and versions of symbols
//! (the Linux Standard Base, "Symbol Versioning").

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::FileHeader;
use object::{Endianness, FileKind, ReadCache, ReadRef};

use crate::tree::libraries::Dynamic;

/// More than any library of Debian has, so that a damaged one ends.
const MOST_VERSIONS: usize = 4096;

/// What the linker reads of a shared library.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Symbols {
    /// The sonames that it loads.
    pub(super) needed: Vec<String>,
    /// Where it looks for them besides, by its RUNPATH.
    pub(super) run_paths: Vec<String>,
    /// By the soname of the library that has to have them: versions of symbols.
    pub(super) versions: BTreeMap<String, BTreeSet<String>>,
    /// The versions of symbols that it has itself.
    pub(super) has: BTreeSet<String>,
}

impl Symbols {
    /// `None` for a file that is no shared library, or is damaged.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let Dynamic { needed, run_paths, .. } = Dynamic::of(path)?;
        let cache = ReadCache::new(File::open(path).ok()?);
        let (versions, has) = match FileKind::parse(&cache).ok()? {
            FileKind::Elf64 => parse::<FileHeader64<Endianness>>(&cache),
            FileKind::Elf32 => parse::<FileHeader32<Endianness>>(&cache),
            _ => None,
        }?;
        Some(Self { needed, run_paths, versions, has })
    }
}

type Versions = (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>);

fn parse<'data, Elf: FileHeader<Endian = Endianness>>(data: impl ReadRef<'data>) -> Option<Versions> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if let Some((entries, strings)) = sections.gnu_verneed(endian, data).ok()? {
        let strings = sections.strings(endian, data, strings).ok()?;
        for (of, versions) in entries.take(MOST_VERSIONS).filter_map(Result::ok) {
            let names = versions.take(MOST_VERSIONS).filter_map(Result::ok);
            // one that is weak may be missing
            let names =
                names.filter(|version| !version.vna_flags.get(endian).contains(object::elf::VER_FLG_WEAK));
            let names = names.filter_map(|version| version.name(endian, strings).ok().map(text));
            needs.entry(text(of.file(endian, strings).ok()?)).or_default().extend(names);
        }
    }
    let mut has = BTreeSet::new();
    if let Some((entries, strings)) = sections.gnu_verdef(endian, data).ok()? {
        let strings = sections.strings(endian, data, strings).ok()?;
        for (_, mut names) in entries.take(MOST_VERSIONS).filter_map(Result::ok) {
            // the first is its own, the others those that it goes on from
            has.extend(
                names.next().ok().flatten().and_then(|name| name.name(endian, strings).ok()).map(text),
            );
        }
    }
    Some((needs, has))
}
