//! `aptlet status --env`: the variables by which the image's own programs find what the tree has.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{LogFormat, Settings};
use crate::error::Error;
use crate::launch::libraries::{Variable, variables};
use crate::publish;
use crate::relocate::record::Record;
use crate::tree::libraries::list;
use crate::tree::records;

/// Where Debian's Python modules are.
const MODULES: &str = "usr/lib/python3/dist-packages";

pub(super) fn environment(generation: &Path, settings: &Settings) -> Result<String, Error> {
    let failed = |source| publish::Error::Unverifiable { path: generation.join(records::RELOCATED), source };
    let recorded = match generation.join(records::RELOCATED).exists() {
        true => Record::read(generation).map_err(failed)?.prefix,
        false => String::new(),
    };
    let prefix = if recorded.is_empty() { settings.dest.to_string_lossy().into_owned() } else { recorded };
    let mut variables = variables(generation, &prefix);
    if let Some((python, own)) = image_python(std::env::var_os("PATH").as_deref(), &settings.dest)
        && let Some(modules) = minor_of_modules(generation).filter(|modules| *modules != own)
    {
        let before = variables.len();
        variables.retain(|variable| variable.name != "PYTHONPATH");
        if variables.len() < before {
            tracing::warn!(
                "PYTHONPATH is left out: the tree's modules are for Python 3.{modules}, and {} is 3.{own}; take packages of the \
                 release that has 3.{own}, or pip's",
                python.display()
            );
        }
    }
    Ok(match settings.log_format {
        LogFormat::Json => {
            let mut object = serde_json::Map::new();
            for variable in variables.iter().filter(|variable| !variable.is_choice) {
                object.insert(variable.name.to_owned(), variable.value.clone().into());
            }
            format!("{}\n", serde_json::Value::Object(object))
        }
        LogFormat::Text => variables.iter().map(line).collect(),
    })
}

/// One of several is a comment, for whoever chooses it.
fn line(variable: &Variable) -> String {
    let comment = if variable.is_choice { "# " } else { "" };
    format!("{comment}{}={}\n", variable.name, variable.value)
}

/// The minor version of Python that the tree's modules were compiled for; `None` where none was, since others fit any.
fn minor_of_modules(generation: &Path) -> Option<u32> {
    let mut queue = vec![generation.join(MODULES)];
    let mut depth = 0;
    while !queue.is_empty() && depth < 4 {
        let mut next = Vec::new();
        for path in queue.iter().flat_map(|folder| list(folder)) {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            // NAME.cpython-313-x86_64-linux-gnu.so (PEP 3149)
            let tag = name.strip_suffix(".so").and_then(|name| name.split(".cpython-3").nth(1));
            if let Some(minor) = tag.and_then(|tag| tag.split('-').next()?.parse().ok()) {
                return Some(minor);
            }
            if path.is_dir() && !path.is_symlink() {
                next.push(path);
            }
        }
        queue = next;
        depth += 1;
    }
    None
}

/// The Python of this machine, where this runs in the main container, and its minor version: the first that PATH has outside of
/// the destination.
fn image_python(path: Option<&OsStr>, dest: &Path) -> Option<(PathBuf, u32)> {
    let found = std::env::split_paths(path?).map(|folder| folder.join("python3")).filter_map(|python| {
        let file = fs::canonicalize(python).ok()?;
        let minor = file.file_name()?.to_str()?.strip_prefix("python3.")?.parse().ok()?;
        Some((file, minor))
    });
    let dest = fs::canonicalize(dest).unwrap_or_else(|_| dest.to_owned());
    found.into_iter().find(|(file, _)| !file.starts_with(&dest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn modules_tell_their_python_by_their_tag() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join(MODULES);
        fs::create_dir_all(modules.join("yaml")).unwrap();
        fs::write(modules.join("six.py"), "").unwrap();
        fs::write(modules.join("yaml/abi.abi3.so"), "").unwrap();
        assert_eq!(minor_of_modules(folder.path()), None);
        fs::write(modules.join("yaml/_yaml.cpython-313-x86_64-linux-gnu.so"), "").unwrap();
        assert_eq!(minor_of_modules(folder.path()), Some(13));
    }

    #[test]
    fn the_python_of_the_image_is_the_first_that_is_not_the_trees() {
        let folder = tempfile::tempdir().unwrap();
        let (tree, image) = (folder.path().join("p"), folder.path().join("bin"));
        for (place, version) in [(&tree, "3.13"), (&image, "3.11")] {
            fs::create_dir(place).unwrap();
            fs::write(place.join(format!("python{version}")), "").unwrap();
            symlink(format!("python{version}"), place.join("python3")).unwrap();
        }
        let path = std::env::join_paths([&tree, &image]).unwrap();
        assert_eq!(image_python(Some(&path), &tree).unwrap().1, 11);
        assert_eq!(image_python(Some(tree.as_os_str()), &tree), None);
        assert_eq!(image_python(None, &tree), None);
    }
}
