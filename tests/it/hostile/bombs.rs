//! Little that becomes much: on the disk, or in memory.

use tar::EntryType;

use super::case::{BLOCK, Case, patched};
use crate::support::deb::{Compression, TarEntry, tar};

const MEGABYTE: usize = 1 << 20;

fn file(path: &str, size: usize) -> TarEntry {
    TarEntry { data: vec![0; size], ..TarEntry::new(path, EntryType::Regular) }
}

/// Members of `size` zeros, so many times, without an end.
fn repeated(compression: Compression, size: usize, times: usize) -> Vec<u8> {
    let archive = tar(&[file("./zeros", size)]);
    let unit = &archive[..BLOCK + size.next_multiple_of(BLOCK)];
    match compression {
        // it has no way to be concatenated
        Compression::Lzma => compression.compress(&unit.repeat(times.min(4))),
        _ => compression.compress(unit).repeat(times),
    }
}

/// 10 GiB.
fn zeros(name: &str, compression: Compression) -> Case {
    Case::compressed(name, compression, repeated(compression, 40 * MEGABYTE, 256), &["unpacks to more than"])
        .declares(16)
}

fn long(kind: u8, size: usize) -> Case {
    let name = format!("long-{}-bomb", char::from(kind).to_ascii_lowercase());
    let entry = TarEntry { data: vec![b'n'; size], ..TarEntry::new("./x", EntryType::new(kind)) };
    let archive = Compression::Xz.compress(&tar(&[entry, file("./f", 0)]));
    Case::compressed(&name, Compression::Xz, archive, &["too large"])
}

/// So many empty files with names of this length.
fn many(name: &str, count: usize, length: usize, words: &'static [&'static str]) -> Case {
    let template = tar(&[file(&"0".repeat(length), 0)]);
    let long = if length > 100 { BLOCK + length.next_multiple_of(BLOCK) } else { 0 };
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for number in 0..count {
        let mut entry = template[..long + BLOCK].to_vec();
        let name = format!("{number:0>length$}").into_bytes();
        if long > 0 {
            entry[BLOCK..BLOCK + length].copy_from_slice(&name);
        }
        let entry = patched(entry, long, 0, &name[..length.min(100)]);
        std::io::Write::write_all(&mut encoder, &entry).unwrap();
    }
    Case::compressed(name, Compression::Zstd, encoder.finish().unwrap(), words)
}

/// An xz stream that demands a dictionary of this size (2^(property/2+12)) whatever is in it.
fn xz_dictionary(property: u8) -> Vec<u8> {
    let mut bytes = Compression::Xz.compress(&tar(&[file("./f", 0)]));
    bytes[16] = property;
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..20]);
    bytes[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    bytes
}

/// A zstd frame that demands a window of this size (its descriptor), of blocks that repeat a zero.
fn zstd_window(window: u8, blocks: usize) -> Vec<u8> {
    let header = tar(&[file("./zeros", 60 * MEGABYTE)])[..BLOCK].to_vec();
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
    let block = |kind: u32, size: usize| ((u32::try_from(size).unwrap() << 3) | (kind << 1)).to_le_bytes();
    bytes.extend_from_slice(&block(0, header.len())[..3]);
    bytes.extend(header);
    for _ in 0..blocks {
        bytes.extend_from_slice(&block(1, 128 << 10)[..3]);
        bytes.push(0);
    }
    bytes
}

pub(crate) fn cases() -> Vec<Case> {
    let memory = &["takes more than 66 MiB of memory"][..];
    let declared = |name: &str| {
        Case::data(name, patched(tar(&[file("./f", 0)]), 0, 124, b"77777777777\0"), &["unpacks to more than"])
    };
    let honest = |name: &str, words| {
        let data = Compression::Zstd.compress(&tar(&[file("./f", 3 * MEGABYTE)]));
        Case::compressed(name, Compression::Zstd, data, words)
    };
    vec![
        // a file that is as large itself is no bomb, whatever it declares
        Case::data("zeros-in-none", repeated(Compression::None, 40 * MEGABYTE, 3), &[])
            .declares(16)
            .harmless(),
        zeros("zeros-in-gzip", Compression::Gzip),
        zeros("zeros-in-xz", Compression::Xz),
        zeros("zeros-in-zstd", Compression::Zstd),
        zeros("zeros-in-bzip2", Compression::Bzip2),
        zeros("zeros-in-lzma", Compression::Lzma),
        declared("declared-8-gib"),
        Case::compressed(
            "zeros-behind-the-end",
            Compression::Xz,
            [
                Compression::Xz.compress(&tar(&[])),
                Compression::Xz.compress(&vec![0; 40 * MEGABYTE]).repeat(256),
            ]
            .concat(),
            &["too large"],
        ),
        Case::members("zeros-in-control", &["control.tar unpacks to more than"], |members| {
            members[1] = ("control.tar.xz".to_owned(), repeated(Compression::Xz, 40 * MEGABYTE, 256));
        }),
        Case::members("script-of-40-mib", &["control.tar unpacks to more than"], |members| {
            members[1] = (
                "control.tar.xz".to_owned(),
                Compression::Xz.compress(&tar(&[file("./postinst", 40 * MEGABYTE)])),
            );
        }),
        Case::members("control-of-many-files", &["there are too many"], |members| {
            let files: Vec<_> = (0..5000).map(|number| file(&format!("./f{number}"), 0)).collect();
            members[1].1 = tar(&files);
        }),
        long(b'L', 2 * MEGABYTE),
        long(b'K', 2 * MEGABYTE),
        long(b'x', 2 * MEGABYTE),
        many("many-files", 70_000, 10, &["has more than", "members"]).declares(1),
        many("many-long-names", 5_000, 240, &[]).installed(),
        many("many-long-names-declared", 140_000, 250, &["paths", "take more than"]).declares(900_000),
        Case::compressed("xz-dictionary-of-4-gib", Compression::Xz, xz_dictionary(40), memory),
        Case::compressed("xz-dictionary-of-96-mib", Compression::Xz, xz_dictionary(29), memory),
        Case::compressed("xz-dictionary-of-64-mib", Compression::Xz, xz_dictionary(28), &[]).installed(),
        Case::compressed("zstd-window-of-128-mib", Compression::Zstd, zstd_window(17 << 3, 479), memory),
        Case::compressed("zstd-window-of-2-tib", Compression::Zstd, zstd_window(31 << 3, 1), memory),
        Case::compressed(
            "zstd-window-of-64-mib",
            Compression::Zstd,
            zstd_window(16 << 3, 479),
            &["data.tar is damaged"],
        )
        .declares(70_000),
        Case::compressed(
            "second-zstd-window",
            Compression::Zstd,
            [Compression::Zstd.compress(&[0; 512]), zstd_window(17 << 3, 479)].concat(),
            &["data.tar"],
        ),
        honest("more-than-allowed", &["declare", "--max-unpacked"])
            .declares(3 << 10)
            .flags(&["--max-unpacked=2Mi"])
            .exits(6),
        honest(
            "more-than-declared-and-allowed",
            &["unpack to more than the 2000000 bytes", "--max-unpacked"],
        )
        .declares(1)
        .flags(&["--max-unpacked=2M"])
        .exits(6),
        honest("as-much-as-allowed", &[]).declares(3 << 10).flags(&["--max-unpacked=3Mi"]).installed(),
    ]
}
