//! Where the libraries of a tree are, for programs that cannot ask its `ld.so.cache`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use object::elf::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, DynamicTag, FileHeader32, FileHeader64,
};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, ReadCache, ReadRef};

use super::links::resolve_in_root;

use crate::arrange::Arrange as _;

/// What `ld.so.conf` names, the linker's own folders, and the absolute RUNPATHs of the tree's objects: paths in the tree,
/// without `/`.
pub(crate) fn library_path(tree: &Path) -> Vec<String> {
    let mut folders = Vec::new();
    let mut configured = Vec::new();
    for file in list(&tree.join("etc/ld.so.conf.d")) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        configured
            .extend(text.lines().map(str::trim).filter(|line| line.starts_with('/')).map(str::to_owned));
    }
    // libc6 configures these, but the tree need not have libc6
    let multiarch = list(&tree.join("usr/lib")).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        name.contains("-linux-gnu").then(|| format!("/usr/lib/{name}"))
    });
    let own = ["/usr/lib64", "/usr/lib32", "/usr/lib"].map(str::to_owned);
    let run_paths = run_paths(tree);
    for folder in configured.into_iter().chain(multiarch).chain(own).chain(run_paths) {
        if let Ok(Some(inside)) = resolve_in_root(tree, Path::new(&folder))
            && tree.join(&inside).is_dir()
            && let Some(inside) = inside.to_str()
            && !folders.iter().any(|known| known == inside)
        {
            folders.push(inside.to_owned());
        }
    }
    folders
}

fn run_paths(tree: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut queue =
        vec![tree.join("usr/bin"), tree.join("usr/sbin"), tree.join("usr/games"), tree.join("usr/lib")];
    while let Some(folder) = queue.pop() {
        for path in list(&folder) {
            let Ok(meta) = fs::symlink_metadata(&path) else { continue };
            if meta.is_dir() {
                queue.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if meta.is_file() && (meta.permissions().mode() & 0o111 != 0 || name.contains(".so")) {
                found.extend(Dynamic::of(&path).unwrap_or_default().run_paths);
            }
        }
    }
    found.retain(|path| path.starts_with('/'));
    found
}

/// What the dynamic section of an ELF file says (the System V ABI, chapter 5).
#[derive(Debug, Default)]
pub(crate) struct Dynamic {
    /// The entries of RPATH and RUNPATH.
    pub(crate) run_paths: Vec<String>,
    /// The names of the libraries that it needs.
    pub(crate) needed: Vec<String>,
    /// Whether it imports a function of the C library that starts a shell: system(3), popen(3).
    pub(crate) starts_shell: bool,
}

impl Dynamic {
    /// `None` for a file without one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let cache = ReadCache::new(file);
        match object::FileKind::parse(&cache).ok()? {
            object::FileKind::Elf64 => Self::parse::<FileHeader64<Endianness>>(&cache),
            object::FileKind::Elf32 => Self::parse::<FileHeader32<Endianness>>(&cache),
            _ => None,
        }
    }

    fn parse<'data, Elf: FileHeader<Endian = Endianness>>(data: impl ReadRef<'data>) -> Option<Self> {
        let header = Elf::parse(data).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, data).ok()?;
        let entries = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok().flatten())?;
        let values = |tag: DynamicTag| {
            let entries = entries.iter().filter(move |entry| entry.d_tag(endian) == tag);
            entries.map(|entry| -> u64 { entry.d_val(endian).into() })
        };
        let (address, size) = (values(DT_STRTAB).next()?, values(DT_STRSZ).next()?);
        let strings = segments.iter().find_map(|segment| {
            let (start, length): (u64, u64) =
                (segment.p_vaddr(endian).into(), segment.p_filesz(endian).into());
            let inside = address.checked_sub(start).filter(|inside| *inside < length)?;
            data.read_bytes_at(segment.file_range(endian).0.checked_add(inside)?, size).ok()
        })?;
        let string = |at: u64| {
            let text = strings.get(usize::try_from(at).ok()?..)?;
            let end = memchr::memchr(0, text)?;
            Some(String::from_utf8_lossy(&text[..end]).into_owned())
        };
        let run_paths = values(DT_RPATH).chain(values(DT_RUNPATH)).filter_map(string);
        Some(Self {
            run_paths: run_paths
                .flat_map(|text| text.split(':').map(str::to_owned).collect::<Vec<_>>())
                .collect(),
            needed: values(DT_NEEDED).filter_map(string).collect(),
            starts_shell: [&b"\0system\0"[..], b"\0popen\0"]
                .iter()
                .any(|name| memchr::memmem::find(strings, name).is_some()),
        })
    }
}

/// The paths in a folder, sorted; none where there is no folder.
pub(crate) fn list(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.arrange();
    paths
}
