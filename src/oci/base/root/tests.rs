//! Layers over layers.
#![allow(clippy::unwrap_used)]

use std::io::{Seek as _, Write as _};

use super::*;

/// A layer of paths: one that ends with a slash is a folder, one with an arrow a link.
fn layer(paths: &[&str], gzip: bool) -> File {
    let mut tar = tar::Builder::new(Vec::new());
    for path in paths {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        if let Some((name, target)) = path.split_once(" -> ") {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, name, target).unwrap();
        } else if path.ends_with('/') {
            header.set_entry_type(EntryType::Directory);
            header.set_size(0);
            tar.append_data(&mut header, path, io::empty()).unwrap();
        } else {
            let (name, content) = path.split_once('=').unwrap_or((path, ""));
            header.set_size(content.len() as u64);
            // by hand: the crate refuses what is to be refused here
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, content.as_bytes()).unwrap();
        }
    }
    let bytes = tar.into_inner().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    if gzip {
        let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap();
    } else {
        file.write_all(&bytes).unwrap();
    }
    file.rewind().unwrap();
    file
}

/// What layers amount to, the highest first, and the files that were written.
fn read(layers: &[&[&str]], wanted: Wanted) -> (Root, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut root = Root::default();
    for (number, paths) in layers.iter().enumerate() {
        root.add(&layer(paths, number % 2 == 0), wanted, folder.path()).unwrap();
    }
    (root, folder)
}

fn names(root: &Root) -> Vec<&str> {
    root.paths.keys().map(|path| path.to_str().unwrap()).collect()
}

#[test]
fn a_higher_layer_decides() {
    let status = "var/lib/dpkg/status";
    let (root, folder) = read(
        &[
            &["./var/lib/dpkg/status=new", "a/.wh.gone", "b/", "b/.wh..wh..opq", "b/x=1", "c=file"],
            &[
                "var/lib/dpkg/status=old",
                "etc/os-release=ID=debian",
                "a/gone=1",
                "a/gone2=1",
                "b/y=1",
                "c/d=1",
            ],
        ],
        Wanted::Packages,
    );
    assert_eq!(names(&root), ["a/gone2", "b", "b/x", "c", "etc/os-release", status]);
    assert_eq!(fs::read_to_string(folder.path().join(status)).unwrap(), "new");
    assert_eq!(fs::read_to_string(folder.path().join("etc/os-release")).unwrap(), "ID=debian");
    assert!(root.is_settled(Wanted::Packages) && !root.is_settled(Wanted::Libraries));
}

#[test]
fn a_whiteout_is_about_lower_layers_alone() {
    let (root, _) = read(&[&["a/.wh.x", "a/x=1"], &["a/x=2", "a/y=1"]], Wanted::Packages);
    assert_eq!(names(&root), ["a/x", "a/y"]);
    let (root, _) = read(&[&[".wh.var"], &["var/lib/dpkg/status=x"]], Wanted::Packages);
    assert!(names(&root).is_empty());
}

#[test]
fn nothing_is_written_outside_and_no_link_leads_there() {
    let (root, folder) = read(
        &[&[
            "../../etc/os-release=x",
            "/etc/os-release=inside",
            "var/lib/dpkg/status -> /etc/shadow",
            "usr/lib/libx.so -> ../../../../etc/shadow",
            "usr/lib/liby.so -> liby.so.1",
            "lib -> usr/lib",
            "lib64 -> /lib64",
        ]],
        Wanted::Libraries,
    );
    assert_eq!(fs::read_to_string(folder.path().join("etc/os-release")).unwrap(), "inside");
    for path in ["var/lib/dpkg/status", "usr/lib/libx.so", "lib64"] {
        assert!(folder.path().join(path).symlink_metadata().is_err(), "{path}");
    }
    assert_eq!(fs::read_link(folder.path().join("usr/lib/liby.so")).unwrap(), Path::new("liby.so.1"));
    assert_eq!(fs::read_link(folder.path().join("lib")).unwrap(), Path::new("usr/lib"));
    assert!(!root.is_settled(Wanted::Packages), "a link is no status");
}

#[test]
fn the_digest_is_that_before_compression() {
    let folder = tempfile::tempdir().unwrap();
    let digests = [true, false]
        .map(|gzip| Root::default().add(&layer(&["a=1"], gzip), Wanted::Packages, folder.path()).unwrap());
    assert_eq!(digests[0], digests[1]);
    let mut damaged = tempfile::tempfile().unwrap();
    damaged.write_all(&[0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    damaged.rewind().unwrap();
    assert!(Root::default().add(&damaged, Wanted::Packages, folder.path()).is_err());
}

#[test]
fn a_bill_takes_what_packages_say_wherever_a_tree_is() {
    let layer: &[&str] = &[
        "var/lib/dpkg/status=s",
        "usr/share/doc/a/copyright=c",
        "usr/share/doc/b -> a",
        "usr/share/doc/a/README=r",
        "opt/t/var/lib/dpkg/status=s",
        "opt/t/var/lib/aptlet/aptlet.lock=l",
        "opt/t/var/lib/aptlet/mtree=m",
        "opt/t/usr/share/doc/d/copyright=c",
        "usr/bin/x=x",
    ];
    let (root, folder) = read(&[layer, &["etc/os-release=o"]], Wanted::Bill);
    assert_eq!(root.paths.len(), 10, "all layers are read: {:?}", root.paths);
    for (path, is_there) in [
        ("var/lib/dpkg/status", true),
        ("usr/share/doc/b/copyright", true),
        ("usr/share/doc/a/README", false),
        ("opt/t/var/lib/dpkg/status", true),
        ("opt/t/var/lib/aptlet/aptlet.lock", true),
        ("opt/t/var/lib/aptlet/mtree", false),
        ("opt/t/usr/share/doc/d/copyright", true),
        ("usr/bin/x", false),
        ("etc/os-release", true),
    ] {
        assert_eq!(folder.path().join(path).exists(), is_there, "{path}");
    }
}
