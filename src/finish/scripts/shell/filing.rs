//! Commands that make and change files.

use super::files::{Kind, Made, name_of};
use super::options::Options;
use super::state::Shell;
use super::value::{Run, Value, known};
use crate::finish::tmpfiles::is_volatile;

/// Those that are understood; the last ones are not missed where they are not.
const COMMANDS: [&str; 13] = [
    "mkdir",
    "install",
    "touch",
    "ln",
    "cp",
    "mv",
    "tee",
    "ucf",
    "dpkg-statoverride",
    "chmod",
    "rm",
    "rmdir",
    "chown",
];
const NOT_MISSED: [&str; 5] = ["rm", "rmdir", "chown", "chmod", "dpkg-statoverride"];

impl Shell<'_, '_> {
    /// Does what a command does with files; whether it is such a command.
    pub(super) fn filing(&mut self, name: &str, arguments: &[Value]) -> Run<bool> {
        if !COMMANDS.contains(&name) {
            return Ok(false);
        }
        self.status = Some(0);
        if NOT_MISSED.contains(&name) {
            self.followed.idle = true;
        }
        let made = match known(arguments) {
            Some(words) if self.is_sure() => self.filed(name, &words)?,
            Some(words) => {
                self.doubted(name, &words)?;
                return Ok(true);
            }
            None => Made::No,
        };
        if made == Made::No {
            // what it would have done is in doubt from here on
            self.status = None;
            for path in arguments.iter().flatten().filter_map(|word| self.path(word)).collect::<Vec<_>>() {
                self.world.files.forget(&path);
            }
            if !NOT_MISSED.contains(&name) {
                self.miss();
            }
        }
        Ok(true)
    }

    /// A command that may run or not.
    fn doubted(&mut self, name: &str, words: &[&str]) -> Run<()> {
        self.status = None;
        let paths: Vec<String> =
            words.iter().filter(|word| word.contains('/')).filter_map(|word| self.path(word)).collect();
        let mut is_done = !paths.is_empty();
        for path in &paths {
            let is_there = matches!(self.world.files.kind(path)?, Some(Some(_)));
            is_done &=
                is_volatile(path) || is_there && matches!(name, "mkdir" | "touch" | "ucf" | "ln" | "cp");
        }
        if is_done || NOT_MISSED.contains(&name) {
            return Ok(());
        }
        for path in paths {
            self.world.files.forget(&path);
        }
        self.miss();
        Ok(())
    }

    fn filed(&mut self, name: &str, words: &[&str]) -> Run<Made> {
        match name {
            "mkdir" => {
                let options = Options::read(words, &["m", "mode"]);
                if !options.only(&["p", "m", "v", "Z", "mode", "parents", "verbose"]) {
                    return Ok(Made::No);
                }
                let Some(mode) = octal(options.value(&["m", "mode"]), 0o755) else { return Ok(Made::No) };
                self.each(&options.names, |shell, path| shell.world.files.folder(path, mode))
            }
            "touch" => {
                let options = Options::read(words, &["r", "d", "t"]);
                if options.has(&["r", "c"]) {
                    return Ok(Made::No);
                }
                self.each(&options.names, |shell, path| match shell.world.files.kind(path)? {
                    Some(Some(_)) => Ok(Made::Yes),
                    _ => shell.world.files.write(path, b"", false),
                })
            }
            "tee" => {
                let options = Options::read(words, &[]);
                let Some(text) = self.input.clone() else { return Ok(Made::No) };
                self.print(Some(&text));
                let append = options.has(&["a", "append"]);
                self.each(&options.names, |shell, path| {
                    shell.world.files.write(path, text.as_bytes(), append)
                })
            }
            "rm" => {
                let options = Options::read(words, &[]);
                self.each(&options.names, |shell, path| shell.world.files.remove(path).map(|()| Made::Yes))
            }
            "install" => self.install(words),
            "ln" => self.ln(words),
            "cp" => self.cp(words),
            "mv" => self.mv(words),
            "ucf" => self.ucf(words),
            "chmod" => {
                let options = Options::read(words, &[]);
                let Some((mode, names)) = options.names.split_first() else { return Ok(Made::No) };
                let Some(mode) = octal(Some(mode), 0) else { return Ok(Made::No) };
                self.each(names, |shell, path| shell.world.files.change_mode(path, mode).map(|()| Made::Yes))
            }
            "dpkg-statoverride" => {
                let options = Options::read(words, &[]);
                if let [_, _, mode, path] = options.names[..]
                    && let (Some(mode), Some(path)) = (octal(Some(mode), 0), self.path(path))
                {
                    self.world.files.change_mode(&path, mode)?;
                }
                Ok(Made::Yes)
            }
            _ => Ok(Made::Yes),
        }
    }

    fn each(&mut self, names: &[&str], mut run: impl FnMut(&mut Self, &str) -> Run<Made>) -> Run<Made> {
        let mut made = if names.is_empty() { Made::No } else { Made::Yes };
        for name in names {
            let one = match self.path(name) {
                Some(path) => run(self, &path)?,
                None => Made::No,
            };
            if one == Made::No {
                made = Made::No;
            }
        }
        Ok(made)
    }

    /// Where something of a name comes to lie: in a folder, or in its place.
    fn target(&self, from: &str, to: &str) -> Run<Option<String>> {
        let Some(path) = self.path(to) else { return Ok(None) };
        let into = to.ends_with('/') || self.world.files.kind(&path)? == Some(Some(Kind::Folder));
        Ok(Some(if into { format!("{}/{}", path.trim_end_matches('/'), name_of(from)) } else { path }))
    }

    fn install(&mut self, words: &[&str]) -> Run<Made> {
        let options =
            Options::read(words, &["m", "o", "g", "mode", "owner", "group", "t", "target-directory"]);
        let known = [
            "d",
            "m",
            "o",
            "g",
            "p",
            "v",
            "D",
            "c",
            "b",
            "T",
            "mode",
            "owner",
            "group",
            "t",
            "directory",
            "target-directory",
        ];
        let Some(mode) = octal(options.value(&["m", "mode"]), 0o755).filter(|_| options.only(&known)) else {
            return Ok(Made::No);
        };
        if options.has(&["d", "directory"]) {
            return self.each(&options.names, |shell, path| shell.world.files.folder(path, mode));
        }
        let (from, to) = match (options.value(&["t", "target-directory"]), &options.names[..]) {
            (Some(folder), names) => (names.to_vec(), format!("{folder}/")),
            (None, [from @ .., to]) => (from.to_vec(), (*to).to_owned()),
            (None, []) => return Ok(Made::No),
        };
        self.each(&from, |shell, path| {
            let Some(to) = shell.target(path, &to)? else { return Ok(Made::No) };
            if options.has(&["D"])
                && let Some((folder, _)) = to.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())
            {
                shell.world.files.folder(folder, 0o755)?;
            }
            shell.world.files.copy(path, &to, Some(mode))
        })
    }

    fn ln(&mut self, words: &[&str]) -> Run<Made> {
        let options = Options::read(words, &[]);
        let known =
            ["s", "f", "n", "v", "T", "r", "symbolic", "force", "no-dereference", "no-target-directory"];
        if !options.only(&known) || !options.has(&["s", "symbolic"]) || options.has(&["r"]) {
            return Ok(Made::No);
        }
        let force = options.has(&["f", "force"]);
        let into = !options.has(&["n", "T", "no-dereference", "no-target-directory"]);
        match options.names[..] {
            [target, path] => {
                let place =
                    if into { self.target(target, path)? } else { self.path(path.trim_end_matches('/')) };
                match place {
                    Some(place) => self.world.files.link(target, &place, force),
                    None => Ok(Made::No),
                }
            }
            _ => Ok(Made::No),
        }
    }

    fn cp(&mut self, words: &[&str]) -> Run<Made> {
        let options = Options::read(words, &[]);
        let known = [
            "p",
            "a",
            "f",
            "Z",
            "r",
            "R",
            "d",
            "n",
            "v",
            "L",
            "T",
            "u",
            "preserve",
            "archive",
            "no-clobber",
            "recursive",
        ];
        let [from @ .., to] = &options.names[..] else { return Ok(Made::No) };
        if !options.only(&known) || from.is_empty() {
            return Ok(Made::No);
        }
        let all = options.has(&["r", "R", "a", "archive", "recursive"]);
        self.each(from, |shell, path| {
            let Some(to) = shell.target(path, to)? else { return Ok(Made::No) };
            match shell.world.files.kind(path)? {
                Some(Some(Kind::Folder)) if all => shell.world.files.copy_all(path, &to),
                _ => shell.world.files.copy(path, &to, None),
            }
        })
    }

    fn mv(&mut self, words: &[&str]) -> Run<Made> {
        let options = Options::read(words, &[]);
        let [from, to] = options.names[..] else { return Ok(Made::No) };
        let (Some(path), Some(to)) = (self.path(from), self.target(from, to)?) else { return Ok(Made::No) };
        if !self.world.files.is_own(&path)? {
            return Ok(Made::No);
        }
        let made = if let Some(target) = self.world.files.link_target(&path)? {
            self.world.files.link(&target, &to, true)?
        } else if let Some(Some(content)) = self.world.files.bytes(&path)? {
            self.world.files.write(&to, &content, false)?
        } else {
            Made::No
        };
        if made == Made::Yes {
            self.world.files.remove(&path)?;
        }
        Ok(made)
    }

    /// ucf(1): configuration that is not there is the maintainer's.
    fn ucf(&mut self, words: &[&str]) -> Run<Made> {
        let options = Options::read(words, &["sum-file", "src-dir", "state-dir"]);
        if options.has(&["purge", "p"]) {
            return Ok(Made::Yes);
        }
        let [from, to] = options.names[..] else { return Ok(Made::No) };
        let (Some(from), Some(to)) = (self.path(from), self.path(to)) else { return Ok(Made::No) };
        if let Some((folder, _)) = to.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            self.world.files.folder(folder, 0o755)?;
        }
        self.world.files.copy(&from, &to, None)
    }
}

/// A mode in octal digits.
fn octal(text: Option<&str>, default: u32) -> Option<u32> {
    match text {
        None => Some(default),
        Some(text) => u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777),
    }
}
