//! What the shared MIME database takes of XML, and the XML that it has itself.

use crate::finish::caches::xml::{Element, Node};

/// Names, patterns and the like, in bytes.
pub(super) const LONGEST_NAME: usize = 256;

/// An attribute that is one short line.
pub(super) fn line<'a>(element: &'a Element, name: &str) -> Result<&'a str, String> {
    let value = element.attribute(name).filter(|value| {
        !value.is_empty()
            && value.len() <= LONGEST_NAME
            && !value.contains(|letter: char| letter.is_control())
    });
    value.ok_or_else(|| format!("<{}> has no valid '{name}'", element.name))
}

/// A number of 0 to 100, 50 by default.
pub(super) fn percent(element: &Element, name: &str) -> Result<u8, String> {
    let Some(value) = element.attribute(name) else { return Ok(50) };
    let number = value.parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| format!("the {name} '{}' is not of 0 to 100", value.escape_debug()))
}

/// The elements inside, which must all be of this name.
pub(super) fn only<'a>(
    parent: &'a Element,
    name: &'static str,
) -> impl Iterator<Item = Result<&'a Element, String>> {
    parent.elements().map(move |element| {
        let is_it = &*element.name == name && element.namespace == parent.namespace;
        if is_it {
            Ok(element)
        } else {
            Err(format!("<{}> in place of <{name}>", element.name.escape_debug()))
        }
    })
}

/// Appends an element as the file of its type has it.
pub(super) fn write_element(element: &Element, text: &mut String) {
    text.push_str(&format!("<{}", element.name));
    for (name, value) in &element.attributes {
        text.push_str(&format!(" {name}=\"{}\"", escaped(value, true)));
    }
    if element.children.is_empty() {
        text.push_str("/>");
        return;
    }
    text.push('>');
    for child in &element.children {
        match child {
            Node::Element(child) => write_element(child, text),
            Node::Text(part) => text.push_str(&escaped(part, false)),
        }
    }
    text.push_str(&format!("</{}>", element.name));
}

/// Text of an XML document, or (with `true`) the value of an attribute in double quotes, as libxml2 writes it.
pub(super) fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            '\t' if in_attribute => out.push_str("&#9;"),
            other => out.push(other),
        }
    }
    out
}
