//! Numbers as people read them.

/// A number of things, for people: `1 package`, `2 packages`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Mebibytes, for people.
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
