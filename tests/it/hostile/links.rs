//! Links that lead out of the tree, and what is sent through them.

use tar::EntryType;

use super::case::Case;
use crate::support::deb::TarEntry;

fn file(path: &str) -> TarEntry {
    TarEntry { data: b"evil".to_vec(), ..TarEntry::new(path, EntryType::Regular) }
}

fn folder(path: &str) -> TarEntry {
    TarEntry { mode: 0o755, ..TarEntry::new(path, EntryType::Directory) }
}

fn symlink(path: &str, target: &str) -> TarEntry {
    TarEntry { mode: 0o777, link: target.into(), ..TarEntry::new(path, EntryType::Symlink) }
}

fn hard_link(path: &str, target: &str) -> TarEntry {
    TarEntry { link: target.into(), ..TarEntry::new(path, EntryType::Link) }
}

pub(crate) fn cases() -> Vec<Case> {
    let through = &["passes through a symbolic link"][..];
    let overlap = &["trying to overwrite", "which is also in package"][..];
    let hard = &["hard link", "no earlier regular file"][..];
    let records = &["the package database is there"][..];
    let up = "../".repeat(20);
    vec![
        Case::entries("through-relative", &[symlink("./l", "../.."), file("./l/escaped")], through),
        Case::entries("through-absolute", &[symlink("./l", "/tmp"), file("./l/escaped")], through),
        Case::entries(
            "through-a-chain",
            &[symlink("./a", "b"), symlink("./b", "c"), symlink("./c", "/tmp"), file("./a/escaped")],
            through,
        ),
        Case::entries("through-itself", &[symlink("./a", "a"), file("./a/escaped")], through),
        Case::entries("through-proc", &[symlink("./a", "/proc/self/cwd"), file("./a/escaped")], through),
        Case::entries("folder-through", &[symlink("./l", "/tmp"), folder("./l/escaped")], through),
        Case::entries("link-through", &[symlink("./l", "/tmp"), symlink("./l/escaped", "x")], through),
        Case::entries(
            "fifo-through",
            &[symlink("./l", "/tmp"), TarEntry::new("./l/escaped", EntryType::Fifo)],
            through,
        ),
        Case::entries(
            "through-lib",
            &[folder("./usr"), symlink("./usr/lib", "/tmp"), file("./lib/escaped")],
            through,
        ),
        Case::entries("over-a-link", &[symlink("./l", "/tmp/escaped"), file("./l")], &["there twice"]),
        Case::entries(
            "folder-over-a-link",
            &[symlink("./l", "/tmp"), folder("./l"), file("./l/escaped")],
            &["there twice"],
        ),
        Case::entries(
            "folder-becomes-a-link",
            &[folder("./l"), symlink("./l", "/tmp"), file("./l/escaped")],
            &["there twice"],
        ),
        Case::entries("link-of-another", &[folder("./l"), file("./l/escaped")], overlap)
            .after(&[symlink("./l", "/tmp")])
            .exits(3),
        Case::entries("relative-link-of-another", &[folder("./l"), file("./l/escaped")], overlap)
            .after(&[symlink("./l", &up)])
            .exits(3),
        Case::entries("chain-of-another", &[folder("./a"), file("./a/escaped")], overlap)
            .after(&[symlink("./a", "b"), symlink("./b", "/tmp")])
            .exits(3),
        Case::entries("loop-of-another", &[folder("./a"), file("./a/x")], overlap)
            .after(&[symlink("./a", "b"), symlink("./b", "a")])
            .exits(3),
        Case::entries("link-over-the-folder-of-another", &[symlink("./l", "/tmp")], &[])
            .after(&[folder("./l"), file("./l/escaped")])
            .installed(),
        Case::entries("proc-of-another", &[folder("./p"), file("./p/escaped")], overlap)
            .after(&[symlink("./p", "/proc/self/root/tmp")])
            .exits(3),
        Case::entries("link-to-proc", &[symlink("./p", "/proc/self/mem")], &[]).installed(),
        Case::entries("link-of-4-kib", &[symlink("./l", &"t".repeat(4096))], &["too long"]),
        Case::entries("link-of-4095", &[symlink("./l", &"t".repeat(4095))], &[]).installed(),
        Case::entries("link-to-nothing", &[symlink("./l", "")], &["link target is empty"]),
        Case::entries("link-over-var", &[symlink("./var", "/tmp")], records),
        Case::entries(
            "link-over-dpkg",
            &[folder("./var"), folder("./var/lib"), symlink("./var/lib/dpkg", "/tmp")],
            records,
        ),
        Case::entries(
            "link-for-the-state",
            &[symlink("./var/lib/aptlet/state.json", "/tmp/escaped")],
            records,
        ),
        Case::entries(
            "link-for-a-later-state",
            &[symlink("./var/lib/aptlet/state.new", "/tmp/escaped")],
            records,
        ),
        Case::entries("folder-for-the-state", &[symlink("./var/lib/aptlet", "/tmp")], records),
        Case::entries("link-over-etc", &[symlink("./etc", "/tmp")], &[]).harmless(),
        Case::entries("link-over-usr", &[symlink("./usr", "/tmp")], &[]).harmless(),
        Case::entries("hard-link-to-nothing", &[hard_link("./h", "./x")], hard),
        Case::entries("hard-link-to-passwd", &[hard_link("./h", "/etc/passwd")], hard),
        Case::entries(
            "hard-link-out",
            &[hard_link("./h", &format!("{up}etc/passwd"))],
            &["it leads out of the tree"],
        ),
        Case::entries(
            "hard-link-through",
            &[symlink("./l", "/etc"), hard_link("./h", "./l/passwd")],
            through,
        ),
        Case::entries("hard-link-to-a-link", &[symlink("./l", "/etc/passwd"), hard_link("./h", "./l")], hard),
        Case::entries("hard-link-to-a-folder", &[folder("./d"), hard_link("./h", "./d")], hard),
        Case::entries("hard-link-to-itself", &[hard_link("./h", "./h")], hard),
        Case::entries("hard-link-ahead", &[hard_link("./h", "./f"), file("./f")], hard),
        Case::entries("hard-link-to-another", &[hard_link("./h", "./f")], hard).after(&[file("./f")]),
        Case::entries("hard-link-to-proc", &[hard_link("./h", "/proc/self/exe")], hard),
        Case::entries("hard-link-absolute", &[file("./f"), hard_link("./h", "/f")], &[]).installed(),
        Case::entries(
            "hard-link-with-data",
            &[file("./f"), TarEntry { data: b"evil".to_vec(), ..hard_link("./h", "./f") }],
            &["with data"],
        ),
        Case::entries(
            "link-with-data",
            &[TarEntry { data: vec![0; 2000], ..symlink("./h", "f") }],
            &["with data"],
        ),
    ]
}
