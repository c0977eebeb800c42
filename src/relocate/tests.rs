//! Trees relocated to prefixes of either form.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::record::Overwritten;
use super::relocation::Relocated;
use super::*;
use crate::digest::Sha256;
use crate::tree::Tree;

const ELF: &[u8] = b"\x7fELF";
/// Where buffers of `worker.rs` end.
const CHUNK: usize = (512 << 10) + 4096 + 64;

fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
    for path in [
        "usr/share/tool",
        "usr/lib/tool",
        "usr/lib/python3.11",
        "usr/lib64",
        "usr/bin",
        "etc/tool",
        "etc/ssh",
        "var/lib/tool",
        "usr/local/share/tool",
    ] {
        tree.create_directory(Path::new(path)).unwrap();
    }
    let root = tree.root().to_owned();
    for file in
        ["usr/bin/sh", "etc/tool/conf", "etc/passwd", "usr/lib/tool/x.so", "usr/lib64/ld-linux-x86-64.so.2"]
    {
        fs::write(root.join(file), "").unwrap();
    }
    for (link, target) in [("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")] {
        let _ = symlink(target, root.join(link));
    }
    tree
}

pub(super) fn relocated_file(prefix: &str, name: &str, content: &[u8]) -> (Vec<u8>, Relocated) {
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
        ("see /etc/tool/conf.\n", "see /p/e/tool/conf.\n"),
        ("\tthen . \"/usr/share/tool/x.sh\"", "\tthen . \"/p/u/share/tool/x.sh\""),
        ("/var/lib/dpkg/info/x.list", "/p/v/lib/dpkg/info/x.list"),
        // it is missing, but in a folder that only this tree has
        ("/usr/lib/tool/other.so", "/p/u/lib/tool/other.so"),
    ] {
        assert_eq!(exact(before), after);
    }
}

#[test]
fn a_length_before_a_path_tells_where_it_begins_and_ends() {
    // OCaml's toplevel, Debian 12
    let marshalled = b"\xa0\xa9@@\"%B(/usr/bin./usr/lib/tool(OCAMLLIB\0";
    let (result, _) = relocated_file("/p", "usr/bin/tool", marshalled);
    assert_eq!(result, b"\xa0\xa9@@\"%B(/p/u/bin./usr/lib/tool(OCAMLLIB\0");
    let marshalled = b"\xa0\xa9@@\"%B(/usr/bin-/usr/lib/tool(OCAMLLIB\0";
    let (result, _) = relocated_file("/p", "usr/bin/tool", marshalled);
    assert_eq!(result, b"\xa0\xa9@@\"%B(/p/u/bin-/p/u/lib/tool(OCAMLLIB\0");
    for text in ["see ./usr/lib/tool/other and -/usr/lib/tool", "naïve -/usr/lib/tool"] {
        assert_eq!(exact(text), text);
    }
    // Python's marshal: what follows is a code
    let (result, _) = relocated_file("/p", "usr/bin/tool", b"\xe3\0\0z\x0d/usr/lib/toolr\x05\0");
    assert_eq!(result, b"\xe3\0\0z\x0d/p/u/lib/toolr\x05\0");
}

#[test]
fn what_is_the_main_images_stays() {
    for content in [
        "/etc/passwd /etc/hosts",
        "/etc/other /usr/bin/other /usr/share/other/x /opt/x",
        "/usr/local/share/fonts /etc/other.",
        "/var/tmp /var/run/tool /var/log",
        "${prefix}/lib/tool $prefix/usr/share/tool \"$x\"/usr/share/tool x + '/lib/tool'",
        "http://host/usr/share/tool",
        "return \"/lib\"; return '/bin/'",
        "/usrx /etc-tool",
        "<var>x</var>",
        r"grep { !/man1/ && !/usr\/bin/ } @list",
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
    let content = b"\0/usr/share/tool/x.js\0-L/usr/lib/tool:/usr/share/tool/%s\0/usr/share\0";
    assert_eq!(
        relocated("/tmp/p", content),
        b"\0/tmp/p/s///tool/x.js\0-L/tmp/p/l/tool:/tmp/p/s///tool/%s\0/tmp/p/s//\0"
    );
    assert_eq!(relocated("/", content), content);
    for content in
        [&b"\0/usr/share/other\0/usr/share/other/x\0"[..], b"\0/opt/usr/share/tool\0x/usr/share/tool\0"]
    {
        assert_eq!(relocated("/tmp/p", content), content, "{}", content.escape_ascii());
    }
}

#[test]
fn a_path_goes_through_a_short_link_where_that_fits() {
    let content = b"\0/usr/share/tool/x.js\0/usr/lib/tool\0/usr/share/tool/%s\0/etc/tool/conf\0";
    let (result, relocated) = relocated_file("/opt/tool", "usr/bin/tool", &[ELF, content].concat());
    let links: BTreeMap<&Path, &Path> =
        relocated.links.iter().map(|(path, to)| (path.as_path(), to.as_path())).collect();
    let strings: Vec<&str> = result[5..result.len() - 1]
        .split(|byte| *byte == 0)
        .map(|text| std::str::from_utf8(text).unwrap())
        .collect();
    let originals = ["/usr/share/tool/x.js", "/usr/lib/tool", "/usr/share/tool/%s", "/etc/tool/conf"];
    assert_eq!(strings.len(), originals.len());
    for (string, original) in strings.into_iter().zip(originals) {
        assert_eq!(string.len(), original.len());
        let name: &str = string.strip_prefix("/opt/tool/r/").unwrap().trim_start_matches('/');
        let (name, rest) = name.split_at(name.find('/').unwrap_or(name.len()));
        let target = links[Path::new("var/lib/aptlet/r").join(name).as_path()];
        assert_eq!(target.to_str().unwrap().to_owned() + rest, format!("../../../..{original}"));
    }
    assert!(relocated.cramped.is_empty());
}

#[test]
fn what_is_only_the_beginning_of_a_name_gets_no_link() {
    // `x.so` is there, but a link for `/usr/lib/tool/x.` would lead nowhere, whatever is put behind it
    let content = b"\0/usr/lib/tool/x.\0/usr/lib/tool/x%s\0";
    let (result, relocated) = relocated_file("/opt/tools", "usr/bin/tool", &[ELF, content].concat());
    assert_eq!(&result[4..], content);
    assert_eq!(relocated.cramped[Path::new("usr/bin/tool")].len(), 2);
    assert!(relocated.links.is_empty());
}

#[test]
fn what_has_no_room_stays_and_is_told() {
    let content = b"\0/usr/lib/tool\0/bin/sh\0/usr/share/other/x\0";
    let (result, relocated) = relocated_file("/a/longer/prefix", "usr/bin/tool", &[ELF, content].concat());
    assert_eq!(&result[4..], content);
    let cramped = &relocated.cramped[Path::new("usr/bin/tool")];
    assert_eq!(cramped, &[b"/usr/lib/tool".to_vec(), b"/bin/sh".to_vec()]);
    assert!(relocated.links.is_empty());
}

#[test]
fn text_grows_and_can_be_cut_back() {
    let before =
        "#! /bin/sh\nx=/usr/share/tool/x:/usr/share/other /etc/passwd\ny=\"/lib/tool/x.so,/etc/tool\"\n";
    let after = "#! /opt/t/usr/bin/sh\nx=/opt/t/usr/share/tool/x:/usr/share/other /etc/passwd\ny=\"/opt/t/usr/lib/tool/x.so,/opt/t/etc/tool\"\n";
    let (result, relocated) = relocated_file("/opt/t", "usr/bin/tool", before.as_bytes());
    assert_eq!(std::str::from_utf8(&result).unwrap(), after);
    let original = &relocated.record.files[Path::new("usr/bin/tool")];
    assert_eq!(undo(&result, &original.overwritten), before.as_bytes());
    assert_eq!(original.sha256, Sha256::of(before.as_bytes()));
    // a NUL, or a table of offsets, makes it something else
    for content in [&b"/usr/share/tool/x\0"[..], b"%PDF /usr/share/tool/x"] {
        let (result, _) = relocated_file("/opt/t", "usr/bin/tool", content);
        assert_eq!(result.len(), content.len());
        assert_ne!(result, content);
    }
}

/// What the package has, as the record of a file tells.
fn undo(now: &[u8], overwritten: &[Overwritten]) -> Vec<u8> {
    let (mut original, mut from) = (Vec::new(), 0);
    for piece in overwritten {
        let same = usize::try_from(piece.offset).unwrap() - original.len();
        original.extend(&now[from..from + same]);
        original.extend(&piece.original);
        from += same + usize::try_from(piece.length).unwrap();
    }
    original.extend(&now[from..]);
    original
}

/// This very test is a program with a dynamic linker and libraries.
#[test]
fn a_program_is_told_where_its_linker_and_libraries_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree(folder.path());
    let linker = ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"]
        .into_iter()
        .find(|linker| Path::new("/").join(linker).exists())
        .unwrap();
    let here = tree.root().join("usr").join(linker);
    fs::create_dir_all(here.parent().unwrap()).unwrap();
    fs::copy(Path::new("/").join(linker), &here).unwrap();
    let _ = symlink("usr/lib64", tree.root().join("lib64"));
    let program = tree.root().join("usr/bin/program");
    let before = fs::read(std::env::current_exe().unwrap()).unwrap();
    fs::write(&program, &before).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    // the tree is where its prefix says, and has libraries of this machine
    let prefix = folder.path().join("tree").to_str().unwrap().to_owned();
    let libraries = Path::new("/proc/self/maps");
    let maps = fs::read_to_string(libraries).unwrap();
    let loaded: std::collections::BTreeSet<&Path> = maps
        .lines()
        .filter_map(|line| Some(Path::new(&line[line.find('/')?..])))
        .filter(|path| path.to_str().unwrap().contains(".so"))
        .collect();
    for path in &loaded {
        fs::copy(path, tree.root().join("usr/lib").join(path.file_name().unwrap())).unwrap();
    }
    let relocated = Relocation::to(&prefix).apply(&mut tree).unwrap();
    let result = fs::read(&program).unwrap();
    assert_eq!(undo(&result, &relocated.record.files[Path::new("usr/bin/program")].overwritten), before);
    let list = std::process::Command::new(&program).env("LD_TRACE_LOADED_OBJECTS", "1").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains(&format!("{prefix}/usr/{linker}")), "{list}");
    for line in list.lines().filter(|line| line.contains("=>")) {
        assert!(line.contains(&format!("=> {prefix}/usr/lib/")), "{line}");
    }
    assert!(list.contains("=>"), "{list}");
    let started = std::process::Command::new(&program).arg("--help").output().unwrap();
    assert!(started.status.success(), "{started:?}");
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
fn a_compiler_that_has_the_linker_in_two_pieces_names_the_trees() {
    let rewritten =
        |prefix: &str, data: &[u8]| relocated_file(prefix, "usr/bin/tool", &program(data)).0[256..].to_vec();
    let data = b"x\0lib32\0lib64\0GNU::Linker\0ld-linux-x32.so.2\0ld-linux-x86-64.so.2\0";
    let expected = b"x\0lib32\0p/l64\0GNU::Linker\0ld-linux-x32.so.2\0ld-linux-x86-64.so.2\0";
    assert_eq!(rewritten("/p", data), expected);
    assert_eq!(rewritten("/opt/tools", data), data, "no room");
    for data in [&b"x\0lib64\0"[..], b"x\0lib64\0ld-linux-x32.so.2\0", b"xlib64\0ld-linux-x86-64.so.2\0"] {
        assert_eq!(rewritten("/p", data), data, "{}", data.escape_ascii());
    }
    assert_eq!(exact("x\0lib64\0ld-linux-x86-64.so.2\0"), "x\0lib64\0ld-linux-x86-64.so.2\0", "no program");
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

#[test]
fn a_damaged_program_is_rewritten_or_left_and_nothing_else() {
    let whole = fs::read("/usr/bin/true").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree(folder.path());
    let path = tree.root().join("usr/bin/true");
    // xorshift, so that a failure comes again
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut undone = 0;
    for _ in 0..300 {
        let mut damaged = whole.clone();
        // headers and the table of segments, or anywhere
        let end = if random(4) > 0 { 1000 } else { damaged.len() };
        for _ in 0..=random(6) {
            damaged[random(end)] = [0, 1, 0x7f, 0x80, 0xff][random(5)];
        }
        damaged.truncate(if random(8) > 0 { damaged.len() } else { random(damaged.len()) });
        fs::write(&path, &damaged).unwrap();
        for prefix in ["/opt/tools", "/p"] {
            fs::write(&path, &damaged).unwrap();
            let relocated = Relocation::to(prefix).apply(&mut tree).unwrap();
            let now = fs::read(&path).unwrap();
            match relocated.record.files.get(Path::new("usr/bin/true")) {
                None => assert_eq!(now, damaged),
                Some(original) => {
                    assert_eq!(undo(&now, &original.overwritten), damaged);
                    undone += 1;
                }
            }
        }
    }
    assert!(undone > 100, "{undone}");
}

#[test]
fn the_linker_of_either_form_looks_at_a_variable_of_its_own() {
    let mut linker = program(b"\0LD_LIBRARY_PATH\0LD_LIBRARY_PATH_64\0");
    linker[240..250].copy_from_slice(b"\x48\xb8LIBRARY_");
    for (prefix, letter) in [("/p", 'p'), ("/opt/tools", 'o')] {
        let (result, _) = relocated_file(prefix, "usr/lib/tool/ld-linux-x86-64.so.2", &linker);
        assert_eq!(&result[242..250], format!("LIBRARY{letter}").as_bytes());
        let data = format!("\0LD_LIBRARY{letter}PATH\0LD_LIBRARY_PATH_64\0");
        assert_eq!(result[256..], *data.as_bytes(), "{prefix}");
    }
}
