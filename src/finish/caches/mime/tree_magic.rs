//! What tells MIME types of volumes by the files that they have: `<treemagic>`, and the file `treemagic` (Shared MIME-info
//! Database specification, 2.4 and 2.10).

use std::cmp::Ordering;
use std::rc::Rc;

use super::markup::{line, only};
use super::priority::order;
use crate::finish::caches::xml::Element;

/// Files that a volume has.
#[derive(Debug)]
pub(super) struct TreeMagic {
    priority: u8,
    r#type: Rc<str>,
    matches: Vec<TreeMatch>,
}

#[derive(Debug)]
struct TreeMatch {
    /// As the file `treemagic` has it.
    line: String,
    matches: Vec<TreeMatch>,
}

impl TreeMagic {
    pub(super) fn new(name: &Rc<str>, element: &Element, priority: u8) -> Result<Self, String> {
        Ok(Self { priority, r#type: Rc::clone(name), matches: tree_matches(element)? })
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        order((self.priority, &self.r#type), (other.priority, &other.r#type))
    }

    pub(super) fn write(&self, file: &mut Vec<u8>) {
        file.extend(format!("[{}:{}]\n", self.priority, self.r#type).bytes());
        write_tree(&self.matches, 0, file);
    }
}

fn tree_matches(parent: &Element) -> Result<Vec<TreeMatch>, String> {
    only(parent, "treematch")
        .map(|element| {
            let element = element?;
            let kind = match element.attribute("type") {
                None => "any",
                Some(kind @ ("file" | "directory" | "link")) => kind,
                Some(other) => return Err(format!("<treematch> of the type '{}'", other.escape_debug())),
            };
            let mut text = format!(">\"{}\"={kind}", line(element, "path")?);
            for flag in ["match-case", "executable", "non-empty"] {
                if element.attribute(flag) == Some("true") {
                    text.push_str(&format!(",{flag}"));
                }
            }
            if element.attribute("mimetype").is_some() {
                text.push_str(&format!(",{}", line(element, "mimetype")?));
            }
            Ok(TreeMatch { line: text, matches: tree_matches(element)? })
        })
        .collect()
}

fn write_tree(matches: &[TreeMatch], indent: usize, file: &mut Vec<u8>) {
    for one in matches {
        let indented = if indent > 0 { indent.to_string() } else { String::new() };
        file.extend(format!("{indented}{}\n", one.line).bytes());
        write_tree(&one.matches, indent + 1, file);
    }
}
