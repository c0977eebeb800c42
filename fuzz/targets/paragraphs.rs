//! The control file of a `.deb`: what `deb::paragraph::check` lets pass is one paragraph, however it is read.
#![no_main]

use aptlet::deb::paragraph::{check, field, fields};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let found: Vec<(&str, &str)> = fields(text).collect();
    match check(text) {
        Ok(()) => {
            assert!(!found.is_empty());
            for (name, value) in &found {
                assert_eq!(field(text, name), Some(*value), "{name} is there once");
                for continued in value.split('\n').skip(1) {
                    assert!(continued.starts_with([' ', '\t']), "{continued:?} continues nothing");
                    assert!(!continued.trim().is_empty(), "an empty line within {name}");
                }
            }
            let again: Vec<String> = found.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let again = again.concat();
            assert_eq!(check(&again), Ok(()));
            assert_eq!(fields(&again).collect::<Vec<_>>(), found);
        }
        Err(malformed) => {
            assert!((1..=text.lines().count().max(1)).contains(&malformed.line), "{malformed}");
            assert!(!malformed.to_string().contains('\n'), "{malformed} is not one line");
        }
    }
});
