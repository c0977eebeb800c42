//! A whole `.deb`, installed under the name that it gives itself.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| place::unpack(data));
