//! Becoming the command: where it is, what it is given, and what a shell would say when it cannot be started.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags};

use super::ending::Ending;
use super::inherited::Inherited;

/// What container runtimes set where an image says nothing (containerd's `oci.WithDefaultPathEnv`).
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start '{}': there is no such command in PATH ({})", name.display(), path.display())]
    NotInPath { name: OsString, path: OsString },
    #[error("cannot start {}: its interpreter or dynamic linker is missing", path.display())]
    NoInterpreter { path: PathBuf },
    #[error("cannot start {}: its volume is mounted noexec", path.display())]
    NoExec { path: PathBuf },
    #[error("cannot start {}: {source}", path.display())]
    Refused { path: PathBuf, source: io::Error },
}

impl Error {
    /// The exit code that a shell gives: 127 for what is not found, 126 for what cannot be executed (POSIX.1-2024, XCU
    /// 2.8.2).
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::NotInPath { .. } | Self::NoInterpreter { .. } => 127,
            Self::NoExec { .. } => 126,
            Self::Refused { source, .. } => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => 127,
                _ => 126,
            },
        }
    }
}

/// Makes this process `command`, with the environment of `variables` and `own` last on its PATH, or first.
pub(crate) fn exec(
    command: &[OsString],
    variables: impl Iterator<Item = (OsString, OsString)>,
    (own, is_first): (&Path, bool),
    ending: &Ending,
) -> Result<Infallible, Error> {
    let mut variables: Vec<_> = variables.collect();
    let before = variables.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    let path = with_own((own, is_first), before.as_deref().unwrap_or_default());
    if before.is_none() {
        variables.push(("PATH".into(), OsString::new()));
    }
    for (_, value) in variables.iter_mut().filter(|(name, _)| name == "PATH") {
        value.clone_from(&path);
    }

    let name = command.first().map(OsString::as_os_str).unwrap_or_default();
    let program = find(name, &path, own)?;
    let refused = |source| Error::Refused { path: program.clone(), source };
    let text = |bytes: &OsStr| CString::new(bytes.as_bytes()).map_err(|nul| refused(nul.into()));
    let file = text(program.as_os_str())?;
    let arguments = command.iter().map(|argument| text(argument)).collect::<Result<Vec<_>, _>>()?;
    let environment: Vec<CString> = variables
        .into_iter()
        .map(|(name, value)| {
            text(&[name.as_os_str(), OsStr::new("="), &value].into_iter().collect::<OsString>())
        })
        .collect::<Result<_, _>>()?;
    Inherited::at_start().restore();
    ending.release().map_err(refused)?;
    nix::unistd::execve(&file, &arguments, &environment).map_err(|errno| match errno {
        nix::errno::Errno::ENOENT if program.exists() => Error::NoInterpreter { path: program.clone() },
        errno => refusal(program.clone(), errno.into()),
    })
}

/// A PATH with `own` at its end or at its beginning, and nowhere else.
fn with_own((own, is_first): (&Path, bool), path: &OsStr) -> OsString {
    let path = if path.is_empty() { OsStr::new(DEFAULT_PATH) } else { path };
    let own = own.as_os_str().as_bytes();
    let others = path.as_bytes().split(|byte| *byte == b':').filter(|folder| *folder != own);
    let mut folders: Vec<&[u8]> = others.collect();
    folders.insert(if is_first { 0 } else { folders.len() }, own);
    OsString::from_vec(folders.join(&b':'))
}

/// The file that a command's name stands for (POSIX.1-2024, XCU 2.9.1.4): a path as it is, else the first in PATH that
/// can be executed. One that cannot be is told only when there is none that can, but for those in `own`: what was installed
/// for it must not be passed over in silence.
fn find(name: &OsStr, path: &OsStr, own: &Path) -> Result<PathBuf, Error> {
    if name.as_bytes().contains(&b'/') {
        let program = PathBuf::from(name);
        return match executable(&program) {
            Ok(()) => Ok(program),
            Err(source) => Err(refusal(program, source)),
        };
    }
    let mut refused = None;
    let folders = std::env::split_paths(path).filter(|_| !name.is_empty());
    for program in folders.map(|folder| folder.join(name)) {
        match executable(&program) {
            Ok(()) => return Ok(program),
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied && program.is_file() => {
                if program.starts_with(own) {
                    return Err(refusal(program, source));
                }
                refused.get_or_insert_with(|| refusal(program, source));
            }
            Err(_) => {}
        }
    }
    Err(refused.unwrap_or_else(|| Error::NotInPath { name: name.to_owned(), path: path.to_owned() }))
}

/// Why a program that is there is not started.
fn refusal(path: PathBuf, source: io::Error) -> Error {
    let is_noexec =
        || rustix::fs::statvfs(&path).is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::NOEXEC));
    if source.kind() == io::ErrorKind::PermissionDenied && is_noexec() {
        return Error::NoExec { path };
    }
    Error::Refused { path, source }
}

fn executable(program: &Path) -> io::Result<()> {
    if std::fs::metadata(program)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(rustix::fs::access(program, Access::EXEC_OK)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn own_commands_come_last_or_first_and_once() {
        let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (before, others) in [
            ("/bin", "/bin"),
            ("/p/bin:/bin", "/bin"),
            ("/bin:/p/bin:/usr/bin:/p/bin", "/bin:/usr/bin"),
            ("/bin::/p/binary", "/bin::/p/binary"),
            ("", usual),
        ] {
            let with = |is_first| with_own((Path::new("/p/bin"), is_first), OsStr::new(before));
            assert_eq!(with(false), *format!("{others}:/p/bin"), "{before}");
            assert_eq!(with(true), *format!("/p/bin:{others}"), "{before}");
        }
        assert_eq!(with_own((Path::new("/p/bin"), false), OsStr::new("/p/bin")), "/p/bin");
    }

    #[test]
    fn a_command_is_found_as_a_shell_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, mode) in [("a/x", 0o644), ("b/x", 0o755), ("c/x", 0o755), ("a/plain", 0o644)] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "").unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(at("b/folder")).unwrap();
        let path = std::env::join_paths(["none", "a", "b", "c"].map(at)).unwrap();
        let find = |name: &str| find(OsStr::new(name), &path, Path::new("/own"));
        assert_eq!(find("x").unwrap(), at("b/x"));
        assert_eq!(find(at("c/x").to_str().unwrap()).unwrap(), at("c/x"));
        for (name, code, words) in [
            ("plain", 126, "a/plain: Permission denied"),
            ("y", 127, "'y': there is no such command in PATH ("),
            ("folder", 127, "no such command"),
            ("", 127, "no such command"),
            ("/no/such", 127, "/no/such: No such file"),
            (at("b/folder").to_str().unwrap(), 126, "is a directory"),
            (at("b/x/y").to_str().unwrap(), 127, "Not a directory"),
        ] {
            let error = find(name).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn what_was_installed_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, mode) in [("own/x", 0o644), ("image/x", 0o755)] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "").unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        }
        for path in [["own", "image"], ["image", "own"]] {
            let path = std::env::join_paths(path.map(at)).unwrap();
            let found = find(OsStr::new("x"), &path, &at("own"));
            match path.as_bytes().ends_with(b"own") {
                true => assert_eq!(found.unwrap(), at("image/x")),
                false => assert_eq!(found.unwrap_err().code(), 126),
            }
        }
    }
}
