//! The data archive: the input is a tar archive, whose checksums are set right first, in an honest `.deb`.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;

const CONTROL: &str = "Package: x\nVersion: 1\nArchitecture: amd64\nDescription: x\n";
const BLOCK: usize = 512;

/// Goes from header to header by their sizes, as a reader does.
fn with_right_checksums(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    let mut at = 0;
    while let Some(block) = archive.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<BLOCK>) {
        let mut header = tar::Header::from_byte_slice(block).clone();
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
        let size = header.entry_size().ok().and_then(|size| usize::try_from(size).ok());
        let Some(next) = size.and_then(|size| size.checked_next_multiple_of(BLOCK)) else { break };
        let Some(next) = next.checked_add(at + BLOCK) else { break };
        at = next;
    }
    archive
}

fn control() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("control").unwrap();
    header.set_size(CONTROL.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut archive = [header.as_bytes(), CONTROL.as_bytes()].concat();
    archive.resize(4 * BLOCK, 0);
    archive
}

fn ar(members: [(&str, &[u8]); 3]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, data) in members {
        archive.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, data.len()).bytes(),
        );
        archive.extend(data);
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

fuzz_target!(|data: &[u8]| {
    let data = with_right_checksums(data);
    place::unpack(&ar([("debian-binary", b"2.0\n"), ("control.tar", &control()), ("data.tar", &data)]));
});
