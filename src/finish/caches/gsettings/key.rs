//! The keys of GSettings schemas: their types, choices, ranges and defaults, and the tuple that each is in
//! `gschemas.compiled`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::choices::Choices;
use super::gvariant::{Type, Value};
use super::markup::children;
use crate::finish::caches::xml::Element;

/// What a schema has under a name.
#[derive(Debug)]
pub(super) enum Key {
    /// The id of another schema.
    Child(String),
    Setting(Box<Setting>),
}

impl Key {
    /// The type string and the value.
    pub(super) fn serialise(&self) -> Option<(String, Vec<u8>)> {
        match self {
            Self::Child(id) => Some(("s".to_owned(), Value::Text(id.clone()).serialise(&Type::Basic('s'))?)),
            Self::Setting(setting) => setting.serialise(),
        }
    }
}

/// A key of its own.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    r#type: Type,
    choices: Choices,
    range: Option<(Value, Value)>,
    default: Vec<u8>,
    /// The category, `m` or `t`, and the text to translate.
    translation: Option<(char, String)>,
    /// Defaults by the desktop's name.
    desktops: BTreeMap<String, Vec<u8>>,
    /// Of a key of another schema.
    pub(super) is_override: bool,
}

impl Setting {
    /// Of a `<key>`.
    pub(super) fn new(
        key: &Element,
        r#type: Type,
        choices: Choices,
        has_domain: bool,
    ) -> Result<Self, String> {
        let mut setting = Self {
            r#type,
            choices,
            range: None,
            default: Vec::new(),
            translation: None,
            desktops: BTreeMap::new(),
            is_override: false,
        };
        let mut default = None;
        for child in children(key)? {
            match &*child.name {
                "default" => default = Some(child),
                "range" => setting.set_range(child)?,
                "choices" => setting.add_choices(child)?,
                "aliases" => setting.choices.add_aliases(child)?,
                "summary" | "description" if child.elements().next().is_none() => {}
                name => return Err(format!("<{}> in <key>, or an element in it", name.escape_debug())),
            }
        }
        let default =
            default.ok_or_else(|| format!("a <key> without a default: {:?}", key.attribute("name")))?;
        setting.set_default(default, has_domain)?;
        Ok(setting)
    }

    /// The same key with another default, of an `<override>`.
    pub(super) fn overridden(&self, element: &Element, has_domain: bool) -> Result<Self, String> {
        let mut copy =
            Self { is_override: true, translation: None, desktops: BTreeMap::new(), ..self.clone() };
        copy.set_default(element, has_domain)?;
        Ok(copy)
    }

    /// Another default, for one desktop or for all; of an override file.
    pub(super) fn change(&mut self, value: &Value, desktop: Option<&str>) -> Result<(), String> {
        let bytes = self.checked(value)?;
        match desktop {
            Some(_) if self.translation.is_some() => {
                return Err("a translated key has one default for all desktops".to_owned());
            }
            Some(desktop) => {
                self.desktops.insert(desktop.to_owned(), bytes);
            }
            None => self.default = bytes,
        }
        Ok(())
    }

    pub(super) fn is_translated(&self) -> bool {
        self.translation.is_some()
    }

    fn set_default(&mut self, element: &Element, has_domain: bool) -> Result<(), String> {
        if element.elements().next().is_some() {
            return Err("an element in a default".to_owned());
        }
        let text = element.text();
        let category = match element.attribute("l10n") {
            None => None,
            Some("messages") => Some('m'),
            Some("time") => Some('t'),
            Some(other) => return Err(format!("the category '{}' is unknown", other.escape_debug())),
        };
        let context = element.attribute("context");
        if category.is_none() && context.is_some() || category.is_some() && !has_domain {
            return Err("a translation without a category or domain".to_owned());
        }
        self.translation = category.map(|category| {
            let text = text.trim_matches(|letter: char| letter.is_ascii_whitespace() || letter == '\u{b}');
            let context = context.map(|context| format!("{context}\u{4}")).unwrap_or_default();
            (category, format!("{context}{text}"))
        });
        self.default = self.checked(&Value::parse(&text)?)?;
        Ok(())
    }

    fn checked(&self, value: &Value) -> Result<Vec<u8>, String> {
        let bytes = value.serialise(&self.r#type);
        let bytes = bytes.ok_or_else(|| format!("a value is not of the type {}", self.r#type.text()))?;
        if let Some((least, most)) = &self.range
            && !(value.order(least).is_some_and(Ordering::is_ge)
                && value.order(most).is_some_and(Ordering::is_le))
        {
            return Err("a value is outside the range of its key".to_owned());
        }
        if !self.choices.allows(value) {
            return Err("a value is none of the choices of its key".to_owned());
        }
        Ok(bytes)
    }

    fn set_range(&mut self, element: &Element) -> Result<(), String> {
        let (least, most) = match &self.r#type {
            Type::Basic('y') => ("0", "255"),
            Type::Basic('n') => ("-32768", "32767"),
            Type::Basic('q') => ("0", "65535"),
            Type::Basic('i') => ("-2147483648", "2147483647"),
            Type::Basic('u') => ("0", "4294967295"),
            Type::Basic('x') => ("-9223372036854775808", "9223372036854775807"),
            Type::Basic('t') => ("0", "18446744073709551615"),
            Type::Basic('d') => ("-inf", "inf"),
            other => return Err(format!("a range of the type {}", other.text())),
        };
        let least = Value::parse(element.attribute("min").unwrap_or(least))?;
        let most = Value::parse(element.attribute("max").unwrap_or(most))?;
        let is_number = |value: &Value| value.serialise(&self.r#type).is_some();
        let is_range = least.order(&most).is_some_and(Ordering::is_le);
        if self.range.is_some() || !is_number(&least) || !is_number(&most) || !is_range {
            return Err("a range that is none".to_owned());
        }
        self.range = Some((least, most));
        Ok(())
    }

    fn add_choices(&mut self, element: &Element) -> Result<(), String> {
        let mut innermost = &self.r#type;
        while let Type::Maybe(inner) | Type::Array(inner) = innermost {
            innermost = inner;
        }
        if self.choices.kind().is_some() || *innermost != Type::Basic('s') {
            return Err("choices of what has no choice".to_owned());
        }
        self.choices.add(element)
    }

    fn serialise(&self) -> Option<(String, Vec<u8>)> {
        let mut types = vec![self.r#type.clone()];
        let mut values = vec![Value::Serialised(self.default.clone())];
        let mut add = |r#type: &str, letter: char, value: Value| {
            let letter = Value::Number(u32::from(letter).to_string());
            types.push(Type::parse(r#type)?);
            values.push(Value::Tuple(vec![letter, value]));
            Some(())
        };
        if let Some((category, text)) = &self.translation {
            let category = Value::Number(u32::from(*category).to_string());
            add("(y(ys))", 'l', Value::Tuple(vec![category, Value::Text(text.clone())]))?;
        }
        if let Some(kind) = self.choices.kind() {
            add("(yau)", kind, Value::Serialised(self.choices.words().to_vec()))?;
        }
        if let Some((least, most)) = &self.range {
            let pair = Value::Tuple(vec![least.clone(), most.clone()]);
            let letter = self.r#type.text();
            add(&format!("(y({letter}{letter}))"), 'r', pair)?;
        }
        if !self.desktops.is_empty() {
            let entry = |(desktop, bytes): (&String, &Vec<u8>)| {
                let value = Value::Typed(self.r#type.clone(), Box::new(Value::Serialised(bytes.clone())));
                Value::Entry(Box::new((Value::Text(desktop.clone()), Value::Variant(Box::new(value)))))
            };
            add("(ya{sv})", 'd', Value::Array(self.desktops.iter().map(entry).collect()))?;
        }
        let r#type = Type::Tuple(types, false);
        let data = Value::Tuple(values).serialise(&r#type)?;
        Some((r#type.text(), data))
    }
}
