//! What a volume may hold though its file system takes more: an emptyDir's `sizeLimit`. The kubelet looks about once a
//! minute, and evicts the pod; no system call tells of it.

use std::path::{Path, PathBuf};

use super::space::taken;

/// The volume would hold, or holds, more than it may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "with {packages} package{} {} would hold about {} MiB ({total} bytes), more than the {limit} bytes that --size-limit allows",
    if *packages == 1 { "" } else { "s" }, destination.display(), mebibytes(*total)
)]
pub struct TooMuch {
    /// The destination.
    pub(crate) destination: PathBuf,
    /// All that would be in it, other generations included, in bytes.
    pub(crate) total: u64,
    /// What may be.
    pub(crate) limit: u64,
    /// Number of packages.
    pub(crate) packages: usize,
}

impl TooMuch {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        format!(
            "Raise the emptyDir's sizeLimit and --size-limit to {}Mi, keep fewer generations, or ask for fewer packages.",
            mebibytes(self.total)
        )
    }
}

/// Whether the destination may hold `more` bytes than are in it.
pub(crate) fn check(
    destination: &Path,
    limit: Option<u64>,
    more: u64,
    packages: usize,
) -> Result<(), TooMuch> {
    let Some(limit) = limit else { return Ok(()) };
    match taken(destination).bytes.saturating_add(more) {
        total if total > limit => {
            Err(TooMuch { destination: destination.to_owned(), total, limit, packages })
        }
        _ => Ok(()),
    }
}

/// Rounded up.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn what_is_there_counts() {
        let volume = tempfile::tempdir().unwrap();
        fs::write(volume.path().join("file"), vec![1; 3 << 20]).unwrap();
        let check = |limit, more| check(volume.path(), limit, more, 2);
        check(None, u64::MAX).unwrap();
        check(Some(5 << 20), 1 << 20).unwrap();
        let error = check(Some(5_000_000), 2 << 20).unwrap_err();
        assert!(error.to_string().starts_with("with 2 packages /"), "{error}");
        assert!(
            error.to_string().ends_with("more than the 5000000 bytes that --size-limit allows"),
            "{error}"
        );
        assert!(error.hint().contains("--size-limit to 6Mi"), "{error:?}");
    }
}
