//! XML of packages as a small tree. Documents are hostile: their size, depth and number of nodes are bounded, and no
//! entities are declared.

use std::rc::Rc;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// The largest that Debian has, freedesktop.org.xml, is 2.4 MB of 90,000 nodes.
pub(super) const LARGEST: u64 = 8 << 20;
const MOST_NODES: usize = 300_000;
const DEEPEST: usize = 32;
const MOST_ATTRIBUTES: usize = 32;

/// An element, with its namespace resolved (Namespaces in XML 1.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// Without a prefix.
    pub(super) name: Rc<str>,
    /// Empty for none.
    pub(super) namespace: Rc<str>,
    /// By their names as written, with prefixes; without declarations of namespaces.
    pub(super) attributes: Vec<(Rc<str>, Box<str>)>,
    pub(super) children: Vec<Node>,
}

/// What an element holds. Comments and processing instructions are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(Box<str>),
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| &**found == name).map(|(_, value)| &**value)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text of it and of all elements in it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            match node {
                Node::Text(part) => text.push_str(part),
                Node::Element(element) => text.push_str(&element.text()),
            }
        }
        text
    }
}

/// The root element of a document in UTF-8. Says why there is none.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, String> {
    build(bytes, None)
}

/// Visits the elements in the root element of a document one by one, and has no two in memory. Returns the root without any; says why
/// there is none, which may be found out when some were visited.
pub(super) fn each_child(bytes: &[u8], visit: &mut dyn FnMut(&Element)) -> Result<Element, String> {
    build(bytes, Some(visit))
}

fn build(bytes: &[u8], visit: Option<&mut dyn FnMut(&Element)>) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().check_end_names = true;
    let mut builder = Builder { visit, ..Builder::default() };
    loop {
        let event = reader.read_event().map_err(|error| format!("is not well-formed XML: {error}"))?;
        match event {
            Event::Start(start) => builder.open(&start)?,
            Event::Empty(start) => {
                builder.open(&start)?;
                builder.close();
            }
            Event::End(_) => builder.close(),
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                match character {
                    Some(character) => builder.text(character.encode_utf8(&mut [0; 4]))?,
                    None => {
                        let text = resolve_predefined_entity(&reference);
                        builder.text(text.ok_or("has an entity that XML does not define")?)?;
                    }
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match builder.root {
        Some(root) if builder.open.is_empty() => Ok(root),
        _ => Err("ends within an element, or has none".to_owned()),
    }
}

#[derive(Default)]
struct Builder<'v> {
    /// Gets the elements in the root, instead of the root.
    visit: Option<&'v mut dyn FnMut(&Element)>,
    root: Option<Element>,
    open: Vec<Element>,
    /// The depth that a prefix is declared at, the prefix, and its namespace.
    namespaces: Vec<(usize, Box<str>, Rc<str>)>,
    /// Names are few, and elements many.
    names: hashbrown::HashSet<Rc<str>>,
    nodes: usize,
}

impl Builder<'_> {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(format!("has more than {DEEPEST} levels"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err("has a second root element".to_owned());
        }
        let depth = self.open.len();
        let mut attributes: Vec<(Rc<str>, Box<str>)> = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| format!("has a bad attribute: {error}"))?;
            self.count()?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| format!("has a bad attribute: {error}"))?;
            let name: &str = attribute.key.as_ref();
            if attributes.len() >= MOST_ATTRIBUTES || self.namespaces.len() >= DEEPEST * MOST_ATTRIBUTES {
                return Err(format!("has an element of more than {MOST_ATTRIBUTES} attributes"));
            }
            if let Some(prefix) = declared_prefix(name) {
                self.namespaces.push((depth, prefix.into(), (&*value).into()));
            } else if attributes.iter().any(|(other, _)| &**other == name) {
                return Err(format!("has the attribute '{}' twice", name.escape_debug()));
            } else {
                attributes.push((self.name(name), (&*value).into()));
            }
        }
        self.count()?;
        let name = start.name();
        let name: &str = name.as_ref();
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.namespaces.iter().rev().find(|(_, declared, _)| **declared == *prefix);
        let namespace = namespace.map_or_else(|| Rc::from(""), |(_, _, namespace)| Rc::clone(namespace));
        let name = self.name(local);
        self.open.push(Element { name, namespace, attributes, children: Vec::new() });
        Ok(())
    }

    fn name(&mut self, name: &str) -> Rc<str> {
        if let Some(known) = self.names.get(name) {
            return Rc::clone(known);
        }
        let fresh: Rc<str> = name.into();
        self.names.insert(Rc::clone(&fresh));
        fresh
    }

    fn close(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        // most hold one text, and a list makes room for four: in a large document that is most of the memory
        element.children.shrink_to_fit();
        element.attributes.shrink_to_fit();
        let depth = self.open.len();
        self.namespaces.retain(|(declared, _, _)| *declared < depth);
        if self.open.len() == 1
            && let Some(visit) = &mut self.visit
        {
            return visit(&element);
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let Some(parent) = self.open.last_mut() else {
            let is_blank = text.chars().all(char::is_whitespace);
            return if is_blank { Ok(()) } else { Err("has text outside its root element".to_owned()) };
        };
        if let Some(Node::Text(before)) = parent.children.last_mut() {
            // texts beside each other are few: around references and comments
            if before.len() > MOST_NODES {
                return Err("has too long a text".to_owned());
            }
            *before = [&**before, text].concat().into();
        } else {
            parent.children.push(Node::Text(text.into()));
        }
        self.count()
    }

    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        let is_bounded = self.nodes <= MOST_NODES;
        if is_bounded { Ok(()) } else { Err(format!("has more than {MOST_NODES} nodes")) }
    }
}

/// The prefix that an attribute declares, empty for the default namespace.
fn declared_prefix(attribute: &str) -> Option<&str> {
    let rest = attribute.strip_prefix("xmlns")?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix(':') }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_elements_texts_and_namespaces() {
        let text = "\u{feff}<?xml version='1.0'?><!DOCTYPE a [ <!ELEMENT a (b)*> ]>\n<!-- x --><a xmlns='n' k='&lt;&#65;'>\
            one <!-- c -->&amp; <![CDATA[<two>]]><p:b xmlns:p='m'/><b/></a>\n";
        let root = parse(text.as_bytes()).unwrap();
        assert_eq!((&*root.name, &*root.namespace, root.attribute("k")), ("a", "n", Some("<A")));
        assert_eq!(root.text(), "one & <two>");
        let children: Vec<_> = root.elements().map(|child| (&*child.name, &*child.namespace)).collect();
        assert_eq!(children, [("b", "m"), ("b", "n")]);
    }

    #[test]
    fn hostile_documents_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY l 'ha'><!ENTITY m '&l;&l;'>]><a>&m;</a>";
        let attributes = (0..1000).map(|n| format!("a{n}=''")).collect::<Vec<_>>().join(" ");
        for bad in [
            laughs,
            &"<a>".repeat(100_000),
            &format!("<a>{}</a>", "<b/>".repeat(400_000)),
            &format!("<a {attributes}/>"),
            &format!("<a>{}</a>", "x&amp;".repeat(400_000)),
            "<a><b></a></b>",
            "<a/><b/>",
            "<a",
            "",
            "text",
            "<a x='1' x='2'/>",
            "<a>&#xFFFFFFFF;</a>",
            "</a>",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{}", &bad[..bad.len().min(60)]);
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }
}
