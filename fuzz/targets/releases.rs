//! A Release file before and after its signature is believed.
#![no_main]

use std::sync::LazyLock;

use aptlet::source::Error;
use aptlet::source::keyring::Keyring;
use aptlet::source::release::Release;
use aptlet::source::verify::{Policy, unsigned_text, verify_inline};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const URL: &str = "http://mirror.example/debian/dists/stable/InRelease";

static KEYRING: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::builtin_debian().expect("the built-in keys can be read"));

fn check(error: &Error) {
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message:?} is not one line");
    error.hint();
}

fuzz_target!(|data: &[u8]| {
    let now = Timestamp::from_second(1_750_000_000).expect("a time in 2025");
    let policy = Policy { now, max_future: Some(10), fingerprints: Vec::new() };
    match verify_inline(data, URL, &KEYRING, &policy) {
        // no seed has a good signature, so such a one would be forged
        Ok(verified) => panic!("signed by {:?}", verified.signers),
        Err(error) => check(&error),
    }
    match unsigned_text(data, URL).and_then(|text| Release::parse(&text, URL)) {
        Ok(release) => {
            for architecture in ["amd64", "all"] {
                for file in release.packages_files("main", architecture) {
                    let path = file.by_hash_path().expect("what is vouched for has a digest");
                    assert!(!path.split('/').any(|segment| segment == ".."));
                    release.unpacked_size(&file);
                }
            }
            if let Err(error) = release.index_architectures("main", "amd64") {
                check(&error);
            }
        }
        Err(error) => check(&error),
    }
});
