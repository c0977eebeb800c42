#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};

use tar::EntryType;

use std::path::{Path, PathBuf};

use super::*;
use crate::deb;
use crate::deb::testing::{Entry, ar, artifact, control_text, deb, dir, file, hardlink, symlink, tarball};

/// A scratch folder with a file that no package may touch.
struct Scratch {
    folder: tempfile::TempDir,
    tree: Option<Tree>,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("outside"), "untouched").unwrap();
        let tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        Self { folder, tree: Some(tree) }
    }

    fn unpack_bytes(&self, name: &str, bytes: &[u8]) -> Result<Unpacked, Error> {
        self.unpack_as(name, bytes, Layout::default())
    }

    fn unpack_as(&self, name: &str, bytes: &[u8], layout: Layout<'_>) -> Result<Unpacked, Error> {
        let path = self.folder.path().join("package.deb");
        fs::write(&path, bytes).unwrap();
        let artifact = artifact(name);
        let limits = Limits { max_unpacked: 1 << 20, max_entries: 100, max_names: 1 << 20, allowance: None };
        unpack(&mut File::open(path).unwrap(), &artifact, &self.private(), &limits, layout)
    }

    fn unpack(&self, data: &[Entry]) -> Result<Unpacked, Error> {
        self.unpack_bytes("hostile", &deb("hostile", "", &[], data))
    }

    fn private(&self) -> PathBuf {
        self.folder.path().join("private")
    }

    fn merge(&mut self, unpacked: Unpacked) -> Result<(), Error> {
        let private = self.private();
        self.tree.as_mut().unwrap().merge(unpacked, &private)
    }

    fn add(&mut self, name: &str, more: &str, data: &[Entry]) -> Result<(), Error> {
        self.add_with(name, more, &[], data)
    }

    fn add_with(&mut self, name: &str, more: &str, control: &[Entry], data: &[Entry]) -> Result<(), Error> {
        let unpacked = self.unpack_bytes(name, &deb(name, more, control, data))?;
        let private = self.private();
        let tree = self.tree.as_mut().unwrap();
        let merged = tree.merge(unpacked, &private);
        assert_eq!(private.exists(), merged.is_err(), "the private root is used up");
        let _ = fs::remove_dir_all(private);
        merged
    }

    fn finish(&mut self) -> Finished {
        self.tree.take().unwrap().finish().unwrap()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("tree").join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

mod excluded;

type Expected = fn(&Error) -> bool;

#[test]
fn hostile_archives_are_refused_and_touch_nothing() {
    let link = || symlink("./link", "..");
    let long = format!("./{}", "d/".repeat(40));
    let deep = Entry::new(EntryType::GNULongName, b"././@LongLink", b"", "d/".repeat(3000).as_bytes());
    let name = Entry::new(EntryType::GNULongName, b"././@LongLink", b"", "n".repeat(300).as_bytes());
    let path: Expected = |error| matches!(error, Error::Path { .. });
    let through: Expected = |error| matches!(error, Error::ThroughLink { .. });
    let twice: Expected = |error| matches!(error, Error::Duplicate { .. });
    let hard: Expected = |error| matches!(error, Error::HardLink { .. });
    let kind: Expected = |error| matches!(error, Error::Unsupported { .. });
    let large: Expected = |error| matches!(error, Error::Deb { source: deb::Error::TooLarge { .. }, .. });
    let damaged: Expected = |error| matches!(error, Error::Deb { source: deb::Error::Corrupt { .. }, .. });
    let many: Expected = |error| matches!(error, Error::TooMany { .. });
    let usr: Expected = |error| matches!(error, Error::UsrMerge { .. });
    let of = |kind, path: &str| Entry::new(kind, path.as_bytes(), b"", b"");
    let cases: Vec<(&str, Vec<Entry>, Expected)> = vec![
        ("parent", vec![file("../outside", "x")], path),
        ("parent inside", vec![file("./a/../../outside", "x")], path),
        ("parent directory", vec![dir("./a/../..")], path),
        ("empty", vec![file("", "x")], path),
        ("root as file", vec![file("./.", "x")], path),
        ("newline", vec![file("./a\nb", "x")], path),
        ("through a file", vec![file("./a", "x"), file("./a/b", "x")], path),
        ("long name", vec![name, file("x", "x")], path),
        ("long path", vec![deep, file("x", "x")], path),
        ("through a link", vec![link(), file("./link/outside", "x")], through),
        ("directory through a link", vec![link(), dir("./link/made")], through),
        ("through a deep link", vec![symlink("./a/link", "/tmp"), file("./a/link/b/c", "x")], through),
        ("through an alias", vec![symlink("./usr/lib", "/tmp"), file("./lib/x", "x")], through),
        ("through a link of many", vec![dir(&long), link(), symlink("./link/d", "x")], through),
        ("over a link", vec![symlink("./a", "../outside"), file("./a", "x")], twice),
        ("directory over a link", vec![link(), dir("./link")], twice),
        ("twice", vec![file("./a", "x"), file("./a", "x")], twice),
        ("twice by merged-usr", vec![file("./lib/a", "x"), file("./usr/lib/a", "x")], twice),
        ("hard link out", vec![hardlink("./a", "../outside")], path),
        ("hard link to absolute", vec![hardlink("./a", "/etc/passwd")], hard),
        ("hard link by a link", vec![link(), hardlink("./a", "link/outside")], through),
        ("hard link to a link", vec![symlink("./b", "../outside"), hardlink("./a", "./b")], hard),
        ("hard link to nothing", vec![hardlink("./a", "./b")], hard),
        ("hard link to a directory", vec![dir("./b"), hardlink("./a", "./b")], hard),
        ("link to nothing", vec![symlink("./a", "")], path),
        ("odd kind", vec![of(EntryType::new(b'Z'), "./a")], kind),
        ("global header", vec![of(EntryType::XGlobalHeader, "./a")], kind),
        (
            "PAX header",
            vec![Entry::new(EntryType::XHeader, b"./pax", b"", b"9 path=x\n"), file("./a", "")],
            kind,
        ),
        ("contiguous file", vec![of(EntryType::Continuous, "./a")], kind),
        ("link with data", vec![Entry::new(EntryType::Symlink, b"./a", b"b", b"x")], kind),
        ("alias as file", vec![file("./bin", "x")], usr),
        ("alias elsewhere", vec![symlink("./lib64", "../outside")], usr),
        ("bomb", vec![file("./a", &"x".repeat(600_000)), file("./b", &"x".repeat(600_000))], large),
        ("declared bomb", vec![file("./a", "x").size(1 << 40)], large),
        ("cut short", vec![file("./a", "x").size(100_000)], damaged),
        ("many members", (0..101).map(|index| file(&format!("./{index}"), "")).collect(), many),
    ];
    for (what, entries, expected) in cases {
        let scratch = Scratch::new();
        let error = scratch.unpack(&entries).expect_err(what);
        assert!(expected(&error), "{what}: {error:?}");
        assert!(error.to_string().contains("hostile 1.0 (amd64)"), "{what}: {error}");
        assert!(!error.to_string().contains('\n'), "{what}: {error}");
        let mut names: Vec<_> =
            scratch.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["outside", "package.deb", "private", "tree"], "{what}");
        let outside = scratch.folder.path().join("outside");
        assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched", "{what}");
        assert_eq!(outside.metadata().unwrap().nlink(), 1, "{what}");
    }
}

#[test]
fn other_packages_than_planned_are_refused() {
    let scratch = Scratch::new();
    let result = scratch.unpack_bytes("jq", &deb("sudo", "", &[], &[]));
    assert!(matches!(result, Err(Error::Deb { source: deb::Error::Identity { .. }, .. })));
    let result = scratch.unpack_bytes("../jq", &deb("../jq", "", &[], &[]));
    assert!(matches!(result, Err(Error::Name { .. })));
    let format = ar(&[("debian-binary", b"3.0\n")]);
    assert!(matches!(
        scratch.unpack_bytes("jq", &format),
        Err(Error::Deb { source: deb::Error::Format(_), .. })
    ));
    assert!(!scratch.private().exists());
    let truncated = deb("jq", "", &[], &[file("./a", "x")]);
    let result = scratch.unpack_bytes("jq", &truncated[..truncated.len() - 1200]);
    assert!(matches!(result, Err(Error::Deb { source: deb::Error::Corrupt { .. }, .. })));
}

#[test]
fn a_message_is_one_line_whatever_the_version() {
    // found by fuzzing
    let scratch = Scratch::new();
    fs::write(scratch.folder.path().join("x.deb"), "").unwrap();
    let mut artifact = artifact("jq");
    artifact.version = "1\rArchitecture: all".to_owned();
    let limits = Limits::for_artifact(&artifact);
    let mut file = File::open(scratch.folder.path().join("x.deb")).unwrap();
    let error =
        unpack(&mut file, &artifact, &scratch.private(), &limits, Layout::default()).unwrap_err().to_string();
    assert!(error.starts_with("package jq 1\\rArchitecture") && !error.contains(char::is_control), "{error}");
}

#[test]
fn destination_errors_are_told_apart() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.private()).unwrap();
    let error = scratch.unpack(&[]).unwrap_err();
    assert!(matches!(&error, Error::Write { path, .. } if *path == scratch.private()), "{error}");
    let error = Tree::create(scratch.folder.path(), "amd64").unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "a destination with something in it");
}

#[test]
fn lays_out_every_kind() {
    let mut scratch = Scratch::new();
    let long = format!("./usr/share/{}", "long/".repeat(30));
    let entries = [
        dir("./").mode(0o755).mtime(7),
        dir("./lib/"),
        file("./lib/x", "lib").mode(0o400),
        hardlink("./usr/bin/y", "./lib/x"),
        file("./usr/bin/su", "su").mode(0o4755).owner(0, 42),
        dir("./var/mail").mode(0o2775).mtime(5).owner(0, 8),
        dir("./tmp").mode(0o1777),
        symlink("./usr/lib/link", "../../../outside").mtime(6),
        Entry::new(EntryType::Fifo, b"./run/fifo", b"", b"").mode(0o622),
        Entry::new(EntryType::Char, b"./dev/null", b"", b""),
        file("./etc/everyone", "x").mode(0o666),
        file("./old/", "").mode(0o700),
        Entry::new(EntryType::GNULongName, b"././@LongLink", b"", format!("{long}name\0").as_bytes()),
        file("cut", &"long".repeat(100_000)),
    ];
    scratch.add("kinds", "", &entries).unwrap();
    let finished = scratch.finish();
    let stat = |path: &str| scratch.at(path).symlink_metadata().unwrap();

    assert_eq!(fs::read_link(scratch.at("lib")).unwrap(), Path::new("usr/lib"));
    assert_eq!(fs::read_link(scratch.at("lib64")).unwrap(), Path::new("usr/lib64"));
    assert!(!scratch.at("lib32").exists());
    assert_eq!(mode(&scratch.at("usr/lib/x")), 0o400);
    assert_eq!(stat("usr/lib/x").ino(), stat("usr/bin/y").ino());
    assert_eq!(stat("usr/lib/x").mtime(), 1_000_000_000);
    assert_eq!(mode(&scratch.at("usr/bin/su")), 0o755);
    assert_eq!((mode(&scratch.at("var/mail")), stat("var/mail").mtime()), (0o2775, 5));
    assert_eq!(mode(&scratch.at("tmp")), 0o1777);
    assert_eq!(stat("usr/lib/link").mtime(), 6);
    assert!(stat("run/fifo").file_type().is_fifo());
    assert_eq!(mode(&scratch.at("run/fifo")), 0o622, "whatever the umask");
    assert_eq!(mode(&scratch.at("etc/everyone")), 0o666, "whatever the umask");
    assert_eq!(mode(&scratch.at("old")), 0o700);
    assert_eq!(scratch.text(&format!("{long}name")).len(), 400_000);
    assert_eq!(stat("").mtime(), 7);
    assert_eq!(
        (mode(&scratch.at("var")), stat("var").mtime()),
        (0o755, 1_000_000_000),
        "an implied directory"
    );
    assert_eq!(stat("bin").mtime(), 1_000_000_000);

    let notes: Vec<_> = finished.notes().map(|(_, note)| note.to_string()).collect();
    assert_eq!(
        notes,
        [
            "/usr/bin/su: owner 0:42 became the current user",
            "/usr/bin/su: set-id bits of mode 4755 dropped",
            "/var/mail: owner 0:8 became the current user",
            "/dev/null: device node not made",
        ]
    );
    let paths = &finished.packages[0].paths;
    assert_eq!(paths[0], Path::new("/lib"));
    assert_eq!(paths[1], Path::new("/lib/x"), "as archived");
    assert!(!paths.contains(&PathBuf::from("/dev/null")));
}

#[test]
fn merges_directories() {
    let mut scratch = Scratch::new();
    scratch.add("a", "", &[dir("./usr/share/x").mode(0o750).mtime(1), file("./usr/share/x/a", "a")]).unwrap();
    scratch.add("b", "", &[dir("./usr/share/x").mode(0o700).mtime(2), file("./usr/share/x/b", "b")]).unwrap();
    scratch.add("c", "", &[file("./usr/share/x/c", "c"), dir("./lib32"), file("./lib32/c", "c")]).unwrap();
    scratch.finish();
    let directory = scratch.at("usr/share/x");
    assert_eq!(mode(&directory), 0o750, "the first package's");
    assert_eq!(directory.metadata().unwrap().mtime(), 2, "the last package's that has the directory");
    for name in ["a", "b", "c"] {
        assert_eq!(scratch.text(&format!("usr/share/x/{name}")), name);
    }
    assert_eq!(scratch.text("lib32/c"), "c");
}

#[test]
fn equal_files_do_not_overlap_but_different_ones_do() {
    let mut scratch = Scratch::new();
    scratch
        .add("a", "", &[file("./lib/x", "same").mtime(1), symlink("./etc/l", "t"), dir("./etc/d")])
        .unwrap();
    scratch.add("b", "", &[file("./usr/lib/x", "same").mtime(2), symlink("./etc/l", "t")]).unwrap();
    assert_eq!(scratch.at("usr/lib/x").metadata().unwrap().mtime(), 1, "the first stays");
    for (name, bad) in [
        ("c", file("./usr/lib/x", "diff")),
        ("d", file("./usr/lib/x", "longer")),
        ("e", symlink("./etc/l", "other")),
        ("f", file("./etc/l", "t")),
        ("g", dir("./usr/lib/x")),
        ("h", file("./etc/d", "")),
        ("i", file("./etc/l/x", "")),
    ] {
        let error = scratch.add(name, "", &[bad]).unwrap_err();
        let Error::Overlap { first, second, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!((first.as_str(), second.clone()), ("a 1.0 (amd64)", format!("{name} 1.0 (amd64)")));
    }
    assert_eq!(scratch.text("usr/lib/x"), "same");
}

#[test]
fn replaces_decides_which_file_stays() {
    let mut scratch = Scratch::new();
    scratch
        .add("a", "Replaces: z,\n late (<< 2), other\n", &[file("./etc/x", "a"), file("./etc/y", "a")])
        .unwrap();
    scratch.add("b", "Replaces: c, a:any (<< 2)\n", &[file("./etc/x", "b")]).unwrap();
    scratch.add("late", "", &[file("./etc/y", "late"), file("./etc/z", "late")]).unwrap();
    assert_eq!(scratch.text("etc/x"), "b");
    assert_eq!(scratch.text("etc/y"), "a");
    let finished = scratch.finish();
    let paths = |index: usize| finished.packages[index].paths.clone();
    assert_eq!(paths(0), [PathBuf::from("/etc/y")], "the loser no longer lists the path");
    assert_eq!(paths(2), [PathBuf::from("/etc/z")]);
    let notes: Vec<_> = finished.notes().map(|(_, note)| note.clone()).collect();
    let (path, owner) = (PathBuf::from("/etc/x"), "a 1.0 (amd64)".to_owned());
    let yielded = Note::Yielded { path: PathBuf::from("/etc/y"), owner: owner.clone() };
    assert_eq!(notes, [Note::Replaced { path, owner }, yielded]);
}

#[test]
fn links_and_directories_of_one_name() {
    let mut scratch = Scratch::new();
    let data =
        [dir("./usr/share/real"), file("./usr/share/real/old", "a"), symlink("./usr/share/link", "real")];
    scratch.add("a", "", &data).unwrap();
    let data =
        [dir("./usr/share/link").mtime(9), dir("./usr/share/link/sub"), file("./usr/share/link/new", "b")];
    scratch.add("b", "", &data).unwrap();
    assert_eq!(scratch.text("usr/share/real/new"), "b", "merged into what the link leads to");
    let error = scratch.add("c", "", &[file("./usr/share/real/new", "c")]).unwrap_err();
    assert!(
        matches!(error, Error::Overlap { first, .. } if first.starts_with("b ")),
        "found by the link's path"
    );
    scratch.add("d", "", &[symlink("./usr/share/real", "elsewhere")]).unwrap();
    assert!(scratch.at("usr/share/real").is_dir(), "dpkg keeps the directory");

    scratch.add("e", "", &[symlink("./opt", "/../../outside-dir"), symlink("./srv", "srv")]).unwrap();
    fs::create_dir(scratch.folder.path().join("outside-dir")).unwrap();
    for name in ["opt", "srv"] {
        let error = scratch.add("f", "", &[file(&format!("./{name}/x"), "x")]).unwrap_err();
        assert!(matches!(error, Error::Overlap { .. }), "{name} leads to no directory of the tree");
    }
    let finished = scratch.finish();
    assert_eq!(scratch.at("usr/share/real").metadata().unwrap().mtime(), 9);
    assert!(finished.notes().any(|(_, note)| matches!(note, Note::KeptDirectory { .. })));
}

#[test]
fn the_dpkg_database_is_complete() {
    let mut scratch = Scratch::new();
    let control = [
        file("./conffiles", "/etc/b.conf\n/etc/../../outside\nremove-on-upgrade /etc/gone\n/etc/escape\n"),
        file("./postinst", "#!/bin/sh\n").mode(0o755),
        file("./md5sums", ""),
    ];
    let data =
        [dir("./"), dir("./etc"), file("./etc/b.conf", "hello\n"), symlink("./etc/escape", "../../outside")];
    scratch.add_with("b", "Multi-Arch: same\n", &control, &data).unwrap();
    scratch.add("a", "", &[dir("./"), dir("./lib/"), file("./lib/x", "x")]).unwrap();
    let tree = scratch.tree.as_mut().unwrap();
    database::write(tree, 123).unwrap();
    scratch.finish();
    let text = |name: &str| scratch.text(&format!("var/lib/dpkg/{name}"));
    let stanza = |name: &str, more: &str| {
        control_text(name, more).replacen('\n', "\nStatus: install ok installed\n", 1)
    };
    let conffiles = "Conffiles:\n /etc/b.conf b1946ac92492d2347c6235b4d2611184\n";
    let expected = format!("{}\n{}{conffiles}", stanza("a", ""), stanza("b", "Multi-Arch: same\n"));
    assert_eq!(text("status"), expected);
    assert_eq!(text("info/a.list"), "/.\n/lib\n/lib/x\n");
    assert_eq!(text("info/b:amd64.list"), "/.\n/etc\n/etc/b.conf\n/etc/escape\n");
    assert_eq!(text("info/format"), "1\n");
    assert_eq!(text("arch"), "amd64\n");
    let script = scratch.at("var/lib/dpkg/info/b:amd64.postinst");
    assert_eq!((mode(&script), script.metadata().unwrap().mtime()), (0o755, 123));
    assert!(!scratch.at("var/lib/dpkg/info/b:amd64.control").exists());
    assert_eq!(scratch.at("var/lib/dpkg").metadata().unwrap().mtime(), 1_000_000_000, "no wall-clock time");
}

#[test]
fn a_package_cannot_redirect_the_database() {
    for (path, target) in [
        ("./var", "/tmp"),
        ("./var/lib/dpkg/status", "../../../../outside"),
        ("./var/lib/aptlet/state.new", "/tmp/x"),
    ] {
        let error = Scratch::new().unpack(&[symlink(path, target)]).unwrap_err();
        assert!(matches!(error, Error::Path { .. }), "{path}: {error}");
    }
    let mut scratch = Scratch::new();
    scratch.add("a", "", &[dir("./var/lib/dpkg"), symlink("./x", "var/lib")]).unwrap();
    let error =
        scratch.add("b", "", &[dir("./x/aptlet"), symlink("./x/aptlet/state.new", "/tmp/x")]).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error}");
}

#[test]
fn replaces_is_held_against_names_and_versions() {
    for (more, wins) in [
        ("Replaces: a\n", true),
        ("Replaces: z, a (<= 1.0)\n", true),
        ("Replaces: a:any (= 1.0)\n", true),
        ("Replaces: a:amd64\n", true),
        ("Replaces: a:i386\n", false),
        ("Replaces: a (<< 1.0)\n", false),
        ("Replaces: a (>> 1.0)\n", false),
        ("Replaces: virtual\n", false),
        ("Replaces: a | z\n", false),
        ("Breaks: a\n", false),
    ] {
        let mut scratch = Scratch::new();
        scratch.add("a", "Provides: virtual\n", &[file("./x", "a")]).unwrap();
        let added = scratch.add("b", more, &[file("./x", "b")]);
        assert_eq!(added.is_ok(), wins, "{more}: {added:?}");
    }
}

#[test]
fn architectures_of_a_package_share_only_what_is_equal() {
    let mut scratch = Scratch::new();
    let both = "Multi-Arch: same\nReplaces: a\n";
    scratch.add("a", both, &[file("./x", "same"), file("./y", "amd64")]).unwrap();
    scratch.add("a", both, &[file("./x", "same")]).unwrap();
    assert!(matches!(scratch.add("a", both, &[file("./y", "i386")]), Err(Error::Overlap { .. })));
}

#[test]
fn a_folder_replaces_a_file_and_links_may_say_the_same() {
    let mut scratch = Scratch::new();
    scratch
        .add("a", "", &[file("./x", "a"), symlink("./y", "/nowhere"), dir("./d"), symlink("./l", "d")])
        .unwrap();
    let data = [dir("./x"), file("./x/b", "b"), dir("./y"), symlink("./l", "/d")];
    assert!(matches!(scratch.add("b", "", &data), Err(Error::Overlap { .. })));
    let mut scratch = Scratch::new();
    scratch
        .add("a", "", &[file("./x", "a"), symlink("./y", "/nowhere"), dir("./d"), symlink("./l", "d")])
        .unwrap();
    scratch.add("b", "Replaces: a\n", &data).unwrap();
    scratch.add("c", "", &[symlink("./l", "./d/../d")]).unwrap();
    assert_eq!(scratch.text("x/b"), "b");
    assert!(scratch.at("y").is_dir());
    assert_eq!(fs::read_link(scratch.at("l")).unwrap(), Path::new("d"), "the first stays");
    let error = scratch.add("e", "Replaces: a, b, c\n", &[file("./d", "")]).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "a folder is not thrown away with what is in it");
}

#[test]
fn a_diverted_file_makes_way() {
    let mut scratch = Scratch::new();
    let script = "#!/bin/sh\nif [ \"$1\" = install ]; then\n  dpkg-divert --package b --add --rename --divert /usr/bin/x.real /usr/bin/x\n\
        dpkg-divert --local --rename /bin/y\ndpkg-divert --add --divert /../x /z\nfi\ndpkg-divert --remove /usr/bin/q\n\
        dpkg-divert --divert $(nothing)/x /usr/x\n";
    let control = [file("./preinst", script)];
    let a =
        scratch.unpack_bytes("a", &deb("a", "", &[], &[file("./bin/x", "a"), file("./bin/y", "a")])).unwrap();
    let private = scratch.folder.path().join("private-a");
    fs::rename(scratch.private(), &private).unwrap();
    let data = [file("./usr/bin/x", "b"), file("./usr/bin/z", "b")];
    let b = scratch.unpack_bytes("b", &deb("b", "", &control, &data)).unwrap();
    let (diversions, unread) = divert::read(&[a.clone(), b.clone()]).unwrap();
    let mut other = b.clone();
    other.artifact.name = "c".to_owned();
    other.control.files[0].bytes = script.replace("--package b ", "").into_bytes();
    assert!(
        matches!(divert::read(&[b.clone(), other]), Err(Error::Diverted { .. })),
        "dpkg-divert refuses it"
    );
    assert_eq!(diversions.len(), 2, "{diversions:?}");
    assert_eq!(unread.len(), 2, "{unread:?}");
    let tree = scratch.tree.as_mut().unwrap();
    tree.divert(diversions);
    tree.merge(a, &private).unwrap();
    tree.merge(b, &scratch.folder.path().join("private")).unwrap();
    database::write(tree, 0).unwrap();
    let finished = scratch.finish();
    for (path, text) in [("bin/x", "b"), ("bin/x.real", "a"), ("bin/y.distrib", "a"), ("bin/z", "b")] {
        assert_eq!(scratch.text(path), text, "{path}");
    }
    assert!(!scratch.at("bin/y").exists());
    assert_eq!(scratch.text("var/lib/dpkg/info/a.list"), "/.\n/bin/x\n/bin/y\n", "as packaged, as in dpkg");
    let expected = "/usr/bin/x\n/usr/bin/x.real\nb\n/bin/y\n/bin/y.distrib\n:\n";
    assert_eq!(scratch.text("var/lib/dpkg/diversions"), expected);
    let notes: Vec<_> = finished.notes().map(|(_, note)| note.to_string()).collect();
    assert_eq!(notes[0], "/bin/x: diverted to /usr/bin/x.real by package b");
}

/// A sparse file and a hard link cannot make more of the disk than the limits say.
#[test]
fn a_sparse_bomb_is_refused() {
    let scratch = Scratch::new();
    let mut sparse = Entry::new(EntryType::GNUSparse, b"./hole", b"", b"");
    {
        let gnu = sparse.header.as_gnu_mut().unwrap();
        gnu.realsize.copy_from_slice(b"77777777777\0");
        gnu.sparse[0].offset.copy_from_slice(b"77777777777\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    }
    let bytes = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &tarball(&[file("./control", &control_text("hostile", ""))])),
        ("data.tar", &tarball(&[sparse])),
    ]);
    let error = scratch.unpack_bytes("hostile", &bytes).unwrap_err();
    assert!(matches!(error, Error::Deb { source: deb::Error::TooLarge { .. }, .. }), "{error}");
}
