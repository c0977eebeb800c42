//! Archives that lie about their members: ar(5), tar headers, kinds and extensions.

use tar::EntryType;

use super::case::{BLOCK, Case, patched};
use crate::support::deb::{Compression, DebBuilder, TarEntry, ar, tar};

const SIZE: usize = 124;

fn file(path: &str, data: &[u8]) -> TarEntry {
    TarEntry { data: data.to_vec(), ..TarEntry::new(path, EntryType::Regular) }
}

fn of_kind(kind: u8, data: &[u8]) -> TarEntry {
    TarEntry { data: data.to_vec(), ..TarEntry::new("./x", EntryType::new(kind)) }
}

/// A package whose last ar header has another size field.
fn ar_size(name: &str, size: &str, words: &'static [&'static str]) -> Case {
    Case::raw(name, words, |builder| {
        let members = builder.members();
        let start =
            8 + members[..2].iter().map(|(_, data)| 60 + data.len().next_multiple_of(2)).sum::<usize>();
        let mut bytes = ar(&members);
        bytes[start + 48..start + 58].copy_from_slice(format!("{size:<10}").as_bytes());
        bytes
    })
}

fn cut(name: &str, words: &'static [&'static str], length: impl FnOnce(usize) -> usize) -> Case {
    Case::raw(name, words, |builder| {
        let mut bytes = noisy(builder).build();
        bytes.truncate(length(bytes.len()));
        bytes
    })
}

fn noisy(builder: &DebBuilder) -> DebBuilder {
    let noise: Vec<u8> = (0..50_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    builder.clone().file("usr/share/noise", 0o644, noise).compression(Compression::Xz)
}

/// A package whose data member has another name.
fn renamed(name: &str, member: &str, words: &'static [&'static str]) -> Case {
    Case::members(name, words, |members| member.clone_into(&mut members[2].0))
}

/// A PAX header of these records, before an ordinary file.
fn pax(name: &str, kind: u8, records: &str) -> Case {
    Case::entries(name, &[of_kind(kind, records.as_bytes()), file("./f", b"f")], &["PAX header"])
}

pub(crate) fn cases() -> Vec<Case> {
    let damaged = &["data.tar is damaged"][..];
    let archive = || tar(&[file("./f", b"four")]);
    let header = &["ar header"][..];
    let binary = |name: &str, text: &str, words| {
        let text = text.as_bytes().to_vec();
        Case::members(name, words, |members| members[0].1 = text)
    };
    vec![
        Case::raw("no-archive", &["does not begin as an ar archive"], |_| b"#!/bin/sh\n".to_vec()),
        Case::raw("empty-archive", &["no member debian-binary"], |_| b"!<arch>\n".to_vec()),
        cut("cut-in-the-middle", &["ends inside a member"], |length| length / 2),
        cut("cut-at-the-end", &["ends inside a member"], |length| length - 9),
        cut("cut-in-a-header", header, |_| 8 + 60 + 4 + 30),
        ar_size("size-negative", "-1", header),
        ar_size("size-blank", "", header),
        ar_size("size-in-hexadecimal", "0x400", header),
        ar_size("size-with-a-blank-in-front", " 1024", header),
        ar_size("size-huge", "9999999999", &["ends inside a member"]),
        ar_size("size-small", "512", &[]).harmless(),
        ar_size("size-odd", "1023", &["ar"]),
        binary("old-format", "0.939000\n5\n", &["package format '0.939000'"]),
        binary("format-3", "3.0\n", &["package format '3.0'"]),
        binary("format-without-newline", "2.0", &["package format"]),
        binary("format-long", &"2".repeat(5000), &["package format"]),
        Case::members("data-before-control", &["'data.tar' where control.tar must be"], |members| {
            members.swap(1, 2);
        }),
        Case::members("control-first", &["where debian-binary must be"], |members| members.swap(0, 1)),
        Case::members("second-control", &[], |members| members.push(members[1].clone())).installed(),
        Case::members("second-data", &[], |members| members.push(members[2].clone())).installed(),
        Case::members("second-data-of-xz", &[], |members| {
            members.push(("data.tar.xz".to_owned(), Vec::new()));
        })
        .installed(),
        Case::members("no-data", &["no member data.tar"], |members| members.truncate(2)),
        renamed("name-with-slashes", "data.tar/../x", header),
        renamed("name-with-a-slash-too-much", "data.tar//", header),
        renamed("unknown-compression", "data.tar.Z", &["compression of archive member 'data.tar.Z'"]),
        renamed("compression-by-another-name", "data.tar.zst", &["data.tar is damaged"]),
        Case::compressed(
            "compressed-twice",
            Compression::Xz,
            Compression::Xz.compress(&Compression::Xz.compress(&archive())),
            damaged,
        ),
        Case::members("a-package-in-a-package", damaged, |members| members[2].1 = ar(members)),
        Case::data(
            "checksum-wrong",
            {
                let mut bytes = archive();
                bytes[148] ^= 1;
                bytes
            },
            damaged,
        ),
        Case::data(
            "checksum-blank",
            {
                let mut bytes = archive();
                bytes[148..156].fill(b' ');
                bytes
            },
            damaged,
        ),
        Case::data("no-end-marker", archive()[..2 * BLOCK].to_vec(), &[]).installed(),
        Case::data("cut-in-a-file", archive()[..BLOCK + 2].to_vec(), damaged),
        Case::data("cut-in-a-tar-header", archive()[..300].to_vec(), damaged),
        Case::data("size-not-a-number", patched(archive(), 0, SIZE, b"0000000000z"), damaged),
        Case::data("size-negative-in-base-256", patched(archive(), 0, SIZE, &[0xff; 12]), &["data.tar"]),
        Case::data(
            "size-huge-in-base-256",
            patched(archive(), 0, SIZE, &[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
            &["data.tar"],
        ),
        Case::data(
            "size-too-large-for-base-256",
            patched(archive(), 0, SIZE, &[0x80, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]),
            &["data.tar"],
        ),
        Case::data(
            "size-honest-in-base-256",
            patched(archive(), 0, SIZE, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]),
            &[],
        )
        .installed(),
        Case::data("mode-not-a-number", patched(archive(), 0, 100, b"rwxr-xr"), damaged),
        Case::data("mode-beyond-7777", patched(archive(), 0, 100, b"7777777"), &[]).installed(),
        Case::entries("set-user-id", &[TarEntry { mode: 0o6755, ..file("./f", b"") }], &[]).installed(),
        Case::entries("sticky", &[TarEntry { mode: 0o1777, ..file("./f", b"") }], &[]).installed(),
        Case::entries(
            "folder-of-mode-0",
            &[TarEntry { mode: 0, ..TarEntry::new("./d/", EntryType::Directory) }, file("./d/f", b"f")],
            &[],
        )
        .installed(),
        Case::entries(
            "owner-of-another-world",
            &[TarEntry { uid: 2_000_000, gid: 2_000_000, ..file("./f", b"") }],
            &[],
        )
        .installed(),
        Case::entries("device", &[TarEntry::new("./sda", EntryType::Block)], &[]).installed(),
        Case::entries("fifo", &[TarEntry::new("./fifo", EntryType::Fifo)], &[]).installed(),
        Case::entries("kind-of-the-future", &[of_kind(b'Z', b"")], &["type 0x5a"]),
        Case::entries("contiguous-file", &[of_kind(b'7', b"x")], &["x", "not supported"]),
        Case::entries("sparse-without-a-map", &[of_kind(b'S', b"x")], damaged),
        Case::data(
            "sparse-lie",
            patched(
                patched(tar(&[of_kind(b'S', b"")]), 0, 386, b"77777777777\0" as &[u8]),
                0,
                483,
                b"77777777777\0",
            ),
            damaged,
        ),
        Case::data(
            "sparse-empty",
            patched(tar(&[of_kind(b'S', b"")]), 0, 483, b"00000000000\0"),
            &["a sparse file"],
        ),
        pax("pax-path", b'x', "20 path=../escaped\n"),
        Case::entries(
            "pax-size",
            &[of_kind(b'x', b"19 size=9999999999\n"), file("./f", b"f")],
            &["unpacks to more"],
        ),
        pax("pax-xattr", b'x', "30 SCHILY.xattr.user.x=evil!!\n"),
        pax("pax-sparse", b'x', "22 GNU.sparse.major=1\n"),
        Case::entries(
            "pax-global",
            &[of_kind(b'g', b"20 path=../escaped\n"), file("./f", b"f")],
            &["PAX header"],
        ),
        Case::entries("pax-for-nothing", &[of_kind(b'x', b"9 path=x\n")], damaged),
        Case::entries(
            "two-long-names",
            &[of_kind(b'L', b"./a\0"), of_kind(b'L', b"./b\0"), file("./f", b"f")],
            damaged,
        ),
        Case::entries("long-name-for-nothing", &[of_kind(b'L', b"./a\0")], damaged),
        Case::entries(
            "long-name-out",
            &[of_kind(b'L', b"../../escaped\0"), file("./f", b"f")],
            &["it leads out of the tree"],
        ),
        Case::entries("time-before-1970", &[file("./f", b"f")], &[]).installed(),
        Case::data(
            "time-at-the-end",
            patched(archive(), 0, 136, &[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
            &[],
        )
        .installed(),
    ]
}
