//! What is known of the main image, whose own programs are to load the tree's libraries: its C library, its compiler's
//! libraries, and which others it has by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::library::LIBC;
use super::symbols::Symbols;
use super::version::glibc;
use crate::config::{ImageLibc, MainImage, release_beside};
use crate::control::architecture::Architecture;
use crate::control::dotted::Dotted;
use crate::deb::paragraph::field;
use crate::digest::Sha256;
use crate::finish::linkable;
use crate::source::base;
use crate::tree::libraries::list;
use crate::tree::links::resolve_in_root;

/// Packages of glibc, by architecture.
const LIBC_PACKAGES: [&str; 2] = ["libc6", "libc6.1"];

/// The C library of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Libc {
    /// Nothing is known.
    Unknown,
    /// It has none: its programs, if there are any, load no library.
    Absent,
    /// musl, which has no symbol that a library of Debian needs.
    Musl,
    /// A release of glibc.
    Glibc(Dotted),
}

/// The main image, as far as it is known.
#[derive(Debug)]
pub(crate) struct Image {
    pub(super) libc: Libc,
    /// Who says so.
    pub(super) told_by: String,
    /// The release that it is of: `debian:12`, and its codename.
    pub(super) release: Option<&'static str>,
    /// The release of GCC that its libstdc++ and libgcc are from.
    pub(super) gcc: Option<Dotted>,
    /// Its packages and their versions.
    packages: BTreeMap<String, String>,
    /// The sonames of the libraries that it has, and their files where these can be looked at.
    libraries: BTreeMap<String, Option<PathBuf>>,
}

/// What an image has under a soname.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Has {
    /// A package of this version.
    Package(String),
    /// A file with these versions of symbols.
    File(BTreeSet<String>),
    /// It is not known which one.
    Some,
}

impl Image {
    /// Reads what there is to be read of the image.
    ///
    /// # Errors
    /// [`Error::Musl`], before anything is fetched for it; a dpkg status or a file of the image that cannot be read.
    pub(crate) fn read(of: &MainImage, architecture: &Architecture) -> Result<Self, Error> {
        let root = of.root.clone().filter(|root| exists(root, "usr/lib") || exists(root, "lib"));
        let packages =
            of.status.as_deref().map(|path| packages(path, architecture)).transpose()?.unwrap_or_default();
        let mut libraries: BTreeMap<String, Option<PathBuf>> = BTreeMap::new();
        if let Some(root) = &root {
            let found = linkable(root, architecture)?.into_iter();
            libraries.extend(found.map(|(soname, path)| (soname, resolve(root, &path))));
        }
        if libraries.is_empty()
            && let Some(status) = &of.status
        {
            libraries.extend(listed(status).into_iter().map(|soname| (soname, None)));
        }
        let (libc, told_by) = libc(of, root.as_deref(), &libraries, &packages);
        if libc == Libc::Musl {
            return Err(Error::Musl { told_by });
        }
        let gcc = packages.get("libstdc++6").or_else(|| packages.get("libgcc-s1"));
        let gcc = gcc.and_then(|version| Dotted::of_package(version));
        let release = of.status.as_deref().and_then(release_beside).map(|(release, _)| release.codename());
        Ok(Self { libc, told_by, release, gcc, packages, libraries })
    }

    /// What the image has under a soname, which in the tree is of a package of this name.
    pub(super) fn has(&self, soname: &str, package: &str) -> Option<Has> {
        // a package that got another name when time_t got 64 bits has the same soname
        let plain = package.strip_suffix("t64").unwrap_or(package);
        let names = [package, plain, &format!("{plain}t64")].map(str::to_owned);
        if let Some(version) = names.iter().find_map(|name| self.packages.get(name)) {
            return Some(Has::Package(version.clone()));
        }
        match self.libraries.get(soname)? {
            Some(file) => Some(Symbols::of(file).map_or(Has::Some, |symbols| Has::File(symbols.has))),
            None => Some(Has::Some),
        }
    }

    /// The versions of symbols that the image's own library of this soname has, if it can be looked at.
    pub(super) fn versions(&self, soname: &str) -> Option<BTreeSet<String>> {
        let file = self.libraries.get(soname)?.as_deref()?;
        Symbols::of(file).map(|symbols| symbols.has)
    }

    /// Whether a library that is not known to be in the image is not in it. Of one that tells its packages alone, that cannot
    /// be said; of one that tells nothing, everything that is not in the tree is worth telling.
    pub(super) fn knows_its_libraries(&self) -> bool {
        self.packages.is_empty() || !self.libraries.is_empty()
    }

    /// Whether the image has a library of this soname, as far as is known.
    pub(super) fn has_soname(&self, soname: &str) -> bool {
        self.libraries.contains_key(soname)
    }

    /// The digest of a request for libraries that this image lacks: for another image, it is another request.
    pub(crate) fn part_of(&self, request: Sha256) -> Sha256 {
        let known = (&self.libc, &self.gcc, &self.packages, self.libraries.keys());
        Sha256::of(format!("{request} {known:?}").as_bytes())
    }
}

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("a C library that is not known"),
            Self::Absent => f.write_str("no C library"),
            Self::Musl => f.write_str("musl"),
            Self::Glibc(release) => write!(f, "glibc {release}"),
        }
    }
}

fn libc(
    of: &MainImage,
    root: Option<&Path>,
    libraries: &BTreeMap<String, Option<PathBuf>>,
    packages: &BTreeMap<String, String>,
) -> (Libc, String) {
    match &of.libc {
        Some(ImageLibc::Musl) => return (Libc::Musl, "as --image-libc says".to_owned()),
        Some(ImageLibc::Glibc(release)) => {
            return (Libc::Glibc(release.clone()), "as --image-libc says".to_owned());
        }
        None => {}
    }
    if let Some(file) = libraries.get(LIBC).and_then(Option::as_deref)
        && let Some(symbols) = Symbols::of(file)
        && let Some(newest) = symbols.has.iter().filter_map(|version| glibc(version)).max()
    {
        return (Libc::Glibc(newest), format!("its {}", file.display()));
    }
    let package = LIBC_PACKAGES.iter().find_map(|name| Some((name, packages.get(*name)?)));
    if let Some((name, version)) = package
        && let Some(release) = Dotted::of_package(version)
    {
        return (Libc::Glibc(release), format!("its {name} {version}"));
    }
    let is_musl = |path: &PathBuf| path.to_string_lossy().contains("/ld-musl-");
    if let Some(linker) = root.and_then(|root| list(&root.join("lib")).into_iter().find(is_musl)) {
        return (Libc::Musl, format!("its {}", linker.display()));
    }
    match &of.status {
        Some(status) if !packages.is_empty() => (Libc::Absent, format!("{} has none", status.display())),
        _ if root.is_some() && !libraries.is_empty() => (Libc::Absent, "it has none".to_owned()),
        _ => (Libc::Unknown, String::new()),
    }
}

/// The packages of a dpkg status that fit the architecture.
fn packages(status: &Path, architecture: &Architecture) -> Result<BTreeMap<String, String>, Error> {
    let text = base::read(status)?;
    let stanzas = text.split("\n\n").filter_map(|stanza| {
        let of = field(stanza, "Architecture").unwrap_or("all");
        let fits = of == "all" || of == architecture.as_str();
        fits.then_some((field(stanza, "Package")?.to_owned(), field(stanza, "Version")?.to_owned()))
    });
    Ok(stanzas.collect())
}

/// The names of files like shared libraries in the lists of files beside a dpkg status: those of dpkg, or the digests that
/// distroless images have.
fn listed(status: &Path) -> BTreeSet<String> {
    let folder = if status.is_dir() { status } else { status.parent().unwrap_or(status) };
    let folders = ["info", "status.d", ""].map(|name| folder.join(name));
    let files = folders.iter().flat_map(|folder| list(folder)).filter(|path| {
        path.extension().is_some_and(|extension| extension == "list" || extension == "md5sums")
    });
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let paths = text.lines().filter_map(|line| line.rsplit('/').next());
        names.extend(paths.filter(|name| name.contains(".so.")).map(str::to_owned));
    }
    names
}

fn exists(root: &Path, path: &str) -> bool {
    resolve_in_root(root, Path::new(path)).is_ok_and(|found| found.is_some())
}

fn resolve(root: &Path, path: &str) -> Option<PathBuf> {
    resolve_in_root(root, Path::new(path)).ok().flatten().map(|inside| root.join(inside))
}
