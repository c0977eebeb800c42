//! Who is at work on a live destination: written down by whoever has the lock, for those who wait for it.

use std::fs;

use serde::{Deserialize, Serialize};

use super::place::Place;

const FILE: &str = "holder.json";

/// The process that has the lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Holder {
    process: u32,
    command: String,
}

impl Holder {
    /// Writes down that it is this process.
    pub(crate) fn announce(place: &Place, command: &str) {
        let holder = Self { process: std::process::id(), command: command.to_owned() };
        // whoever waits is told less
        let _ = place.write(FILE, &holder);
    }

    /// That it is done.
    pub(crate) fn retract(place: &Place) {
        let _ = fs::remove_file(place.file(FILE));
    }

    /// What to tell those who wait: `It is held by process 7 (apt-get install gcc)`.
    pub(crate) fn told(place: &Place) -> String {
        match place.read::<Self>(FILE) {
            Some(Self { process, command }) => format!("It is held by process {process} ({command})"),
            None => "Another aptlet is at work".to_owned(),
        }
    }
}
