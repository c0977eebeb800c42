//! The scan of one `Packages` file for a name, while it is read; nothing else of it is kept.

use std::io::{self, Read};

use crate::control::{relation, version};
use crate::source::index::BadIndex;

/// What is read at once, in bytes.
const CHUNK: usize = 64 << 10;
/// A stanza longer than this is no package.
const LONGEST_STANZA: usize = 4 << 20;

/// A package that has or provides a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its version.
    pub(crate) version: String,
    /// Its name, where it only provides the one looked for.
    pub(crate) provider: Option<String>,
}

/// The newest package of that name; where none has it, the first that provides it.
///
/// # Errors
/// Where reading or decoding fails. Stanzas that make no sense are passed over.
pub(super) fn scan(mut reader: impl Read, name: &str) -> Result<Option<Found>, BadIndex> {
    let finder = memchr::memmem::Finder::new(name);
    let mut best = None;
    let mut take = |stanza: &[u8]| {
        if finder.find(stanza).is_some()
            && let Some(found) = found(&String::from_utf8_lossy(stanza), name)
            && best.as_ref().is_none_or(|best| is_better(&found, best))
        {
            best = Some(found);
        }
    };
    let mut buffer = vec![0; CHUNK];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled > LONGEST_STANZA {
                return Err(BadIndex::TooLarge("a stanza of more than 4 MiB"));
            }
            buffer.resize(filled * 2, 0);
        }
        let count = match reader.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        if count == 0 {
            break;
        }
        // only what is new can have the gap that ends a stanza, and what follows the last one waits for more
        let seen = filled.saturating_sub(1);
        filled += count;
        if let Some(end) = memchr::memmem::rfind(&buffer[seen..filled], b"\n\n").map(|end| seen + end) {
            let mut start = 0;
            for gap in memchr::memmem::find_iter(&buffer[..end + 2], b"\n\n") {
                take(&buffer[start..gap]);
                start = gap + 2;
            }
            buffer.copy_within(end + 2..filled, 0);
            filled -= end + 2;
        }
    }
    take(&buffer[..filled]);
    Ok(best)
}

fn is_better(found: &Found, best: &Found) -> bool {
    match (&found.provider, &best.provider) {
        (None, None) => version::compare(&found.version, &best.version).is_gt(),
        (None, Some(_)) => true,
        (Some(_), _) => false,
    }
}

fn found(stanza: &str, name: &str) -> Option<Found> {
    let (mut package, mut version, mut provides) = ("", "", String::new());
    let mut in_provides = false;
    for line in stanza.lines() {
        if line.starts_with([' ', '\t']) {
            if in_provides {
                provides.push_str(line);
            }
            continue;
        }
        // names of fields are the same in any case (deb822(5))
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        in_provides = field.eq_ignore_ascii_case("Provides");
        if in_provides {
            value.clone_into(&mut provides);
        } else if field.eq_ignore_ascii_case("Package") {
            package = value.trim();
        } else if field.eq_ignore_ascii_case("Version") {
            version = value.trim();
        }
    }
    // they go into a message
    if [package, version]
        .iter()
        .any(|word| word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        return None;
    }
    let provided = || {
        relation::parse(provides.trim()).any(|relation| relation.is_ok_and(|relation| relation.name == name))
    };
    let provider = if package == name { None } else { Some(provided().then(|| package.to_owned())?) };
    Some(Found { version: version.to_owned(), provider })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const INDEX: &str = "Package: a\nVersion: 1\nDepends: wanted\nDescription: wanted\n\
        \nPackage: p\nVersion: 3\nProvides: x,\n wanted (= 2), y\n\
        \nPackage: wanted-not\nVersion: 9\n\
        \n\npackage: wanted\nVersion: 1.9\n\nPackage: wanted\nVersion: 1.10\n\nPackage: q\nVersion: 1\nProvides: wanted";

    fn seen(index: &str, name: &str) -> Option<(String, Option<String>)> {
        scan(index.as_bytes(), name).unwrap().map(|found| (found.version, found.provider))
    }

    #[test]
    fn the_newest_of_that_name_and_else_who_provides_it() {
        assert_eq!(seen(INDEX, "wanted"), Some(("1.10".to_owned(), None)));
        let without = INDEX.replace("ackage: wanted\n", "ackage: other\n");
        assert_eq!(seen(&without, "wanted"), Some(("3".to_owned(), Some("p".to_owned()))));
        for absent in ["want", "Description", "x y", "1.10", ""] {
            assert_eq!(seen(INDEX, absent), None, "{absent}");
        }
    }

    #[test]
    fn the_size_of_the_reads_makes_no_difference() {
        struct Trickle<'a>(&'a [u8], usize);
        impl Read for Trickle<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.len().min(buffer.len()).min(self.1);
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let long = format!("Package: long\nVersion: 1\nDescription: {}\n\n{INDEX}", "x".repeat(3 * CHUNK));
        for step in [1, 7, CHUNK] {
            let found = scan(Trickle(long.as_bytes(), step), "wanted").unwrap().unwrap();
            assert_eq!(found.version, "1.10");
        }
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        for bad in
            ["Package: wanted\n", "Version: 1\nwanted", "Package: wanted\nVersion: 1\u{1b}[2J\n", "wanted"]
        {
            assert_eq!(seen(bad, "wanted"), None, "{bad:?}");
        }
        let endless = io::repeat(b'x').take(10 << 20);
        assert!(matches!(scan(endless, "wanted"), Err(BadIndex::TooLarge(_))));
    }
}
