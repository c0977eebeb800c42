//! `Packages` files, well-formed and not.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::source::index::Index;

const TWO: &str = "Package: a\nVersion: 1:2.0-1\nArchitecture: amd64\nDepends: b (>= 1) | c,\n d:any\n\
    Filename: pool/a.deb\nSize: 10\nSHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
    Multi-Arch: same\n\nPackage: b\nVersion: 1\nArchitecture: all\nprovides: c (= 3)\nSuggests: z";

fn index(text: &str) -> Index {
    Index::new(vec![Part::read(text.as_bytes()).unwrap()])
}

#[test]
fn reads_the_fields_that_matter() {
    let index = index(TWO);
    let a = index.versions(index.names().find("a").unwrap()).next().unwrap();
    assert_eq!((a.version(), a.architecture(), a.size()), ("1:2.0-1", "amd64", 10));
    assert_eq!((a.filename(), a.multi_arch()), ("pool/a.deb", MultiArch::Same));
    let groups: Vec<String> = a.groups(RelationField::Depends).map(|group| a.show_group(group)).collect();
    assert_eq!(groups, ["b (>= 1) | c", "d:any"]);
    let provider = index.providers(index.names().find("c").unwrap()).next().unwrap();
    assert_eq!(provider.name(), "b");
    assert_eq!(provider.size(), 0);
}

#[test]
fn what_it_is_said_to_hold_makes_no_difference() {
    for bytes in [0, 1, 1 << 20, u64::MAX] {
        assert_eq!(Part::read_sized(TWO.as_bytes(), bytes).unwrap().len(), 2, "{bytes}");
    }
}

#[test]
fn names_are_numbered_by_first_mention() {
    let index = index(TWO);
    let names: Vec<&str> = index.names().iter().collect();
    assert_eq!(names, ["a", "b", "c", "d", "amd64", "z", "all"]);
}

#[test]
fn the_size_of_the_reads_makes_no_difference() {
    struct Trickle<'a>(&'a [u8]);
    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(7);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let long = format!("\n\n{TWO}\n\n\n{}\n", TWO.replace("pool/", &"pool/".repeat(9000)));
    let part = Part::read(Trickle(long.as_bytes())).unwrap();
    assert_eq!(part.len(), 4);
}

#[test]
fn a_second_part_shares_the_names_of_the_first() {
    let parts = [TWO, "Package: c\nVersion: 4\nArchitecture: all\nDepends: a:amd64\n"];
    let index = Index::new(parts.iter().map(|text| Part::read(text.as_bytes()).unwrap()).collect());
    let c = index.versions(index.names().find("c").unwrap()).next().unwrap();
    assert_eq!((c.part(), c.version()), (1, "4"));
    assert_eq!(c.show(&c.alternatives(RelationField::Depends)[0]), "a:amd64");
}

/// What the stanza of `odd` becomes between two others: whether it is there, and what is wrong with it.
fn odd(stanza: &str) -> (bool, Option<(&'static str, String)>) {
    let around = |name: &str| format!("Package: {name}\nVersion: 1\nArchitecture: all\nDepends: x | y\n\n");
    let text = format!("{}{stanza}\n\n{}", around("first"), around("last"));
    let index = index(&text);
    for name in ["first", "last"] {
        let package = index.versions(index.names().find(name).unwrap()).next().unwrap();
        let groups: Vec<_> =
            package.groups(RelationField::Depends).map(|group| package.show_group(group)).collect();
        assert_eq!((groups.as_slice(), package.bad()), (["x | y".to_owned()].as_slice(), None), "{stanza}");
    }
    let found = index.names().find("odd").and_then(|name| index.versions(name).next());
    let told = index.odd().next().map(|(_, odd)| (odd.field(), odd.reason.clone()));
    assert_eq!(index.oddities(), usize::from(told.is_some()), "{stanza}");
    if let Some(found) = found {
        assert_eq!(
            found.bad(),
            told.clone().filter(|_| index.odd().all(|(_, odd)| !odd.is_usable())),
            "{stanza}"
        );
    }
    (found.is_some(), told)
}

#[test]
fn an_odd_stanza_costs_itself_only() {
    let plain = "Package: odd\nVersion: 1\nArchitecture: all\n";
    for (stanza, there, field, reason) in [
        ("Version: 1\nArchitecture: all\n".to_owned(), false, "Package", "it is missing"),
        ("Package: odd\nArchitecture: all\n".to_owned(), false, "Version", "it is missing"),
        ("Package: odd\nVersion:\nArchitecture: all\n".to_owned(), false, "Version", "it is missing"),
        ("Package: odd\nVersion: 1\n".to_owned(), false, "Architecture", "it is missing"),
        (
            "Package: odd x\nVersion: 1\nArchitecture: all\n".to_owned(),
            false,
            "Package",
            "'odd x' is not one word",
        ),
        (plain.replace("all", "amd64 i386"), false, "Architecture", "'amd64 i386' is not one word"),
        (plain.replace(": 1", ": 1 2"), true, "Version", "'1 2' is not one word"),
        (format!("{plain}Size: x570\n"), true, "Size", "'x570' is not a number of bytes"),
        (format!("{plain}Size: -1\n"), true, "Size", "'-1' is not a number of bytes"),
        (
            format!("{plain}SHA256: 00\n"),
            true,
            "SHA256",
            "'00' is not a SHA-256 digest (64 hexadecimal digits)",
        ),
        (
            format!("{plain}SHA512: 00\n"),
            true,
            "SHA512",
            "'00' is not a SHA-512 digest (128 hexadecimal digits)",
        ),
        (format!("{plain}Depends: a b\n"), true, "Depends", "'b' is no relation: ',' or '|' was expected"),
        (format!("{plain}Provides: a b\n"), true, "Provides", "'b' is no relation: ',' or '|' was expected"),
        (format!("{plain}Suggests: a b\n"), true, "Suggests", "'b' is no relation: ',' or '|' was expected"),
    ] {
        assert_eq!(odd(&stanza), (there, Some((field, reason.to_owned()))), "{stanza}");
    }
    let bytes =
        b"Package: \xff\xfe\nVersion: 1\n\nPackage: a\nVersion: 1\nArchitecture: all\nDepends: \xe4\n";
    let part = Part::read(bytes.as_slice()).unwrap();
    assert_eq!((part.len(), part.oddities()), (1, 1));
}

#[test]
fn what_apt_takes_is_not_odd() {
    let plain = "Package: odd\nVersion: 1\nArchitecture: all\n";
    for more in [
        "Installed-Size: 356K",
        "Installed-Size: -1",
        "Installed-Size: 99999999999999999999999",
        "Installed-Size: x",
        "Size: 12x",
        "SHA256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "Depends: ${shlibs:Depends}",
        "Depends: a (1.0), b (=> 1), @, ~",
        "Conflicts: foo*, odd (>= 1, << 2)",
        "Provides: v (>= 1), w | x",
        "Priority: frob",
        "Multi-Arch: maybe",
        "Essential: maybe",
        "Description-md5: abc",
        "no field at all",
        "# a comment",
    ] {
        assert_eq!(odd(&format!("{plain}{more}\n")), (true, None), "{more}");
    }
    for stanza in [
        plain.replace("odd", "ODD"),
        plain.replace("Version:", "Version :"),
        plain.replace(": 1", ":\n 1"),
        format!("\n\n{plain}"),
        plain.replace('\n', "\r\n"),
        format!("Package: other\n{plain}"),
    ] {
        assert_eq!(odd(&stanza), (true, None), "{stanza:?}");
    }
}

#[test]
fn fields_say_what_apt_reads_in_them() {
    let text = "Package: A\nVersion: 2\nVersion: 1\nArchitecture: all\nMulti-Arch: same\nPriority: Required\n\
        Essential: true\nProtected: 1\nSize: 700K\nInstalled-Size: 356K\nProvides: v (>= 1), w, x | y, z (2)\n";
    let index = index(text);
    let a = index.packages().next().unwrap();
    assert_eq!((a.name(), a.version(), a.size(), a.installed_size()), ("a", "1", 700, 356));
    assert_eq!((a.multi_arch(), a.priority()), (MultiArch::No, Priority::Required));
    assert!(a.essential() && a.important());
    let groups: Vec<_> = a.groups(RelationField::Provides).map(|group| a.show_group(group)).collect();
    assert_eq!(groups, ["w", "y", "z (= 2)"]);
}

#[test]
fn an_installed_size_in_bytes_is_none() {
    let size = |installed: &str| {
        let text = format!(
            "Package: a\nVersion: 1\nArchitecture: all\nSize: 1000000\nInstalled-Size: {installed}\n"
        );
        index(&text).packages().next().unwrap().installed_size()
    };
    assert_eq!(size("4000"), 4000);
    assert_eq!(size("4000000"), 0);
}

#[test]
fn carriage_returns_do_not_join_stanzas() {
    let part = Part::read(format!("{TWO}\n").replace('\n', "\r\n").as_bytes()).unwrap();
    let index = Index::new(vec![part]);
    let b = index.versions(index.names().find("b").unwrap()).next().unwrap();
    assert_eq!((index.len(), b.version(), b.alternatives(RelationField::Depends).len()), (2, "1", 0));
}

#[test]
fn sha512_counts_where_there_is_no_sha256() {
    let digest = "ab".repeat(64);
    let text =
        format!("{TWO}\nSHA512: {digest}\n\nPackage: c\nVersion: 1\nArchitecture: all\nSHA512: {digest}\n");
    let index = Index::new(vec![Part::read(TWO.as_bytes()).unwrap(), Part::read(text.as_bytes()).unwrap()]);
    let found: Vec<_> = index.packages().map(|package| package.sha512().is_some()).collect();
    assert_eq!(found, [false, false, false, true, true]);
}

#[test]
fn no_more_than_can_be_read_is_told_of() {
    let stanza = format!("Package: {}\nVersion: 1\nArchitecture: all\nSize: x\n\n", "n".repeat(500));
    let index = index(&stanza.repeat(300));
    assert_eq!((index.oddities(), index.odd().count()), (300, 256));
    assert!(index.odd().all(|(_, odd)| odd.package.len() == 120));
    assert_eq!(index.packages().last().unwrap().bad(), Some(("Size", "it cannot be read".to_owned())));
}
