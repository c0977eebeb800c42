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
fn reads_the_fields_and_keeps_only_what_may_be_read() {
    let release = release();
    assert_eq!((release.suite.as_str(), release.codename.as_str()), ("stable", "trixie"));
    assert_eq!(release.date, Some(at("2025-11-15T09:37:21Z")));
    assert_eq!(release.architectures, ["all", "amd64", "arm64"]);
    assert!(release.acquire_by_hash && !release.not_automatic);
    assert_eq!(release.entries.len(), 7, "one of them has a weak digest only");
    assert_eq!(release.contents_files("main", "amd64").len(), 1);
    assert!(
        release.contents_files("main", "arm64").is_empty() && release.contents_files("", "amd64").is_empty()
    );
    let experimental = text().replace("Acquire-By-Hash: yes", "NotAutomatic: yes\nButAutomaticUpgrades: yes");
    let experimental = Release::parse(&experimental, URL).unwrap();
    assert!(
        experimental.not_automatic && experimental.but_automatic_upgrades && !experimental.acquire_by_hash
    );
}

#[test]
fn a_date_that_is_none_counts_as_absent() {
    for (date, warned) in
        [("Sat, 15 Nov 2025 09:37:21 UTC", false), ("Sat., 15 Nov 2025 09:37:21 UTC", true), ("", true)]
    {
        let text = text().replace("Date: Sat, 15 Nov 2025 09:37:21 UTC", &format!("Date: {date}"));
        let release = Release::parse(&text, URL).unwrap();
        assert_eq!(release.date.is_none(), warned, "{date}");
        let warnings = release.warnings(&plain());
        assert_eq!(warnings.len(), usize::from(warned), "{date}");
        assert!(
            warnings.iter().all(|told| told.to_string().contains(&format!("'{date}', which counts as none")))
        );
    }
}

#[test]
fn a_valid_until_that_is_no_date_is_an_error_where_it_counts() {
    let text = text().replace("Valid-Until: Sat, ", "Valid-Until: Sat., ");
    let release = Release::parse(&text, URL).unwrap();
    let check = |options: &str| {
        let source = source(&format!("deb [{options}] http://mirror.example trixie main"));
        release.check_time(at("2025-11-16T00:00:00Z"), &source)
    };
    let error = check("lang=en").unwrap_err();
    assert!(matches!(error, Error::MalformedRelease { line: 7, .. }), "{error}");
    for off in ["check-valid-until=no", "check-date=no"] {
        assert!(check(off).is_ok(), "{off}");
    }
}

#[test]
fn files_that_vouch_for_nothing_are_refused() {
    for text in [
        "",
        "Suite: stable\n",
        "Suite: stable\nMD5Sum:\n 0123456789abcdef0123456789abcdef 7 Packages\n",
        "<html>",
        " a b c\n",
        "SHA256:\n",
        &format!("Suite: a\n\nSHA256:\n {SHA256} 7 Packages\n"),
        &format!("SHA512:\n {SHA256} 7 Packages\n"),
        "SHA256:\n abc 7 Packages\n",
    ] {
        let found = Release::parse(text, URL);
        assert!(matches!(found, Err(Error::MalformedRelease { line: 0, .. })), "{text}: {found:?}");
    }
}

#[test]
fn what_is_odd_and_not_needed_is_passed_over() {
    let release =
        |more: &str| Release::parse(&format!("{more}SHA256:\n {SHA256} 7 Packages\n"), URL).unwrap();
    let files = |more: &str| release(more).packages_files("", "amd64");
    let plain = files("");
    assert_eq!(plain.len(), 1);
    let other = SHA256.replace('e', "f");
    for more in [
        "# made by hand\n".to_owned(),
        "# made: by hand\n".to_owned(),
        "\n\r\n".to_owned(),
        " continues nothing\n".to_owned(),
        "no field\n".to_owned(),
        "Origin : x\n".to_owned(),
        format!("SHA256:\n {other} 8 Packages\n"),
        format!("SHA256:\n {other} 7 ../Packages\n"),
        format!("SHA256:\n {other} 7 /etc/Packages\n"),
        format!("SHA256:\n {other} 7 main//Packages\n"),
        "MD5Sum:\n 0123456789abcdef0123456789abcdef 9 Packages\n".to_owned(),
    ] {
        assert_eq!(files(&more), plain, "{more}");
    }
    let after =
        |more: &str| Release::parse(&format!("SHA256:\n {SHA256} 7 ./Packages\n{more}"), URL).unwrap();
    for more in ["\nSHA256:\n", &format!(" {other} 8 Packages\n"), "# x\n"] {
        assert_eq!(after(more).packages_files("", "amd64"), plain, "{more}");
    }
    let unreadable = after(" abc 7 x\n a b\n").warnings(&self::plain());
    assert!(
        unreadable[0].to_string().ends_with("has 2 lines of digests that cannot be read"),
        "{unreadable:?}"
    );
    assert_eq!(release("Suite: a\nsuite: b\n").suite, "b", "the last one counts");
    let crlf = Release::parse(&text().replace('\n', "\r\n"), URL).unwrap();
    assert_eq!((crlf.entries.len(), crlf.date, crlf.codename.as_str()), (7, self::release().date, "trixie"));
}

#[test]
fn where_nobody_needs_to_vouch_all_that_there_may_be_is_looked_for() {
    let nothing = Release::read("Suite: x\n", URL);
    assert_eq!(nothing.index_architectures("main", "amd64").unwrap(), ["amd64", "all"]);
    let files = nothing.packages_files("main", "amd64");
    assert_eq!(files.len(), Compression::OF_INDICES.len());
    assert!(files.iter().all(|file| file.checksum.is_none() && file.size.is_none()));
    let weak = Release::read("MD5Sum:\n 0123456789abcdef0123456789abcdef 7 Packages.gz\n", URL);
    let files = weak.packages_files("", "amd64");
    assert_eq!((files.len(), files[0].path.as_str(), files[0].checksum), (1, "Packages.gz", None));
    assert_eq!(files[0].by_hash_path(), None);
}

#[test]
fn indexes_come_in_order_of_preference() {
    let files = release().packages_files("main", "amd64");
    let found: Vec<_> = files.iter().map(|file| file.compression).collect();
    assert_eq!(found, [Compression::Xz, Compression::Gzip, Compression::Lzma, Compression::None]);
    assert_eq!((files[0].path.as_str(), files[0].size), ("main/binary-amd64/Packages.xz", Some(7)));
    assert_eq!(files[0].by_hash_path().unwrap(), format!("main/binary-amd64/by-hash/SHA256/{SHA256}"));
    assert!(release().packages_files("main", "arm64").is_empty());

    let sha512 = "ab".repeat(64);
    let flat = format!("SHA256:\n {SHA256} 7 ./Packages.gz\nSHA512:\n {sha512} 7 ./Packages.gz\n");
    let files = Release::parse(&flat, URL).unwrap().packages_files("", "amd64");
    assert_eq!(files[0].path, "Packages.gz");
    assert_eq!(files[0].by_hash_path().unwrap(), format!("by-hash/SHA512/{sha512}"));
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
    assert_eq!(all(&text().replace("Architectures", "X-Architectures")), ["amd64", "all"], "it may have any");
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
