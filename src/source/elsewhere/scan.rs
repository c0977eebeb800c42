//! The scan of one `Packages` file for a name, while it is read; nothing else of it is kept.

use std::io::Read;

use crate::control::{relation, version};
use crate::source::index::BadIndex;
use crate::source::stanzas::each_stanza;

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
pub(super) fn scan(reader: impl Read, name: &str) -> Result<Option<Found>, BadIndex> {
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
    each_stanza(reader, &mut take)?;
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
    fn what_makes_no_sense_is_passed_over() {
        for bad in
            ["Package: wanted\n", "Version: 1\nwanted", "Package: wanted\nVersion: 1\u{1b}[2J\n", "wanted"]
        {
            assert_eq!(seen(bad, "wanted"), None, "{bad:?}");
        }
    }
}
