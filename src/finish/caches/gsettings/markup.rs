//! What GSettings wants of the XML of schemas besides that it is well-formed: no text between elements, and no attribute
//! that it does not know.

use crate::finish::caches::xml::{Element, Node};

/// Fails on attributes that are not expected; those with a prefix are another's.
pub(super) fn check_attributes(element: &Element, expected: &[&str]) -> Result<(), String> {
    let strange =
        element.attributes.iter().find(|(name, _)| !name.contains(':') && !expected.contains(&&**name));
    match strange {
        Some((name, _)) => Err(format!("<{}> has no attribute '{}'", element.name, name.escape_debug())),
        None => Ok(()),
    }
}

/// The elements in one that has no text of its own; those of another namespace are passed over.
pub(super) fn children(element: &Element) -> Result<impl Iterator<Item = &Element>, String> {
    let is_text = |node: &Node| matches!(node, Node::Text(text) if !text.trim().is_empty());
    if element.children.iter().any(is_text) {
        return Err(format!("there is text in <{}>", element.name));
    }
    Ok(element.elements().filter(|child| child.namespace == element.namespace))
}

pub(super) fn attribute<'a>(element: &'a Element, name: &str) -> Result<&'a str, String> {
    element.attribute(name).ok_or_else(|| format!("<{}> has no '{name}'", element.name))
}
