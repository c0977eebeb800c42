//! The paths of one file that stay, as far as anybody asks.

use super::boundaries::{is_path_byte, path_at_start};
use super::kept::Kept;

/// Where in a file a path is, in bytes, the path, and why it stays.
pub(super) type KeptPath = (u64, Vec<u8>, Kept);

/// What is remembered of the paths that stay.
#[derive(Default)]
pub(super) struct KeptPaths {
    /// All of them, if anybody asks.
    pub(super) all: Option<Vec<KeptPath>>,
    /// See [`super::worker::Searched::cramped`].
    pub(super) cramped: Vec<Vec<u8>>,
}

impl KeptPaths {
    pub(super) fn add(&mut self, bytes: &[u8], at: usize, place: u64, kept: Kept) {
        // what is inside of another path is none of its own
        let is_inside = kept == Kept::NotABeginning && at > 0 && is_path_byte(bytes[at - 1]);
        if is_inside || bytes[at] != b'/' {
            return;
        }
        if kept == Kept::NoRoom {
            self.cramped.push(path_at_start(&bytes[at..]).to_vec());
        }
        if let Some(all) = &mut self.all {
            all.push((place, path_at_start(&bytes[at..]).to_vec(), kept));
        }
    }
}
