//! Modules of the tree for interpreters that only the image has. Its interpreter runs the tree's scripts, too, and looks for modules
//! in folders of the image.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::commands::find;
use super::environment::expand;
use crate::process::DEFAULT_PATH;

/// An interpreter, the variable by which it finds more modules, and where Debian's packages have those: what takes another's
/// place first.
struct Language {
    program: &'static str,
    variable: &'static str,
    folders: &'static [&'static str],
}

const LANGUAGES: [Language; 2] = [
    Language {
        program: "perl",
        variable: "PERL5LIB",
        folders: &[
            "usr/lib/*-linux-gnu/perl5/5.*",
            "usr/share/perl5",
            "usr/lib/*-linux-gnu/perl/5.*",
            "usr/share/perl/5.*",
        ],
    },
    Language {
        program: "python3",
        variable: "PYTHONPATH",
        folders: &["usr/lib/python3/dist-packages", "usr/lib/python3.*", "usr/lib/python3.*/lib-dynload"],
    },
];

/// Debian's own interpreters are there; one that somebody built into `/usr/local` has modules of its own, and often is of another
/// version.
const OF_DEBIAN: &str = "/usr/bin";

/// Modules for one interpreter that a tree does not have.
pub(super) struct Modules {
    pub(super) program: &'static str,
    pub(super) variable: &'static str,
    pub(super) folders: Vec<String>,
}

/// Of the modules in a tree, those for which it has no interpreter.
pub(super) fn modules(tree: &Path) -> Vec<Modules> {
    let lacking = LANGUAGES.iter().filter(|language| find(tree, language.program).is_none());
    let all = lacking.map(|Language { program, variable, folders }| Modules {
        program,
        variable,
        folders: folders.iter().flat_map(|folder| expand(tree, folder)).collect(),
    });
    all.filter(|modules| !modules.folders.is_empty()).collect()
}

/// The interpreters of the image that packages of its release have modules for: those that are found first by their names.
pub(crate) fn interpreters_of_image(destination: &Path) -> Vec<String> {
    let programs = LANGUAGES.iter().map(|language| language.program.to_owned());
    programs
        .filter(|name| of_image(destination, name).is_some_and(|path| path.starts_with(OF_DEBIAN)))
        .collect()
}

/// A program of the image, as it is found where the destination is not on PATH.
pub(super) fn of_image(destination: &Path, name: &str) -> Option<PathBuf> {
    image_folders(destination).into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether a program of the image finds the tree's modules.
pub(super) fn takes_modules(program: &Path) -> bool {
    program.starts_with(OF_DEBIAN)
}

/// The folders of commands that the image has by itself: those of PATH, and the usual ones.
pub(crate) fn image_folders(destination: &Path) -> Vec<PathBuf> {
    let own = ["commands", "bin"].map(|name| identity(&destination.join(name)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(std::env::split_paths(DEFAULT_PATH));
    folders.filter(|folder| !own.contains(&identity(folder))).collect()
}

/// What a folder is, however it is reached.
fn identity(folder: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(folder).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn modules_without_their_interpreter_are_for_that_of_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path();
        let told = || -> Vec<String> {
            modules(tree).iter().map(|one| format!("{}={}", one.variable, one.folders.join(":"))).collect()
        };
        assert_eq!(told(), [""; 0]);
        for module in [
            "usr/share/perl5",
            "usr/share/perl/5.36",
            "usr/lib/x86_64-linux-gnu/perl5/5.36",
            "usr/lib/python3/dist-packages/yaml",
        ] {
            fs::create_dir_all(tree.join(module)).unwrap();
        }
        let perl = "PERL5LIB=usr/lib/x86_64-linux-gnu/perl5/5.36:usr/share/perl5:usr/share/perl/5.36";
        assert_eq!(told(), [perl, "PYTHONPATH=usr/lib/python3/dist-packages"]);
        fs::create_dir_all(tree.join("usr/bin")).unwrap();
        fs::write(tree.join("usr/bin/python3"), "").unwrap();
        fs::set_permissions(tree.join("usr/bin/python3"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(told(), [perl]);
    }
}
