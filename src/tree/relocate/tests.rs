#![allow(clippy::unwrap_used)]
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

const ELF: &[u8] = b"\x7fELF";
/// Where buffers of `file.rs` end.
const CHUNK: usize = (512 << 10) + 4096 + 64;

fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
    for path in [
        "usr/share/tool",
        "usr/lib/tool",
        "usr/lib/python3.11",
        "usr/bin",
        "etc/tool",
        "etc/ssh",
        "var/lib/tool",
    ] {
        tree.create_directory(Path::new(path)).unwrap();
    }
    let root = tree.root().to_owned();
    for file in ["usr/bin/sh", "etc/tool/conf", "etc/passwd", "usr/lib/tool/x.so"] {
        fs::write(root.join(file), "").unwrap();
    }
    for (link, target) in [("bin", "usr/bin"), ("lib", "usr/lib")] {
        let _ = symlink(target, root.join(link));
    }
    tree
}

fn relocated_file(prefix: &str, name: &str, content: &[u8]) -> (Vec<u8>, Relocated) {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree(folder.path());
    let path = tree.root().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o555)).unwrap();
    let relocated = Relocation::to(prefix).apply(&mut tree).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o555);
    let result = fs::read(path).unwrap();
    if let Some(digest) = relocated.digests.get(Path::new(name)) {
        assert_eq!(*digest, Sha256::of(&result));
    }
    (result, relocated)
}

fn relocated(prefix: &str, content: &[u8]) -> Vec<u8> {
    relocated_file(prefix, "usr/bin/tool", &[ELF, content].concat()).0[4..].to_vec()
}

fn exact(content: &str) -> String {
    String::from_utf8(relocated_file("/p", "usr/bin/tool", content.as_bytes()).0).unwrap()
}

#[test]
fn a_short_prefix_has_a_place_for_every_path() {
    for (before, after) in [
        ("#!/bin/sh\n", "#!/p/b/sh\n"),
        ("x=/usr/share/tool/x\n", "x=/p/u/share/tool/x\n"),
        ("'/etc/tool/conf' \"/etc/tool\"", "'/p/e/tool/conf' \"/p/e/tool\""),
        ("PATH=/usr/bin:/bin\n", "PATH=/p/u/bin:/p/b\n"),
        ("/usr/lib/python%d.%d -I/usr/lib/tool", "/p/u/lib/python%d.%d -I/p/u/lib/tool"),
        ("file:///usr/share/tool", "file:///p/u/share/tool"),
        ("{/etc/tool,/usr/share/tool}", "{/p/e/tool,/p/u/share/tool}"),
        ("prefix=/usr\n", "prefix=/p/u\n"),
        ("<dir>/usr/share/tool</dir>", "<dir>/p/u/share/tool</dir>"),
        ("/lib/tool/x.so", "/p/l/tool/x.so"),
        ("/var/lib/tool", "/p/v/lib/tool"),
        ("cat </etc/tool/conf", "cat </p/e/tool/conf"),
        // it is missing, but in a folder that only this tree has
        ("/usr/lib/tool/other.so", "/p/u/lib/tool/other.so"),
    ] {
        assert_eq!(exact(before), after);
    }
}

#[test]
fn what_is_the_main_images_stays() {
    for content in [
        "/etc/passwd /etc/hosts",
        "/etc/other /usr/bin/other /usr/share/other/x /opt/x",
        "/var/tmp /var/run/tool /var/log",
        "${prefix}/lib/tool $prefix/usr/share/tool \"$x\"/usr/share/tool x + '/lib/tool'",
        "http://host/usr/share/tool",
        "return \"/lib\"; return '/bin/'",
        "/usrx /etc-tool",
        "<var>x</var>",
    ] {
        assert_eq!(exact(content), content);
    }
}

#[test]
fn compressed_files_and_records_are_passed_over() {
    let text = b"\x1f\x8b /usr/share/tool";
    assert_eq!(relocated_file("/p", "usr/bin/tool", text).0, text);
    assert_eq!(relocated_file("/p", "usr/share/tool/x", b" /usr/share/tool").0, b" /p/u/share/tool");
    for name in ["var/lib/aptlet/x", "usr/share/doc/x"] {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(folder.path());
        tree.create_directory(Path::new(name).parent().unwrap()).unwrap();
        let path = tree.root().join(name);
        fs::write(&path, " /usr/share/tool").unwrap();
        Relocation::to("/p").apply(&mut tree).unwrap();
        assert_eq!(fs::read(path).unwrap(), b" /usr/share/tool");
    }
}

#[test]
fn a_longer_prefix_has_room_for_the_great_folders() {
    let content = b"\0/usr/share/tool/x.js\0-L/usr/lib/tool:/usr/share/tool/%s\0";
    assert_eq!(relocated("/tmp/p", content), b"\0/tmp/p/s///tool/x.js\0-L/tmp/p/l/tool:/tmp/p/s///tool/%s\0");
    assert_eq!(relocated("/opt/toolbox", content), content, "no room");
    assert_eq!(relocated("/", content), content);
    for content in [
        &b"\0/usr/share\0/usr/share/\0/usr/lib\0"[..],
        b"\0/usr/share/other\0/usr/share/other/x\0",
        b"\0/opt/usr/share/tool\0x/usr/share/tool\0",
    ] {
        assert_eq!(relocated("/tmp/p", content), content, "{}", content.escape_ascii());
    }
    let text = b"no ELF: /usr/share/tool";
    assert_eq!(relocated_file("/tmp/p", "usr/bin/tool", text).0, text);
}

#[test]
fn paths_across_the_ends_of_chunks_are_found_and_digested() {
    for shift in [0, 1, 3, 10, 20, 4090, 4095, 4096, 4097, 4098, 4099, 4100, 4200] {
        let mut content = vec![b'\n'; CHUNK - shift];
        content.extend(b"/usr/share/tool/x\n");
        content.resize(2 * CHUNK + 9000, b'\n');
        content.extend(b"/etc/tool");
        let (result, relocated) = relocated_file("/p", "usr/bin/tool", &content);
        assert_eq!(memchr::memmem::find(&result, b"/p/u/share/tool/x\n"), Some(CHUNK - shift), "{shift}");
        assert!(result.ends_with(b"/p/e/tool"));
        assert_eq!((result.len(), relocated.files, relocated.paths), (content.len(), 1, 2));
    }
}

#[test]
fn a_file_of_several_names_is_rewritten_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree(folder.path());
    let path = tree.root().join("usr/bin/a");
    fs::write(&path, " /usr/share/tool").unwrap();
    fs::hard_link(&path, tree.root().join("usr/bin/b")).unwrap();
    let relocated = Relocation::to("/p").apply(&mut tree).unwrap();
    assert_eq!((fs::read(&path).unwrap().as_slice(), relocated.files), (&b" /p/u/share/tool"[..], 2));
    assert_eq!(relocated.digests[Path::new("usr/bin/a")], relocated.digests[Path::new("usr/bin/b")]);
}

/// An ELF file of one section of instructions and then data, which begin at 256.
fn program(data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    bytes[..4].copy_from_slice(ELF);
    bytes[4..7].copy_from_slice(&[2, 1, 1]);
    let mut put = |at: usize, value: u64, size: usize| {
        bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
    };
    for (at, value, size) in
        [(18, 62, 2), (20, 1, 4), (40, 64, 8), (52, 64, 2), (54, 56, 2), (58, 64, 2), (60, 2, 2)]
    {
        put(at, value, size);
    }
    // SHT_PROGBITS, SHF_ALLOC and SHF_EXECINSTR, offset, size
    for (at, value) in [(4, 1), (8, 6), (24, 240), (32, 16)] {
        put(128 + at, value, if at == 4 { 4 } else { 8 });
    }
    bytes.extend(data);
    bytes
}

#[test]
fn a_constant_of_sixteen_bytes_needs_no_end() {
    let rewritten = |data: &[u8]| relocated_file("/p", "usr/bin/tool", &program(data)).0[256..].to_vec();
    // as GCC lays out /usr/lib/tool/x.so for two registers
    let apart = b"0123456789abcdef/usr/lib/tool/x.sr/lib/tool/x.so";
    assert_eq!(rewritten(apart), b"0123456789abcdef/p/u/lib/tool/x.sr/lib/tool/x.so");
    assert_eq!(rewritten(b"\x00123456789abcd\0/usr/lib/tool/x.\0"), b"\x00123456789abcd\0/p/u/lib/tool/x.\0");
    for data in [
        &b"0123456789abcdef/usr/lib/other/x.sr/lib/"[..],
        b"0123456789abcde/usr/lib/tool/x.sr/lib/tool/x.so",
        b"0123456789abcdef/usr/lib/tool\0",
        b"0123456789abcdef/etc/passwd/x.sr",
    ] {
        assert_eq!(rewritten(data), data, "{}", data.escape_ascii());
    }
}
