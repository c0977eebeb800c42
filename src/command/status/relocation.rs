//! `aptlet status --relocation PATH`: what relocation did to a file, or to the packages below a folder.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::config::LogFormat;
use crate::error::Error;
use crate::publish;
use crate::relocate::Kept;
use crate::relocate::examine::{Examined, examine};
use crate::relocate::record::Record;
use crate::tree::links::resolve_in_root;
use crate::tree::{in_tree, records};

const LISTS: &str = "var/lib/dpkg/info";

pub(super) fn relocation(generation: &Path, path: &Path, format: LogFormat) -> Result<String, Error> {
    let failed = |source| publish::Error::Unverifiable { path: generation.join(records::RELOCATED), source };
    let place = resolve_in_root(generation, path).ok().flatten();
    let place = place.ok_or_else(|| publish::Error::NotThere { path: path.to_owned() })?;
    let record = Record::read(generation).map_err(failed)?;
    let examined = examine(generation, &record, &place)?;
    Ok(match format {
        LogFormat::Json => {
            let lines: Vec<String> = examined.iter().map(|file| as_json(file).to_string() + "\n").collect();
            lines.concat()
        }
        LogFormat::Text if generation.join(&place).is_dir() => by_package(generation, &examined),
        LogFormat::Text => match examined.first() {
            None => format!("{}: no path in it\n", Path::new("/").join(&place).display()),
            Some(file) => as_text(file, &record.prefix),
        },
    })
}

fn as_json(file: &Examined) -> serde_json::Value {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let rewritten = file.rewritten.iter().map(|(offset, original, now)| {
        serde_json::json!({ "offset": offset, "original": text(original), "now": text(now) })
    });
    let left = file.left.iter().map(|(offset, path, left)| {
        serde_json::json!({ "offset": offset, "path": text(path), "reason": left.reason() })
    });
    serde_json::json!({
        "file": Path::new("/").join(&file.path).to_string_lossy(),
        "rewritten": rewritten.collect::<Vec<_>>(),
        "extended": file.extended,
        "left": left.collect::<Vec<_>>(),
    })
}

fn as_text(file: &Examined, prefix: &str) -> String {
    let path = Path::new("/").join(&file.path);
    let (rewritten, left) = (file.rewritten.len(), file.left.len());
    let mut text =
        format!("{}: {rewritten} rewritten for {prefix}, {left} left as they are\n", path.display());
    for (offset, original, now) in &file.rewritten {
        let _ = writeln!(text, "{offset:>10}  {} is now {}", original.escape_ascii(), now.escape_ascii());
    }
    if file.extended {
        let _ = writeln!(text, "       end  the dynamic linker, and the folders of libraries");
    }
    for (offset, path, left) in &file.left {
        let _ = writeln!(text, "{offset:>10}  {} stays: {}", path.escape_ascii(), left.reason());
    }
    text
}

#[derive(Default)]
struct Counts {
    files: usize,
    rewritten: usize,
    left: BTreeMap<Kept, usize>,
}

fn by_package(generation: &Path, examined: &[Examined]) -> String {
    let owners = owners(generation);
    let mut packages: BTreeMap<&str, Counts> = BTreeMap::new();
    for file in examined {
        let counts = packages.entry(owners.get(&file.path).map_or("(aptlet)", String::as_str)).or_default();
        counts.files += usize::from(!file.rewritten.is_empty());
        counts.rewritten += file.rewritten.len();
        for (_, _, left) in &file.left {
            *counts.left.entry(*left).or_default() += 1;
        }
    }
    let mut text = String::new();
    for (package, counts) in packages {
        let left: Vec<String> =
            counts.left.iter().map(|(left, count)| format!("{count} {}", left.reason())).collect();
        let left = if left.is_empty() { "none".to_owned() } else { left.join("; ") };
        let _ = writeln!(
            text,
            "{package}: {} rewritten in {} files; left: {left}",
            counts.rewritten, counts.files
        );
    }
    text
}

/// The packages of all paths, by dpkg's lists.
fn owners(generation: &Path) -> HashMap<PathBuf, String> {
    let mut owners = HashMap::new();
    for entry in fs::read_dir(generation.join(LISTS)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(package) = name.to_str().and_then(|name| name.strip_suffix(".list")) else { continue };
        for line in fs::read(entry.path()).unwrap_or_default().split(|byte| *byte == b'\n') {
            let path = Path::new(std::ffi::OsStr::from_bytes(line.strip_prefix(b"/").unwrap_or(line)));
            owners.insert(in_tree(path), package.to_owned());
        }
    }
    owners
}
