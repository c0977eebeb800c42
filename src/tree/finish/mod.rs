//! What maintainer scripts would have done, by declaration and without a shell; and what a tree needs that is not
//! mounted at `/`.

mod alternatives;
mod relative;
pub(super) mod script;

use super::{Error, Tree};

/// Finishes a merged tree, before its database is written. Returns notes for the report.
///
/// `at_root`: the tree will be seen at `/`, so absolute links stay as they are.
pub fn run(tree: &mut Tree, date: i64, at_root: bool) -> Result<Vec<String>, Error> {
    let postinsts: Vec<(String, String)> = tree
        .packages()
        .iter()
        .filter_map(|package| {
            let script = package.control.file("postinst")?;
            Some((package.artifact.name.clone(), String::from_utf8_lossy(script).into_owned()))
        })
        .collect();
    let scripts = postinsts.iter().map(|(package, script)| (package.as_str(), script.as_str()));
    let unread = alternatives::apply(tree, date, scripts)?;
    if !at_root {
        relative::make_relative(tree.root()).map_err(|source| Error::write(tree.root(), source))?;
    }
    Ok(unread
        .into_iter()
        .map(|(package, line)| {
            format!("{package}: an alternative is missing, because its script cannot be read: {line}")
        })
        .collect())
}
