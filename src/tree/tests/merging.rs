//! Two packages with one path, by the rules of dpkg.

use super::*;

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
    let packages = scratch.finish();
    let paths = |index: usize| packages[index].paths.clone();
    assert_eq!(paths(0), [PathBuf::from("/etc/y")], "the loser no longer lists the path");
    assert_eq!(paths(2), [PathBuf::from("/etc/z")]);
    let notes: Vec<_> = packages.iter().flat_map(|package| package.notes.clone()).collect();
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
    let packages = scratch.finish();
    assert_eq!(scratch.at("usr/share/real").metadata().unwrap().mtime(), 9);
    assert!(
        packages
            .iter()
            .flat_map(|package| &package.notes)
            .any(|note| matches!(note, Note::KeptDirectory { .. }))
    );
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
    let (diversions, unread) = dpkg_divert::read(&[a.clone(), b.clone()]).unwrap();
    let mut other = b.clone();
    other.artifact.name = "c".to_owned();
    other.control.files[0].bytes = script.replace("--package b ", "").into_bytes();
    assert!(
        matches!(dpkg_divert::read(&[b.clone(), other]), Err(Error::Diverted { .. })),
        "dpkg-divert refuses it"
    );
    assert_eq!(diversions.len(), 2, "{diversions:?}");
    assert_eq!(unread.len(), 2, "{unread:?}");
    let tree = scratch.tree.as_mut().unwrap();
    tree.divert(diversions);
    tree.merge(a, &private).unwrap();
    tree.merge(b, &scratch.folder.path().join("private")).unwrap();
    database::write(tree, 0).unwrap();
    let packages = scratch.finish();
    for (path, text) in [("bin/x", "b"), ("bin/x.real", "a"), ("bin/y.distrib", "a"), ("bin/z", "b")] {
        assert_eq!(scratch.text(path), text, "{path}");
    }
    assert!(!scratch.at("bin/y").exists());
    assert_eq!(scratch.text("var/lib/dpkg/info/a.list"), "/.\n/bin/x\n/bin/y\n", "as packaged, as in dpkg");
    let expected = "/usr/bin/x\n/usr/bin/x.real\nb\n/bin/y\n/bin/y.distrib\n:\n";
    assert_eq!(scratch.text("var/lib/dpkg/diversions"), expected);
    let notes: Vec<_> = packages.iter().flat_map(|package| &package.notes).map(ToString::to_string).collect();
    assert_eq!(notes[0], "/bin/x: diverted to /usr/bin/x.real by package b");
}
