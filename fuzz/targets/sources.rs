//! A source list of sources.list(5), in both formats.
#![no_main]

use std::path::Path;

use aptlet::source::list::{Variables, parse_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let vars = Variables { architecture: "amd64".to_owned() };
    for name in ["/etc/apt/x.list", "/etc/apt/x.sources"] {
        match parse_file(Path::new(name), text, &vars) {
            Ok(sources) => {
                for source in sources {
                    assert!(!source.uris.is_empty());
                    assert_eq!(source.is_flat(), source.components.is_empty());
                    assert!((1..=text.lines().count()).contains(&source.origin.line));
                    // cdrom:[…]/ has no path to put anything below
                    for uri in source.uris.iter().filter(|uri| !uri.cannot_be_a_base()) {
                        let release = source.release_dir(uri);
                        assert!(inside(release.path(), uri.path()), "{release} is not below {uri}");
                    }
                }
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.starts_with(name), "{message:?} does not name the place");
                assert!(!message.contains('\n'), "{message:?} is not one line");
                error.hint();
            }
        }
    }
});

fn inside(path: &str, folder: &str) -> bool {
    path.ends_with('/') && path.starts_with(folder.trim_end_matches('/'))
}
