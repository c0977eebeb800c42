//! What is left out of packages, and what of it is there all the same.

use tar::EntryType;

use super::super::filter::Filter;
use super::*;
use crate::tree::package::LeftOut;

fn filter(rules: &[&str]) -> Filter {
    Filter::new(rules.iter().map(|rule| (rule.starts_with('+'), &rule[1..]))).unwrap()
}

/// Unpacks a package of this data through a filter, and merges it.
fn add(scratch: &mut Scratch, name: &str, rules: &[&str], data: &[Entry]) -> Result<LeftOut, Error> {
    let filter = filter(rules);
    let placement = Placement { filter: Some(&filter), ..Placement::default() };
    let unpacked = scratch.unpack_as(name, &deb(name, "", &[], data), placement)?;
    let count = unpacked.left_out;
    scratch.merge(unpacked)?;
    Ok(count)
}

#[test]
fn what_is_left_out_is_listed_all_the_same() {
    let mut scratch = Scratch::new();
    let rules =
        ["-/usr/share/doc/*", "+/usr/share/doc/*/copyright", "-/usr/bin/su", "-/usr/share/man/*", "-/bin"];
    let data = [
        dir("./"),
        dir("./usr/share/doc"),
        dir("./usr/share/doc/x").mode(0o750),
        file("./usr/share/doc/x/copyright", "mine"),
        file("./usr/share/doc/x/changelog", "long ago"),
        symlink("./usr/share/doc/y", "x"),
        file("./usr/bin/su", "su").mode(0o4755).owner(1, 1),
        dir("./usr/share/man/man1"),
        symlink("./usr/share/man/man1/z.1", "x.1"),
        Entry::new(EntryType::Fifo, b"./usr/share/man/fifo", b"", b""),
        Entry::new(EntryType::Char, b"./usr/share/man/node", b"", b""),
    ];
    let count = add(&mut scratch, "x", &rules, &data).unwrap();
    assert_eq!(count, LeftOut { paths: 6, bytes: 10 });
    let packages = scratch.finish();
    assert_eq!(packages[0].paths.len(), 9, "all but the root and the node");
    assert_eq!(packages[0].notes, [], "nothing to say of what is not there");
    assert_eq!(scratch.text("usr/share/doc/x/copyright"), "mine");
    assert_eq!(mode(&scratch.at("usr/share/doc/x")), 0o750);
    assert_eq!(fs::read_link(scratch.at("usr/share/doc/y")).unwrap(), Path::new("x"));
    for path in ["usr/share/doc/x/changelog", "usr/bin/su", "usr/share/man"] {
        assert!(!scratch.at(path).exists(), "{path}");
    }
    assert!(scratch.at("bin").is_symlink(), "merged-usr is the tree's own");
}

#[test]
fn a_folder_that_is_needed_is_there_as_it_was_shipped() {
    let mut scratch = Scratch::new();
    let data =
        [dir("./opt").mode(0o700).mtime(3), dir("./opt/a").mode(0o711), file("./opt/a/x", "x"), dir("./srv")];
    add(&mut scratch, "x", &["-/opt", "-/opt/a", "-/srv"], &data).unwrap();
    scratch.finish();
    assert_eq!(scratch.text("opt/a/x"), "x");
    assert_eq!((mode(&scratch.at("opt")), mode(&scratch.at("opt/a"))), (0o700, 0o711));
    assert_eq!(scratch.at("opt").metadata().unwrap().mtime(), 3);
    assert!(!scratch.at("srv").exists());
}

#[test]
fn a_hard_link_to_what_is_left_out_is_that_file() {
    let mut scratch = Scratch::new();
    let data = [
        file("./usr/share/doc/a", "content").mode(0o640).mtime(9),
        hardlink("./usr/share/doc/b", "./usr/share/doc/a"),
        hardlink("./usr/bin/c", "./usr/share/doc/b"),
        hardlink("./usr/bin/d", "./usr/bin/c"),
        hardlink("./lib/e", "usr/share/doc/a"),
        file("./usr/lib/kept", "kept"),
        hardlink("./usr/share/doc/f", "./usr/lib/kept"),
        hardlink("./usr/lib/g", "./usr/share/doc/f"),
    ];
    let count = add(&mut scratch, "x", &["-/usr/share/doc/*"], &data).unwrap();
    assert_eq!(count, LeftOut { paths: 3, bytes: 7 });
    let stat = |path: &str| scratch.at(path).metadata().unwrap();
    assert_eq!(scratch.text("usr/bin/c"), "content");
    assert_eq!((mode(&scratch.at("usr/bin/c")), stat("usr/bin/c").mtime()), (0o640, 9));
    assert_eq!(stat("usr/bin/c").ino(), stat("usr/bin/d").ino());
    assert_eq!(stat("usr/bin/c").ino(), stat("usr/lib/e").ino());
    assert_eq!(stat("usr/bin/c").nlink(), 3);
    assert_eq!(stat("usr/lib/g").ino(), stat("usr/lib/kept").ino());
    assert!(!scratch.at("usr/share/doc").exists());
}

#[test]
fn what_is_left_out_is_no_less_hostile() {
    let out = ["-*"];
    for (what, data) in [
        ("parent", vec![file("../outside", "x")]),
        ("newline", vec![file("./a\nb", "x")]),
        ("odd kind", vec![Entry::new(EntryType::new(b'Z'), b"./a", b"", b"")]),
        ("link out", vec![hardlink("./a", "../outside")]),
        ("records", vec![file("./var/lib/dpkg/status", "x")]),
        ("bomb", vec![file("./a", "x").size(1 << 40)]),
    ] {
        let mut scratch = Scratch::new();
        assert!(add(&mut scratch, "hostile", &out, &data).is_err(), "{what}");
    }
    for data in [
        vec![file("./out/a", "x"), symlink("./l", ".."), hardlink("./l/outside", "./out/a")],
        vec![hardlink("./out/a", "./nothing"), hardlink("./b", "./out/a")],
        vec![dir("./out/a"), hardlink("./b", "./out/a")],
    ] {
        let mut scratch = Scratch::new();
        let error = add(&mut scratch, "hostile", &["-/out/*"], &data).unwrap_err();
        assert!(error.to_string().contains("hostile 1.0"), "{error}");
        assert_eq!(fs::read_to_string(scratch.folder.path().join("outside")).unwrap(), "untouched");
    }
}

#[test]
fn what_is_left_out_is_not_counted_nor_in_conflict_nor_diverted() {
    let mut scratch = Scratch::new();
    let allowance = Allowance::new(5);
    let rules = filter(&["-/doc/*"]);
    let artifact = artifact("x");
    let path = scratch.folder.path().join("x.deb");
    let data = [file("./doc/a", "twelve bytes"), file("./b", "five!")];
    fs::write(&path, deb("x", "", &[], &data)).unwrap();
    let limits = Limits { allowance: Some(&allowance), ..Limits::for_artifact(&artifact) };
    let placement = Placement { filter: Some(&rules), ..Placement::default() };
    let unpacked =
        unpack(&mut File::open(&path).unwrap(), &artifact, &scratch.private(), &limits, placement).unwrap();
    let diversion = dpkg_divert::Diversion { from: "/doc/a".into(), to: "/doc/a.x".into(), package: None };
    scratch.tree.as_mut().unwrap().divert(vec![diversion]);
    scratch.merge(unpacked).unwrap();
    add(&mut scratch, "y", &["-/doc/*"], &[file("./doc/a", "another")]).unwrap();
    scratch.finish();
    assert!(!scratch.at("doc").exists());
}

#[test]
fn a_link_to_what_is_left_out_makes_way_for_a_later_file() {
    let mut scratch = Scratch::new();
    let data =
        [file("./out/a", "x"), hardlink("./b", "./out/a"), hardlink("./c", "./out/a"), file("./b", "y")];
    add(&mut scratch, "odd", &["-/out/*"], &data).unwrap();
    assert_eq!(fs::read_to_string(scratch.at("b")).unwrap(), "y");
    assert_eq!(fs::read_to_string(scratch.at("c")).unwrap(), "x");
}
