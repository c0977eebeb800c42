//! Names that lead astray, or that no file system takes.

use tar::EntryType;

use super::case::{Case, patched};
use crate::support::deb::{TarEntry, tar};

fn file(path: impl AsRef<[u8]>) -> TarEntry {
    TarEntry { data: b"evil".to_vec(), ..TarEntry::new(path, EntryType::Regular) }
}

fn folder(path: impl AsRef<[u8]>) -> TarEntry {
    TarEntry { mode: 0o755, ..TarEntry::new(path, EntryType::Directory) }
}

fn link(path: &str) -> TarEntry {
    TarEntry { link: b"b".to_vec(), ..TarEntry::new(path, EntryType::Symlink) }
}

pub(crate) fn cases() -> Vec<Case> {
    let up = |depth: usize, name: &str| format!("./{}{name}", "../".repeat(depth));
    let one = |name: &str, entry: TarEntry, words| Case::entries(name, &[entry], words);
    let dots = &["it leads out of the tree"][..];
    vec![
        one("dots", file("../escaped"), dots),
        one("dots-deep", file(up(20, "tmp/escaped")), dots),
        one("dots-inside", file("./usr/share/../../../escaped"), dots),
        Case::entries("dots-that-stay", &[folder("./usr"), file("./usr/../usr/x")], &[]).installed(),
        one("dots-alone", folder(".."), dots),
        Case::entries("dots-at-the-end", &[folder("./usr"), folder("./usr/..")], &[]).harmless(),
        one("dots-with-slashes", file(".//..//..//escaped"), dots),
        Case::entries("absolute", &[folder("/usr"), file("/usr/escaped")], &[]).installed(),
        Case::entries("absolute-twice", &[folder("//usr"), file("//usr/escaped")], &[]).installed(),
        one("absolute-dots", file("/../../tmp/escaped"), dots),
        one("empty-name", file(""), &["it is empty"]),
        one("only-dot", file("./."), &["it is the root"]),
        one("newline", file("./a\nb"), &["./a\\nb", "newline"]),
        one("long-newline", file(format!("./{}\nx", "n".repeat(150))), &["newline"]),
        one("nul-in-a-long-name", file([b"./a\0b".as_slice(), &[b'n'; 150]].concat()), &["NUL byte"]),
        Case::data(
            "nul-in-a-short-name",
            patched(tar(&[file("./harmless")]), 0, 0, b"./a\0../escaped\0"),
            &[],
        )
        .installed(),
        one("name-of-256", file(format!("./{}", "n".repeat(256))), &["longer than 255 bytes"]),
        one("path-of-5000", file(format!("./{}x", "d/".repeat(2500))), &["longer than 4091 bytes"]),
        one("path-of-a-megabyte", file("n/".repeat(600_000)), &["data.tar is damaged"]),
        Case::entries("not-utf-8", &[file(b"./\xff\xfe\x80".as_slice())], &[]).installed(),
        Case::entries("escape-sequences", &[file(b"./\x1b[2J\x07".as_slice())], &[]).installed(),
        one("escape-sequences-refused", file(b"../\x1b[2J".as_slice()), &["\\u{1b}[2J"]),
        Case::entries("backslashes", &[file("./..\\..\\escaped")], &[]).installed(),
        Case::data(
            "prefix-dots",
            patched(patched(tar(&[file("./escaped")]), 0, 257, b"ustar\x0000"), 0, 345, b"../.."),
            dots,
        ),
        Case::entries("below-a-file", &[file("./a"), file("./a/b")], &["no directory"]),
        Case::entries("folder-over-a-file", &[file("./a"), folder("./a")], &["there twice"]),
        Case::entries("file-over-a-folder", &[folder("./a"), file("./a/b"), file("./a")], &["there twice"]),
        Case::entries("file-over-an-empty-folder", &[folder("./a"), file("./a")], &[]).installed(),
        Case::entries("link-over-a-file", &[file("./a"), link("./a")], &[]).installed(),
        Case::entries("file-over-a-link", &[link("./a"), file("./a")], &["'./a' is there twice"]),
        Case::entries("twice", &[file("./a"), file("./a")], &[]).installed(),
        Case::entries("twice-by-merged-usr", &[file("./lib/a"), file("./usr/lib/a")], &[]).harmless(),
        one("lib-as-a-file", file("./lib"), &["neither a directory nor a link"]),
        one("the-database", file("./var/lib/dpkg/status"), &["the package database is there"]),
        one("the-state", file("./var/lib/aptlet/state.json"), &["the package database is there"]),
    ]
}
