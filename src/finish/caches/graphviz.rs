//! Graphviz's list of plugins, `config6a`, as `dot -c` makes it. That loads each plugin and asks it what it has; here
//! the same tables (`gvplugin.h`) are read from the file, with the relocations that the linker would do.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use object::elf;
use object::read::elf::ElfFile64;
use object::{
    Endianness, Object as _, ObjectSegment as _, ObjectSymbol, ObjectSymbolTable as _, RelocationFlags,
    RelocationTarget,
};

use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::{Cache, Note};

const FILE: &str = "config6a";
const SUFFIX: &str = ".so.6";
/// The largest plugin has 0.7 MB.
const LARGEST: u64 = 8 << 20;
const MOST_ENTRIES: u64 = 256;
const LONGEST_NAME: usize = 64;
/// `api_t`, in its order.
const KINDS: [&str; 5] = ["render", "layout", "textlayout", "device", "loadimage"];

const HEAD: &str = "\
# This file was made by aptlet, as \"dot -c\" would at time of install.

";

/// Makes the list in each folder of plugins. Returns notes on what is left out.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let mut notes = Vec::new();
    for folder in inside::folders(&root, "/usr/lib/*/graphviz")? {
        let target = format!("{folder}/{FILE}");
        let plugins: Vec<String> = inside::files_in(&root, &folder, SUFFIX)?
            .into_iter()
            .filter(|path| path.contains("/libgvplugin_"))
            .collect();
        if exists(&root, &target) || plugins.is_empty() {
            continue;
        }
        let mut parts = Vec::new();
        for path in plugins {
            match listed(&root, &path)? {
                Some(part) => parts.push(part),
                None => notes.push(Note::GraphvizPluginLeftOut { path }),
            }
        }
        if !inside.file(&target, joined(&parts).as_bytes())? {
            notes.push(Note::CacheNotMade { path: target, cache: Cache::Graphviz });
        }
    }
    Ok(notes)
}

/// What one plugin has, in order: the file and the plugin's name, then kinds with names and qualities.
#[derive(Debug, PartialEq, Eq)]
struct Plugin {
    title: String,
    kinds: Vec<(&'static str, Vec<(String, i32)>)>,
}

/// The list. What needs a renderer (`png:cairo`) that no plugin has is a comment.
fn joined(plugins: &[Plugin]) -> String {
    let all = plugins.iter().flat_map(|plugin| &plugin.kinds);
    let renders = all.filter(|(kind, _)| *kind == "render").flat_map(|(_, types)| types);
    let renders: BTreeSet<&str> = renders.map(|(name, _)| name.as_str()).collect();
    let mut text = HEAD.to_owned();
    for Plugin { title, kinds } in plugins {
        text.push_str(&format!("{title} {{\n"));
        for (kind, types) in kinds {
            text.push_str(&format!("\t{kind} {{\n"));
            for (name, quality) in types {
                let needs = name.split_once(':').map(|(_, needs)| needs);
                let is_there = needs.is_none_or(|needs| renders.contains(needs));
                text.push_str(&format!("{}\t\t{name} {quality}\n", if is_there { "" } else { "#FAILS" }));
            }
            text.push_str("\t}\n");
        }
        text.push_str("}\n");
    }
    text
}

fn listed(root: &Path, path: &str) -> Result<Option<Plugin>, Error> {
    let Some(bytes) = inside::read(root, path, LARGEST)? else { return Ok(None) };
    Ok(path.rsplit('/').next().and_then(|name| plugin(&bytes, name)))
}

fn plugin(bytes: &[u8], file: &str) -> Option<Plugin> {
    let image = Image::new(bytes)?;
    let name = file.strip_prefix("lib")?.strip_suffix(SUFFIX)?;
    let library = image.symbol(&format!("{name}_LTX_library"))?;
    let title = format!("{file} {}", image.name(image.pointer(library)?)?);
    let first = image.pointer(library.checked_add(8)?)?;
    let mut kinds = Vec::new();
    for number in 0..MOST_ENTRIES {
        let kind = first.checked_add(16 * number)?;
        let Some(mut entry) = image.pointer(kind.checked_add(8)?) else { break };
        let mut types = Vec::new();
        for _ in 0..MOST_ENTRIES {
            // { int id; char *type; int quality; void *engine; void *features; }
            let Some(name) = image.pointer(entry.checked_add(8)?) else { break };
            types.push((image.name(name)?.to_owned(), image.number(entry.checked_add(16)?)?));
            entry = entry.checked_add(40)?;
        }
        kinds.push((*KINDS.get(usize::try_from(image.number(kind)?).ok()?)?, types));
    }
    Some(Plugin { title, kinds })
}

/// A shared library as it would be in memory.
struct Image<'a> {
    file: ElfFile64<'a, Endianness>,
    endian: Endianness,
    /// What the linker writes, by address.
    pointers: HashMap<u64, u64>,
}

impl<'a> Image<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
        let endian = file.endian();
        let machine = file.elf_header().e_machine.get(endian);
        let (relative, absolute) = match machine {
            elf::EM_X86_64 => (elf::R_X86_64_RELATIVE, elf::R_X86_64_64),
            elf::EM_AARCH64 => (elf::R_AARCH64_RELATIVE, elf::R_AARCH64_ABS64),
            elf::EM_PPC64 => (elf::R_PPC64_RELATIVE, elf::R_PPC64_ADDR64),
            elf::EM_S390 => (elf::R_390_RELATIVE, elf::R_390_64),
            elf::EM_RISCV => (elf::R_RISCV_RELATIVE, elf::R_RISCV_64),
            _ => return None,
        };
        let mut pointers = HashMap::new();
        for (place, relocation) in file.dynamic_relocations()? {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let base = match relocation.target() {
                RelocationTarget::Absolute if r_type == relative => 0,
                RelocationTarget::Symbol(symbol) if r_type == absolute => {
                    let symbol = file.dynamic_symbol_table()?.symbol_by_index(symbol).ok();
                    match symbol.filter(ObjectSymbol::is_definition) {
                        Some(symbol) => symbol.address(),
                        None => continue,
                    }
                }
                _ => continue,
            };
            pointers.insert(place, base.wrapping_add_signed(relocation.addend()));
        }
        Some(Self { file, endian, pointers })
    }

    fn symbol(&self, name: &str) -> Option<u64> {
        let mut symbols = self.file.dynamic_symbols().filter(ObjectSymbol::is_definition);
        symbols.find(|symbol| symbol.name() == Ok(name)).map(|symbol| symbol.address())
    }

    /// `None` for a null pointer.
    fn pointer(&self, at: u64) -> Option<u64> {
        self.pointers.get(&at).copied()
    }

    fn bytes(&self, at: u64) -> Option<&'a [u8]> {
        self.file.segments().find_map(|segment| {
            let within = usize::try_from(at.checked_sub(segment.address())?).ok()?;
            segment.data().ok()?.get(within..)
        })
    }

    fn number(&self, at: u64) -> Option<i32> {
        let bytes: [u8; 4] = self.bytes(at)?.get(..4)?.try_into().ok()?;
        Some(match self.endian {
            Endianness::Little => i32::from_le_bytes(bytes),
            Endianness::Big => i32::from_be_bytes(bytes),
        })
    }

    /// A word of printable ASCII.
    fn name(&self, at: u64) -> Option<&'a str> {
        let bytes = self.bytes(at)?;
        let end = bytes.iter().take(LONGEST_NAME).position(|byte| *byte == 0)?;
        let is_word =
            end > 0 && bytes[..end].iter().all(|byte| byte.is_ascii_graphic() && !b"{}#".contains(byte));
        if is_word { std::str::from_utf8(&bytes[..end]).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_nothing_renders_is_a_comment() {
        let types = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect();
        let plugins = [
            Plugin {
                title: "a.so.6 a".into(),
                kinds: vec![("device", types(&["png:cairo", "gif:lasi", "x"]))],
            },
            Plugin { title: "b.so.6 b".into(), kinds: vec![("render", types(&["cairo"]))] },
        ];
        let text = joined(&plugins);
        assert_eq!(
            text.strip_prefix(HEAD).unwrap(),
            "a.so.6 a {\n\tdevice {\n\t\tpng:cairo 1\n#FAILS\t\tgif:lasi 1\n\t\tx 1\n\t}\n}\n\
             b.so.6 b {\n\trender {\n\t\tcairo 1\n\t}\n}\n"
        );
    }

    /// A library of one renderer, and all of its beginnings.
    #[test]
    fn reads_tables_and_refuses_broken_files() {
        let bytes = library();
        let found = plugin(&bytes, "libgvplugin_t.so.6").unwrap();
        assert_eq!(found.title, "libgvplugin_t.so.6 tee");
        assert_eq!(found.kinds, [("render", vec![("ar".to_owned(), 7)])]);
        assert!(plugin(&bytes, "libgvplugin_other.so.6").is_none());
        for at in 0..bytes.len() {
            plugin(&bytes[..at], "libgvplugin_t.so.6");
            for value in [0, 0x7f, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                plugin(&broken, "libgvplugin_t.so.6");
            }
        }
    }

    /// Sections .dynsym, .dynstr and .rela.dyn, and data that these are about, at their own addresses.
    fn library() -> Vec<u8> {
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let (symbols, strings, relocations, data) = (0x100u64, 0x140u64, 0x180u64, 0x200u64);
        let mut file = vec![0u8; 0x300];
        let mut put = |at: u64, bytes: &[u8]| {
            let at = usize::try_from(at).unwrap();
            file[at..at + bytes.len()].copy_from_slice(bytes);
        };
        put(0, b"\x7fELF\x02\x01\x01");
        put(16, &[3, 0, 62, 0, 1]);
        put(32, &words(&[64, 0x300 - 0x100]));
        put(52, &[64, 0, 56, 0, 1, 0, 64, 0, 4, 0, 2, 0]);
        // the only segment is the whole file
        put(64, &[1, 0, 0, 0, 6]);
        put(72, &words(&[0, 0, 0, 0x300, 0x300, 8]));
        put(strings, b"\0gvplugin_t_LTX_library\0");
        put(symbols + 24, &[1, 0, 0, 0, 0x11, 0, 1, 0]);
        put(symbols + 32, &words(&[data, 16]));
        let table = data + 0x20;
        let entries = data + 0x40;
        let relative = |place: u64, value: u64| words(&[place, 8, value]);
        let all = [
            relative(data, data + 0xa0),
            relative(data + 8, table),
            relative(table + 8, entries),
            relative(entries + 8, data + 0xa8),
        ];
        put(relocations, &all.concat());
        put(entries + 16, &[7]);
        put(data + 0xa0, b"tee\0");
        put(data + 0xa8, b"ar\0");
        let section = |kind: u32, offset: u64, size: u64, link: u32, entry: u64| {
            let mut header = words(&[u64::from(kind) << 32, 2, offset, offset, size]);
            header.extend([link.to_le_bytes(), 1u32.to_le_bytes()].concat());
            header.extend(words(&[8, entry]));
            header
        };
        let mut sections = vec![0; 64];
        sections.extend(section(11, symbols, 48, 2, 24));
        sections.extend(section(3, strings, 24, 0, 0));
        sections.extend(section(4, relocations, 96, 1, 24));
        file.truncate(0x2c0);
        let at = file.len();
        file[40..48].copy_from_slice(&(at as u64).to_le_bytes());
        file.extend(sections);
        file
    }
}
