//! Locales that must work in a tree. None is generated: that takes localedef(1), and minutes. They are in the tree, or it is an
//! error.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::error::Error;
use super::inside::{exists, resolve};
use crate::tree::Tree;

/// Where locale(7) has the compiled ones.
const FOLDER: &str = "/usr/lib/locale";
const ARCHIVE: &str = "/usr/lib/locale/locale-archive";
const BUFFER_SIZE: usize = 1 << 20;

/// Fails with the first locale that programs of the tree would not find.
pub(super) fn require(tree: &Tree, names: &[String]) -> Result<(), Error> {
    for name in names {
        if !is_built_in(tree, name) && !is_in(tree.root(), name)? {
            return Err(Error::Locale { name: name.clone() });
        }
    }
    Ok(())
}

/// A tree without a C library runs with that of the main image, whose locales nobody knows here but for `C.UTF-8`, which
/// every Debian has.
fn is_built_in(tree: &Tree, name: &str) -> bool {
    match normalised(name).as_str() {
        "C" | "POSIX" => true,
        "C.utf8" => tree.packages().iter().all(|package| package.artifact.name != "libc6"),
        _ => false,
    }
}

fn is_in(root: &Path, name: &str) -> Result<bool, Error> {
    let other = normalised(name);
    let compiled = |name: &str| exists(root, &format!("{FOLDER}/{name}/LC_CTYPE"));
    if compiled(name) || compiled(&other) {
        return Ok(true);
    }
    let Some(archive) = resolve(root, ARCHIVE)? else { return Ok(false) };
    let place = root.join(archive);
    File::open(&place)
        .and_then(|file| has(file, format!("\0{other}\0").as_bytes()))
        .map_err(|source| Error::read(place, source))
}

/// The name with its codeset as glibc spells it in the names of files: `UTF-8` is `utf8`.
fn normalised(name: &str) -> String {
    let (name, modifier) =
        name.split_once('@').map_or((name, String::new()), |(name, modifier)| (name, format!("@{modifier}")));
    let Some((language, codeset)) = name.split_once('.') else { return format!("{name}{modifier}") };
    let letters =
        codeset.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    let codeset: String = letters.collect();
    let iso = if codeset.chars().all(|letter| letter.is_ascii_digit()) { "iso" } else { "" };
    format!("{language}.{iso}{codeset}{modifier}")
}

/// Whether a file has these bytes. An archive of all locales has 200 MiB.
fn has(mut file: impl io::Read, wanted: &[u8]) -> io::Result<bool> {
    let mut buffer = Vec::new();
    loop {
        let count = file.by_ref().take(BUFFER_SIZE as u64).read_to_end(&mut buffer)?;
        if memchr::memmem::find(&buffer, wanted).is_some() {
            return Ok(true);
        }
        if count == 0 {
            return Ok(false);
        }
        // the bytes may be on both sides of the end
        let rest = buffer.len().saturating_sub(wanted.len());
        buffer.drain(..rest);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn names_are_spelled_as_glibc_does() {
        for (name, expected) in [
            ("de_DE.UTF-8", "de_DE.utf8"),
            ("ca_ES.UTF-8@valencia", "ca_ES.utf8@valencia"),
            ("de_DE@euro", "de_DE@euro"),
            ("de_DE.ISO-8859-15", "de_DE.iso885915"),
            ("de_DE.8859-15", "de_DE.iso885915"),
            ("C.UTF-8", "C.utf8"),
        ] {
            assert_eq!(normalised(name), expected);
        }
    }

    #[test]
    fn a_locale_is_in_the_tree_or_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root();
        fs::create_dir_all(root.join("usr/lib/locale/de_DE.utf8")).unwrap();
        let missing = |name: &str| {
            let error = require(&tree, &["C".to_owned(), "C.UTF-8".to_owned(), name.to_owned()]).err();
            error.map(|error| error.to_string())
        };
        assert_eq!(missing("de_DE.UTF-8").unwrap(), "the tree has no locale 'de_DE.UTF-8'");
        fs::write(root.join("usr/lib/locale/de_DE.utf8/LC_CTYPE"), "").unwrap();
        assert_eq!(missing("de_DE.UTF-8"), None);
        assert_eq!(missing("de_DE.utf8"), None);
        assert!(missing("de_DE").is_some() && missing("de_AT.UTF-8").is_some());
        let mut archive = vec![b'x'; BUFFER_SIZE - 5];
        archive.extend(b"\0fr_FR.utf8\0");
        fs::write(root.join("usr/lib/locale/locale-archive"), archive).unwrap();
        assert_eq!(missing("fr_FR.UTF-8"), None);
        assert!(missing("fr_FR").is_some());
    }

    #[test]
    fn an_archive_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let archive = tree.root().join(&ARCHIVE[1..]);
        fs::create_dir_all(archive.parent().unwrap()).unwrap();
        let said = || {
            let error = require(&tree, &["de_DE.UTF-8".to_owned()]).unwrap_err();
            assert!(matches!(error, Error::Read { .. }), "{error}");
            error.to_string()
        };
        let start = format!("cannot read {}: ", archive.display());
        fs::create_dir(&archive).unwrap();
        assert!(said().starts_with(&format!("{start}Is a directory")));
        fs::remove_dir(&archive).unwrap();
        std::os::unix::fs::symlink("locale-archive", &archive).unwrap();
        assert!(said().starts_with(&format!("{start}Too many levels of symbolic links")));
    }
}
