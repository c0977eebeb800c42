//! Repositories as they are found: with stanzas that make no sense, without a Release, on servers that refuse what they do
//! not have.

use std::fs;

use super::{command, repository};
use crate::support::deb::{Compression, DebBuilder, ar, sha256, tar};
use crate::support::repository::{Repository, Signed};
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage};

/// A suite with `tool` and these stanzas.
fn with(stanzas: &[&str]) -> Stage {
    let stage = Stage::new();
    let add = |repository: Repository, stanza: &&str| repository.add_stanza("main", stanza);
    stage.publish(&stanzas.iter().fold(repository(&["tool"]), add));
    stage
}

fn stanza(name: &str, more: &str) -> String {
    let place = format!("Filename: pool/{name}.deb\nSize: 1\nSHA256: {}\n", "0".repeat(64));
    format!("Package: {name}\nVersion: 1\nArchitecture: amd64\n{place}{more}")
}

#[test]
fn what_is_odd_and_not_needed_is_passed_over_with_one_warning() {
    let stage = with(&[
        &stanza("one", "Depends: a b\n"),
        "Package: two\nArchitecture: amd64\n",
        &stanza("three", "").replace("Size: 1", "Size: x570"),
        &stanza("four", "Depends: ${shlibs:Depends}\nInstalled-Size: 65M\nConflicts: foo*\n"),
    ]);
    let outcome = stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let warnings: Vec<_> = outcome.stderr.lines().filter(|line| line.contains("warning")).collect();
    assert_eq!(warnings.len(), 1, "{}", outcome.stderr);
    for word in [
        "3 stanzas cannot be read in full and are passed over: ",
        "one of stable/main (Depends: 'b' is no relation",
        "two of stable/main (Version: it is missing)",
        "three of stable/main (Size: 'x570' is not a number of bytes)",
    ] {
        assert!(warnings[0].contains(word), "{}", warnings[0]);
    }
}

#[test]
fn what_is_odd_and_chosen_is_an_error_that_names_it() {
    let stage = with(&[
        &stanza("one", "Depends: a b\n"),
        "Package: two\nArchitecture: amd64\n",
        &stanza("three", "").replace("Size: 1", "Size: x570"),
        &stanza("four", "Depends: ${shlibs:Depends}\n"),
        &stanza("five", "").replace(&"0".repeat(64), "00"),
        &stanza("six", "").replace("SHA256", "MD5sum"),
        &stanza("seven", "").replace("pool/", "/../pool/"),
    ]);
    for (name, code, words) in [
        ("one", 4, &["the index of stable/main has a bad Depends for package one 1: 'b' is no relation"][..]),
        ("two", 3, &["no package 'two'", "stable/main has one with a bad Version: it is missing"]),
        ("three", 5, &["stable/main has a bad Size for package three 1: 'x570' is not a number"]),
        ("four", 3, &["${shlibs:Depends}"]),
        ("five", 5, &["stable/main has a bad SHA256 for package five 1: '00' is not a SHA-256 digest"]),
        ("six", 5, &["stable/main gives no SHA256 or SHA512 for package six 1"]),
        ("seven", 5, &["bad Filename for package seven 1: '/../pool/seven.deb' leads out of the repository"]),
    ] {
        stage.install(&[name]).run().failed(code, words);
    }
}

#[test]
fn an_index_with_carriage_returns_and_odd_file_names() {
    let stage = Stage::new();
    let deb = command("tool", "1.0");
    let other = command("other", "1.0").field("Depends", "nowhere");
    let stanza = |deb: &DebBuilder, path: &str, digest: String| {
        format!("{}Filename: {path}\nSize: {}\n{digest}\n", deb.control(), deb.build().len())
    };
    let sha256 = format!("SHA256: {}", sha256(&deb.build()).to_uppercase());
    let sha512 = format!("SHA512: {}", crate::support::deb::sha512(&deb.build()));
    for (number, path) in ["/pool/tool.deb", "./pool/tool.deb", "x/../pool/tool.deb"].into_iter().enumerate()
    {
        let digest = if number == 1 { &sha512 } else { &sha256 };
        let text =
            stanza(&other, "pool/other.deb", sha256.clone()) + "\n" + &stanza(&deb, path, digest.clone());
        let text = text.replace('\n', "\r\n");
        stage.publish(&Repository::new("stable").add_stanza("main", &text));
        stage.server.put("debian/pool/tool.deb", deb.build());
        let dest = stage.sandbox.path(&format!("dest{number}"));
        stage.install(&["tool"]).arg("--dest").arg(&dest).run().succeeded();
        let lock = fs::read_to_string(dest.join(".aptlet/current/var/lib/aptlet/aptlet.lock")).unwrap();
        let digest = crate::support::deb::sha256(&deb.build());
        assert!(lock.contains(&format!("sha256 = \"{digest}\"")), "{lock}");
    }
}

#[test]
fn a_file_that_is_not_the_one_of_its_sha512_is_refused() {
    let stage = Stage::new();
    let stanza = stanza("odd", "").replace("SHA256: ", "SHA512: ").replace(&"0".repeat(64), &"0".repeat(128));
    stage.publish(&Repository::new("stable").add_stanza("main", &stanza));
    stage.server.put("debian/pool/odd.deb", "x");
    stage.install(&["odd"]).run().failed(5, &["pool/odd.deb: SHA512 is ", "expected 0000"]);
}

/// A flat folder as `dpkg-scanpackages` leaves it, in one form.
fn scanned(stage: &Stage, form: &str) {
    let deb = command("tool", "1.0");
    let name = deb.file_name();
    let (size, digest) = (deb.build().len(), sha256(&deb.build()));
    let text = format!("{}Filename: ./{name}\nSize: {size}\nSHA256: {digest}\n", deb.control());
    let bytes = match form {
        "Packages" => text.into_bytes(),
        "Packages.gz" => [Compression::Gzip.compress(text.as_bytes()), vec![0; 100]].concat(),
        _ => Compression::Xz.compress(text.as_bytes()),
    };
    stage.server.put(&format!("files/{form}"), bytes);
    stage.server.put(&format!("files/{name}"), deb.build());
}

#[test]
fn a_repository_without_a_release_is_taken_where_nobody_needs_to_vouch() {
    for (form, status) in [("Packages", 404), ("Packages.gz", 404), ("Packages.xz", 403)] {
        let mut stage = Stage::new();
        scanned(&stage, form);
        for missing in ["InRelease", "Release", "Release.gpg", "Packages.xz", "Packages.zst", "Packages.gz"] {
            if missing != form {
                stage.server.fail(&format!("files/{missing}"), Fault::Status(status));
            }
        }
        let source = |options: &str| format!("deb {options}{}/files ./\n", stage.server.url());
        stage.sandbox.configure("files.list", source(""));
        stage.bare("install").arg("tool").run().failed(4, &[]);
        let trusted = format!("deb [trusted=yes] {}/files ./\n", stage.server.url());
        stage.sandbox.configure("files.list", trusted);
        let outcome = stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"], "{form}");
        let warning = "Release is not there, and nothing is verified, because the source says 'Trusted: yes'";
        assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
        let lock = stage.current("var/lib/aptlet/aptlet.lock");
        assert!(!fs::read_to_string(lock).unwrap().contains("release-sha256"));
        // what is new there is found, though nothing tells that anything is
        let newer = command("tool", "2.0");
        let (size, digest) = (newer.build().len(), sha256(&newer.build()));
        let text = format!("{}Filename: n.deb\nSize: {size}\nSHA256: {digest}\n", newer.control());
        stage.server.put("files/n.deb", newer.build());
        stage.server.remove(&format!("files/{form}"));
        stage.server.put("files/Packages", text);
        stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 2.0"], "{form}");
    }
}

#[test]
fn a_release_with_weak_digests_or_none_is_taken_where_nobody_needs_to_vouch() {
    for digests in ["", "MD5Sum:\n 0123456789abcdef0123456789abcdef 7 Packages.gz\n"] {
        let mut stage = Stage::new();
        scanned(&stage, "Packages.gz");
        stage.server.put("files/Release", format!("Origin: x\n{digests}"));
        let source = |options: &str| format!("deb {options}{}/files ./\n", stage.server.url());
        let (plain, trusted) = (source(""), source("[trusted=yes] "));
        stage.sandbox.configure("files.list", plain);
        stage.bare("install").arg("tool").run().failed(5, &[]);
        stage.sandbox.configure("files.list", trusted);
        stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"], "{digests}");
    }
}

#[test]
fn a_signed_release_beside_an_in_release_that_is_none() {
    for fault in [Fault::Status(403), Fault::Bytes(b"<html>".to_vec()), Fault::Bytes(Vec::new())] {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]).signed(Signed::Detached));
        stage.server.fail("debian/dists/stable/InRelease", fault);
        stage.install(&["tool"]).run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"]);
    }
}

#[test]
fn an_index_that_a_server_does_not_give_is_had_in_another_form() {
    for status in [403, 404, 406, 410] {
        let stage = Stage::new();
        let forms = [Compression::Xz, Compression::Gzip];
        stage.publish(&repository(&["tool"]).by_hash(false).compressions(&forms));
        stage.server.fail("debian/dists/stable/main/binary-amd64/Packages.xz", Fault::Status(status));
        stage.install(&["tool"]).run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"]);
    }
}

#[test]
fn packages_for_all_architectures_are_beside_the_others_or_alone() {
    let all = || command("tool", "1.0").arch("all");
    let beside = Repository::new("stable").architectures(&["amd64", "all"]).add("main", &all());
    let alone = Repository::new("stable").architectures(&["all"]).add("main", &all());
    let untold = alone.clone().release_field("Architectures", "");
    for repository in [beside, alone, untold] {
        let stage = Stage::new();
        stage.publish(&repository);
        stage.install(&["tool"]).run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"]);
    }
}

#[test]
fn a_package_that_dpkg_takes() {
    let deb = command("tool", "1.0");
    let control = deb.control();
    let latin: Vec<u8> = format!("\n{control}X-Name: J\u{f6}rg\nConffiles:\n /etc/x 1\n")
        .chars()
        .map(|letter| u8::try_from(letter).unwrap())
        .collect();
    let entry = |path: &str, data: Vec<u8>| crate::support::deb::TarEntry {
        data,
        ..crate::support::deb::TarEntry::new(path, ::tar::EntryType::Regular)
    };
    let hidden = entry("./._control", b"of macOS".to_vec());
    let archive = tar(&[hidden, entry("./control", latin), entry("./list", b"/x\n".to_vec())]);
    let mut members = deb.members();
    members[1] = ("control.tar.gz".to_owned(), [Compression::Gzip.compress(&archive), vec![0; 512]].concat());
    let mut bytes = ar(&members);
    bytes.extend([0; 512]);
    let stage = Stage::new();
    let path = stage.sandbox.path("tool.deb");
    fs::write(&path, bytes).unwrap();
    stage.publish(&repository(&["other"]));
    stage.install(&[path.to_str().unwrap()]).run().succeeded();
    let status = fs::read_to_string(stage.current("var/lib/dpkg/status")).unwrap();
    assert!(status.contains("X-Name: J\u{f6}rg\n") && !status.contains("Conffiles"), "{status}");
    assert!(!fs::read_to_string(stage.current("var/lib/dpkg/info/tool.list")).unwrap().starts_with("/x\n"));
}
