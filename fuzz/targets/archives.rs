//! A `.deb`: opened, and its data read to the end within a limit.
#![no_main]

use std::io::{self, Read as _};

use aptlet::deb::{Control, Deb, Error, paragraph};
use libfuzzer_sys::fuzz_target;

const LIMIT: u64 = 1 << 20;

fn read(data: &[u8]) -> Result<Control, Error> {
    let mut deb = Deb::open(data)?;
    let mut tarball = deb.data(LIMIT)?;
    let mut members = tarball.members()?;
    let mut total = 0;
    while let Some(member) = members.next() {
        let mut member = member?;
        let copied = io::copy(&mut member.by_ref().take(LIMIT + 1), &mut io::sink());
        total += copied.map_err(|error| members.error(error))?;
    }
    assert!(total <= LIMIT, "{total} bytes of data");
    tarball.finish()?;
    Ok(deb.finish())
}

fuzz_target!(|data: &[u8]| {
    match read(data) {
        Ok(control) => {
            assert_eq!(paragraph::check(&control.paragraph), Ok(()));
            for file in &control.files {
                assert!(!file.name.is_empty() && !file.name.contains('/') && !file.name.starts_with('.'));
                assert!(file.mode <= 0o777);
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains('\n'), "{message:?} is not one line");
            error.hint();
        }
    }
});
