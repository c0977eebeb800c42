//! The cache as the machine's own ldconfig lists it.

#![allow(clippy::unwrap_used)]
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::apply;
use super::elf::about;
use crate::finish::inside::Inside;
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
    let conf = |name: &str, text: &str| fs::write(root.join("etc/ld.so.conf.d").join(name), text).unwrap();
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
