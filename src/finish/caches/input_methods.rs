//! GTK's list of input methods, which only GTK's own program can make, since it loads each of them: that it is missing
//! is told.

use std::path::Path;

use crate::finish::error::Error;
use crate::finish::inside::{self, exists};
use crate::finish::note::Note;
use crate::tree::Tree;

const FOLDERS: &str = "/usr/lib/*/gtk-3.0/3.0.0/immodules";
const SUFFIX: &str = ".so";

/// A note for each list that the tree lacks.
pub(crate) fn notes(tree: &Tree) -> Result<Vec<Note>, Error> {
    let root = tree.root();
    let mut notes = Vec::new();
    for folder in inside::folders(root, FOLDERS)? {
        if exists(root, &format!("{folder}.cache")) || inside::files_in(root, &folder, SUFFIX)?.is_empty() {
            continue;
        }
        let is_in_it = |path: &Path| {
            path.parent() == Some(Path::new(&folder)) && path.to_string_lossy().ends_with(SUFFIX)
        };
        let owners = tree.packages().iter().filter(|package| package.paths.iter().any(|path| is_in_it(path)));
        let mut packages: Vec<String> = owners.map(|package| package.artifact.name.clone()).collect();
        packages.sort_unstable();
        notes.push(Note::InputMethodsNotListed { packages });
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn tells_of_a_list_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        assert!(notes(&tree).unwrap().is_empty());
        let modules = "usr/lib/x86_64-linux-gnu/gtk-3.0/3.0.0/immodules";
        tree.create_directory(Path::new(modules)).unwrap();
        let place = tree.root().join(modules);
        fs::write(place.join("im-xim.so"), "").unwrap();
        let found = notes(&tree).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        fs::write(place.with_extension("cache"), "").unwrap();
        assert!(notes(&tree).unwrap().is_empty());
    }
}
