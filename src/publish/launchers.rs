//! Launchers: what makes the commands of a tree run where the tree is not at `/`.
//!
//! Each command of the tree gets a link to the aptlet binary in `var/lib/aptlet/bin`; started under the command's
//! name, aptlet becomes that command ([`super::launch`]). What all of them need is found once, here, and written
//! to `var/lib/aptlet/launch.json` with paths relative to the tree, so that the tree may be mounted anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, ReadCache, ReadRef};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::control::glob::Glob;
use crate::tree::links::resolve_in_root;
use crate::tree::write::Generated;

/// Folders of commands, in the order in which a name that is in several is taken.
pub(super) const COMMAND_FOLDERS: [&str; 3] = ["usr/bin", "usr/sbin", "usr/games"];
pub(super) const TABLE: &str = "var/lib/aptlet/launch.json";
/// From `.aptlet/generations/ID/var/lib/aptlet/bin/NAME`.
const BINARY_FROM_BIN: &str = "../../../../../../aptlet";

/// What compiled-in paths need instead: a variable, and the folders or files of the tree that it names; `*`
/// stands for any one name. A variable is set only where its first pattern is in the tree.
const ENVIRONMENT: [(&str, &[&str]); 34] = [
    ("GIT_EXEC_PATH", &["usr/lib/git-core"]),
    ("GIT_TEMPLATE_DIR", &["usr/share/git-core/templates"]),
    (
        "PERL5LIB",
        &[
            "usr/share/perl/*",
            "usr/lib/*/perl/*",
            "etc/perl",
            "usr/lib/*/perl5/*",
            "usr/share/perl5",
            "usr/lib/*/perl-base",
            "usr/share/postgresql-common",
        ],
    ),
    ("CURL_CA_BUNDLE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("SSL_CERT_FILE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("GIT_SSL_CAINFO", &["etc/ssl/certs/ca-certificates.crt"]),
    ("FONTCONFIG_FILE", &["etc/fonts/fonts.conf"]),
    ("FONTCONFIG_PATH", &["etc/fonts"]),
    (
        "MAGICK_CONFIGURE_PATH",
        &["etc/ImageMagick-*", "usr/lib/*/ImageMagick-*/config-*", "usr/share/ImageMagick-*"],
    ),
    ("MAGICK_CODER_MODULE_PATH", &["usr/lib/*/ImageMagick-*/modules-*/coders"]),
    ("MAGICK_CODER_FILTER_PATH", &["usr/lib/*/ImageMagick-*/modules-*/filters"]),
    ("GVBINDIR", &["usr/lib/*/graphviz"]),
    ("TESSDATA_PREFIX", &["usr/share/tesseract-ocr/*/tessdata"]),
    ("VIMRUNTIME", &["usr/share/vim/vim*"]),
    ("TERMINFO_DIRS", &["lib/terminfo", "usr/share/terminfo"]),
    ("GCONV_PATH", &["usr/lib/*/gconv"]),
    // others than C.UTF-8, which most images have: with this it does not look into the main image any more
    ("LOCPATH", &["usr/lib/locale/*_*"]),
    ("OPENSSL_MODULES", &["usr/lib/*/ossl-modules"]),
    ("OPENSSL_CONF", &["etc/ssl/openssl.cnf"]),
    ("TZDIR", &["usr/share/zoneinfo"]),
    ("MAGIC", &["usr/lib/file/magic.mgc"]),
    ("GROFF_FONT_PATH", &["usr/share/groff/*/font"]),
    ("GROFF_TMAC_PATH", &["usr/share/groff/*/tmac"]),
    ("DICPATH", &["usr/share/hunspell"]),
    ("NMAPDIR", &["usr/share/nmap"]),
    ("RUBYLIB", &["usr/lib/ruby/*", "usr/lib/*/ruby/*"]),
    ("TCL_LIBRARY", &["usr/share/tcltk/tcl8.*"]),
    ("TCLLIBPATH", &["usr/share/tcltk"]),
    ("PERL_LWP_SSL_CA_FILE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("GUILE_SYSTEM_PATH", &["usr/share/guile/*"]),
    ("GUILE_SYSTEM_COMPILED_PATH", &["usr/lib/*/guile/*/ccache"]),
    ("XDG_DATA_DIRS", &["usr/share/mime"]),
    ("GSETTINGS_SCHEMA_DIR", &["usr/share/glib-2.0/schemas"]),
    ("GDK_PIXBUF_MODULE_FILE", &["usr/lib/*/gdk-pixbuf-2.0/2.10.0/loaders.cache"]),
];

/// The fonts of the tree besides those of the main image, for what reads fonts.conf(5). `FONTCONFIG_SYSROOT` does not
/// do: fontconfig 2.14 looks into the tree's folders with it, but takes the main image's word for what is a folder.
const FONTS: (&str, &str) = (
    "var/lib/aptlet/fonts.conf",
    r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>fonts.conf</include>
  <dir prefix="relative">../../../usr/share/fonts</dir>
  <dir prefix="relative">../../../usr/local/share/fonts</dir>
</fontconfig>
"#,
);

/// Scripts that only choose another program by an absolute path: the command, and where it really is.
const BEHIND_WRAPPERS: [(&str, &str); 1] =
    [("usr/share/postgresql-common/pg_wrapper", "usr/lib/postgresql/*/bin")];

/// What every launcher of a tree needs.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Table {
    /// Folders for the dynamic linker.
    pub library_path: Vec<String>,
    /// Whether the tree's dynamic linker knows `--argv0` (glibc 2.33).
    pub argv0: bool,
    /// Variables and the paths that they name.
    pub environment: BTreeMap<String, Vec<String>>,
    /// Commands that are somewhere else than their link says.
    pub commands: BTreeMap<String, String>,
}

impl Table {
    /// Reads the table of a generation.
    pub fn read(generation: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(generation.join(TABLE))?)?)
    }
}

/// The folder of a tree that holds its launchers.
pub const BIN: &str = "var/lib/aptlet/bin";

/// Writes the launchers of a tree, into a folder that exists; returns how many commands they cover.
pub fn write(tree: &Path, generated: Generated) -> Result<usize, Error> {
    let mut table = Table {
        library_path: library_path(tree),
        argv0: own_linker_knows_argv0(tree),
        environment: environment(tree),
        ..Table::default()
    };
    let commands = commands(tree);
    for (name, file) in &commands {
        if let Some(behind) = behind_wrapper(tree, file, name) {
            table.commands.insert(name.clone(), behind);
        }
        let link = tree.join(BIN).join(name);
        generated.link(BINARY_FROM_BIN, &link).map_err(|source| Error::write(&link, source))?;
    }
    if table.environment.contains_key("FONTCONFIG_FILE") {
        let path = tree.join(FONTS.0);
        generated.file(&path, FONTS.1.as_bytes()).map_err(|source| Error::write(&path, source))?;
    }
    let path = tree.join(TABLE);
    let text = serde_json::to_vec_pretty(&table).map_err(|error| Error::write(&path, error.into()))?;
    generated.file(&path, &text).map_err(|source| Error::write(&path, source))?;
    Ok(commands.len())
}

/// The commands of a tree and their files, all links followed.
pub fn commands(tree: &Path) -> BTreeMap<String, PathBuf> {
    let mut commands = BTreeMap::new();
    for folder in COMMAND_FOLDERS {
        for path in list(&tree.join(folder)) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && let Some(file) = resolve(tree, &Path::new(folder).join(name))
                && is_executable(&file)
            {
                commands.entry(name.to_owned()).or_insert(file);
            }
        }
    }
    commands
}

/// The file of a command in a tree, found as PATH would: bin, sbin, games.
pub fn find(tree: &Path, name: &str) -> Option<PathBuf> {
    COMMAND_FOLDERS
        .iter()
        .find_map(|folder| resolve(tree, &Path::new(folder).join(name)).filter(|path| is_executable(path)))
}

/// A path of the tree, with all links followed inside the tree, as the file that it is.
pub(super) fn resolve(tree: &Path, path: &Path) -> Option<PathBuf> {
    resolve_in_root(tree, path).ok().flatten().map(|inside| tree.join(inside))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn behind_wrapper(tree: &Path, target: &Path, name: &str) -> Option<String> {
    let relative = target.strip_prefix(tree).ok()?.to_str()?;
    let (_, pattern) = BEHIND_WRAPPERS.iter().find(|(wrapper, _)| *wrapper == relative)?;
    let folders = expand(tree, pattern);
    let newest = folders.iter().rev().find(|folder| is_executable(&tree.join(folder).join(name)))?;
    Some(format!("{newest}/{name}"))
}

fn environment(tree: &Path) -> BTreeMap<String, Vec<String>> {
    let mut environment = BTreeMap::new();
    for (variable, patterns) in ENVIRONMENT {
        let paths: Vec<Vec<String>> = patterns.iter().map(|pattern| expand(tree, pattern)).collect();
        if paths.first().is_some_and(|first| !first.is_empty()) {
            let paths = match variable {
                // these name something else than the path that was looked for
                "FONTCONFIG_FILE" => vec![FONTS.0.to_owned()],
                "LOCPATH" => vec!["usr/lib/locale".to_owned()],
                "XDG_DATA_DIRS" => vec!["usr/share".to_owned()],
                _ => paths.concat(),
            };
            environment.insert(variable.to_owned(), paths);
        }
    }
    environment
}

/// The paths of a tree that match a pattern, sorted; a link is followed inside the tree.
fn expand(tree: &Path, pattern: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in pattern.split('/') {
        let mut next = Vec::new();
        for parent in &found {
            let join =
                |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            match Glob::exact(part).ok().filter(|_| Glob::is_pattern(part)) {
                None => next.push(join(part)),
                Some(glob) => {
                    let names = list(&tree.join(parent)).into_iter().filter_map(|path| {
                        path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
                    });
                    next.extend(names.filter(|name| glob.matches(name)).map(|name| join(&name)));
                }
            }
        }
        found = next;
    }
    found.retain(|path| resolve(tree, Path::new(path)).is_some());
    found
}

/// What `ld.so.conf` names, the linker's own folders, and the absolute RUNPATHs of the tree's objects.
fn library_path(tree: &Path) -> Vec<String> {
    let mut folders = Vec::new();
    let mut configured = Vec::new();
    for file in list(&tree.join("etc/ld.so.conf.d")) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        configured
            .extend(text.lines().map(str::trim).filter(|line| line.starts_with('/')).map(str::to_owned));
    }
    // libc6 configures these, but the tree need not have libc6
    let multiarch = expand(tree, "usr/lib/*")
        .into_iter()
        .filter(|path| path.contains("-linux-gnu"))
        .map(|path| format!("/{path}"));
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
                found.extend(elf_run_paths(&path).unwrap_or_default());
            }
        }
    }
    found.retain(|path| path.starts_with('/'));
    found
}

/// The RPATH and RUNPATH entries of an ELF file; `None` for any other file.
fn elf_run_paths(path: &Path) -> Option<Vec<String>> {
    let file = File::open(path).ok()?;
    let cache = ReadCache::new(file);
    match object::FileKind::parse(&cache).ok()? {
        object::FileKind::Elf64 => run_paths_of::<FileHeader64<Endianness>>(&cache),
        object::FileKind::Elf32 => run_paths_of::<FileHeader32<Endianness>>(&cache),
        _ => None,
    }
}

fn run_paths_of<'data, Elf: FileHeader<Endian = Endianness>>(
    data: impl ReadRef<'data>,
) -> Option<Vec<String>> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok().flatten())?;
    let tag_value = |tag: object::elf::DynamicTag| {
        dynamic.iter().find(|entry| entry.d_tag(endian) == tag).map(|entry| entry.d_val(endian).into())
    };
    let table: u64 = tag_value(object::elf::DT_STRTAB)?;
    let mut paths = Vec::new();
    for tag in [object::elf::DT_RPATH, object::elf::DT_RUNPATH] {
        let Some(offset) = tag_value(tag) else { continue };
        let address = table.checked_add(offset)?;
        let text = segments.iter().find_map(|segment| {
            let start: u64 = segment.p_vaddr(endian).into();
            let size: u64 = segment.p_filesz(endian).into();
            let inside = address.checked_sub(start).filter(|inside| *inside < size)?;
            let (offset, _) = segment.file_range(endian);
            let range = offset.checked_add(inside)?..offset.checked_add(size)?;
            data.read_bytes_at_until(range, 0).ok()
        })?;
        paths.extend(String::from_utf8_lossy(text).split(':').map(str::to_owned));
    }
    Some(paths)
}

/// Whether a dynamic linker has the option `--argv0` (glibc 2.33).
pub(super) fn linker_knows_argv0(linker: &[u8]) -> bool {
    memchr::memmem::find(linker, b"--argv0").is_some()
}

fn own_linker_knows_argv0(tree: &Path) -> bool {
    own_linkers(tree).filter_map(|path| fs::read(path).ok()).any(|bytes| linker_knows_argv0(&bytes))
}

/// Whether the tree has a dynamic linker; the main image's finds libraries in a tree only for launchers.
pub fn has_own_linker(tree: &Path) -> bool {
    own_linkers(tree).next().is_some()
}

fn own_linkers(tree: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    ["lib64", "lib"]
        .iter()
        .flat_map(|folder| resolve(tree, Path::new(folder)).map(|path| list(&path)).unwrap_or_default())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            name.starts_with(b"ld-") || name.starts_with(b"ld64")
        })
        .filter_map(move |path| resolve(tree, path.strip_prefix(tree).ok()?))
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
