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
fn fields_are_known_by_their_whole_name_in_any_case() {
    for (field, name) in FIELDS {
        for line in [format!("{name}:"), format!("{}: x", name.to_uppercase()), name.to_lowercase() + ":y"] {
            assert_eq!(field_of(line.as_bytes()).map(|found| found as usize), Some(field as usize), "{line}");
        }
        for line in [format!("{name}s:"), name.to_owned(), name[1..].to_owned() + ":", format!("{name} :")] {
            assert!(field_of(line.as_bytes()).is_none(), "{line}");
        }
    }
    assert!(field_of(b"").is_none());
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

#[test]
fn a_bad_stanza_is_named() {
    for (text, field) in [
        ("Version: 1\nArchitecture: all\n", "Package"),
        ("Package: a\nArchitecture: all\n", "Version"),
        ("Package: a b\nVersion: 1\nArchitecture: all\n", "Package"),
        ("Package: a\nVersion: 1\nArchitecture: all\nSize: x\n", "Size"),
        ("Package: a\nVersion: 1\nArchitecture: all\nDepends: b (1)\n", "Depends"),
        ("Package: a\nVersion: 1\nArchitecture: all\nSHA256: 00\n", "SHA256"),
    ] {
        let error = Part::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, BadIndex::Stanza { field: f, .. } if f == field), "{error}");
    }
}
