//! Releases and indexes that nobody trusted vouches for.

use std::time::Duration;

use jiff::Timestamp;

use super::{IN_RELEASE, Repository, refuses, repository};
use crate::support::deb::{Compression, sha256};
use crate::support::server::Fault;
use crate::support::signing::SigningKey;

const INDEX: &str = "debian/dists/stable/main/binary-amd64/Packages";

#[test]
fn an_in_release_with_other_content() {
    refuses(5, &["bad signature on MIRROR/dists/stable/InRelease", "not what key"], |stage| {
        let text = stage.key.clearsign(&repository("2.0").release());
        stage.server.put(IN_RELEASE, text.replacen("Label: aptlet", "Label: Aptlet", 1));
    });
}

#[test]
fn an_in_release_with_more_than_is_signed() {
    let unsigned = repository("2.0").release();
    for (before, after) in [(unsigned.as_str(), ""), ("", unsigned.as_str())] {
        refuses(5, &["MIRROR/dists/stable/InRelease"], |stage| {
            let text = stage.key.clearsign("Origin: nobody\n");
            stage.server.put(IN_RELEASE, format!("{before}{text}{after}"));
        });
    }
}

#[test]
fn an_in_release_of_another_key() {
    let mallory = SigningKey::generate("mallory");
    let words =
        ["MIRROR/dists/stable/InRelease", "only by unknown keys", &mallory.fingerprint(), "archive.asc"];
    refuses(5, &words, |stage| {
        stage.server.put_all("debian", &repository("2.0").build(&mallory));
    });
}

#[test]
fn an_in_release_that_is_not_signed() {
    refuses(5, &["MIRROR/dists/stable/InRelease", "not signed"], |stage| {
        stage.server.put(IN_RELEASE, repository("2.0").release());
        stage.server.fail("debian/dists/stable/Release.gpg", Fault::Status(404));
    });
}

#[test]
fn a_release_without_its_signature() {
    refuses(5, &["MIRROR/dists/stable/Release", "not signed"], |stage| {
        stage.server.remove(IN_RELEASE);
        stage.server.remove("debian/dists/stable/Release.gpg");
    });
}

#[test]
fn a_release_with_the_signature_of_another_text() {
    refuses(5, &["bad signature on MIRROR/dists/stable/Release"], |stage| {
        stage.server.remove(IN_RELEASE);
        stage.server.put("debian/dists/stable/Release.gpg", stage.key.detach_sign("Origin: nobody\n"));
    });
}

#[test]
fn an_expired_release() {
    refuses(5, &["MIRROR/dists/stable/InRelease expired on 8 June 2024"], |stage| {
        stage.publish(&repository("2.0").valid_until("2024-06-08T00:00:00Z".parse().unwrap()));
    });
}

#[test]
fn a_release_from_the_future() {
    let soon = Timestamp::now() + Duration::from_mins(60 * 24 * 3 + 1);
    refuses(5, &["MIRROR/dists/stable/InRelease is dated", "3 days from now"], |stage| {
        stage.publish(&repository("2.0").date(soon));
    });
}

#[test]
fn an_index_that_the_release_does_not_vouch_for() {
    let forms: [fn(&str) -> Repository; 2] = [repository, |version| repository(version).by_hash(false)];
    for form in forms {
        refuses(5, &["MIRROR/dists/stable/main/binary-amd64/", "expected"], |stage| {
            let files = form("2.0").build(&stage.key);
            stage.server.put_all("debian", &files);
            let good = &files["dists/stable/main/binary-amd64/Packages.xz"];
            let mut bad = good.clone();
            bad[40] ^= 1;
            for path in files.keys().filter(|path| path.contains("/binary-amd64/")) {
                stage.server.put(&format!("debian/{path}"), bad.clone());
            }
        });
    }
}

#[test]
fn an_index_of_an_older_release() {
    refuses(5, &["MIRROR/dists/stable/main/binary-amd64/", "expected"], |stage| {
        let old = repository("1.0").by_hash(false).build(&stage.key);
        let new = repository("2.0").by_hash(false).build(&stage.key);
        stage.server.put_all("debian", &new);
        for (path, data) in old.iter().filter(|(path, _)| path.contains("/binary-amd64/")) {
            stage.server.put(&format!("debian/{path}"), data.clone());
        }
    });
}

#[test]
fn an_index_that_never_ends() {
    refuses(5, &["Packages.xz", "the size is more than the expected"], |stage| {
        stage.publish(&repository("2.0").by_hash(false));
        stage.server.fail(&format!("{INDEX}.xz"), Fault::Undeclared(vec![b'x'; 8 << 20]));
    });
}

#[test]
fn an_index_that_unpacks_to_more_than_the_release_says() {
    refuses(4, &["Packages.xz", "it unpacks to more than 1000 bytes"], |stage| {
        let repository = repository("2.0").by_hash(false).compressions(&[Compression::Xz]);
        let release = repository.release();
        let (fields, _) = release.split_once("SHA256:").unwrap();
        let blank = vec![b'\n'; 64 << 20];
        let bomb = Compression::Xz.compress(&blank);
        let line = |size: usize, data: &[u8], name: &str| {
            format!("\n {} {size} main/binary-amd64/{name}", sha256(data))
        };
        let lines = line(1000, &blank, "Packages") + &line(bomb.len(), &bomb, "Packages.xz");
        let files = repository.build_with_release(&format!("{fields}SHA256:{lines}\n"), &stage.key);
        stage.server.put_all("debian", &files);
        stage.server.put(&format!("{INDEX}.xz"), bomb);
    });
}
