//! `mimeinfo.cache`, the list of applications by MIME type that update-desktop-database(1) makes of desktop files.

use std::collections::{BTreeMap, BTreeSet};

use crate::finish::error::Error;
use crate::finish::inside::{self, Inside};

const FOLDERS: [&str; 2] = ["/usr/local/share/applications", "/usr/share/applications"];
const LARGEST: u64 = 1 << 20;

/// Makes the list of each folder that has applications which open files.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<(), Error> {
    let root = inside.root();
    for folder in FOLDERS {
        let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in inside::files_below(&root, folder, ".desktop")? {
            let text = inside::read(&root, &path, LARGEST)?.unwrap_or_default();
            // a file in a folder has that in its name
            let id = path[folder.len() + 1..].replace('/', "-");
            for kind in mime_types(&String::from_utf8_lossy(&text)) {
                types.entry(kind).or_default().insert(id.clone());
            }
        }
        if types.is_empty() {
            continue;
        }
        let mut text = "[MIME Cache]\n".to_owned();
        for (kind, names) in types {
            let names: String = names.iter().flat_map(|name| [name, ";"]).collect();
            text.push_str(&format!("{kind}={names}\n"));
        }
        inside.file(&format!("{folder}/mimeinfo.cache"), text.as_bytes())?;
    }
    Ok(())
}

/// The types that an application opens; none of one that is not to be shown.
fn mime_types(text: &str) -> Vec<String> {
    let mut types = Vec::new();
    let mut in_entry = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_entry = line == "[Desktop Entry]";
        } else if in_entry && let Some((key, value)) = line.split_once('=') {
            match key.trim() {
                "Hidden" if value.trim() == "true" => return Vec::new(),
                "MimeType" => {
                    let is_type = |kind: &&str| {
                        kind.split('/').count() == 2
                            && !kind.contains(|letter: char| letter.is_control() || letter == '=')
                    };
                    types = value.split(';').map(str::trim).filter(is_type).map(str::to_owned).collect();
                }
                _ => {}
            }
        }
    }
    types
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn lists_who_opens_what() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        tree.create_directory(Path::new("usr/share/applications/kde")).unwrap();
        let entry =
            |more: &str| format!("[Desktop Entry]\nName=x\n{more}\n[Desktop Action a]\nMimeType=no/no;\n");
        for (name, text) in [
            ("b.desktop", entry("MimeType=text/plain;image/png;")),
            ("kde/a.desktop", entry("MimeType=text/plain")),
            ("hidden.desktop", entry("MimeType=text/plain;\nHidden=true")),
            ("none.desktop", entry("Exec=x")),
        ] {
            fs::write(root.join("usr/share/applications").join(name), text).unwrap();
        }
        apply(&mut Inside::new(&mut tree, 1)).unwrap();
        assert_eq!(
            fs::read_to_string(root.join("usr/share/applications/mimeinfo.cache")).unwrap(),
            "[MIME Cache]\nimage/png=b.desktop;\ntext/plain=b.desktop;kde-a.desktop;\n"
        );
    }
}
