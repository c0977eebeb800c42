//! GSettings: `gschemas.compiled`, as glib-compile-schemas(1) makes it. The order within its tables differs, which
//! no reader sees.

use super::schemas::Schemas;
use crate::finish::caches::xml;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::{Cache, Note};

const FOLDER: &str = "/usr/share/glib-2.0/schemas";
/// All schemas of a full GNOME desktop have 2 MB.
const MOST_BYTES: usize = 32 << 20;

/// Compiles the schemas that the tree has. Returns notes on what is left out.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    let target = format!("{FOLDER}/gschemas.compiled");
    let mut files: Vec<String> = Vec::new();
    for suffix in [".enums.xml", ".gschema.xml"] {
        files.extend(inside::files_in(&root, FOLDER, suffix)?);
    }
    if exists(&root, &target) || files.is_empty() {
        return Ok(Vec::new());
    }
    let mut bytes_read = 0;
    let mut read = |path: &str| -> Result<Result<Vec<u8>, String>, Error> {
        let bytes = inside::read(&root, path, xml::LARGEST)?;
        Ok(match bytes {
            Some(bytes) if bytes_read + bytes.len() <= MOST_BYTES => {
                bytes_read += bytes.len();
                Ok(bytes)
            }
            _ => Err("it is too large".to_owned()),
        })
    };
    let mut sources = Vec::new();
    for path in files {
        sources.push((read(&path)?, path));
    }
    let mut overrides = Vec::new();
    for path in inside::files_in(&root, FOLDER, ".gschema.override")? {
        overrides.push((read(&path)?, path));
    }
    let mut schemas = Schemas::default();
    let mut notes = Vec::new();
    for (bytes, path) in sources {
        if let Err(reason) = bytes.and_then(|bytes| schemas.add(&bytes)) {
            notes.push(Note::SchemasLeftOut { path, reason });
        }
    }
    for (bytes, path) in overrides {
        match bytes.and_then(|bytes| schemas.change(&bytes)) {
            Ok(bad) => {
                notes.extend(
                    bad.into_iter().map(|reason| Note::OverrideLeftOut { path: path.clone(), reason }),
                );
            }
            Err(reason) => notes.push(Note::SchemasLeftOut { path, reason }),
        }
    }
    match schemas.write() {
        Some(file) if inside.file(&target, &file)? => {}
        _ => notes.push(Note::CacheNotMade { path: target, cache: Cache::Gsettings }),
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::tree::Tree;

    const ENUMS: &str = "<schemalist><enum id='e'><value nick='one' value='1'/><value nick='minus' value='-1'/></enum>\
        <flags id='f'><value nick='none' value='0'/><value nick='left' value='1'/><value nick='right' value='0x2'/></flags>\
        </schemalist>";

    const SCHEMAS: &str = "<?xml version='1.0'?>\n<schemalist gettext-domain='d'>\n<schema id='x.base'>\n\
        <key name='plain' type='(sai)'><default>('a', [1, 2])</default><summary>S</summary></key>\n\
        <key name='vardict' type='a{sv}'><default>{'a': &lt;1&gt;, 'b': &lt;[true]&gt;}</default></key></schema>\n\
        <schema id='x.derived' extends='x.base' path='/x/'>\n\
        <override name='plain' l10n='messages' context='c'> ('b', []) </override>\n\
        <key name='enum' enum='e'><default>'minus'</default><aliases><alias value='eins' target='one'/></aliases></key>\n\
        <key name='flags' flags='f'><default>['left', 'right']</default></key>\n\
        <key name='choice' type='as'><choices><choice value='a'/><choice value='bcdefg'/></choices><default>['a']</default></key>\n\
        <key name='ranged' type='u'><range min='3'/><default>5</default></key>\n\
        <child name='kid' schema='x.base'/></schema></schemalist>";

    fn compile(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<Note>) {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        tree.create_directory(Path::new(&FOLDER[1..])).unwrap();
        for (name, text) in files {
            fs::write(tree.root().join(&FOLDER[1..]).join(name), text).unwrap();
        }
        let mut inside = Inside::new(&mut tree, 1);
        let notes = apply(&mut inside).unwrap();
        (folder, notes)
    }

    #[test]
    fn gsettings_reads_what_it_makes() {
        let (folder, notes) = compile(&[
            ("z.enums.xml", ENUMS),
            ("a.gschema.xml", SCHEMAS),
            (
                "10_x.gschema.override",
                "# comment\n[x.derived]\nranged=uint32 9\nchoice=['bcdefg']\n[x.derived:Desk]\nenum='one'\n[gone]\nkey=1\n\
                 [x.derived]\nranged=1\nflags=['up']\n[x.derived:Desk]\nplain=('c', [7])\n",
            ),
        ]);
        assert_eq!(notes.len(), 3, "{notes:#?}");
        let place = folder.path().join("tree").join(&FOLDER[1..]);
        let bytes = fs::read(place.join("gschemas.compiled")).unwrap();
        assert_eq!(&bytes[..8], b"GVariant");
        let gsettings = |arguments: &[&str]| {
            Command::new("gsettings")
                .args(["--schemadir", place.to_str().unwrap()])
                .args(arguments)
                .env("GSETTINGS_BACKEND", "memory")
                .env("LC_ALL", "C.UTF-8")
                .env("XDG_CURRENT_DESKTOP", "Desk")
                .output()
        };
        let Ok(output) = gsettings(&["list-recursively", "x.derived"]) else {
            println!("skipped: there is no gsettings to read the schemas with");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        let expected = [
            "x.derived choice ['bcdefg']",
            "x.derived enum 'one'",
            "x.derived flags ['left', 'right']",
            "x.derived plain ('b', @ai [])",
            "x.derived ranged uint32 9",
            "x.derived vardict {'a': <1>, 'b': <[true]>}",
        ];
        assert_eq!(
            lines.iter().filter(|line| !line.starts_with("x.base")).copied().collect::<Vec<_>>(),
            expected,
            "{output:?}"
        );
        let range =
            |key: &str| String::from_utf8(gsettings(&["range", "x.derived", key]).unwrap().stdout).unwrap();
        assert_eq!(range("enum"), "enum\n'one'\n'minus'\n");
        assert_eq!(range("ranged"), "range u 3 4294967295\n");
    }

    #[test]
    fn a_file_with_an_error_is_left_out() {
        let key =
            |inside: &str| format!("<schemalist><schema id='x'><key {inside}</key></schema></schemalist>");
        for bad in [
            "<schemalist>",
            "<other/>",
            "<schemalist><schema/></schemalist>",
            "<schemalist><schema id='x'/><schema id='x'/></schemalist>",
            "<schemalist><schema id='x' extends='x'/></schemalist>",
            "<schemalist><schema id='x' path='x'/></schemalist>",
            "<schemalist><enum id='e'/></schemalist>",
            "<schemalist><flags id='e'><value nick='ab' value='3'/></flags></schemalist>",
            &key("name='a' type='i'><default>x</default>"),
            &key("name='a' type='i'>"),
            &key("name='A' type='i'><default>1</default>"),
            &key("name='a' type='zz'><default>1</default>"),
            &key("name='a' enum='none'><default>1</default>"),
            &key("name='a' type='i' odd=''><default>1</default>"),
            &key("name='a' type='i'><range max='1'/><default>2</default>"),
            &key("name='a' type='s'><choices><choice value='xy'/></choices><default>'z'</default>"),
            &key("name='a' type='i'><default>1</default><other/>"),
            &key("name='a' type='s'><default l10n='messages'>'x'</default>"),
        ] {
            let good = "<schemalist><schema id='good'/></schemalist>";
            let (folder, notes) = compile(&[("a.gschema.xml", good), ("b.gschema.xml", bad)]);
            assert_eq!(notes.len(), 1, "{bad}: {notes:?}");
            let bytes =
                fs::read(folder.path().join("tree").join(&FOLDER[1..]).join("gschemas.compiled")).unwrap();
            assert!(bytes.windows(4).any(|window| window == b"good"));
        }
    }
}
