//! Configuration that is copied from a template beside it, as ucf(1) is asked to in scripts: where a package ships
//! `NAME.ucf`, and beside it the link `NAME` to a file that nothing ships, that file is the template's copy. So it is
//! with R's `Renviron`.

use std::fs;
use std::path::Path;

use super::error::Error;
use super::inside::{self, Inside, exists, is_sound};
use super::note::Note;
use crate::arrange::Arrange as _;
use crate::tree::links::resolve_in_root;

const SUFFIX: &str = ".ucf";
const LARGEST: u64 = 1 << 20;

/// Makes the copies. Returns notes on those that cannot be made.
pub(super) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let paths = inside.tree.packages().iter().flat_map(|package| &package.paths);
    let mut templates: Vec<String> = paths
        .filter_map(|path| path.to_str())
        .filter(|path| path.ends_with(SUFFIX) && is_sound(path))
        .map(str::to_owned)
        .collect();
    templates.arrange();
    templates.dedup();
    let mut notes = Vec::new();
    for template in templates {
        let link = template.trim_end_matches(SUFFIX);
        let Some(target) = target(&root, link) else { continue };
        if exists(&root, &target) {
            continue;
        }
        let made = match inside::read(&root, &template, LARGEST)? {
            Some(content) => inside.file(&target, &content)?,
            None => false,
        };
        if !made {
            notes.push(Note::TemplateNotCopied { path: target, template });
        }
    }
    Ok(notes)
}

/// Where a link that is there leads, as an absolute path.
fn target(root: &Path, link: &str) -> Option<String> {
    let path = Path::new(link);
    let folder = resolve_in_root(root, path.parent()?).ok()??;
    let target = fs::read_link(root.join(&folder).join(path.file_name()?)).ok()?;
    let target = if target.is_absolute() { target } else { Path::new("/").join(folder).join(target) };
    let mut plain: Vec<&str> = Vec::new();
    for part in target.to_str()?.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    Some(format!("/{}", plain.join("/"))).filter(|path| is_sound(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn links_lead_inside_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        tree.create_directory(Path::new("usr/lib/R/etc")).unwrap();
        let root = tree.root().to_owned();
        for (name, to) in [("a", "/etc/R/a"), ("b", "../../../../etc/b"), ("c", "../../../../../../../up")] {
            symlink(to, root.join("usr/lib/R/etc").join(name)).unwrap();
        }
        fs::write(root.join("usr/lib/R/etc/d"), "").unwrap();
        let found = ["a", "b", "c", "d", "e"].map(|name| target(&root, &format!("/usr/lib/R/etc/{name}")));
        assert_eq!(
            found.each_ref().map(Option::as_deref),
            [Some("/etc/R/a"), Some("/etc/b"), Some("/up"), None, None]
        );
    }
}
