//! Which package each path of a tree is of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::tree::Tree;

/// Where dpkg keeps what it knows of each package, in files that are named after it.
const INFO: &str = "var/lib/dpkg/info";

/// A package, as far as layers are concerned.
#[derive(Debug, Clone)]
pub(super) struct Package {
    /// `name version`.
    pub(super) label: String,
    /// Its source package, whose packages change together.
    pub(super) source: String,
    /// The newest time in its archive.
    pub(super) newest: i64,
}

/// Whose a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A package ships it.
    Package(usize),
    /// It is of dpkg's database, about this package alone.
    Database(usize),
    /// It is made of all packages together.
    Nobody,
}

/// Which package each path of a tree is of, by their numbers in the tree.
#[derive(Debug)]
pub(crate) struct Owners {
    pub(super) packages: Vec<Package>,
    paths: HashMap<PathBuf, usize>,
    /// The packages that ship a folder, in the order of the tree, and the times that it has there.
    folders: HashMap<PathBuf, Vec<(usize, i64)>>,
    /// The names that dpkg's files of a package begin with.
    database: HashMap<String, usize>,
}

impl Owners {
    /// Of a tree that is merged.
    pub(crate) fn of(tree: &Tree) -> Self {
        let mut owners = Self {
            packages: Vec::new(),
            paths: HashMap::new(),
            folders: HashMap::new(),
            database: HashMap::new(),
        };
        for (number, package) in tree.packages().iter().enumerate() {
            let artifact = &package.artifact;
            let source = package.control.field("Source").and_then(|source| source.split_whitespace().next());
            owners.packages.push(Package {
                label: format!("{} {}", artifact.name, artifact.version),
                source: source.unwrap_or(&artifact.name).to_owned(),
                newest: package.newest_mtime,
            });
            // of two that have a file, the later one's is in the tree
            owners.paths.extend(package.paths.iter().map(|path| (tree.place_for(package, path), number)));
            for folder in &package.directories {
                let times = owners.folders.entry(tree.place(&folder.path)).or_default();
                times.extend(folder.mtime.map(|mtime| (number, mtime)));
            }
            for name in [artifact.name.clone(), format!("{}:{}", artifact.name, artifact.architecture)] {
                owners.database.insert(name, number);
            }
        }
        owners
    }

    /// Whose a path of the tree is that is no folder.
    pub(super) fn whose(&self, path: &Path) -> Whose {
        if let Some(number) = self.paths.get(path) {
            return Whose::Package(*number);
        }
        let about = || {
            let name = path.strip_prefix(INFO).ok()?.to_str()?;
            self.database.get(name.rsplit_once('.')?.0)
        };
        about().map_or(Whose::Nobody, |number| Whose::Database(*number))
    }

    /// The packages that ship a folder, in the order of the tree, and the times that it has there.
    pub(super) fn of_folder(&self, path: &Path) -> &[(usize, i64)] {
        self.folders.get(path).map(Vec::as_slice).unwrap_or_default()
    }
}
