//! The schemas of all packages, put together: those of each file, what override files change in them, and the tables that
//! they are in `gschemas.compiled`.

use std::collections::{BTreeMap, HashMap};

use super::choices::Choices;
use super::gvariant::{Type, Value};
use super::gvdb;
use super::key::{Key, Setting};
use super::markup::{attribute, check_attributes, children};
use crate::finish::caches::xml::{self, Element};

/// Schemas that extend each other.
const LONGEST_CHAIN: usize = 32;

/// All schemas so far.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    schemas: BTreeMap<String, Schema>,
    /// By whether they are flags, and their names.
    enums: HashMap<(bool, String), Choices>,
}

#[derive(Debug, Default)]
struct Schema {
    path: Option<String>,
    domain: Option<String>,
    extends: Option<String>,
    list_of: Option<String>,
    keys: BTreeMap<String, Key>,
}

impl Schemas {
    /// Adds a file; one that has an error is left out as a whole.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
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
        for element in children(document)? {
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
        for child in children(element)? {
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
    pub(super) fn change(&mut self, bytes: &[u8]) -> Result<Vec<String>, String> {
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

    /// The file; `None` where it would be too large.
    pub(super) fn write(&self) -> Option<Vec<u8>> {
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
