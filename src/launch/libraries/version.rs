//! Versions of symbols, and the releases of the libraries that have them first.

use crate::control::dotted::Dotted;

/// Versions of glibc that are no number, and the release that has them first (glibc's NEWS).
const NAMED: [(&str, [u32; 2]); 3] =
    [("GLIBC_ABI_DT_RELR", [2, 36]), ("GLIBC_ABI_GNU2_TLS", [2, 42]), ("GLIBC_ABI_GNU_TLS", [2, 42])];

/// The release of glibc that has a version of its symbols; `None` for `GLIBC_PRIVATE`, which only the same release has.
pub(super) fn glibc(version: &str) -> Option<Dotted> {
    let named = NAMED.iter().find(|(name, _)| *name == version).map(|(_, release)| Dotted::from(*release));
    named.or_else(|| Dotted::of(version.strip_prefix("GLIBC_")?))
}

/// The versions of symbols that libstdc++ has since a release of GCC, the newest first
/// (<https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html>).
const LIBSTDCXX: [([u32; 2], [u32; 3], [u32; 3]); 12] = [
    ([15, 1], [3, 4, 34], [1, 3, 16]),
    ([14, 1], [3, 4, 33], [1, 3, 15]),
    ([13, 2], [3, 4, 32], [1, 3, 14]),
    ([13, 1], [3, 4, 31], [1, 3, 14]),
    ([12, 1], [3, 4, 30], [1, 3, 13]),
    ([11, 1], [3, 4, 29], [1, 3, 13]),
    ([9, 3], [3, 4, 28], [1, 3, 12]),
    ([9, 2], [3, 4, 27], [1, 3, 12]),
    ([9, 1], [3, 4, 26], [1, 3, 12]),
    ([8, 1], [3, 4, 25], [1, 3, 11]),
    ([7, 2], [3, 4, 24], [1, 3, 11]),
    ([7, 1], [3, 4, 23], [1, 3, 11]),
];

/// Whether the libstdc++ of a release of GCC has a version of its symbols. One that is neither `GLIBCXX` nor `CXXABI` with a
/// number is as old as the library, and of a release that is not known here everything is believed.
pub(super) fn libstdcxx_has(gcc: &Dotted, version: &str) -> bool {
    let known = LIBSTDCXX.iter().find(|(release, ..)| *gcc >= Dotted::from(*release));
    let newest = *gcc >= Dotted::from([16]);
    let Some((_, glibcxx, cxxabi)) = known.filter(|_| !newest) else { return true };
    match (version.strip_prefix("GLIBCXX_"), version.strip_prefix("CXXABI_")) {
        (Some(number), _) => Dotted::of(number).is_none_or(|number| number <= Dotted::from(*glibcxx)),
        (_, Some(number)) => Dotted::of(number).is_none_or(|number| number <= Dotted::from(*cxxabi)),
        _ => true,
    }
}

/// The release of GCC whose libgcc has a version of its symbols first: 14 of `GCC_14.0.0`.
pub(super) fn gcc(version: &str) -> Option<Dotted> {
    Dotted::of(version.strip_prefix("GCC_")?)
}

/// Releases that packages come from and images are of, the newest first, and their glibc.
const RELEASES: [(&str, [u32; 2]); 4] =
    [("trixie", [2, 41]), ("bookworm", [2, 36]), ("bullseye", [2, 31]), ("buster", [2, 28])];

/// The newest release of Debian whose libraries need no newer glibc than this.
pub(super) fn release_up_to(libc: &Dotted) -> Option<&'static str> {
    // of the last there are packages in an archive only
    let known = &RELEASES[..RELEASES.len() - 1];
    known.iter().find(|(_, has)| Dotted::from(*has) <= *libc).map(|(name, _)| *name)
}

/// The oldest release of Debian whose glibc is as new as this.
pub(super) fn release_with(libc: &Dotted) -> Option<&'static str> {
    RELEASES.iter().rev().find(|(_, has)| Dotted::from(*has) >= *libc).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dotted(text: &str) -> Dotted {
        Dotted::of(text).unwrap()
    }

    #[test]
    fn versions_of_glibc_are_its_releases() {
        assert_eq!(glibc("GLIBC_2.2.5"), Some(dotted("2.2.5")));
        assert_eq!(glibc("GLIBC_ABI_DT_RELR"), Some(dotted("2.36")));
        assert_eq!(glibc("GLIBC_PRIVATE"), None);
        assert_eq!(gcc("GCC_14.0.0"), Some(dotted("14")));
    }

    #[test]
    fn libstdcxx_has_what_its_release_of_gcc_has() {
        let bookworm = Dotted::of_package("12.2.0-14+deb12u1").unwrap();
        for has in ["GLIBCXX_3.4.30", "CXXABI_1.3.13", "GLIBCXX_3.4", "CXXABI_TM_1", "GLIBCXX_LDBL_3.4"] {
            assert!(libstdcxx_has(&bookworm, has), "{has}");
        }
        for lacks in ["GLIBCXX_3.4.31", "CXXABI_1.3.14"] {
            assert!(!libstdcxx_has(&bookworm, lacks), "{lacks}");
        }
        assert!(libstdcxx_has(&dotted("10.2.1"), "GLIBCXX_3.4.28"));
        assert!(libstdcxx_has(&dotted("99"), "GLIBCXX_3.4.99"));
    }

    #[test]
    fn releases_fit_their_glibc() {
        let (release_36, release_34) = (Dotted::from([2, 36]), Dotted::from([2, 34]));
        assert_eq!(
            (release_up_to(&release_36), release_with(&release_36)),
            (Some("bookworm"), Some("bookworm"))
        );
        assert_eq!(
            (release_up_to(&release_34), release_with(&release_34)),
            (Some("bullseye"), Some("bookworm"))
        );
        assert_eq!(
            (release_up_to(&Dotted::from([2, 17])), release_with(&Dotted::from([2, 99]))),
            (None, None)
        );
    }
}
