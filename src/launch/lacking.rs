//! What commands lack in an adapted tree, known before anybody tries. A path in a program may have had no room for the prefix;
//! then the command looks into the main image for what the tree has.
//!
//! A command lacks what its own file lacks, and what the libraries that it needs, its interpreter and the other programs of its
//! packages lack. If `/usr/bin/perl` looks for `/etc/perl` in the main image, so does each script that begins with
//! `#!/usr/bin/perl`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::commands::{commands, find, resolve};
use crate::control::relation;
use crate::tree::libraries::{Dynamic, library_path, list};
use crate::tree::{Tree, in_tree};

/// What is not told, besides the folders of the root but `/etc`: folders that every image has, or that only begin a path,
/// since what is looked for in them has a path of its own; translations of messages; and the settings of SELinux, which are
/// the node's.
const NOT_TOLD: [&str; 15] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/games",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/include",
    "/usr/src",
    "/usr/local",
    "/var/lib",
    "/var/cache",
    "/usr/share/locale",
    "/etc/selinux",
];
/// These start another shell for a script without a first line, and for nothing else.
const SHELLS: [&str; 5] = ["dash", "bash", "ksh93", "mksh", "zsh"];
const SHELL: &str = "/bin/sh";

/// What a command lacks.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    /// Paths that it looks for in the main image.
    pub(crate) files: BTreeSet<String>,
    /// Programs that it starts from the main image.
    pub(crate) programs: BTreeSet<String>,
}

impl Lack {
    fn add(&mut self, other: &Self) {
        self.files.extend(other.files.iter().cloned());
        self.programs.extend(other.programs.iter().cloned());
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.programs.is_empty()
    }
}

/// The commands of a tree that lack something. `cramped` has the paths that stay in each file; `covered` are paths of
/// the tree that launchers name in variables.
pub(crate) fn lacking(
    tree: &Tree,
    prefix: &str,
    cramped: &BTreeMap<PathBuf, Vec<Vec<u8>>>,
    covered: &[String],
) -> BTreeMap<String, Lack> {
    let root = tree.root();
    let commands = commands(root);
    let lacks: HashMap<PathBuf, Lack> = cramped
        .iter()
        .map(|(file, paths)| (file.clone(), lack_of_file(root, paths, covered)))
        .filter(|(_, lack)| !lack.is_empty())
        .collect();
    let mut search =
        Search { root, prefix, libraries: libraries(root), lacks: &lacks, known: HashMap::new() };
    let packages = Packages::of(tree, &commands);
    let mut lacking = BTreeMap::new();
    for (name, file) in &commands {
        let relative = file.strip_prefix(root).unwrap_or(file);
        let mut lack = search.of_command(relative, 0);
        for helper in packages.helpers(relative) {
            lack.add(&search.of_program(helper));
        }
        if !lack.is_empty() {
            lacking.insert(name.clone(), lack);
        }
    }
    lacking
}

/// What a file lacks, by the paths in it that stay.
fn lack_of_file(root: &Path, paths: &[Vec<u8>], covered: &[String]) -> Lack {
    let mut lack = Lack::default();
    for path in paths.iter().map(|path| String::from_utf8_lossy(path)) {
        let plain = path.trim_end_matches('/');
        let is_not_told =
            (plain.rfind('/').is_none_or(|slash| slash == 0) && plain != "/etc") || NOT_TOLD.contains(&plain);
        let is_covered =
            covered.iter().any(|known| Path::new(plain.trim_start_matches('/')).starts_with(known));
        if path.is_empty() {
            lack.files.insert("its dynamic linker".to_owned());
        } else if !is_not_told && !is_covered {
            match resolve(root, Path::new(plain)) {
                Some(file) if file.is_file() && plain.contains("bin/") => {
                    lack.programs.insert(plain.to_owned())
                }
                Some(folder) if folder.is_dir() && !has_files(&folder) => false,
                _ => lack.files.insert(plain.to_owned()),
            };
        }
    }
    lack
}

/// Whether anything but folders, and notes for people, is in a folder.
fn has_files(folder: &Path) -> bool {
    list(folder).into_iter().any(|path| match fs::symlink_metadata(&path) {
        Ok(meta) if meta.is_dir() => has_files(&path),
        _ => path.file_name().is_some_and(|name| name != "README"),
    })
}

/// Where the libraries of a tree are, by their names.
fn libraries(root: &Path) -> HashMap<String, PathBuf> {
    let mut libraries = HashMap::new();
    for folder in library_path(root) {
        for path in list(&root.join(&folder)) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && name.contains(".so")
                && let Some(file) = resolve(root, &Path::new(&folder).join(name))
                && let Ok(file) = file.strip_prefix(root)
            {
                libraries.entry(name.to_owned()).or_insert_with(|| file.to_owned());
            }
        }
    }
    libraries
}

/// Goes from programs to their libraries and interpreters.
struct Search<'a> {
    root: &'a Path,
    prefix: &'a str,
    libraries: HashMap<String, PathBuf>,
    lacks: &'a HashMap<PathBuf, Lack>,
    known: HashMap<PathBuf, Lack>,
}

impl Search<'_> {
    fn of_command(&mut self, file: &Path, depth: usize) -> Lack {
        let mut start = Vec::new();
        let read = File::open(self.root.join(file)).and_then(|file| file.take(256).read_to_end(&mut start));
        let Some(line) = start.strip_prefix(b"#!").filter(|_| read.is_ok() && depth < 4) else {
            return self.of_program(file);
        };
        let line = String::from_utf8_lossy(line.split(|byte| *byte == b'\n').next().unwrap_or_default());
        let mut words = line.split_ascii_whitespace();
        let Some(interpreter) = words.next() else { return Lack::default() };
        let by_name = words.next().filter(|_| interpreter.ends_with("/env"));
        let found = match (by_name, interpreter.strip_prefix(self.prefix)) {
            (Some(name), _) => find(self.root, name),
            (None, Some(own)) => resolve(self.root, Path::new(own)),
            (None, None) => None,
        };
        match found.as_deref().and_then(|file| file.strip_prefix(self.root).ok()) {
            Some(file) => self.of_command(file, depth + 1),
            None => {
                let program = by_name.unwrap_or(interpreter).to_owned();
                Lack { programs: BTreeSet::from([program]), ..Lack::default() }
            }
        }
    }

    /// A program or a library, with all libraries that it needs.
    fn of_program(&mut self, file: &Path) -> Lack {
        if let Some(known) = self.known.get(file) {
            return known.clone();
        }
        // libraries may need each other
        self.known.insert(file.to_owned(), Lack::default());
        let mut lack = self.lacks.get(file).cloned().unwrap_or_default();
        let is_shell = file.file_name().is_some_and(|name| SHELLS.iter().any(|shell| name == *shell));
        if is_shell {
            lack.programs.clear();
        }
        let dynamic = Dynamic::of(&self.root.join(file)).unwrap_or_default();
        if dynamic.starts_shell && !is_shell && resolve(self.root, Path::new(SHELL)).is_some() {
            lack.programs.insert(SHELL.to_owned());
        }
        // what the C library starts, it starts for who asks for it
        for name in
            dynamic.needed.iter().filter(|name| !name.starts_with("libc.so.") && !name.starts_with("ld-"))
        {
            if let Some(library) = self.libraries.get(name).cloned() {
                lack.add(&self.of_program(&library));
            }
        }
        self.known.insert(file.to_owned(), lack.clone());
        lack
    }
}

/// Programs that are no commands: those of a package are started by its commands, and by those of packages that depend
/// on it.
struct Packages {
    owners: HashMap<PathBuf, usize>,
    helpers: Vec<Vec<PathBuf>>,
    depends: Vec<Vec<usize>>,
}

impl Packages {
    fn of(tree: &Tree, commands: &BTreeMap<String, PathBuf>) -> Self {
        let root = tree.root();
        let commands: BTreeSet<&Path> =
            commands.values().filter_map(|file| file.strip_prefix(root).ok()).collect();
        let mut owners = HashMap::new();
        for (number, package) in tree.packages().iter().enumerate() {
            owners.extend(package.paths.iter().map(|path| (in_tree(path), number)));
        }
        let names: HashMap<&str, usize> = tree
            .packages()
            .iter()
            .enumerate()
            .map(|(number, package)| (package.artifact.name.as_str(), number))
            .collect();
        let depends = tree.packages().iter().map(|package| {
            let field = package.control.field("Depends").unwrap_or_default();
            relation::parse(field).flatten().filter_map(|one| names.get(one.name).copied()).collect()
        });
        let is_helper = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let meta = || fs::symlink_metadata(root.join(path));
            !commands.contains(path.as_path())
                && !name.contains(".so")
                && meta().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        };
        let helpers = tree
            .packages()
            .iter()
            .map(|package| package.paths.iter().map(|path| in_tree(path)).filter(is_helper).collect());
        let helpers = helpers.collect();
        Self { helpers, depends: depends.collect(), owners }
    }

    fn helpers(&self, command: &Path) -> impl Iterator<Item = &Path> {
        let own = self.owners.get(command).copied();
        let packages = own.into_iter().flat_map(|own| self.depends[own].iter().copied().chain([own]));
        packages.flat_map(|package| self.helpers[package].iter().map(PathBuf::as_path))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tree(folder: &Path, files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
        for (path, content) in files {
            tree.create_directory(Path::new(path).parent().unwrap()).unwrap();
            let path = tree.root().join(path);
            fs::write(&path, content).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        tree
    }

    #[test]
    fn a_command_lacks_what_it_and_its_interpreter_name() {
        let folder = tempfile::tempdir().unwrap();
        let tree = tree(
            folder.path(),
            &[
                ("usr/bin/perl", "ELF"),
                ("usr/bin/sh", "ELF"),
                ("usr/bin/plain", "ELF"),
                ("usr/bin/script", "#!/opt/t/usr/bin/perl -w\n"),
                ("usr/bin/by-name", "#!/usr/bin/env perl\n"),
                ("usr/bin/other", "#! /usr/bin/ksh\n"),
                ("etc/perl/conf", ""),
                ("etc/empty/README", ""),
                ("usr/share/tool/data", ""),
            ],
        );
        let paths = |paths: &[&str]| paths.iter().map(|path| path.as_bytes().to_vec()).collect::<Vec<_>>();
        let cramped = BTreeMap::from([
            // folders that every image has, one without files, one that a variable names
            (PathBuf::from("usr/bin/plain"), paths(&["/usr", "/usr/bin", "/etc/empty", "/usr/share/tool/x"])),
            (PathBuf::from("usr/bin/perl"), paths(&["/etc", "/etc/perl", "/bin/sh", "/usr/lib"])),
        ]);
        let lacking = lacking(&tree, "/opt/t", &cramped, &["usr/share/tool".to_owned()]);
        let perl = Lack {
            files: BTreeSet::from(["/etc", "/etc/perl"].map(str::to_owned)),
            programs: BTreeSet::from(["/bin/sh".to_owned()]),
        };
        let other = Lack { programs: BTreeSet::from(["/usr/bin/ksh".to_owned()]), ..Lack::default() };
        assert_eq!(
            lacking,
            BTreeMap::from([
                ("by-name".to_owned(), perl.clone()),
                ("other".to_owned(), other),
                ("perl".to_owned(), perl.clone()),
                ("script".to_owned(), perl),
            ])
        );
    }

    #[test]
    fn a_program_without_room_for_its_linker_lacks_it() {
        let folder = tempfile::tempdir().unwrap();
        let tree = tree(folder.path(), &[("usr/bin/go", "ELF")]);
        let cramped = BTreeMap::from([(PathBuf::from("usr/bin/go"), vec![Vec::new()])]);
        let go = Lack { files: BTreeSet::from(["its dynamic linker".to_owned()]), ..Lack::default() };
        assert_eq!(lacking(&tree, "/opt/t", &cramped, &[]), BTreeMap::from([("go".to_owned(), go)]));
    }
}
