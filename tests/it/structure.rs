//! The shape of the code: which file may import which, how large a file and a folder may be, and what is in `command/`.
//! The order of the folders is that of docs/architecture.md, under "Layers".

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Of a file, tests included.
const MOST_LINES: usize = 500;

/// A module, by its path from the root of the crate; that itself is empty.
type Module = Vec<String>;

/// What one file has.
#[derive(Debug, Default)]
struct File {
    path: PathBuf,
    /// Paths that its code names, from the root of the crate.
    names: BTreeSet<Vec<String>>,
    /// Names that it hands on from other modules.
    exports: HashMap<String, Vec<String>>,
    /// Modules from which it hands on everything.
    globs: Vec<Vec<String>>,
    /// What it defines itself.
    defines: BTreeSet<String>,
}

/// The modules of a crate but those for tests.
#[derive(Debug, Default)]
struct Crate {
    files: BTreeMap<Module, File>,
    tests: BTreeSet<Module>,
}

impl Crate {
    /// Reads texts by their paths below `src/`.
    fn of(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut all = Self::default();
        let mut streams: Vec<(Module, TokenStream)> = Vec::new();
        for (path, text) in texts {
            let module = module_of(&path);
            streams.push((module.clone(), text.parse().unwrap()));
            all.files.insert(module, File { path, ..File::default() });
        }
        let modules: BTreeSet<Module> = all.files.keys().cloned().collect();
        for (module, stream) in streams {
            let mut scan =
                Scan { modules: &modules, local: HashMap::new(), file: File::default(), tests: Vec::new() };
            scan.imports(stream.clone(), &module);
            scan.code(stream, &module);
            all.tests.extend(scan.tests);
            let file = all.files.get_mut(&module).unwrap();
            *file = File { path: std::mem::take(&mut file.path), ..scan.file };
        }
        let is_test = |module: &Module| all.tests.iter().any(|test| module.starts_with(test));
        let own = std::mem::take(&mut all.files);
        all.files = own.into_iter().filter(|(module, _)| !is_test(module)).collect();
        all
    }

    /// The module that defines what a path names; what is only handed on is the other module's.
    fn definer(&self, path: &[String]) -> Option<&Module> {
        self.follow(path, &mut BTreeSet::new())
    }

    fn follow(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<&Module> {
        let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let (module, file) = self.files.get_key_value(module)?;
        let Some(name) = rest.first() else { return Some(module) };
        if !seen.insert(path.to_vec()) || file.defines.contains(name) {
            return Some(module);
        }
        let onward = |to: &[String], rest: &[String]| [to, rest].concat();
        if let Some(to) = file.exports.get(name) {
            return self.follow(&onward(to, &rest[1..]), seen);
        }
        let globs = file.globs.iter().find_map(|to| self.follow(&onward(to, rest), seen));
        globs.or(Some(module))
    }

    /// Each file with those that it imports from.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut imports = BTreeMap::new();
        for file in self.files.values() {
            let definers = file.names.iter().filter_map(|path| self.definer(path));
            let others =
                definers.map(|module| self.files[module].path.as_path()).filter(|path| *path != file.path);
            imports.insert(file.path.as_path(), others.collect());
        }
        imports
    }

    /// Files that import each other, straight or by way of others.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let reach = |from: &Path| {
            let mut reached: BTreeSet<&Path> = BTreeSet::new();
            let mut next: Vec<&Path> = imports[from].iter().copied().collect();
            while let Some(file) = next.pop() {
                if reached.insert(file) {
                    next.extend(&imports[file]);
                }
            }
            reached
        };
        let reached: BTreeMap<&Path, BTreeSet<&Path>> =
            imports.keys().map(|file| (*file, reach(file))).collect();
        let mut circles = Vec::new();
        for (file, others) in &imports {
            for other in others.iter().filter(|other| reached[*other].contains(file)) {
                circles.push(format!(
                    "{} imports {}, which leads back to it",
                    file.display(),
                    other.display()
                ));
            }
        }
        circles
    }
}

fn module_of(path: &Path) -> Module {
    let mut module: Module =
        path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

/// Reads one file.
struct Scan<'a> {
    modules: &'a BTreeSet<Module>,
    /// What `use` has brought in.
    local: HashMap<String, Vec<String>>,
    file: File,
    tests: Vec<Module>,
}

impl Scan<'_> {
    /// First all that is declared, wherever it stands.
    fn imports(&mut self, stream: TokenStream, module: &Module) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let (mut at, mut is_public) = (0, false);
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(tokens.get(at)) => {
                    at = self.past_tests(&tokens, at + 1, module);
                }
                TokenTree::Ident(word) if word == "pub" => {
                    is_public = true;
                    at += usize::from(is_parenthesis(tokens.get(at)));
                    continue;
                }
                TokenTree::Ident(word) if word == "use" && !is_capture(tokens.get(at)) => {
                    let end = at + tokens[at..].iter().position(is_semicolon).unwrap();
                    self.import(&tokens[at..end], &[], module, is_public);
                    at = end;
                }
                TokenTree::Ident(word)
                    if ["struct", "enum", "fn", "const", "static", "trait", "type"]
                        .iter()
                        .any(|kind| word == kind) =>
                {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at) {
                        self.file.defines.insert(name.to_string());
                    }
                }
                TokenTree::Group(group) => self.imports(group.stream(), module),
                _ => {}
            }
            is_public = false;
        }
    }

    /// One tree of a `use`.
    fn import(&mut self, tokens: &[TokenTree], before: &[String], module: &Module, is_public: bool) {
        let mut path = before.to_vec();
        let mut alias = None;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in inside.split(|token| is_mark(token, ',')).filter(|part| !part.is_empty()) {
                        self.import(part, &path, module, is_public);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "as" => alias = tokens.get(at + 1).map(ToString::to_string),
                TokenTree::Ident(word) if alias.is_none() => path.push(word.to_string()),
                token if is_mark(token, '*') => path.push("*".to_owned()),
                _ => {}
            }
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(path) = self.absolute(&path, module) else { return };
        let Some(last) = path.last().cloned() else { return };
        let name = alias.unwrap_or_else(|| last.clone());
        match (is_public, last == "*") {
            (true, true) => self.file.globs.push(path[..path.len() - 1].to_vec()),
            (true, false) => {
                self.file.exports.insert(name, path);
            }
            (false, true) => {
                self.file.names.insert(path[..path.len() - 1].to_vec());
            }
            (false, false) => {
                self.file.names.insert(path.clone());
                self.local.insert(name, path);
            }
        }
    }

    /// Then what the code names.
    fn code(&mut self, stream: TokenStream, module: &Module) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(tokens.get(at)) => {
                    at = self.past_tests(&tokens, at + 1, module);
                }
                TokenTree::Ident(word) if word == "pub" => at += usize::from(is_parenthesis(tokens.get(at))),
                TokenTree::Ident(word) if word == "use" && !is_capture(tokens.get(at)) => {
                    at += tokens[at..].iter().position(is_semicolon).unwrap_or_default();
                }
                TokenTree::Ident(word) => {
                    let mut path = vec![word.to_string()];
                    while let [TokenTree::Punct(one), TokenTree::Punct(other), TokenTree::Ident(next), ..] =
                        &tokens[at..]
                        && (one.as_char(), one.spacing(), other.as_char()) == (':', Spacing::Joint, ':')
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    if path.len() > 1 {
                        self.named(&path, module);
                    }
                }
                TokenTree::Group(group) => self.code(group.stream(), module),
                _ => {}
            }
        }
    }

    fn named(&mut self, path: &[String], module: &Module) {
        let path = match self.local.get(&path[0]) {
            Some(local) => Some([local.as_slice(), &path[1..]].concat()),
            None => self.absolute(path, module),
        };
        self.file.names.extend(path);
    }

    /// A path from the root of the crate; nothing for other crates.
    fn absolute(&self, path: &[String], module: &Module) -> Option<Vec<String>> {
        let mut rest = path;
        let mut from = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            child => {
                let inside = [module.as_slice(), &[child.to_owned()]].concat();
                return self.modules.contains(&inside).then(|| [module.as_slice(), path].concat());
            }
        };
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(from.pop()),
                _ => break,
            }
            rest = &rest[1..];
        }
        from.extend_from_slice(rest);
        Some(from)
    }

    /// The place after an item that only tests have.
    fn past_tests(&mut self, tokens: &[TokenTree], from: usize, module: &Module) -> usize {
        let mut at = from;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match (token, tokens.get(at), tokens.get(at + 1)) {
                (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(end))
                    if word == "mod" && is_semicolon(end) =>
                {
                    self.tests.push([module.as_slice(), &[name.to_string()]].concat());
                }
                (TokenTree::Group(group), ..) if group.delimiter() == Delimiter::Brace => return at,
                (token, ..) if is_semicolon(token) => return at,
                _ => {}
            }
        }
        at
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_semicolon(token: &TokenTree) -> bool {
    is_mark(token, ';')
}

/// Whether this begins the `<>` of a `use<>` that says what a type captures.
fn is_capture(token: Option<&TokenTree>) -> bool {
    token.is_some_and(|token| is_mark(token, '<'))
}

/// Whether this is the `(crate)` of a visibility.
fn is_parenthesis(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

/// Whether this is the `[cfg(test)]` of an attribute.
fn is_for_tests(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.to_string().replace(' ', "") == "[cfg(test)]")
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(ROOT).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    sources.sort();
    sources
}

/// The first part of a path below `src/`: a folder, or a file without its ending.
fn room(path: &Path) -> String {
    Path::new(path.iter().next().unwrap()).with_extension("").to_str().unwrap().to_owned()
}

/// The lines of "Layers" in docs/architecture.md, the lowest first: the folders and files of each.
fn layers() -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with("Layers\n")).unwrap();
    let numbered = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
    let names = |line: &str| {
        let names = line.split('`').skip(1).step_by(2);
        names.map(|name| name.trim_end_matches('/').trim_end_matches(".rs").to_owned()).collect()
    };
    section.lines().filter(numbered).map(names).collect()
}

/// Imports against an order of rooms, and rooms that are not in it.
fn against(all: &Crate, layers: &[Vec<String>]) -> Vec<String> {
    let layer = |path: &Path| layers.iter().position(|rooms| rooms.contains(&room(path)));
    let mut wrong = Vec::new();
    for (file, others) in all.imports() {
        let Some(own) = layer(file) else {
            wrong.push(format!("{} is in no layer", file.display()));
            continue;
        };
        for other in others.into_iter().filter(|other| room(other) != room(file)) {
            if layer(other).is_none_or(|below| below >= own) {
                wrong.push(format!(
                    "{} imports {}, which is no layer below it",
                    file.display(),
                    other.display()
                ));
            }
        }
    }
    wrong
}

#[test]
fn imports_point_one_way() {
    let all = Crate::of(sources());
    assert!(all.files.len() > 150, "{} files", all.files.len());
    assert_eq!(against(&all, &layers()), [""; 0]);
    assert_eq!(all.circles(), [""; 0]);
}

#[test]
fn a_circle_and_an_import_upwards_are_seen() {
    let made = |files: &[(&str, &str)]| {
        Crate::of(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())))
    };
    let layers = [vec!["low".to_owned()], vec!["high".to_owned()], vec!["lib".to_owned()]];
    // what a parent only hands on is no import of it
    let sound = made(&[
        ("lib.rs", "mod low; mod high;"),
        ("low/mod.rs", "mod a; mod b; pub use a::A; pub use b::*; #[cfg(test)] mod tests;"),
        ("low/a.rs", "use super::B; pub struct A(B); fn f() { \"crate::high::H\"; } // crate::high::H"),
        (
            "low/b.rs",
            "pub struct B; fn f() -> impl Iterator + use<> { g() } #[cfg(test)] mod tests { use crate::high::H; }",
        ),
        ("low/tests.rs", "use crate::high::H;"),
        ("high.rs", "use crate::low::{self, A}; pub struct H; fn f() { low::B; A }"),
    ]);
    assert_eq!((sound.circles(), against(&sound, &layers)), (Vec::new(), Vec::new()));
    let high = Path::new("high.rs");
    assert_eq!(
        sound.imports()[high].iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>(),
        ["low/a.rs", "low/b.rs", "low/mod.rs"]
    );
    for (text, circles, wrong) in [
        ("use super::A; pub struct B;", 2, 0),
        ("pub struct B; fn f() { super::a::g() }", 2, 0),
        ("pub struct B; fn f() { vec![crate::low::A] }", 2, 0),
        ("pub struct B; fn f() { crate::high::g() }", 2, 1),
        ("use crate::high as other; pub struct B;", 2, 1),
        ("use crate::{high::{H as I}}; pub struct B;", 2, 1),
        ("pub(in crate::high) struct B; use super::A;", 2, 0),
    ] {
        let broken = made(&[
            ("lib.rs", "mod low; mod high;"),
            ("low/mod.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
            ("low/a.rs", "use super::B; pub struct A(B);"),
            ("low/b.rs", text),
            ("high.rs", "use crate::low::b::B; pub struct H;"),
        ]);
        let found = (broken.circles(), against(&broken, &layers));
        assert_eq!((found.0.len(), found.1.len()), (circles, wrong), "{text}: {found:?}");
    }
    let nowhere = made(&[("lib.rs", "mod other;"), ("other.rs", "")]);
    assert_eq!(against(&nowhere, &layers), ["other.rs is in no layer"]);
}

#[test]
fn no_file_and_no_folder_is_too_large() {
    let sources = sources();
    let lines = |text: &str| text.lines().count();
    let long: Vec<_> = sources
        .iter()
        .filter(|(_, text)| lines(text) > MOST_LINES)
        .map(|(path, text)| (path, lines(text)))
        .collect();
    assert_eq!(long, []);
    let all: usize = sources.iter().map(|(_, text)| lines(text)).sum();
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    for (path, text) in &sources {
        *rooms.entry(room(path)).or_default() += lines(text);
    }
    let large: Vec<_> = rooms.into_iter().filter(|(_, lines)| lines * 5 >= all).collect();
    assert_eq!(large, [], "of {all} lines");
}

#[test]
fn what_is_in_the_folder_of_commands_is_a_command() {
    for entry in fs::read_dir(Path::new(ROOT).join("src/command")).unwrap() {
        let name = entry.unwrap().path().with_extension("").file_name().unwrap().to_str().unwrap().to_owned();
        if name != "mod" {
            let output = Command::new(env!("CARGO_BIN_EXE_aptlet")).args([&name, "--help"]).output().unwrap();
            assert!(output.status.success(), "{name} is no command");
        }
    }
}
