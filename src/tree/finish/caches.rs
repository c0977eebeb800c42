//! Caches that programs do not work without, and that only the packages' own programs can make: what is missing is
//! told. Other caches are not needed: fontconfig, icons and Python's bytecode are only slower, `C.UTF-8` is built in.

use std::path::Path;

use super::maker::{self, exists};
use crate::tree::{Error, Tree};

/// A cache and what it is made of.
struct Cache {
    /// The folder of its sources, with at most one `*` for a whole name.
    sources: &'static str,
    suffix: &'static str,
    /// Beside that folder.
    file: &'static str,
    program: &'static str,
    without: &'static str,
}

const CACHES: [Cache; 5] = [
    Cache {
        sources: "/usr/share/glib-2.0/schemas",
        suffix: ".gschema.xml",
        file: "gschemas.compiled",
        program: "glib-compile-schemas /usr/share/glib-2.0/schemas",
        without: "programs that use GSettings end at once",
    },
    Cache {
        sources: "/usr/lib/*/gdk-pixbuf-2.0/2.10.0/loaders",
        suffix: ".so",
        file: "../loaders.cache",
        program: "gdk-pixbuf-query-loaders --update-cache",
        without: "programs that use GdkPixbuf cannot read these image formats",
    },
    Cache {
        sources: "/usr/lib/*/gtk-3.0/3.0.0/immodules",
        suffix: ".so",
        file: "../immodules.cache",
        program: "gtk-query-immodules-3.0 --update-cache",
        without: "GTK has no input methods but its own",
    },
    Cache {
        sources: "/usr/share/mime/packages",
        suffix: ".xml",
        file: "../mime.cache",
        program: "update-mime-database /usr/share/mime",
        without: "programs cannot tell the types of files",
    },
    Cache {
        sources: "/usr/lib/*/graphviz",
        suffix: ".so.6",
        file: "config6a",
        program: "dot -c",
        without: "Graphviz has no layouts and formats",
    },
];

/// A note for each cache that the tree lacks.
pub(super) fn notes(tree: &Tree) -> Result<Vec<String>, Error> {
    let root = tree.root();
    let mut notes = Vec::new();
    for cache in &CACHES {
        for folder in folders(root, cache.sources)? {
            let file = format!("{folder}/{}", cache.file);
            if exists(root, &file) || maker::files_below(root, &folder, cache.suffix)?.is_empty() {
                continue;
            }
            let inside = |path: &Path| {
                path.parent() == Some(Path::new(&folder)) && path.to_string_lossy().ends_with(cache.suffix)
            };
            let owners =
                tree.packages().iter().filter(|package| package.paths.iter().any(|path| inside(path)));
            let mut names: Vec<&str> = owners.map(|package| package.artifact.name.as_str()).collect();
            names.sort_unstable();
            let Cache { program, without, .. } = cache;
            notes.push(format!("{}: {program} was not run, so {without}", names.join(", ")));
        }
    }
    Ok(notes)
}

fn folders(root: &Path, pattern: &str) -> Result<Vec<String>, Error> {
    let Some((before, after)) = pattern.split_once("/*/") else { return Ok(vec![pattern.to_owned()]) };
    let place = root.join(before.trim_start_matches('/'));
    let mut found = Vec::new();
    for entry in place.read_dir().into_iter().flatten() {
        let entry = entry.map_err(|source| Error::write(&place, source))?;
        if let Ok(name) = entry.file_name().into_string() {
            let folder = format!("{before}/{name}/{after}");
            if exists(root, &folder) {
                found.push(folder);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn tells_of_caches_that_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        assert!(notes(&tree).unwrap().is_empty());
        let loaders = "usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders";
        for path in ["usr/share/glib-2.0/schemas", "usr/share/mime/packages", loaders] {
            tree.create_directory(Path::new(path)).unwrap();
        }
        let root = tree.root().to_owned();
        fs::write(root.join("usr/share/glib-2.0/schemas/x.gschema.xml"), "").unwrap();
        fs::write(root.join("usr/share/mime/packages/x.xml"), "").unwrap();
        fs::write(root.join("usr/share/mime/mime.cache"), "").unwrap();
        fs::write(root.join(loaders).join("x.so"), "").unwrap();
        let found = notes(&tree).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("glib-compile-schemas") && found[1].contains("gdk-pixbuf-query-loaders"));
    }
}
