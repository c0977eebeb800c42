//! GTK's list of input methods, as gtk-query-immodules-3.0(1) makes it. That loads each module and asks it for its methods;
//! here they are declared, and taken only for a module that has all of their words.

use std::path::Path;

use memchr::memmem;

use crate::arrange::Arrange as _;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::Note;

const FOLDERS: &str = "/usr/lib/*/gtk-3.0/3.0.0/immodules";
const SUFFIX: &str = ".so";
const LARGEST: u64 = 8 << 20;

const HEAD: &str = "\
# GTK+ Input Method Modules file
# Made by aptlet, as gtk-query-immodules-3.0 would
#
";

/// The name of a module's file and its entry, in order: each method's name, title, domain, translations and languages.
const METHODS: [(&str, &str); 19] = [
    ("im-am-et.so", r#""am_et" "Amharic (EZ+)" "gtk30" "/usr/share/locale" "am""#),
    ("im-broadway.so", r#""broadway" "Broadway" "gtk30" "/usr/share/locale" """#),
    ("im-cedilla.so", r#""cedilla" "Cedilla" "gtk30" "/usr/share/locale" "az:ca:co:fr:gv:oc:pt:sq:tr:wa""#),
    (
        "im-cyrillic-translit.so",
        r#""cyrillic_translit" "Cyrillic (Transliterated)" "gtk30" "/usr/share/locale" """#,
    ),
    (
        "im-fcitx5.so",
        r#""fcitx" "Fcitx5 (Flexible Input Method Framework5)" "fcitx5" "/usr/locale" "ja:ko:zh:*"
"fcitx5" "Fcitx5 (Flexible Input Method Framework5)" "fcitx5" "/usr/locale" "ja:ko:zh:*""#,
    ),
    ("im-gcin.so", r#""gcin" "gcin Input Method" "gcin" "/usr/share/locale" "zh:ja""#),
    ("im-hime.so", r#""hime" "hime Input Method" "hime" "/usr/share/locale" "zh:ja""#),
    ("im-ibus.so", r#""ibus" "IBus (Intelligent Input Bus)" "ibus" "" "ja:ko:zh:*""#),
    ("im-inuktitut.so", r#""inuktitut" "Inuktitut (Transliterated)" "gtk30" "/usr/share/locale" "iu""#),
    ("im-ipa.so", r#""ipa" "IPA" "gtk30" "/usr/share/locale" """#),
    ("im-multipress.so", r#""multipress" "Multipress" "gtk30" "/usr/share/locale" """#),
    ("im-scim.so", r#""scim" "SCIM Input Method" "" "" """#),
    ("im-thai.so", r#""thai" "Thai-Lao" "gtk30" "/usr/share/locale" "lo:th""#),
    ("im-ti-er.so", r#""ti_er" "Tigrigna-Eritrean (EZ+)" "gtk30" "/usr/share/locale" "ti""#),
    ("im-ti-et.so", r#""ti_et" "Tigrigna-Ethiopian (EZ+)" "gtk30" "/usr/share/locale" "ti""#),
    ("im-uim.so", r#""uim" "uim" "uim" "/usr/share/locale" "ja:ko:zh:*""#),
    ("im-viqr.so", r#""viqr" "Vietnamese (VIQR)" "gtk30" "/usr/share/locale" """#),
    ("im-wayland.so", r#""wayland" "Wayland" "gtk30" "/usr/share/locale" """#),
    ("im-xim.so", r#""xim" "X Input Method" "gtk30" "/usr/share/locale" "ko:ja:th:zh""#),
];

/// Makes the list of each folder of modules, with the paths that they have below `prefix`. Returns a note for each with
/// modules that are left out.
pub(crate) fn apply(inside: &mut Inside<'_>, prefix: &str) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let prefix = prefix.trim_end_matches('/');
    let mut notes = Vec::new();
    for folder in inside::folders(&root, FOLDERS)? {
        let target = format!("{folder}.cache");
        let modules = inside::files_in(&root, &folder, SUFFIX)?;
        if exists(&root, &target) || modules.is_empty() {
            continue;
        }
        let mut text = HEAD.to_owned();
        let mut unknown = Vec::new();
        for path in modules {
            let known = METHODS.iter().find(|(name, _)| path.rsplit('/').next() == Some(name));
            let module = inside::read(&root, &path, LARGEST)?.unwrap_or_default();
            match known {
                Some((_, entry)) if has_all(&module, entry) && !path.contains(['"', '\\']) => {
                    text.push_str(&format!("\"{prefix}{path}\"\n{entry}\n\n"));
                }
                _ => unknown.push(path),
            }
        }
        if !inside.file(&target, text.as_bytes())? {
            unknown.push(folder.clone());
        }
        if !unknown.is_empty() {
            let is_unknown =
                |path: &Path| path.to_str().is_some_and(|path| unknown.iter().any(|one| one == path));
            let owners = inside.tree.packages().iter();
            let owners = owners.filter(|package| package.paths.iter().any(|path| is_unknown(path)));
            let mut packages: Vec<String> = owners.map(|package| package.artifact.name.clone()).collect();
            packages.arrange();
            notes.push(Note::InputMethodsNotListed { packages });
        }
    }
    Ok(notes)
}

/// Whether a module has the names and languages of an entry; titles may be translated, and folders built in otherwise.
fn has_all(module: &[u8], entry: &str) -> bool {
    entry.lines().all(|line| {
        let words: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let told = [words.first(), words.last()];
        told.into_iter()
            .flatten()
            .all(|word| word.is_empty() || memmem::find(module, word.as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn lists_methods_that_are_what_they_seem() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let modules = "usr/lib/x86_64-linux-gnu/gtk-3.0/3.0.0/immodules";
        tree.create_directory(Path::new(modules)).unwrap();
        let place = tree.root().join(modules);
        fs::write(place.join("im-xim.so"), b"xim\0X Input Method\0ko:ja:th:zh\0").unwrap();
        fs::write(place.join("im-ibus.so"), b"other").unwrap();
        let mut inside = Inside::new(&mut tree, 1);
        assert_eq!(apply(&mut inside, "/p").unwrap().len(), 1);
        let text = fs::read_to_string(place.with_extension("cache")).unwrap();
        let expected = format!("\n\"/p/{modules}/im-xim.so\"\n\"xim\" \"X Input Method\" \"gtk30\"");
        assert!(text.contains(&expected) && !text.contains("ibus"), "{text}");
        assert!(apply(&mut inside, "/p").unwrap().is_empty(), "it is there");
    }
}
