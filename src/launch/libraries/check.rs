//! Whether the image's own programs can load the libraries: each must find the versions of symbols that it needs, in the
//! image's glibc, in its compiler's libraries, and in the other libraries of the image.

use std::collections::BTreeMap;

use super::error::{Error, Remedy, TooOld};
use super::image::{Image, Libc};
use super::library::{Library, is_of_glibc};
use super::version::{gcc, glibc, libstdcxx_has};
use crate::control::dotted::Dotted;
use crate::launch::note::Note;

type Libraries = BTreeMap<String, Library>;

const LIBSTDCXX: &str = "libstdc++.so.6";
const LIBGCC: &str = "libgcc_s.so.1";
/// What only the very same glibc has.
const PRIVATE: &str = "GLIBC_PRIVATE";

/// What libraries need of the image.
#[derive(Debug)]
pub(super) struct Needs {
    /// The newest release of glibc that any of them needs, and the one that does.
    newest: Option<(Dotted, String)>,
    libc: Libc,
    /// What neither they nor the image are known to have, and who needs it.
    missing: BTreeMap<String, String>,
}

/// A library that does not find what it needs.
struct Lack<'a> {
    library: &'a Library,
    version: &'a str,
    /// What the image has instead.
    has: String,
    glibc: Option<Dotted>,
}

impl Needs {
    /// # Errors
    /// [`Error::TooOld`].
    pub(super) fn of(linked: &Libraries, private: &Libraries, image: &Image) -> Result<Self, Error> {
        let libraries = [linked, private];
        let mut newest: Option<(Dotted, String)> = None;
        let mut lacks: Vec<Lack<'_>> = Vec::new();
        for library in libraries.iter().flat_map(|libraries| libraries.values()) {
            let mut worst: Option<Lack<'_>> = None;
            for (of, version) in needed(library) {
                let needed = glibc(version).filter(|_| is_of_glibc(of));
                if let Some(needed) = &needed
                    && newest.as_ref().is_none_or(|(newest, _)| needed > newest)
                {
                    newest = Some((needed.clone(), library.soname.clone()));
                }
                let Some(has) = lacking(of, version, needed.as_ref(), &libraries, image) else { continue };
                let lack = Lack { library, version, has, glibc: needed };
                if worst.as_ref().is_none_or(|worst| worst.glibc < lack.glibc) {
                    worst = Some(lack);
                }
            }
            lacks.extend(worst);
        }
        // the first of those that need the newest
        let worst = lacks.iter().rev().max_by(|one, other| one.glibc.cmp(&other.glibc));
        if let Some(worst) = worst {
            let has = if let Libc::Glibc(release) = &image.libc { Some(release.clone()) } else { None };
            return Err(Error::TooOld(Box::new(TooOld {
                library: worst.library.soname.clone(),
                package: worst.library.package.clone(),
                version: worst.version.to_owned(),
                has: worst.has.clone(),
                told_by: image.told_by.clone(),
                others: lacks.len() - 1,
                remedy: Remedy { release: image.release, has, needed: worst.glibc.clone() },
            })));
        }
        let missing = missing(&libraries, image);
        Ok(Self { newest, libc: image.libc.clone(), missing })
    }

    /// What is told of so many libraries that fit, or may fit.
    pub(super) fn notes(self, count: usize) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        match (self.libc, self.newest) {
            (Libc::Absent, _) => notes.push(Note::NoLibc { libraries: count }),
            (Libc::Unknown, Some((newest, library))) => {
                notes.push(Note::NeedsLibc { libraries: count, libc: newest.to_string(), library });
            }
            _ => {}
        }
        let missing = self.missing.into_iter();
        notes.extend(missing.map(|(soname, library)| Note::NoLibrary { soname, library }));
        notes
    }
}

fn needed(library: &Library) -> impl Iterator<Item = (&str, &str)> {
    let versions = library.symbols.versions.iter();
    versions.flat_map(|(of, versions)| versions.iter().map(|version| (of.as_str(), version.as_str())))
}

/// What there is instead of a version of symbols; `None` where it is there, or nothing is known.
fn lacking(
    of: &str,
    version: &str,
    needed: Option<&Dotted>,
    libraries: &[&Libraries],
    image: &Image,
) -> Option<String> {
    if is_of_glibc(of) {
        let Libc::Glibc(has) = &image.libc else { return None };
        // a release may have more than its number says, as a patched one does
        let is_there = version == PRIVATE
            || needed.is_none_or(|needed| needed <= has)
            || image.versions(of).is_some_and(|versions| versions.contains(version));
        return (!is_there).then(|| image.libc.to_string());
    }
    if let Some(own) = libraries.iter().find_map(|libraries| libraries.get(of)) {
        let has = &own.symbols.has;
        // what the tree has fits together, unless packages were left out or are from different releases
        return (!has.is_empty() && !has.contains(version))
            .then(|| format!("{} {} of the tree", own.package, own.version));
    }
    if let Some(versions) = image.versions(of) {
        return (!versions.is_empty() && !versions.contains(version)).then(|| format!("an older {of}"));
    }
    let compiler = image.gcc.as_ref()?;
    let is_there = match of {
        LIBSTDCXX => libstdcxx_has(compiler, version),
        LIBGCC => gcc(version).is_none_or(|release| release <= *compiler),
        _ => true,
    };
    (!is_there).then(|| format!("that of GCC {compiler}"))
}

/// Sonames that nobody is known to have, each with one library that needs it.
fn missing(libraries: &[&Libraries], image: &Image) -> BTreeMap<String, String> {
    let mut missing = BTreeMap::new();
    if !image.knows_its_libraries() {
        return missing;
    }
    for library in libraries.iter().flat_map(|libraries| libraries.values()) {
        let needed = library.symbols.needed.iter().filter(|soname| {
            !is_of_glibc(soname)
                && !libraries.iter().any(|libraries| libraries.contains_key(*soname))
                && !image.has_soname(soname)
        });
        for soname in needed {
            missing.entry(soname.clone()).or_insert_with(|| library.soname.clone());
        }
    }
    missing
}
