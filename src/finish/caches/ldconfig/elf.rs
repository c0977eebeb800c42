//! What an ELF file says of itself as a shared library: its architecture and its soname.

use std::fs::{self, File};
use std::path::Path;

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef};

use crate::control::architecture::Architecture;

/// Bounds of what is read of a library.
const MOST_SEGMENTS: u16 = 256;
const LARGEST_DYNAMIC: u64 = 64 << 10;
const LONGEST_SONAME: u64 = 256;

/// A library for the C library of GNU/Linux.
const LIBC6: u32 = 3;

/// The flags and the soname of a shared library; `None` if it is none that is known here.
pub(super) fn about(path: &Path) -> Option<(u32, Option<String>)> {
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

/// The same of libraries of an architecture in Debian's spelling; `None` for one that is not known here.
pub(super) fn flags_of(architecture: &Architecture) -> Option<u32> {
    let flags = match architecture.as_str() {
        "i386" => 0,
        "amd64" => 0x0300,
        "s390x" => 0x0400,
        "ppc64" | "ppc64el" => 0x0500,
        "x32" => 0x0800,
        "armhf" => 0x0900,
        "arm64" => 0x0a00,
        "riscv64" => 0x1000,
        _ => return None,
    };
    Some(LIBC6 | flags)
}
