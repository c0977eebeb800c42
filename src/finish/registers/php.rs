//! The modules of PHP that are enabled, as phpenmod(8) would have linked them: a module is for each way to run PHP (a SAPI)
//! that the tree has.

use crate::arrange::Arrange as _;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};

const LARGEST: u64 = 1 << 20;
/// Where it stands among the modules, unless it says so itself.
const PRIORITY: &str = "20";

/// Enables what scripts have called for: version, SAPI (or `ALL`), module.
pub(crate) fn apply(inside: &mut Inside<'_>, calls: &[(String, String, String)]) -> Result<(), Error> {
    let root = inside.root();
    for (version, place, module) in calls {
        let versions = if version == "ALL" { names(inside, "/usr/lib/php")? } else { vec![version.clone()] };
        for version in versions.iter().filter(|version| is_name(version) && is_name(module)) {
            let source = format!("/etc/php/{version}/mods-available/{module}.ini");
            let Some(text) = inside::read(&root, &source, LARGEST)? else { continue };
            let priority = priority(&String::from_utf8_lossy(&text)).unwrap_or(PRIORITY.to_owned());
            let state = format!("/var/lib/php/modules/{version}");
            if place == "ALL" {
                inside.file(&format!("{state}/registry/{module}"), b"")?;
            }
            for sapi in names(inside, &format!("/usr/lib/php/{version}/sapi"))? {
                let folder = format!("/etc/php/{version}/{sapi}/conf.d");
                if (place == "ALL" || *place == sapi) && exists(&root, &folder) {
                    inside.link(&source, &format!("{folder}/{priority}-{module}.ini"))?;
                    inside.file(&format!("{state}/{sapi}/enabled_by_maint/{module}"), b"")?;
                }
            }
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '\n', '\0']) && !matches!(text, "." | "..")
}

fn names(inside: &Inside<'_>, folder: &str) -> Result<Vec<String>, Error> {
    let root = inside.root();
    let mut names = Vec::new();
    if let Some(place) = inside::resolve(&root, folder)?.map(|place| root.join(place)) {
        for entry in place.read_dir().map_err(|source| Error::read(&place, source))? {
            let entry = entry.map_err(|source| Error::read(&place, source))?;
            names.extend(entry.file_name().into_string());
        }
    }
    names.arrange();
    Ok(names)
}

/// `; priority=10` in a module's file.
fn priority(text: &str) -> Option<String> {
    let value = |line: &str| {
        let (key, value) = line.strip_prefix(';')?.split_once('=')?;
        let value = value.trim();
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        (key.trim() == "priority" && is_number).then(|| value.to_owned())
    };
    text.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn each_way_to_run_php_gets_the_modules() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        for (path, text) in [
            (
                "etc/php/8.2/mods-available/xml.ini",
                "; configuration for php xml module\n; priority=15\nextension=xml.so\n",
            ),
            ("etc/php/8.2/mods-available/mbstring.ini", "extension=mbstring.so\n"),
            ("etc/php/8.2/cli/conf.d/.keep", ""),
            ("etc/php/8.2/fpm/conf.d/.keep", ""),
            ("usr/lib/php/8.2/sapi/cli", ""),
            ("usr/lib/php/8.2/sapi/fpm", ""),
            ("usr/lib/php/8.2/sapi/gone", ""),
        ] {
            tree.create_directory(Path::new(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        let calls = [
            ("8.2", "ALL", "xml"),
            ("8.2", "cli", "mbstring"),
            ("8.2", "ALL", "gone"),
            ("..", "ALL", "../x"),
        ];
        let calls =
            calls.map(|(version, sapi, module)| (version.to_owned(), sapi.to_owned(), module.to_owned()));
        apply(&mut Inside::new(&mut tree, 1), &calls).unwrap();
        let target = |path: &str| fs::read_link(root.join("etc/php/8.2").join(path)).ok();
        assert_eq!(
            target("cli/conf.d/15-xml.ini").unwrap(),
            Path::new("/etc/php/8.2/mods-available/xml.ini")
        );
        assert!(target("fpm/conf.d/15-xml.ini").is_some() && target("cli/conf.d/20-mbstring.ini").is_some());
        assert!(target("fpm/conf.d/20-mbstring.ini").is_none());
        assert!(root.join("var/lib/php/modules/8.2/registry/xml").exists());
    }
}
