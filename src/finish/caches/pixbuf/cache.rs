//! gdk-pixbuf's `loaders.cache`, as `gdk-pixbuf-query-loaders --update-cache` makes it. That loads each module and asks
//! it for its formats; here they are declared, and taken only for a module that has all of their words.

use memchr::memmem;

use super::loaders::LOADERS;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::{Cache, Note};

const FOLDERS: &str = "/usr/lib/*/gdk-pixbuf-2.0/2.10.0/loaders";
const LARGEST: u64 = 32 << 20;

const HEAD: &str = "\
# GdkPixbuf Image Loader Modules file
# Made by aptlet, as gdk-pixbuf-query-loaders would
#
";

/// Makes the cache beside each folder of loaders, with the paths that they have below `prefix`. Returns notes on
/// loaders that are left out.
pub(crate) fn apply(inside: &mut Inside<'_>, prefix: &str) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let prefix = prefix.trim_end_matches('/');
    let mut notes = Vec::new();
    for folder in inside::folders(&root, FOLDERS)? {
        let target = format!("{}.cache", folder.trim_end_matches('/'));
        let modules = inside::files_in(&root, &folder, ".so")?;
        if exists(&root, &target) || modules.is_empty() {
            continue;
        }
        let mut text = HEAD.to_owned();
        for path in modules {
            // librsvg's has another letter since 2.58
            let name = path.rsplit('/').next().unwrap_or_default().replace('_', "-");
            let known = LOADERS.iter().find(|(known, _)| name == *known);
            let module = inside::read(&root, &path, LARGEST)?.unwrap_or_default();
            match known {
                Some((_, entry)) if has_all(&module, entry) => {
                    text.push_str(&format!("\"{}\"\n{entry}\n\n", escaped(&format!("{prefix}{path}"))));
                }
                _ => notes.push(Note::ImageLoaderLeftOut { path }),
            }
        }
        text.push('\n');
        if !inside.file(&target, text.as_bytes())? {
            notes.push(Note::CacheNotMade { path: target, cache: Cache::Pixbuf });
        }
    }
    Ok(notes)
}

/// Whether a module has the words of an entry: its name, description, licence, MIME types and extensions. Signatures
/// may be code, and the domain has a default.
fn has_all(module: &[u8], entry: &str) -> bool {
    let words = entry.lines().take(3).flat_map(|line| line.split('"').skip(1).step_by(2));
    words
        .filter(|word| !matches!(*word, "" | "gdk-pixbuf"))
        .all(|word| memmem::find(module, word.as_bytes()).is_some())
}

fn escaped(path: &str) -> String {
    path.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn lists_loaders_that_are_what_they_seem() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let loaders = "usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders";
        tree.create_directory(Path::new(loaders)).unwrap();
        let module =
            |name: &str, content: &[u8]| fs::write(tree.root().join(loaders).join(name), content).unwrap();
        module("libpixbufloader-bmp.so", b"bmp\0BMP\0LGPL\0image/bmp\0image/x-bmp\0image/x-MS-bmp\0");
        module("libpixbufloader_xbm.so", b"xbmXBMLGPLimage/x-xbitmap");
        module("libpixbufloader-gif.so", b"gif\0");
        module("libother.so", b"");
        let cache = tree.root().join(loaders).with_extension("cache");
        let mut inside = Inside::new(&mut tree, 1);
        let notes = apply(&mut inside, "/p").unwrap();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert_eq!(
            notes[0].to_string(),
            "/usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders/libother.so: gdk-pixbuf-query-loaders was not run, so \
             programs that use GdkPixbuf cannot read its image formats"
        );
        let text = fs::read_to_string(&cache).unwrap();
        assert!(text.contains(&format!(
            "\n\"/p/{loaders}/libpixbufloader-bmp.so\"\n\"bmp\" 5 \"gdk-pixbuf\" \"BMP\""
        )));
        assert!(text.contains(&format!(
            "\n\"/p/{loaders}/libpixbufloader_xbm.so\"\n\"xbm\" 4 \"gdk-pixbuf\" \"XBM\""
        )));
        assert!(!text.contains("gif"));
    }
}
