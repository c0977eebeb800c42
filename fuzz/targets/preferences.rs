//! A file of apt_preferences(5), and the priorities that it gives.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use aptlet::resolve::pin::{Priorities, parse};
use aptlet::source::index::{Index, Part};
use aptlet::source::provenance::Provenance;
use libfuzzer_sys::fuzz_target;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let text = "Package: nodejs\nVersion: 20.1\nArchitecture: amd64\n\n\
        Package: npm\nVersion: 1:9-1\nArchitecture: all\n";
    Index::new(vec![Part::read(text.as_bytes()).expect("the index is well-formed")])
});

fuzz_target!(|text: &str| {
    match parse(Path::new("x.pref"), text) {
        Ok(pins) => {
            let from = Provenance {
                site: "mirror.example".into(),
                origin: "Debian".into(),
                suite: "stable".into(),
                codename: "bookworm".into(),
                version: "12.5".into(),
                component: "main".into(),
                ..Provenance::default()
            };
            let provenance = [from];
            let priorities = Priorities::new(&INDEX, &provenance, &pins, "amd64");
            for package in INDEX.packages() {
                priorities.of(package);
            }
        }
        Err(error) => {
            assert!((1..=text.lines().count()).contains(&error.line), "{error}");
            assert!(!error.to_string().contains('\n'), "{error} is not one line");
        }
    }
});
