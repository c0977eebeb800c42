//! GSettings: `gschemas.compiled`, as glib-compile-schemas(1) makes it. The order within its tables differs, which
//! no reader sees.

use std::collections::{BTreeMap, HashMap};

use super::gvariant::{Type, Value};
use super::gvdb;
use super::key::{Choices, Key, Setting};
use crate::finish::caches::xml::{self, Element, Node};
use crate::finish::inside::{self, Inside, exists};
use crate::tree::Error;

const FOLDER: &str = "/usr/share/glib-2.0/schemas";
/// All schemas of a full GNOME desktop have 2 MB.
const MOST_BYTES: usize = 32 << 20;
/// Schemas that extend each other.
const LONGEST_CHAIN: usize = 32;

/// Compiles the schemas that the tree has. Returns notes on what is left out.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<String>, Error> {
    let root = inside.root();
    let target = format!("{FOLDER}/gschemas.compiled");
    let mut files: Vec<String> = Vec::new();
    for suffix in [".enums.xml", ".gschema.xml"] {
        files.extend(inside::files_in(&root, FOLDER, suffix)?);
    }
    if exists(&root, &target) || files.is_empty() {
        return Ok(Vec::new());
    }
    let mut compiler = Compiler::default();
    let mut read = |path: &str| -> Result<Result<Vec<u8>, String>, Error> {
        let bytes = inside::read(&root, path, xml::LARGEST)?;
        Ok(match bytes {
            Some(bytes) if compiler.bytes + bytes.len() <= MOST_BYTES => {
                compiler.bytes += bytes.len();
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
    let mut notes = Vec::new();
    for (bytes, path) in sources {
        if let Err(reason) = bytes.and_then(|bytes| compiler.add(&bytes)) {
            notes.push(format!("{path}: left out of the compiled schemas: {reason}"));
        }
    }
    for (bytes, path) in overrides {
        match bytes.and_then(|bytes| compiler.change(&bytes)) {
            Ok(bad) => notes.extend(bad.into_iter().map(|reason| format!("{path}: not done: {reason}"))),
            Err(reason) => notes.push(format!("{path}: left out of the compiled schemas: {reason}")),
        }
    }
    match compiler.write() {
        Some(file) if inside.file(&target, &file)? => {}
        _ => notes.push(format!("{target}: not made, so programs that use GSettings end at once")),
    }
    Ok(notes)
}

#[derive(Debug, Default)]
struct Compiler {
    schemas: BTreeMap<String, Schema>,
    /// By whether they are flags, and their names.
    enums: HashMap<(bool, String), Choices>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Schema {
    path: Option<String>,
    domain: Option<String>,
    extends: Option<String>,
    list_of: Option<String>,
    keys: BTreeMap<String, Key>,
}

/// Fails on attributes that are not expected; those with a prefix are another's.
fn check_attributes(element: &Element, expected: &[&str]) -> Result<(), String> {
    let strange =
        element.attributes.iter().find(|(name, _)| !name.contains(':') && !expected.contains(&&**name));
    match strange {
        Some((name, _)) => Err(format!("<{}> has no attribute '{}'", element.name, name.escape_debug())),
        None => Ok(()),
    }
}

/// The elements in one that has no text of its own; those of another namespace are passed over.
pub(super) fn inside(element: &Element) -> Result<impl Iterator<Item = &Element>, String> {
    let is_text = |node: &Node| matches!(node, Node::Text(text) if !text.trim().is_empty());
    if element.children.iter().any(is_text) {
        return Err(format!("there is text in <{}>", element.name));
    }
    Ok(element.elements().filter(|child| child.namespace == element.namespace))
}

pub(super) fn attribute<'a>(element: &'a Element, name: &str) -> Result<&'a str, String> {
    element.attribute(name).ok_or_else(|| format!("<{}> has no '{name}'", element.name))
}

impl Compiler {
    /// Adds a file; one that has an error is left out as a whole.
    fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
        let document = xml::parse(bytes)?;
        if &*document.name != "schemalist" {
            return Err(format!("it begins with <{}>", document.name.escape_debug()));
        }
        let (mut schemas, mut enums) = (Vec::new(), Vec::new());
        let outcome = self.add_all(&document, &mut schemas, &mut enums);
        if outcome.is_err() {
            for id in &schemas {
                self.schemas.remove(id);
            }
            for id in &enums {
                self.enums.remove(id);
            }
        }
        outcome
    }

    fn add_all(
        &mut self,
        document: &Element,
        schemas: &mut Vec<String>,
        enums: &mut Vec<(bool, String)>,
    ) -> Result<(), String> {
        check_attributes(document, &["gettext-domain"])?;
        for element in inside(document)? {
            match &*element.name {
                "schema" => {
                    let id = attribute(element, "id")?.to_owned();
                    if id.is_empty() || self.schemas.contains_key(&id) {
                        return Err(format!("<schema id='{}'> is there twice", id.escape_debug()));
                    }
                    let schema = self.schema(element, document.attribute("gettext-domain"))?;
                    self.schemas.insert(id.clone(), schema);
                    schemas.push(id);
                }
                kind @ ("enum" | "flags") => {
                    check_attributes(element, &["id"])?;
                    let id = (kind == "flags", attribute(element, "id")?.to_owned());
                    if self.enums.contains_key(&id) {
                        return Err(format!("<{kind} id='{}'> is there twice", id.1.escape_debug()));
                    }
                    self.enums.insert(id.clone(), Choices::of_enum(element, id.0)?);
                    enums.push(id);
                }
                name => return Err(format!("<{}> in <schemalist>", name.escape_debug())),
            }
        }
        Ok(())
    }

    fn schema(&self, element: &Element, domain: Option<&str>) -> Result<Schema, String> {
        check_attributes(element, &["id", "path", "gettext-domain", "extends", "list-of"])?;
        let of = |name: &str| element.attribute(name).map(str::to_owned);
        let mut schema = Schema {
            path: of("path"),
            domain: of("gettext-domain").or_else(|| domain.map(str::to_owned)),
            extends: of("extends"),
            list_of: of("list-of"),
            keys: BTreeMap::new(),
        };
        self.check_relations(&mut schema)?;
        if let Some(path) = &schema.path {
            let is_list = schema.list_of.is_some();
            if !path.starts_with('/') || !path.ends_with('/') || is_list && !path.ends_with(":/") {
                return Err(format!("the path '{}' is not of the right form", path.escape_debug()));
            }
        }
        for child in inside(element)? {
            let name = attribute(child, "name")?;
            let (name, key) = match &*child.name {
                "key" => {
                    check_attributes(child, &["name", "type", "enum", "flags"])?;
                    let shadows = self.inherited(&schema, name).is_some_and(|setting| !setting.is_override);
                    if schema.list_of.is_some() || shadows || !is_name(name) {
                        return Err(format!("there cannot be a <key name='{}'>", name.escape_debug()));
                    }
                    let (kind, choices) = self.kind(child)?;
                    let setting = Setting::new(child, kind, choices, schema.domain.is_some())?;
                    (name.to_owned(), Key::Setting(Box::new(setting)))
                }
                "child" if is_name(name) => {
                    check_attributes(child, &["name", "schema"])?;
                    (format!("{name}/"), Key::Child(attribute(child, "schema")?.to_owned()))
                }
                "override" => {
                    check_attributes(child, &["name", "l10n", "context"])?;
                    let Some(original) = self.inherited(&schema, name) else {
                        return Err(format!("there is no key '{}' to override", name.escape_debug()));
                    };
                    let setting = original.overridden(child, schema.domain.is_some())?;
                    (name.to_owned(), Key::Setting(Box::new(setting)))
                }
                other => return Err(format!("<{}> in <schema>", other.escape_debug())),
            };
            if schema.keys.insert(name.clone(), key).is_some() {
                return Err(format!("'{}' is there twice in one <schema>", name.escape_debug()));
            }
        }
        Ok(schema)
    }

    fn check_relations(&self, schema: &mut Schema) -> Result<(), String> {
        let known = |id: &String| {
            self.schemas
                .get(id)
                .ok_or_else(|| format!("there is no <schema id='{}'> before", id.escape_debug()))
        };
        if let Some(id) = &schema.list_of
            && known(id)?.path.is_some()
        {
            return Err("a list of a schema that has a path".to_owned());
        }
        let Some(id) = &schema.extends else { return Ok(()) };
        let parent = known(id)?;
        if parent.path.is_some() || self.chain(Some(id)).count() > LONGEST_CHAIN {
            return Err("extends a schema that has a path, or too many".to_owned());
        }
        match (&schema.list_of, &parent.list_of) {
            (None, list_of) => schema.list_of.clone_from(list_of),
            (Some(_), None) => return Err("a list that extends what is no list".to_owned()),
            (Some(mine), Some(theirs)) => {
                if !self.chain(Some(mine)).any(|(id, _)| id == theirs) {
                    return Err("a list that extends one of something else".to_owned());
                }
            }
        }
        Ok(())
    }

    /// A schema and those that it extends.
    fn chain<'a>(&'a self, id: Option<&'a String>) -> impl Iterator<Item = (&'a String, &'a Schema)> {
        let find = |id: &'a String| self.schemas.get(id).map(|schema| (id, schema));
        std::iter::successors(id.and_then(find), move |(_, schema)| schema.extends.as_ref().and_then(find))
    }

    fn inherited(&self, schema: &Schema, key: &str) -> Option<&Setting> {
        // the schema is not in the table yet
        let id = self.schemas.get_key_value(schema.extends.as_ref()?)?.0;
        self.chain(Some(id)).find_map(|(_, schema)| match schema.keys.get(key) {
            Some(Key::Setting(setting)) => Some(&**setting),
            _ => None,
        })
    }

    fn kind(&self, key: &Element) -> Result<(Type, Choices), String> {
        let named = ["type", "enum", "flags"].map(|name| key.attribute(name));
        let known = |is_flags: bool, id: &str| {
            let found = self.enums.get(&(is_flags, id.to_owned())).cloned();
            found.ok_or_else(|| format!("'{}' is not defined before", id.escape_debug()))
        };
        Ok(match named {
            [Some(text), None, None] => {
                let found = Type::parse(text);
                (found.ok_or_else(|| format!("'{}' is no type", text.escape_debug()))?, Choices::default())
            }
            [None, Some(id), None] => (Type::Basic('s'), known(false, id)?),
            [None, None, Some(id)] => (Type::Array(Box::new(Type::Basic('s'))), known(true, id)?),
            _ => return Err("a <key> needs one of type, enum and flags".to_owned()),
        })
    }

    /// Applies an override file, a key file (GLib's manual). Returns why single lines are left out.
    fn change(&mut self, bytes: &[u8]) -> Result<Vec<String>, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
        let mut lines = Vec::new();
        let mut group = None;
        for line in text.lines() {
            let line = line.trim_start();
            if line.trim_end().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.trim_end().strip_suffix(']')) {
                group = Some(name);
            } else {
                let pair = group.and_then(|group| Some((group, line.split_once('=')?)));
                let Some((group, (key, value))) = pair else {
                    return Err(format!("'{}' is no line of a key file", line.trim_end().escape_debug()));
                };
                lines.push((group, key.trim_end(), value.trim_start()));
            }
        }
        let mut bad = Vec::new();
        for (group, key, value) in lines {
            let (id, desktop) = match group.split_once(':') {
                Some((id, desktop)) => (id, Some(desktop)),
                None => (group, None),
            };
            // a schema that is not installed is common
            let Some(schema) = self.schemas.get_mut(id) else { continue };
            let outcome = match schema.keys.get_mut(key) {
                Some(Key::Setting(setting)) => {
                    Value::parse(value).and_then(|value| setting.change(&value, desktop))
                }
                _ => Err("there is no such key".to_owned()),
            };
            if let Err(reason) = outcome {
                bad.push(format!("{} {}: {reason}", group.escape_debug(), key.escape_debug()));
            }
        }
        Ok(bad)
    }

    fn write(&self) -> Option<Vec<u8>> {
        let mut root = gvdb::Table::from([(String::new(), gvdb::Value::Children)]);
        for (id, schema) in &self.schemas {
            let mut table = gvdb::Table::from([(String::new(), gvdb::Value::Children)]);
            let mut is_translated = false;
            for (name, key) in &schema.keys {
                is_translated |= matches!(key, Key::Setting(setting) if setting.is_translated());
                let (r#type, data) = key.serialise()?;
                table.insert(name.clone(), gvdb::Value::Variant { r#type, data });
            }
            let domain = schema.domain.as_ref().filter(|_| is_translated);
            let about = [
                (".path", &schema.path),
                (".extends", &schema.extends),
                (".list-of", &schema.list_of),
                (".gettext-domain", &domain.cloned()),
            ];
            for (name, text) in about {
                if let Some(text) = text {
                    let data = Value::Text(text.clone()).serialise(&Type::Basic('s'))?;
                    table.insert(name.to_owned(), gvdb::Value::Variant { r#type: "s".to_owned(), data });
                }
            }
            root.insert(id.clone(), gvdb::Value::Table(table));
        }
        gvdb::write(&root)
    }
}

/// Lower-case letters, digits and single hyphens within.
fn is_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.contains("--")
        && !name.ends_with('-')
        && name.len() <= 1024
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

    fn compile(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<String>) {
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
