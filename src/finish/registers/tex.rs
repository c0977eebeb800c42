//! What tex-common and texlive-base make of what each TeX package ships: configuration files that are parts put together, and
//! databases of file names (`ls-R`), without which kpathsea finds nothing.
//!
//! Formats, maps of fonts and the list of languages are left to the tree's own programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arrange::Arrange as _;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::generators::Call;

const LARGEST: u64 = 4 << 20;
const SETTINGS: &str = "/etc/texmf/texmf.d";
const MADE: &str = "/var/lib/texmf";

/// A tree of TeX's files: its name in tex-common's folders, what files made for it end in, its root, its database.
const TREES: [(&str, &str, &str, &str); 2] = [
    ("texmf", "DEBIAN", "/usr/share/texmf", "ls-R-TEXMFMAIN"),
    ("texlive", "TEXLIVEDIST", "/usr/share/texlive/texmf-dist", "ls-R-TEXLIVEDIST"),
];

/// Where packages have their parts of a file, what these end in, and the file.
const PARTS: [(&str, &str, &str); 2] =
    [("fontmap-cfg", ".cfg", "updmap.cfg"), ("fmtutil-cnf", ".cnf", "fmtutil.cnf")];

/// The lists of languages, which their program has yet to make, as a database has them.
const LANGUAGES: &str = "./tex/generic/config:\nlanguage.dat\nlanguage.dat.lua\nlanguage.def\n\n";

/// As kpathsea wants it.
const MAGIC: &str = "% ls-R -- filename database for kpathsea; do not change this line.\n";

/// The programs that texlive-base and tex-common have run when all packages are there. `--copy`: no `ln` is needed.
const CALLS: [(&str, &str, &[&str]); 3] = [
    ("tex-common", "update-language", &["--quiet"]),
    ("texlive-base", "updmap", &["--sys", "--copy"]),
    (
        "texlive-base",
        "fmtutil",
        &["--sys", "--strict", "--no-error-if-no-engine=luajittex,mfluajit,luajithbtex", "--all"],
    ),
];

/// Makes them, where the tree has tex-common. Returns what is to be run.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Vec<Call>, Error> {
    let root = inside.root();
    if !exists(&root, "/usr/share/tex-common") {
        return Ok(Vec::new());
    }
    let settings = inside::files_below(&root, SETTINGS, ".cnf")?;
    if !settings.is_empty() {
        let text = joined(&root, &settings)?;
        inside.file("/etc/texmf/web2c/texmf.cnf", &text)?;
    }
    for (tree, suffix, folder, database) in TREES {
        for (parts, ending, file) in PARTS {
            let parts = inside::files_in(&root, &format!("/var/lib/tex-common/{parts}/{tree}"), ending)?;
            let text = joined(&root, &parts)?;
            inside.file(&format!("{MADE}/{file}-{suffix}"), &text)?;
        }
        if exists(&root, folder) {
            // before the link to it is there, which would be listed
            let names = listed(&root, folder)?;
            inside.file(&format!("{MADE}/{database}"), names.as_bytes())?;
            inside.link(&format!("{MADE}/{database}"), &format!("{folder}/ls-R"))?;
        }
    }
    if !exists(&root, "/usr/bin/fmtutil") {
        return Ok(Vec::new());
    }
    // that program does not list what it has made
    let names = listed(&root, MADE)? + LANGUAGES;
    inside.file(&format!("{MADE}/ls-R"), names.as_bytes())?;
    let call = |(package, program, arguments): &(&str, &str, &[&str])| Call {
        package: (*package).to_owned(),
        program: (*program).to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    Ok(CALLS.iter().map(call).collect())
}

/// The content of files, one after the other.
fn joined(root: &Path, paths: &[String]) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for path in paths {
        text.extend(inside::read(root, path, LARGEST)?.unwrap_or_default());
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
    }
    Ok(text)
}

/// The names below a folder as `ls -LR` has them: each folder's path and a colon, and what is in it. What only links lead to is listed
/// by one of them.
fn listed(root: &Path, folder: &str) -> Result<String, Error> {
    let mut text = MAGIC.to_owned();
    let mut seen = BTreeSet::new();
    let mut queue = vec![(PathBuf::from(folder), ".".to_owned(), false)];
    while let Some((path, name, by_link)) = queue.pop() {
        let Some(inside) = inside::resolve(root, &path)? else { continue };
        if by_link && !seen.insert(inside.clone()) {
            continue;
        }
        let place = root.join(&inside);
        let failed = |source| Error::read(&place, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(&place).map_err(failed)? {
            names.extend(entry.map_err(failed)?.file_name().into_string());
        }
        names.retain(|name| !name.contains('\n'));
        names.arrange();
        // the root itself ends in a slash
        text.push_str(if name == "." { "./" } else { &name });
        text.push_str(":\n");
        let mut below = Vec::new();
        for entry in names {
            let full = path.join(&entry);
            let Some(found) = inside::resolve(root, &full)? else { continue };
            text.push_str(&entry);
            text.push('\n');
            if root.join(&found).is_dir() {
                let by_link = by_link || found != inside.join(&entry);
                below.push((full, format!("{name}/{entry}"), by_link));
            }
        }
        text.push('\n');
        queue.extend(below.into_iter().rev());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::tree::Tree;

    #[test]
    fn parts_are_put_together_and_names_listed() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        assert_eq!(apply(&mut Inside::new(&mut tree, 7)).unwrap(), []);
        for (path, text) in [
            ("usr/share/tex-common/mktex.cnf", ""),
            ("usr/bin/fmtutil", ""),
            ("etc/texmf/texmf.d/05x.cnf", "B = 2"),
            ("etc/texmf/texmf.d/00debian.cnf", "A = 1\n"),
            ("var/lib/tex-common/fontmap-cfg/texlive/b.cfg", "Map b.map\n"),
            ("var/lib/tex-common/fontmap-cfg/texlive/a.cfg", "Map a.map\n"),
            ("var/lib/tex-common/fontmap-cfg/texlive/a.list", "no part\n"),
            ("usr/share/texlive/texmf-dist/tex/latex/a.sty", ""),
            ("usr/share/texlive/texmf-dist/tex/b.tex", ""),
        ] {
            tree.create_directory(Path::new(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        symlink("tex/latex", root.join("usr/share/texlive/texmf-dist/again")).unwrap();
        symlink("..", root.join("usr/share/texlive/texmf-dist/tex/up")).unwrap();
        symlink("nowhere", root.join("usr/share/texlive/texmf-dist/tex/gone")).unwrap();

        let calls = apply(&mut Inside::new(&mut tree, 7)).unwrap();
        let lines: Vec<_> = calls.iter().map(|call| call.program.as_str()).collect();
        assert_eq!(lines, ["update-language", "updmap", "fmtutil"]);
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(read("etc/texmf/web2c/texmf.cnf"), "A = 1\nB = 2\n");
        assert_eq!(read("var/lib/texmf/updmap.cfg-TEXLIVEDIST"), "Map a.map\nMap b.map\n");
        assert_eq!(read("var/lib/texmf/fmtutil.cnf-DEBIAN"), "");
        let names = read("usr/share/texlive/texmf-dist/../../../../var/lib/texmf/ls-R-TEXLIVEDIST");
        let expected = "./:\nagain\ntex\n\n./again:\na.sty\n\n./tex:\nb.tex\nlatex\nup\n\n./tex/latex:\na.sty\n\n\
            ./tex/up:\nagain\ntex\n\n./tex/up/tex:\nb.tex\nlatex\nup\n\n";
        assert_eq!(names, format!("{MAGIC}{expected}"));
        let link = fs::read_link(root.join("usr/share/texlive/texmf-dist/ls-R")).unwrap();
        assert_eq!(link, Path::new("/var/lib/texmf/ls-R-TEXLIVEDIST"));
        assert!(!root.join("usr/share/texmf").exists());
        let names = read("var/lib/texmf/ls-R");
        assert!(names.contains("\nls-R-TEXLIVEDIST\n") && names.ends_with(LANGUAGES), "{names}");
    }
}
