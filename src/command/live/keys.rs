//! `apt-key add`: a key that counts for every source that names none of its own, as apt-key(8) says.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use super::outcome::{Failure, print};
use crate::digest::Sha256;
use crate::error::Error;
use crate::live::Place;
use crate::source::keyring::Keyring;

/// Keys are small.
const LARGEST: u64 = 1 << 20;

pub(super) fn key(place: &Place, arguments: &[String]) -> Result<ExitCode, Failure> {
    let [command, file] = arguments else { return Err(other(arguments)) };
    if command != "add" {
        return Err(other(arguments));
    }
    let mut bytes = Vec::new();
    let read = match file.as_str() {
        "-" => std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).map(drop),
        file => {
            std::fs::File::open(file).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map(drop)
        }
    };
    read.map_err(|source| Error::from(crate::config::Error::Read { path: file.into(), source }))?;
    Keyring::of_file(Path::new(file), &bytes).map_err(Error::from)?;
    let extension = if bytes.starts_with(b"-----") { "asc" } else { "gpg" };
    let digest: String = Sha256::of(&bytes).to_string().chars().take(16).collect();
    place.put(&format!("trusted.gpg.d/{digest}.{extension}"), &bytes)?;
    print("OK\n")?;
    Ok(ExitCode::SUCCESS)
}

fn other(arguments: &[String]) -> Failure {
    Failure::apt(
        format!("'apt-key {}' is not done in a live destination", arguments.join(" ")),
        "'apt-key add FILE' is. Better, name the key of each source: add-apt-repository 'deb [signed-by=/PATH/KEY.asc] URL SUITE COMPONENT'.",
    )
}
