//! What is known of the image, and what follows from it.

use std::fs;
use std::path::{Path, PathBuf};

use super::shared::Shared;
use super::{MULTIARCH, debs, install, linked, names, package, publish};
use crate::support::stage::{Run as _, Stage};

fn stanza(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n\n")
}

/// A dpkg status of these packages, as `--base` takes it.
fn base(stage: &Stage, packages: &[(&str, &str)]) -> String {
    let path = stage.sandbox.path("status");
    fs::write(&path, packages.iter().map(|(name, version)| stanza(name, version)).collect::<String>())
        .unwrap();
    format!("--base={}", path.display())
}

/// A stage with a library that needs `GLIBC_2.38`, and one that needs that one.
fn stage(shared: &Shared) -> Stage {
    let stage = Stage::new();
    publish(&stage, &debs(shared));
    stage
}

#[test]
fn an_older_c_library_is_told_before_anything_is_published() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let words = [
        "cannot load libone.so.1 of libone1: it needs GLIBC_2.38, and the image has glibc 2.36",
        "as --image-libc says",
        "--release bookworm",
        "an image of trixie or newer",
    ];
    install(&stage, &["libtwo2", "--image-libc=2.36"]).run().failed(3, &words);
    assert!(!stage.current("usr").exists());
    assert!(fs::read_to_string(stage.termination_log()).unwrap().contains("GLIBC_2.38"));
    install(&stage, &["libtwo2", "--image-libc=2.38"]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.1", "libtwo.so.2"]));
    // what was there before stays
    install(&stage, &["libtwo2", "--image-libc=2.31"]).run().failed(3, &["--release bullseye"]);
    assert_eq!(linked(&stage), names(&["libone.so.1", "libtwo.so.2"]));
    // without the setting nobody is concerned
    stage.install(&["libtwo2", "--image-libc=2.36"]).run().succeeded();
}

#[test]
fn musl_is_told_that_its_programs_cannot_use_them() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let words = ["its C library is musl", "Leave --libraries out", "apk"];
    install(&stage, &["libtwo2", "--image-libc=musl"]).run().failed(3, &words);
}

#[test]
fn of_an_image_of_which_nothing_is_known_the_log_says_what_it_needs() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let outcome = install(&stage, &["libtwo2"]).run().succeeded();
    let note =
        "can load 2 libraries of the tree if the image has glibc 2.38 or newer, which libone.so.1 needs";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    assert!(stage.sandbox.aptlet().arg("status").run().succeeded().stdout.contains(note));
}

#[test]
fn a_base_tells_its_c_library() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let old = base(&stage, &[("libc6", "2.36-9+deb12u13"), ("base-files", "12.4+deb12u13")]);
    let words = ["the image has glibc 2.36", "its libc6 2.36-9+deb12u13", "--release bookworm"];
    install(&stage, &["libtwo2", &old]).run().failed(3, &words);
    let new = base(&stage, &[("libc6", "2.41-12")]);
    let outcome = install(&stage, &["libtwo2", &new]).run().succeeded();
    assert!(!outcome.stderr.contains("or newer"), "{}", outcome.stderr);
    assert_eq!(linked(&stage), names(&["libone.so.1", "libtwo.so.2"]));
    // a base without one has no program that loads any
    let none = base(&stage, &[("base-files", "13")]);
    let outcome = install(&stage, &["libtwo2", &none]).run().succeeded();
    assert!(outcome.stderr.contains("the image has no C library"), "{}", outcome.stderr);
}

#[test]
fn what_the_base_has_is_not_linked_unless_it_is_older() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let libc = ("libc6", "2.41-12");
    // the transition of time_t gave a package another name, and left the soname
    let same = base(&stage, &[libc, ("libone1t64", "1.0")]);
    install(&stage, &["libtwo2", &same]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libtwo.so.2"]));

    let older = base(&stage, &[libc, ("libone1", "0.9")]);
    let newer = package("libone1", "1.0", "libone.so.1", &shared.library("libone.so.1", &["one"], &[], &[]));
    let [_, two, glibc] = debs(&shared);
    publish(&stage, &[newer, two.field("Depends", "libone1 (>= 1.0)"), glibc]);
    let outcome = install(&stage, &["libtwo2", "--upgrade-base", &older]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.1", "libtwo.so.2"]));
    let note = "libone.so.1: the image's own programs load that of libone1 1.0 instead of their 0.9";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
}

#[test]
fn versions_of_libstdcxx_are_those_of_gcc() {
    let shared = Shared::new();
    let stage = Stage::new();
    let cxx = shared.library("libstdc++.so.6", &["modern@GLIBCXX_3.4.32"], &[], &[]);
    let one = shared.library("libone.so.1", &["one"], &["modern"], &["libstdc++.so.6"]);
    publish(
        &stage,
        &[
            package("libone1", "1.0", "libone.so.1", &one),
            package("with", "1.0", "libother.so.1", &shared.library("libother.so.1", &[], &[], &[]))
                .field("Depends", "libone1, libstdc++6 (>= 14)"),
            package("libstdc++6", "14.2.0-19", "libstdc++.so.6", &cxx),
        ],
    );
    let base = base(&stage, &[("libc6", "2.36-9"), ("libstdc++6", "12.2.0-14+deb12u1")]);
    let words = ["libone.so.1 of libone1: it needs GLIBCXX_3.4.32, and the image has that of GCC 12.2.0"];
    install(&stage, &["libone1", &base]).run().failed(3, &words);
    // the tree's own serves them
    install(&stage, &["with", "--upgrade-base", &base]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.1", "libother.so.1", "libstdc++.so.6"]));
}

/// The root file system of an image, with a dpkg database for `--base`.
fn root(stage: &Stage, libraries: &[(&str, Vec<u8>)]) -> (PathBuf, String) {
    let root = stage.sandbox.path("image");
    let _ = fs::remove_dir_all(&root);
    let dpkg = root.join("var/lib/dpkg");
    fs::create_dir_all(&dpkg).unwrap();
    fs::create_dir_all(root.join(MULTIARCH)).unwrap();
    fs::write(dpkg.join("status"), stanza("base-files", "12.4")).unwrap();
    for (soname, library) in libraries {
        fs::write(root.join(MULTIARCH).join(soname), library).unwrap();
    }
    (root, format!("--base={}", dpkg.display()))
}

#[test]
fn the_files_of_an_image_tell_more_than_its_packages() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let old = Shared::new();
    let (_, base) = root(&stage, &[("libc.so.6", old.libc("2.30"))]);
    let words = ["the image has glibc 2.30", "libc.so.6", "--release bookworm"];
    install(&stage, &["libtwo2", &base]).run().failed(3, &words);

    let one = old.library("libone.so.1", &["one"], &[], &[]);
    let (_, base) = root(&stage, &[("libc.so.6", old.libc("2.38")), ("libone.so.1", one)]);
    install(&stage, &["libtwo2", &base]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libtwo.so.2"]), "the image's own libone.so.1 does");
}

#[test]
fn a_library_of_the_image_that_has_too_little_is_replaced() {
    let shared = Shared::new();
    let stage = Stage::new();
    let one = shared.library("libone.so.1", &["one@ONE_2"], &[], &[]);
    let two = shared.library("libtwo.so.2", &["two"], &["one"], &["libone.so.1"]);
    publish(
        &stage,
        &[
            package("libone1", "1.0", "libone.so.1", &one),
            package("libtwo2", "1.0", "libtwo.so.2", &two).field("Depends", "libone1"),
        ],
    );
    let other = Shared::new();
    let (_, base) = root(
        &stage,
        &[
            ("libc.so.6", other.libc("2.38")),
            ("libone.so.1", other.library("libone.so.1", &["one@ONE_1"], &[], &[])),
        ],
    );
    install(&stage, &["libtwo2", &base]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.1", "libtwo.so.2"]));
}

#[test]
fn an_image_of_musl_is_seen_by_its_linker() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let (root, base) = root(&stage, &[]);
    fs::create_dir(root.join("lib")).unwrap();
    fs::write(root.join("lib/ld-musl-x86_64.so.1"), "").unwrap();
    install(&stage, &["libtwo2", &base]).run().failed(3, &["its C library is musl", "ld-musl-x86_64.so.1"]);
}

#[test]
fn lists_of_files_tell_which_libraries_an_image_has() {
    let shared = Shared::new();
    let stage = stage(&shared);
    // as distroless images have them: a stanza and digests for each package
    let folder = stage.sandbox.path("status.d");
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, text: &str| fs::write(folder.join(Path::new(name)), text).unwrap();
    put("libc6", &stanza("libc6", "2.41-12"));
    put("vendored", &stanza("vendored", "1"));
    put("vendored.md5sums", &format!("d41d8cd98f00b204e9800998ecf8427e  {MULTIARCH}/libone.so.1\n"));
    install(&stage, &["libtwo2", &format!("--base={}", folder.display())]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libtwo.so.2"]));
}

#[test]
fn what_nobody_has_is_told() {
    let shared = Shared::new();
    let stage = stage(&shared);
    let outcome = install(&stage, &["libtwo2", "--exclude=libone1"]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libtwo.so.2"]));
    let note =
        "libtwo.so.2: it needs libone.so.1, which neither the tree nor, as far as is known, the image has";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
}
