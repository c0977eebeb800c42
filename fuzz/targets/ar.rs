//! The ar archive around a `.deb`: what is read of it is there, each byte once, and nothing else.
#![no_main]

use std::io::Read as _;

use aptlet::deb::ar::Ar;
use libfuzzer_sys::fuzz_target;

const MAGIC: usize = 8;
const HEADER: usize = 60;

fuzz_target!(|data: &[u8]| {
    let Ok(mut ar) = Ar::open(data) else { return };
    let mut at = MAGIC;
    loop {
        match ar.next_member() {
            Ok(Some(member)) => {
                let name = member.name.as_bytes();
                assert!(!name.is_empty() && name.iter().all(u8::is_ascii_graphic) && !name.contains(&b'/'));
                assert!(data[at..].starts_with(name), "{} is at byte {at}", member.name);
                at += HEADER;
                let mut content = Vec::new();
                let read = ar.read_to_end(&mut content);
                assert!(data[at..].starts_with(&content));
                let size = usize::try_from(member.size).unwrap();
                assert_eq!(read.is_ok(), content.len() == size, "cut short, or an error");
                if read.is_err() {
                    return;
                }
                at += size.next_multiple_of(2);
            }
            Ok(None) => {
                assert!(at >= data.len(), "{} of {} bytes were read", at, data.len());
                return;
            }
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{error:?} is not one line");
                return;
            }
        }
    }
});
