//! A relation field: what `control::relation::parse` reads is what the index holds and shows.
#![no_main]

use aptlet::control::relation::{self, BadRelation, Relation};
use aptlet::source::index::{Index, Part, RelationField};
use libfuzzer_sys::fuzz_target;

fn parse(field: &str) -> Result<Vec<Relation<'_>>, BadRelation> {
    relation::parse(field).collect()
}

fuzz_target!(|field: &str| {
    // an empty line in a field would end the stanza below
    let field = field.replace('\n', " ");
    let parsed = parse(&field);
    let stanza = format!("Package: p\nVersion: 1\nArchitecture: all\nDepends: {field}\n");
    let part = Part::read(stanza.as_bytes()).expect("an odd stanza costs itself only");
    assert_eq!(part.oddities(), usize::from(parsed.is_err()));
    let Ok(relations) = parsed else { return };
    let index = Index::new(vec![part]);
    let package = index.packages().next().expect("one stanza");
    let groups: Vec<String> =
        package.groups(RelationField::Depends).map(|group| package.show_group(group)).collect();
    let shown = groups.join(", ");
    assert_eq!(parse(&shown), Ok(relations), "{shown:?}");
});
