//! What is refused, and touches nothing.

use tar::EntryType;

use super::*;
use crate::on_disk::OnDisk;

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
        ("file over a folder", vec![dir("./a"), file("./a/b", "x"), file("./a", "x")], twice),
        ("folder over a file", vec![file("./a", "x"), dir("./a")], twice),
        ("hard link to itself", vec![file("./a", "x"), hardlink("./a", "./a")], twice),
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
    let error = unpack(&mut file, &artifact, &scratch.private(), &limits, Placement::default())
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("package jq 1\\rArchitecture") && !error.contains(char::is_control), "{error}");
}

#[test]
fn destination_errors_are_told_apart() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.private()).unwrap();
    let error = scratch.unpack(&[]).unwrap_err();
    assert!(
        matches!(&error, Error::OnDisk(OnDisk::Write { path, .. }) if *path == scratch.private()),
        "{error}"
    );
    let error = Tree::create(scratch.folder.path(), "amd64").unwrap_err();
    assert!(matches!(error, Error::OnDisk(OnDisk::Write { .. })), "a destination with something in it");
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

#[test]
fn of_members_of_one_path_the_last_one_counts() {
    for (data, paths, content) in [
        (vec![file("./a", "x"), file("./a", "y")], vec!["/a"], "y"),
        (
            vec![file("./a", "x"), hardlink("./b", "./a"), file("./a", "y"), file("./b", "z")],
            vec!["/a", "/b"],
            "y",
        ),
        (vec![file("./b", "y"), file("./a", "x"), hardlink("./a", "./b")], vec!["/b", "/a"], "y"),
        (vec![file("./a", "x"), file("./d/../a", "y")], vec!["/a"], "y"),
        (vec![dir("./a"), file("./a", "y")], vec!["/a"], "y"),
        (
            vec![file("./lib/a", "x"), file("./usr/lib/a", "y"), symlink("./a", "usr/lib/a")],
            vec!["/lib/a", "/a"],
            "y",
        ),
    ] {
        let scratch = Scratch::new();
        let unpacked = scratch.unpack(&data).unwrap();
        assert!(unpacked.directories.iter().all(|folder| !folder.path.ends_with("a")), "what became a file");
        assert_eq!(unpacked.paths, paths.iter().map(std::path::PathBuf::from).collect::<Vec<_>>());
        assert_eq!(fs::read_to_string(scratch.folder.path().join("private/a")).unwrap(), content);
    }
}
