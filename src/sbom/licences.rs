//! Licences, as machine-readable copyright files name them
//! (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>).

use std::collections::BTreeSet;

use crate::deb::paragraph::field;

/// Debian's names, and those of SPDX.
const NAMES: [(&str, &str); 40] = [
    ("AGPL-3", "AGPL-3.0-only"),
    ("AGPL-3+", "AGPL-3.0-or-later"),
    ("Apache-2", "Apache-2.0"),
    ("Apache-2.0", "Apache-2.0"),
    ("Artistic", "Artistic-1.0-Perl"),
    ("Artistic-1", "Artistic-1.0"),
    ("Artistic-2", "Artistic-2.0"),
    ("Artistic-2.0", "Artistic-2.0"),
    ("BSD-2-clause", "BSD-2-Clause"),
    ("BSD-3-clause", "BSD-3-Clause"),
    ("BSD-4-clause", "BSD-4-Clause"),
    ("BSL-1.0", "BSL-1.0"),
    ("CC0", "CC0-1.0"),
    ("CC0-1.0", "CC0-1.0"),
    ("CC-BY-SA-3.0", "CC-BY-SA-3.0"),
    ("CC-BY-SA-4.0", "CC-BY-SA-4.0"),
    ("Expat", "MIT"),
    ("GFDL-1.2+", "GFDL-1.2-or-later"),
    ("GFDL-1.3", "GFDL-1.3-only"),
    ("GFDL-1.3+", "GFDL-1.3-or-later"),
    ("GPL-1", "GPL-1.0-only"),
    ("GPL-1+", "GPL-1.0-or-later"),
    ("GPL-2", "GPL-2.0-only"),
    ("GPL-2+", "GPL-2.0-or-later"),
    ("GPL-3", "GPL-3.0-only"),
    ("GPL-3+", "GPL-3.0-or-later"),
    ("ISC", "ISC"),
    ("LGPL-2", "LGPL-2.0-only"),
    ("LGPL-2+", "LGPL-2.0-or-later"),
    ("LGPL-2.1", "LGPL-2.1-only"),
    ("LGPL-2.1+", "LGPL-2.1-or-later"),
    ("LGPL-3", "LGPL-3.0-only"),
    ("LGPL-3+", "LGPL-3.0-or-later"),
    ("MIT", "MIT"),
    ("MPL-1.1", "MPL-1.1"),
    ("MPL-2.0", "MPL-2.0"),
    ("OFL-1.1", "OFL-1.1"),
    ("Python-2.0", "Python-2.0"),
    ("X11", "X11"),
    ("Zlib", "Zlib"),
];

/// The names of all licences in a copyright file; none in one that is not machine-readable.
pub(super) fn licences(copyright: &str) -> BTreeSet<String> {
    let copyright = copyright.replace("\r\n", "\n");
    let mut paragraphs = copyright.split("\n\n");
    let is_readable = paragraphs.clone().next().is_some_and(|first| field(first, "Format").is_some());
    let mut names = BTreeSet::new();
    while let Some(paragraph) = paragraphs.next().filter(|_| is_readable) {
        let synopsis = field(paragraph.trim_matches('\n'), "License").and_then(|text| text.lines().next());
        for part in synopsis.unwrap_or_default().split([' ', ',']).filter(|part| !part.is_empty()) {
            // exceptions and the words between names are no names
            if part.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_word(part) {
                names.insert(part.to_owned());
            }
        }
    }
    names
}

fn is_word(part: &str) -> bool {
    ["and", "or", "and/or", "with", "exception", "exceptions"]
        .iter()
        .any(|word| part.eq_ignore_ascii_case(word))
}

/// The name that SPDX has for a licence.
pub(super) fn spdx_name(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(debian, _)| debian.eq_ignore_ascii_case(name)).map(|(_, spdx)| *spdx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_synopses() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: Expat\n\n\
                    Files: a\nCopyright: y\nLicense: GPL-2+ or Artistic, and BSD-3-clause\n\nLicense: GPL-2+\n text\n .\n more\n";
        let names: Vec<String> = licences(text).into_iter().collect();
        assert_eq!(names, ["Artistic", "BSD-3-clause", "Expat", "GPL-2+"]);
        assert_eq!(licences(&text.replace("Format", "Form")).len(), 0);
        assert_eq!(licences("This is jq.\n\nLicense: MIT\n").len(), 0, "in words for people");
        let known: Vec<_> = names.iter().map(|name| spdx_name(name)).collect();
        assert_eq!(
            known,
            [Some("Artistic-1.0-Perl"), Some("BSD-3-Clause"), Some("MIT"), Some("GPL-2.0-or-later")]
        );
        assert_eq!(spdx_name("permissive"), None);
    }
}
