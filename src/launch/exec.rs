//! Being a launcher: the aptlet binary, started under the name of a command of a tree, becomes that command.
//!
//! It is started from `bin` of an adapted tree, where PATH has that folder, or from `commands`, wherever that is mounted:
//! then the image's own commands keep their places before those of the tree.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader as _};
use object::{Endianness, ReadCache, ReadRef};

use super::commands::{COMMAND_FOLDERS, find, linker_knows_argv0, resolve};
use super::launchers::Table;
use super::modules::{of_image, takes_modules};
use crate::current_generation::current;
use crate::process::{DEFAULT_PATH, own_binary};
use crate::tree::libraries::Dynamic;
use crate::tree::records;

/// A script may name an interpreter that is a script; Linux follows as many steps.
const DEEPEST: usize = 4;
/// Of a first line, Linux reads as much.
const LONGEST_SHEBANG: u64 = 256;

/// If this process was started as a launcher: becomes the command. Returns only when it was not, or when the
/// command cannot be started, with the exit code that a shell would give.
pub fn become_command() -> Option<u8> {
    let mut arguments = std::env::args_os();
    let path = PathBuf::from(arguments.next()?);
    let name = path.file_name()?.to_owned();
    let binary = own_binary().ok()?;
    if name == "aptlet" || !binary.ends_with(".aptlet/aptlet") {
        return None;
    }
    let destination = binary.parent()?.parent()?;
    let error = match launch(destination, &path, arguments.collect()) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    eprintln!("aptlet: cannot start {}: {error}", name.display());
    Some(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}

/// Whether a command that was started as `path` is one of the `bin` of a destination's tree, and not of `commands`.
pub(crate) fn is_of_tree(destination: &Path, path: &Path) -> bool {
    current(destination)
        .and_then(|tree| fs::canonicalize(tree).ok())
        .is_some_and(|tree| is_from_bin(path, &tree))
}

/// `path` is the first argument, which most shells make the name alone.
fn launch(destination: &Path, path: &Path, arguments: Vec<OsString>) -> io::Result<std::convert::Infallible> {
    let no_tree = || io::Error::new(io::ErrorKind::NotFound, "nothing is installed here");
    let tree = current(destination).and_then(|tree| fs::canonicalize(tree).ok()).ok_or_else(no_tree)?;
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "the installed tree has no such command");
    let name = path.file_name().ok_or_else(unknown)?;
    let text = name.to_str().ok_or_else(unknown)?;
    let is_exposed = !is_from_bin(path, &tree);
    let table = match Table::read(&tree) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // the commands of this tree start as they are
            let command = destination.join("bin").join(name);
            if !command.exists() {
                return Err(unknown());
            }
            let path = with_own_commands(destination, is_exposed);
            return Err(Command::new(command).args(arguments).env("PATH", path).exec());
        }
        table => table?,
    };
    let program = match (find(&tree, text), table.interpreters.get(text)) {
        (Some(program), _) => program,
        (None, Some(variable)) => {
            return Err(become_interpreter(destination, &tree, text, variable, &table, arguments));
        }
        (None, None) => return Err(unknown()),
    };
    let launcher = Launcher { destination, tree: &tree, table: &table };
    let mut command = launcher.command(&program, Some(name), arguments, 0)?;
    for (variable, value) in environment(&tree, &table.environment) {
        command.env(variable, value);
    }
    command.env("PATH", with_own_commands(destination, is_exposed));
    Err(command.exec())
}

/// An interpreter of the image, which finds the tree's modules if it is Debian's.
fn become_interpreter(
    destination: &Path,
    tree: &Path,
    name: &str,
    variable: &str,
    table: &Table,
    arguments: Vec<OsString>,
) -> io::Error {
    let Some(program) = of_image(destination, name) else {
        return io::Error::new(io::ErrorKind::NotFound, "the image has none any more");
    };
    let mut command = Command::new(&program);
    command.args(arguments);
    if takes_modules(&program)
        && let Some(folders) = table.environment.get(variable)
    {
        let wanted = BTreeMap::from([(variable.to_owned(), folders.clone())]);
        command.envs(environment(tree, &wanted));
    }
    command.exec()
}

/// Whether a launcher was started from the `bin` of its tree. The kernel knows the path even where the first argument is but a
/// name; of a script whose interpreter this is, it knows the script, and then the argument is the path.
fn is_from_bin(argument: &Path, tree: &Path) -> bool {
    let by_name = argument.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let started = match by_name {
        true => Path::new(OsStr::from_bytes(rustix::param::linux_execfn().to_bytes())),
        false => argument,
    };
    let folder = started.parent().and_then(|folder| fs::canonicalize(folder).ok());
    folder.is_some_and(|folder| folder == tree.join(records::COMMANDS))
}

struct Launcher<'a> {
    destination: &'a Path,
    tree: &'a Path,
    table: &'a Table,
}

impl Launcher<'_> {
    /// `name` is what the user called the program, which some (busybox, gzip) go by.
    fn command(
        &self,
        program: &Path,
        name: Option<&OsStr>,
        arguments: Vec<OsString>,
        depth: usize,
    ) -> io::Result<Command> {
        if depth > DEEPEST {
            return Err(io::Error::other("its interpreters go round in circles"));
        }
        // by the name that was called, and a path that outlives the generation: programs find their files by both, and
        // write them down
        let called = name.and_then(|name| {
            let folders = COMMAND_FOLDERS.iter().map(|folder| self.destination.join(folder).join(name));
            folders.chain([program.with_file_name(name)]).find(|path| path.exists())
        });
        let called = called.as_deref().unwrap_or(program);
        let mut start = Vec::new();
        File::open(program)?.take(LONGEST_SHEBANG).read_to_end(&mut start)?;
        if let Some(line) = start.strip_prefix(b"#!") {
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            if let Some((interpreter, mut first)) = self.interpreter(line) {
                first.push(called.as_os_str().to_owned());
                first.extend(arguments);
                return self.command(&interpreter, None, first, depth + 1);
            }
        } else if !self.finds_its_libraries(program)
            && let Some((linker, knows_argv0)) = self.linker(program)
        {
            let mut command = Command::new(&linker);
            let folders = self.table.library_path.iter().map(|folder| self.tree.join(folder));
            command.arg("--library-path").arg(join(folders));
            if knows_argv0 {
                command.arg("--argv0").arg(called);
            }
            command.arg(program).args(arguments);
            return Ok(command);
        }
        let mut command = Command::new(called);
        command.args(arguments);
        Ok(command)
    }

    /// Whether relocation has written into a program where the tree's libraries are.
    fn finds_its_libraries(&self, program: &Path) -> bool {
        let dynamic = if self.table.adapted { Dynamic::of(program) } else { None };
        let mut folders = dynamic.unwrap_or_default().run_paths.into_iter();
        folders.any(|folder| Path::new(&folder).starts_with(self.destination))
    }

    /// The interpreter of a first line, where the tree has it; else the kernel will look in the image.
    fn interpreter(&self, line: &[u8]) -> Option<(PathBuf, Vec<OsString>)> {
        let line = line.trim_ascii();
        let split = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (path, argument) = (&line[..split], line[split..].trim_ascii());
        let argument = (!argument.is_empty()).then(|| OsStr::from_bytes(argument).to_owned());
        if path.ends_with(b"/env") {
            let name = argument?;
            return find(self.tree, name.to_str()?).map(|found| (found, Vec::new()));
        }
        // relocation has named the tree's: the kernel will find it
        let path = Path::new(OsStr::from_bytes(path));
        let found = resolve(self.tree, path).filter(|_| !path.starts_with(self.destination))?;
        Some((found, argument.into_iter().collect()))
    }

    /// The dynamic linker for a program, which its PT_INTERP names, and whether that knows `--argv0`: the tree's own, or
    /// the main image's where the C library was left to it (`--base`).
    fn linker(&self, program: &Path) -> Option<(PathBuf, bool)> {
        let cache = ReadCache::new(File::open(program).ok()?);
        let interpreter = match object::FileKind::parse(&cache).ok()? {
            object::FileKind::Elf64 => interpreter_of::<FileHeader64<Endianness>>(&cache),
            object::FileKind::Elf32 => interpreter_of::<FileHeader32<Endianness>>(&cache),
            _ => None,
        }?;
        match resolve(self.tree, &interpreter) {
            Some(own) => Some((own, self.table.argv0)),
            None => fs::read(&interpreter).ok().map(|bytes| (interpreter, linker_knows_argv0(&bytes))),
        }
    }
}

fn interpreter_of<'data, Elf: FileHeader<Endian = Endianness>>(data: impl ReadRef<'data>) -> Option<PathBuf> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let path = segments.iter().find_map(|segment| segment.interpreter(endian, data).ok().flatten())?;
    Some(PathBuf::from(OsString::from_vec(path.to_vec())))
}

/// A variable that the user set keeps its value, before what the tree adds.
fn environment(tree: &Path, wanted: &BTreeMap<String, Vec<String>>) -> Vec<(String, OsString)> {
    let mut set = Vec::new();
    for (variable, paths) in wanted {
        let own = join(paths.iter().map(|path| tree.join(path)));
        match std::env::var_os(variable).filter(|value| !value.is_empty()) {
            None => set.push((variable.clone(), own)),
            Some(users) if matches!(variable.as_str(), "PERL5LIB" | "PYTHONPATH" | "XDG_DATA_DIRS") => {
                set.push((variable.clone(), join([PathBuf::from(users), PathBuf::from(own)])));
            }
            Some(_) => {}
        }
    }
    set
}

/// The children of a command find the tree's other commands, too: before those of the image, or after them.
fn with_own_commands(destination: &Path, last: bool) -> OsString {
    let own = destination.join("bin");
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    if std::env::split_paths(&path).any(|folder| folder == own) {
        return path;
    }
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).collect();
    folders.insert(if last { folders.len() } else { 0 }, own);
    join(folders)
}

fn join(paths: impl IntoIterator<Item = PathBuf>) -> OsString {
    let mut joined = OsString::new();
    for (i, path) in paths.into_iter().enumerate() {
        if i > 0 {
            joined.push(":");
        }
        joined.push(path);
    }
    joined
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_program_of_many_names_is_told_the_one_that_was_called() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path();
        for folder in ["usr/bin", "usr/sbin"] {
            fs::create_dir_all(tree.join(folder)).unwrap();
        }
        let program = tree.join("usr/sbin/many");
        fs::write(&program, "").unwrap();
        symlink("../sbin/many", tree.join("usr/bin/one")).unwrap();
        symlink("many", tree.join("usr/sbin/two")).unwrap();
        let table = Table::default();
        let launcher = Launcher { destination: tree, tree, table: &table };
        for (name, told) in [("one", "usr/bin/one"), ("two", "usr/sbin/two"), ("three", "usr/sbin/many")] {
            let command = launcher.command(&program, Some(OsStr::new(name)), Vec::new(), 0).unwrap();
            // the program where it differs from its first argument, and that
            assert!(format!("{command:?}").ends_with(&format!("{:?}", tree.join(told))), "{command:?}");
        }
    }
}
