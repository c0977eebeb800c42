//! The scan of one `Contents` index (Debian wiki, `DebianRepository/Format`) for the packages that have a command or a
//! library, while it is read; nothing else of it is kept.

use std::collections::BTreeSet;
use std::io::Read;

use crate::source::blocks::in_blocks;
use crate::source::index::BadIndex;

/// A longer line tells of no file.
const LONGEST_LINE: usize = 1 << 20;
/// As many packages are kept; more would help nobody to choose.
const MOST: usize = 16;
/// Where commands are.
const COMMANDS: [&[u8]; 5] = [b"usr/bin", b"bin", b"usr/sbin", b"sbin", b"usr/games"];

/// How well a file is what is looked for; of several kinds only the best counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is that command, or that library where the dynamic linker looks for it.
    Exact,
    /// It is a library of that name in another folder, which programs are told of.
    Below,
    /// It is one form of that command among others, `nc.openbsd` for `nc`: a link to it is made on installation.
    Form,
}

/// The packages that have a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owners {
    pub(super) fit: Fit,
    /// Sorted, each once.
    pub(super) packages: BTreeSet<String>,
}

impl Owners {
    /// Those that fit best: these, or `more`, or both together.
    pub(super) fn add(&mut self, more: Self) {
        if more.fit < self.fit {
            *self = more;
        } else if more.fit == self.fit {
            self.packages.extend(more.packages);
        }
        while self.packages.len() > MOST {
            self.packages.pop_last();
        }
    }
}

/// Whether a name is that of a shared library, by which the dynamic linker misses it: `libGL.so.1`.
pub(crate) fn is_library(name: &str) -> bool {
    name.split('.').skip(1).any(|part| part == "so")
}

/// The packages that have the command or library `name`.
///
/// # Errors
/// Where reading or decoding fails. Lines that make no sense are passed over.
pub(super) fn owners(reader: impl Read, name: &str) -> Result<Option<Owners>, BadIndex> {
    let finder = memchr::memmem::Finder::new(name.as_bytes());
    let mut best: Option<Owners> = None;
    in_blocks(reader, b"\n", (LONGEST_LINE, "a line of more than 1 MiB"), |lines| {
        for found in in_lines(lines, &finder) {
            match &mut best {
                Some(best) => best.add(found),
                None => best = Some(found),
            }
        }
    })?;
    Ok(best)
}

/// What whole lines say of the name that `finder` finds.
fn in_lines<'a>(
    lines: &'a [u8],
    finder: &'a memchr::memmem::Finder<'_>,
) -> impl Iterator<Item = Owners> + 'a {
    let name = finder.needle();
    finder.find_iter(lines).filter_map(move |at| {
        let (before, after) = (at.checked_sub(1)?, *lines.get(at + name.len())?);
        if lines[before] != b'/' || !matches!(after, b' ' | b'\t' | b'.') {
            return None;
        }
        let start = memchr::memrchr(b'\n', &lines[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |length| at + length);
        let line = lines[start..end].trim_ascii_end();
        // names of files may have blanks, locations have none
        let gap = line.iter().rposition(u8::is_ascii_whitespace)?;
        let (path, locations) = (line[..gap].trim_ascii_end(), &line[gap + 1..]);
        let fit = fit(&lines[start..before], path.get(at - start..)?, name)?;
        let packages: BTreeSet<String> = str::from_utf8(locations)
            .ok()?
            .split(',')
            .filter_map(|location| location.rsplit('/').next())
            // they go into a message
            .filter(|package| !package.is_empty() && package.bytes().all(|byte| byte.is_ascii_graphic()))
            .map(str::to_owned)
            .collect();
        (!packages.is_empty()).then_some(Owners { fit, packages })
    })
}

/// How well the file `file` of a folder fits.
fn fit(folder: &[u8], file: &[u8], name: &[u8]) -> Option<Fit> {
    let exact = file == name;
    if str::from_utf8(name).is_ok_and(is_library) {
        let below = folder.strip_prefix(b"usr/").unwrap_or(folder).strip_prefix(b"lib")?;
        let is_first = memchr::memchr_iter(b'/', below).count() == 1;
        let is_triplet = is_first && (below.ends_with(b"-gnu") || below.ends_with(b"-gnueabihf"));
        let fit = if below.is_empty() || is_triplet { Fit::Exact } else { Fit::Below };
        return exact.then_some(fit);
    }
    if !COMMANDS.contains(&folder) {
        return None;
    }
    match file.strip_prefix(name)? {
        [] => Some(Fit::Exact),
        [b'.', form @ ..] if !form.is_empty() && !form.contains(&b'.') => Some(Fit::Form),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CONTENTS: &str = "\
bin/nc.openbsd                                          net/netcat-openbsd
bin/nc.traditional\tnet/netcat-traditional
usr/bin/dig utils/bind9-dnsutils,universe/utils/knot dnsutils
usr/bin/dig\tuniverse/net/knot-dnsutils,net/bind9-dnsutils
usr/share/doc/dig  doc/not-a-command
usr/lib/dig/bin/dig  doc/not-a-command
usr/games/sl games/sl
usr/bin/with blank games/odd
usr/bin/bell games/b\u{1b}[2Jell
usr/lib/x86_64-linux-gnu/libpq.so.5 libs/libpq5
usr/lib/x86_64-linux-gnu/libpq.so.5.16 libs/libpq5
usr/lib/x86_64-linux-gnu/old/libpq.so.5 libs/libpq-old
usr/lib/x86_64-linux-gnu/blas/libblas.so.3 libs/libblas3
usr/lib32/libz.so.1 libs/lib32z1
usr/share/libpq.so.5 libs/odd
usr/sbin/last admin/last";

    fn found(name: &str) -> Option<(Fit, Vec<String>)> {
        let owners = owners(CONTENTS.as_bytes(), name).unwrap()?;
        Some((owners.fit, owners.packages.into_iter().collect()))
    }

    fn owned(fit: Fit, packages: &[&str]) -> (Fit, Vec<String>) {
        (fit, packages.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_packages_that_have_a_command() {
        // of a line with a blank in a location only what follows it is one
        assert_eq!(found("dig").unwrap(), owned(Fit::Exact, &["bind9-dnsutils", "knot-dnsutils"]));
        assert_eq!(found("sl").unwrap(), owned(Fit::Exact, &["sl"]));
        assert_eq!(found("nc").unwrap(), owned(Fit::Form, &["netcat-openbsd", "netcat-traditional"]));
        assert_eq!(found("nc.openbsd").unwrap(), owned(Fit::Exact, &["netcat-openbsd"]));
        assert_eq!(found("last").unwrap(), owned(Fit::Exact, &["last"]));
        for absent in ["di", "ig", "not-a-command", "bell", "with", "blank", "bin", "", "utils"] {
            assert_eq!(found(absent), None, "{absent}");
        }
    }

    #[test]
    fn the_packages_that_have_a_library() {
        assert_eq!(found("libpq.so.5").unwrap(), owned(Fit::Exact, &["libpq5"]));
        assert_eq!(found("libblas.so.3").unwrap(), owned(Fit::Below, &["libblas3"]));
        assert_eq!(found("libz.so.1").unwrap(), owned(Fit::Below, &["lib32z1"]));
        assert_eq!(found("libpq.so"), None);
    }

    #[test]
    fn of_many_only_some_are_kept() {
        let many: Vec<String> = (0..100).map(|number| format!("usr/bin/x a/p{number:03}\n")).collect();
        let found = owners(many.concat().as_bytes(), "x").unwrap().unwrap();
        assert_eq!(found.packages.len(), MOST);
        assert_eq!(found.packages.first().unwrap(), "p000");
    }
}
