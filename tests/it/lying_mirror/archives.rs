//! Archives that are not what the index says, or that are, and hostile.

use std::fs;

use tar::EntryType;

use super::{TOOL, good_deb, refuses, repository_of, tool};
use crate::support::deb::{DebBuilder, TarEntry, sha256};
use crate::support::repository::Repository;
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage};

/// A `.deb` that is all that the index says, and hostile.
#[track_caller]
fn refuses_hostile(words: &[&str], deb: impl FnOnce(&Stage, DebBuilder) -> DebBuilder) {
    refuses(5, &[&["tool 2.0"], words].concat(), |stage| {
        stage.publish(&repository_of(&deb(stage, tool("2.0"))));
    });
}

fn evil(path: impl AsRef<[u8]>) -> TarEntry {
    TarEntry { data: b"evil".to_vec(), ..TarEntry::new(path, EntryType::Regular) }
}

#[test]
fn a_deb_with_other_bytes() {
    refuses(5, &["tool", "MIRROR/pool/main/t/tool/tool_2.0_amd64.deb", "SHA256 is", "expected"], |stage| {
        let mut deb = good_deb();
        let middle = deb.len() / 2;
        deb[middle] ^= 1;
        stage.server.fail(TOOL, Fault::Bytes(deb));
    });
}

#[test]
fn a_deb_that_is_shorter_than_the_index_says() {
    refuses(5, &["tool", "MIRROR/pool/", "the size is 1000 bytes, expected"], |stage| {
        stage.server.fail(TOOL, Fault::Bytes(good_deb()[..1000].to_vec()));
    });
    // an answer that does not tell its length looks like one that broke off
    refuses(4, &["tool", "MIRROR/pool/", "ended after 1000 of"], |stage| {
        stage.server.fail(TOOL, Fault::Undeclared(good_deb()[..1000].to_vec()));
    });
}

#[test]
fn a_deb_that_is_longer_than_the_index_says() {
    for fault in [Fault::Bytes, Fault::Undeclared] {
        refuses(5, &["tool", "MIRROR/pool/", "the size is", "expected"], |stage| {
            stage.server.fail(TOOL, fault([good_deb(), vec![0; 100_000]].concat()));
        });
    }
}

#[test]
fn a_deb_that_is_another_package() {
    refuses(5, &["tool 2.0", "the control file says Package 'trojan', the plan says 'tool'"], |stage| {
        let trojan = DebBuilder::new("trojan", "2.0").file("usr/bin/tool", 0o755, "#!/bin/sh\n").build();
        let (size, hash) = (trojan.len(), sha256(&trojan));
        let stanza = format!(
            "Package: tool\nVersion: 2.0\nArchitecture: amd64\nFilename: pool/x.deb\nSize: {size}\nSHA256: {hash}\n"
        );
        stage.publish(&Repository::new("stable").add_stanza("main", &stanza));
        stage.server.put("debian/pool/x.deb", trojan);
    });
}

#[test]
fn a_path_that_climbs_out() {
    refuses_hostile(&["../escaped", "it leads out of the tree"], |_, deb| {
        deb.raw_tar_entry(evil(format!("./usr/{}escaped", "../".repeat(12))))
    });
}

#[test]
fn a_path_through_a_link_of_the_same_package() {
    refuses_hostile(&["./usr/share/out/escaped", "passes through a symbolic link"], |stage, deb| {
        deb.symlink("usr/share/out", stage.sandbox.path("").to_str().unwrap())
            .raw_tar_entry(evil("./usr/share/out/escaped"))
    });
}

#[test]
fn a_path_through_a_link_of_another_package() {
    let stage = Stage::new();
    let outside = stage.sandbox.path("");
    let link = DebBuilder::new("link", "1").symlink("usr/share/out", outside.to_str().unwrap());
    let file =
        DebBuilder::new("through", "1").field("Depends", "link").file("usr/share/out/escaped", 0o644, "");
    stage.publish(&Repository::new("stable").add("main", &link).add("main", &file));
    let outcome = stage.install(&["through"]).run();
    assert!(matches!(outcome.code, Some(3 | 5)), "{outcome:?}");
    assert!(!outside.join("escaped").exists());
}

#[test]
fn a_hard_link_to_a_file_of_another() {
    refuses_hostile(&["hard link './usr/share/escaped' to './etc/passwd'"], |_, deb| {
        let link = b"./etc/passwd".to_vec();
        deb.raw_tar_entry(TarEntry { link, ..TarEntry::new("./usr/share/escaped", EntryType::Link) })
    });
}

#[test]
fn a_file_name_that_climbs_out_of_the_mirror() {
    refuses(5, &["tool 2.0", "bad Filename", "'../x.deb' leads out"], |stage| {
        let hash = sha256(&good_deb());
        let stanza = format!(
            "Package: tool\nVersion: 2.0\nArchitecture: amd64\nFilename: ../x.deb\nSize: 1\nSHA256: {hash}\n"
        );
        stage.publish(&Repository::new("stable").add_stanza("main", &stanza));
    });
}

#[test]
fn a_redirect_to_a_local_file() {
    refuses(4, &["tool", "MIRROR/pool/"], |stage| {
        let path = stage.sandbox.path("tool.deb");
        fs::write(&path, good_deb()).unwrap();
        stage.server.fail(TOOL, Fault::Redirect(format!("file://{}", path.display())));
    });
}
