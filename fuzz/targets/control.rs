//! A `Packages` file: read whole and in small pieces, joined into an index, and walked as the resolver does.
#![no_main]

use std::io::{self, Read};

use aptlet::control::relation;
use aptlet::source::index::{Index, Package, Part, RelationField};
use libfuzzer_sys::fuzz_target;

const KINDS: [RelationField; 6] = [
    RelationField::PreDepends,
    RelationField::Depends,
    RelationField::Conflicts,
    RelationField::Breaks,
    RelationField::Recommends,
    RelationField::Provides,
];

/// Gives a few bytes at a time, as a slow decoder does.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(61);
        self.0.read(&mut buffer[..count])
    }
}

/// All that an index says of a package.
fn describe(package: Package<'_>) -> String {
    let groups: Vec<Vec<String>> =
        KINDS.map(|kind| package.groups(kind).map(|group| package.show_group(group)).collect()).into();
    format!(
        "{} {} {} {} {} {} {:?} {:?} {} {} {:?} {groups:?}",
        package.name(),
        package.version(),
        package.architecture(),
        package.filename(),
        package.size(),
        package.installed_size(),
        package.multi_arch(),
        package.priority(),
        package.essential(),
        package.important(),
        package.sha256(),
    )
}

fn walk(index: &Index, package: Package<'_>) {
    assert!(index.versions(package.name_id()).any(|found| found.id() == package.id()));
    assert!(!package.name().is_empty() && !package.version().is_empty());
    for kind in KINDS {
        for group in package.groups(kind) {
            let shown = package.show_group(group);
            let read: Vec<_> =
                relation::parse(&shown).collect::<Result<_, _>>().expect("what is shown can be read");
            assert_eq!(read.len(), group.len(), "{shown:?}");
            for (alternative, read) in group.iter().zip(read) {
                assert_eq!(read.name, index.names().get(alternative.name));
                assert_eq!(read.operator, alternative.operator);
                assert_eq!(read.version, package.relation_version(alternative));
                for found in index.versions(alternative.name) {
                    package.accepts(alternative, found.version());
                }
                if kind == RelationField::Provides {
                    assert!(index.providers(alternative.name).any(|found| found.id() == package.id()));
                }
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (whole, pieces) = (Part::read(data), Part::read(Trickle(data)));
    let (whole, pieces) = match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => (whole, pieces),
        (Err(whole), Err(pieces)) => return assert_eq!(whole.to_string(), pieces.to_string()),
        _ => panic!("the size of the reads makes a difference"),
    };
    let index = Index::new(vec![whole, pieces]);
    let (first, second): (Vec<_>, Vec<_>) = index.packages().partition(|package| package.part() == 0);
    assert_eq!(first.len(), second.len());
    for (left, right) in first.into_iter().zip(second) {
        assert_eq!(describe(left), describe(right));
        walk(&index, left);
    }
    for name in index.names().ids() {
        assert_eq!(index.names().find(index.names().get(name)), Some(name));
    }
});
