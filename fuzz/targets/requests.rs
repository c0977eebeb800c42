//! `APTLET_PACKAGES`, through the settings that come of it.
#![no_main]

use aptlet::config::{Command, Host, Options, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if text.contains('\0') {
        return;
    }
    let host = Host {
        environment: vec![("APTLET_PACKAGES".into(), text.into())],
        working_directory: "/".into(),
        etc_aptlet: "/nonexistent".into(),
        etc_apt: "/nonexistent".into(),
        dpkg: "/nonexistent".into(),
    };
    match Settings::resolve(Command::Lock, Options::default(), &[], &host) {
        Ok(settings) => {
            assert!(!settings.requests.is_empty());
            for request in settings.requests {
                // what logs in is masked
                assert!(text.contains(&request.text) || request.text.contains("://"), "{request:?}");
                // the name of a package file is read when it is there
                assert!(!request.name.is_empty() || request.text.contains(".deb"), "{request:?}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains('\n'), "{message:?} is not one line");
            error.hint();
        }
    }
});
