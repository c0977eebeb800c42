//! The `Packages.xz` that benchmarks read: a real one, of which `APTLET_BENCH_PACKAGES` is the path.

/// Its bytes; `None`, and a line that says so, where the variable is not set.
pub(crate) fn compressed() -> Option<Vec<u8>> {
    let Some(path) = std::env::var_os("APTLET_BENCH_PACKAGES") else {
        eprintln!("skipped: APTLET_BENCH_PACKAGES names no Packages.xz (see benches/run)");
        return None;
    };
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
