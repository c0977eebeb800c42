//! All that the packages' XML files say of MIME types (Shared MIME-info Database specification, 2). Elements of other
//! namespaces are not copied.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::magic::Magic;
use super::markup::{LONGEST_NAME, escaped, line, percent, write_element};
use super::tree_magic::TreeMagic;
use crate::arrange::Arrange as _;
use crate::finish::caches::xml::{self, Element};

const NAMESPACE: &str = "http://www.freedesktop.org/standards/shared-mime-info";
/// What stands for a pattern where a type forgets all patterns that were given before.
pub(super) const NO_GLOBS: &str = "__NOGLOBS__";

/// A pattern of one type; the pattern is the key that it is found by.
#[derive(Debug)]
pub(super) struct Glob {
    pub(super) r#type: Rc<str>,
    pub(super) weight: u8,
    pub(super) is_case_sensitive: bool,
}

/// All that the packages say, by the names of the types where nothing else is said.
#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) types: BTreeMap<Rc<str>, Copied>,
    pub(super) globs: BTreeMap<String, Vec<Glob>>,
    pub(super) magics: Vec<Magic>,
    pub(super) tree_magics: Vec<TreeMagic>,
    pub(super) parents: BTreeMap<Rc<str>, Vec<String>>,
    /// By alias.
    pub(super) aliases: BTreeMap<String, Rc<str>>,
    /// By namespace and the local name of the root element.
    pub(super) namespaces: BTreeMap<String, Rc<str>>,
    pub(super) icons: BTreeMap<Rc<str>, String>,
    pub(super) generic_icons: BTreeMap<Rc<str>, String>,
}

/// The elements of a type that its own file has, in order; empty where a later comment took the place.
#[derive(Debug, Default)]
pub(super) struct Copied {
    elements: Vec<String>,
    comments: HashMap<Option<String>, usize>,
}

impl Database {
    /// Adds a file: all of it or, with a reason, nothing. Returns why types of it are not whole.
    pub(super) fn add(&mut self, document: &[u8]) -> Result<Vec<String>, String> {
        let root = xml::each_child(document, &mut |_| {})?;
        if &*root.namespace != NAMESPACE || &*root.name != "mime-info" {
            return Err("its root element is not <mime-info> of the specification".to_owned());
        }
        let mut bad = Vec::new();
        xml::each_child(document, &mut |element| {
            let name = element.attribute("type").unwrap_or_default();
            let outcome = if &*element.name == "mime-type" && is_type(name) {
                self.add_type(name, element)
            } else {
                Err("no <mime-type> with a valid type".to_owned())
            };
            bad.extend(outcome.err().map(|reason| format!("{}: {reason}", name.escape_debug())));
        })?;
        Ok(bad)
    }

    fn add_type(&mut self, name: &str, element: &Element) -> Result<(), String> {
        let name = match self.types.get_key_value(name) {
            Some((known, _)) => Rc::clone(known),
            None => name.into(),
        };
        self.types.entry(Rc::clone(&name)).or_default();
        for field in element.elements().filter(|field| &*field.namespace == NAMESPACE) {
            if self.add_field(&name, field)?
                && let Some(copied) = self.types.get_mut(&name)
            {
                copied.push(field);
            }
        }
        Ok(())
    }

    /// Whether the type's own file has the element, too.
    fn add_field(&mut self, name: &Rc<str>, field: &Element) -> Result<bool, String> {
        match &*field.name {
            "comment" | "acronym" | "expanded-acronym" => {}
            "glob" => {
                let is_case_sensitive = field.attribute("case-sensitive") == Some("true");
                let pattern = line(field, "pattern")?;
                let pattern =
                    if is_case_sensitive { pattern.to_owned() } else { pattern.to_ascii_lowercase() };
                let glob =
                    Glob { r#type: Rc::clone(name), weight: percent(field, "weight")?, is_case_sensitive };
                self.globs.entry(pattern).or_default().push(glob);
            }
            "glob-deleteall" => {
                let glob = Glob { r#type: Rc::clone(name), weight: 0, is_case_sensitive: false };
                self.globs.entry(NO_GLOBS.to_owned()).or_default().push(glob);
            }
            "magic" => {
                self.magics.push(Magic::new(name, field, percent(field, "priority")?)?);
                return Ok(false);
            }
            "magic-deleteall" => {
                self.magics.push(Magic::none(name));
                return Ok(false);
            }
            "treemagic" => {
                self.tree_magics.push(TreeMagic::new(name, field, percent(field, "priority")?)?);
                return Ok(false);
            }
            "alias" | "sub-class-of" => {
                let other = line(field, "type")?.to_owned();
                if !other.contains('/') {
                    return Err(format!("'{}' is no type", other.escape_debug()));
                }
                if &*field.name == "alias" {
                    self.aliases.insert(other, Rc::clone(name));
                } else {
                    self.parents.entry(Rc::clone(name)).or_default().push(other);
                }
            }
            "root-XML" => {
                let [uri, local] = ["namespaceURI", "localName"].map(|name| field.attribute(name));
                let pair = uri.zip(local).filter(|(uri, local)| {
                    (!uri.is_empty() || !local.is_empty())
                        && !uri.contains([' ', '\n', '\0'])
                        && !local.contains([' ', '\n', '\0'])
                });
                let (uri, local) = pair.ok_or("<root-XML> without a namespace and name")?;
                self.namespaces.insert(format!("{uri} {local}"), Rc::clone(name));
                return Ok(false);
            }
            "icon" | "generic-icon" => {
                let icon = line(field, "name")?.to_owned();
                let icons = if &*field.name == "icon" { &mut self.icons } else { &mut self.generic_icons };
                icons.insert(Rc::clone(name), icon);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Puts what is tried first before the rest.
    pub(super) fn sort(&mut self) {
        self.magics.arrange_by(Magic::order);
        self.tree_magics.arrange_by(TreeMagic::order);
    }
}

impl Copied {
    fn push(&mut self, element: &Element) {
        let mut text = String::new();
        write_element(element, &mut text);
        if &*element.name == "comment" {
            let language = element.attribute("xml:lang").map(str::to_owned);
            if let Some(old) = self.comments.insert(language, self.elements.len())
                && let Some(old) = self.elements.get_mut(old)
            {
                old.clear();
            }
        }
        self.elements.push(text);
    }

    /// The type's own file.
    pub(super) fn document(&self, name: &str) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<mime-type xmlns=\"{NAMESPACE}\" type=\"{}\">\n  \
             <!--Created automatically by update-mime-database. DO NOT EDIT!-->\n",
            escaped(name, true)
        );
        for element in self.elements.iter().filter(|element| !element.is_empty()) {
            text.push_str(&format!("  {element}\n"));
        }
        text.push_str("</mime-type>\n");
        text
    }
}

/// As RFC 6838 (4.2) allows, and no folder of the database itself.
fn is_type(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+:;=,~%*".contains(&byte);
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() < LONGEST_NAME - 4
            && !part.starts_with('.')
            && part.bytes().all(is_letter)
    };
    let parts = name.split_once('/').filter(|(media, subtype)| is_part(media) && is_part(subtype));
    parts.is_some_and(|(media, _)| !media.eq_ignore_ascii_case("packages"))
}
