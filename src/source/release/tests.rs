#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::source::list::{Variables, parse_file};

const URL: &str = "http://mirror.example/dists/trixie/InRelease";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn text() -> String {
    let files = [
        "main/binary-all/Packages.xz",
        "main/binary-amd64/Packages",
        "main/binary-amd64/Packages.gz",
        "main/binary-amd64/Packages.xz",
        "main/binary-amd64/Packages.lzma",
        "main/binary-amd64/Packages.diff/Index",
        "main/Contents-amd64.gz",
    ];
    let lines: Vec<_> = files.iter().map(|path| format!(" {SHA256} 7 {path}\n")).collect();
    format!(
        "Origin: Debian\nLabel: Debian\nSuite: stable\nVersion: 13.2\nCodename: trixie\n\
         Date: Sat, 15 Nov 2025 09:37:21 UTC\nValid-Until: Sat, 22 Nov 2025 09:37:21 UTC\nAcquire-By-Hash: yes\n\
         Architectures: all amd64 arm64\nComponents: main contrib\nDescription: Debian 13.2\n\
         MD5Sum:\n 0123456789abcdef0123456789abcdef 7 main/binary-amd64/Packages.bz2\nSHA256:\n{}",
        lines.concat()
    )
}

fn release() -> Release {
    Release::parse(&text(), URL).unwrap()
}

fn source(line: &str) -> Source {
    let vars = Variables { architecture: "amd64".to_owned() };
    parse_file(Path::new("x.list"), line, &vars).unwrap().remove(0)
}

fn plain() -> Source {
    source("deb http://mirror.example trixie main")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn reads_the_fields_and_keeps_only_packages() {
    let release = release();
    assert_eq!((release.suite.as_str(), release.codename.as_str()), ("stable", "trixie"));
    assert_eq!(release.date, Some(at("2025-11-15T09:37:21Z")));
    assert_eq!(release.architectures, ["all", "amd64", "arm64"]);
    assert!(release.acquire_by_hash && !release.not_automatic);
    assert_eq!(release.entries.len(), 5);
    let experimental = text().replace("Acquire-By-Hash: yes", "NotAutomatic: yes\nButAutomaticUpgrades: yes");
    let experimental = Release::parse(&experimental, URL).unwrap();
    assert!(
        experimental.not_automatic && experimental.but_automatic_upgrades && !experimental.acquire_by_hash
    );
}

#[test]
fn dates_are_read_as_debian_and_others_write_them() {
    let expected = Ok(at("2023-06-01T08:51:37Z"));
    for good in [
        "Thu, 01 Jun 2023 08:51:37 UTC",
        "Thu, 1 Jun 2023 08:51:37 UTC",
        "Thu, 01 Jun 2023  8:51:37 UTC",
        "Thu, 01 Jun 2023 08:51:37 GMT",
        "Thu, 01 Jun 2023 08:51:37 +0000",
        "Thu, 01 Jun 2023 08:51:37 Z",
    ] {
        assert_eq!(parse_date(good), expected, "{good}");
    }
    for bad in ["", "UTC", "2023-06-01T08:51:37Z", "Thu, 01 Jun 2023 08:51:37 PST", "Thu, 01 Jun 2023"] {
        assert!(parse_date(bad).is_err(), "{bad}");
    }
}

#[test]
fn malformed_files_are_refused_with_their_line() {
    let long = |field: &str, entry: &str| format!("Suite: stable\n{field}:\n {entry}\n");
    let other = SHA256.replace('e', "f");
    for (text, line) in [
        (String::new(), 0),
        ("Suite: stable\n".to_owned(), 0),
        ("Suite: stable\nMD5Sum:\n 0123456789abcdef0123456789abcdef 7 Packages\n".to_owned(), 0),
        ("<html>".to_owned(), 1),
        (" a b c\n".to_owned(), 1),
        ("Suite: a\nsuite: b\n".to_owned(), 2),
        ("Date: yesterday\n".to_owned(), 1),
        ("Suite: a\n\nSuite: b\n".to_owned(), 3),
        (long("SHA256", "abc 7 Packages"), 3),
        (long("SHA512", &format!("{SHA256} 7 Packages")), 3),
        (long("SHA256", &format!("{SHA256} -7 Packages")), 3),
        (long("SHA256", &format!("{SHA256} Packages")), 3),
        (long("SHA256", &format!("{SHA256} 7 ../Packages")), 3),
        (long("SHA256", &format!("{SHA256} 7 /etc/Packages")), 3),
        (long("SHA256", &format!("{SHA256} 7 Packages\n {SHA256} 8 Packages")), 4),
        (long("SHA256", &format!("{SHA256} 7 Packages\n {other} 7 Packages")), 4),
    ] {
        match Release::parse(&text, URL) {
            Err(Error::MalformedRelease { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn indexes_come_in_order_of_preference() {
    let files = release().packages_files("main", "amd64");
    let found: Vec<_> = files.iter().map(|file| file.compression).collect();
    assert_eq!(found, [Compression::Xz, Compression::Gzip, Compression::Lzma, Compression::None]);
    assert_eq!((files[0].path.as_str(), files[0].size), ("main/binary-amd64/Packages.xz", 7));
    assert_eq!(files[0].by_hash_path(), format!("main/binary-amd64/by-hash/SHA256/{SHA256}"));
    assert!(release().packages_files("main", "arm64").is_empty());

    let sha512 = "ab".repeat(64);
    let flat = format!("SHA256:\n {SHA256} 7 ./Packages.gz\nSHA512:\n {sha512} 7 ./Packages.gz\n");
    let files = Release::parse(&flat, URL).unwrap().packages_files("", "amd64");
    assert_eq!(files[0].path, "Packages.gz");
    assert_eq!(files[0].by_hash_path(), format!("by-hash/SHA512/{sha512}"));
}

#[test]
fn architecture_all_is_a_list_of_its_own_only_where_the_release_says_so() {
    let all = |text: &str| Release::parse(text, URL).unwrap().index_architectures("main", "amd64").unwrap();
    assert_eq!(all(&text()), ["amd64", "all"]);
    assert_eq!(
        all(&text().replace("Codename", "No-Support-for-Architecture-all: Packages\nCodename")),
        ["amd64"]
    );
    assert_eq!(all(&text().replace("all amd64", "amd64")), ["amd64"]);
    assert_eq!(release().index_architectures("main", "arm64").unwrap(), ["all"]);
    let error = release().index_architectures("mian", "amd64").unwrap_err();
    assert_eq!(error.hint().unwrap(), "Correct Components; the repository has: main, contrib");
    let foreign = Release::parse(&text().replace("all amd64", "amd64"), URL).unwrap();
    let error = foreign.index_architectures("main", "riscv64").unwrap_err();
    assert_eq!(error.hint().unwrap(), "Correct Architectures; the repository has: amd64, arm64");
}

#[test]
fn valid_until_counts_unless_switched_off() {
    let release = release();
    let check = |options: &str, now: &str| {
        release.check_time(at(now), &source(&format!("deb [{options}] http://mirror.example trixie main")))
    };
    let (last, next) = ("2025-11-22T09:37:21Z", "2025-11-22T09:37:22Z");
    assert!(check("lang=en", last).is_ok());
    let error = check("lang=en", "2025-11-25T12:00:00Z").unwrap_err();
    assert_eq!(error.to_string(), format!("{URL} expired on 22 November 2025 09:37 UTC (3 days ago)"));
    for off in ["check-valid-until=no", "check-date=no", "valid-until-min=604801"] {
        assert!(check(off, next).is_ok(), "{off}");
    }
    assert!(matches!(check("valid-until-min=60", next), Err(Error::ReleaseExpired { .. })));
    assert!(check("valid-until-max=60", "2025-11-15T09:38:21Z").is_ok());
    assert!(matches!(check("valid-until-max=60", "2025-11-15T09:38:22Z"), Err(Error::ReleaseExpired { .. })));
    let max = source("deb [valid-until-max=60] http://mirror.example trixie main");
    assert_eq!(release.expiry(&max), Some(at("2025-11-15T09:38:21Z")), "what a volume remembers");
    let mut endless = release.clone();
    endless.valid_until = None;
    assert!(endless.check_time(at("2099-01-01T00:00:00Z"), &plain()).is_ok());
}

#[test]
fn a_release_of_the_future_is_refused_but_for_some_seconds() {
    let release = release();
    assert!(release.check_time(at("2025-11-15T09:37:11Z"), &plain()).is_ok());
    let early = at("2025-11-15T09:37:10Z");
    assert!(matches!(release.check_time(early, &plain()), Err(Error::ReleaseFromFuture { .. })));
    for options in ["check-date=no", "date-max-future=11"] {
        let source = source(&format!("deb [{options}] http://mirror.example trixie main"));
        assert!(release.check_time(early, &source).is_ok());
    }
}

#[test]
fn another_suite_than_asked_for_is_noticed() {
    let check = |suite: &str| release().check_suite(&source(&format!("deb http://mirror.example {suite}")));
    for good in ["trixie main", "stable main", "trixie/updates main", "./"] {
        assert_eq!(check(good), None, "{good}");
    }
    let warning = check("bookworm main").unwrap().to_string();
    assert!(warning.ends_with("expected bookworm but got stable, trixie"), "{warning}");
}
