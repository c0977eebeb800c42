//! Which of the paths in a file are the tree's: those that a prefix must stand before. All others are the main image's.

use super::paths::Paths;
use super::token::{begins, is_path_byte, token};
use super::variable::{self, is_movabs};

/// Folders of the root, their short homes, and the paths of the tree (without `/`) that these stand for. The first of
/// them that a path begins with counts.
pub(super) const ROOTS: [Root; 10] = [
    Root { path: "/usr", home: "u", folder: "usr" },
    Root { path: "/etc", home: "e", folder: "etc" },
    Root { path: "/lib64", home: "l64", folder: "lib64" },
    Root { path: "/lib32", home: "l32", folder: "lib32" },
    Root { path: "/libx32", home: "lx32", folder: "libx32" },
    Root { path: "/lib", home: "l", folder: "lib" },
    Root { path: "/bin", home: "b", folder: "bin" },
    Root { path: "/sbin", home: "s", folder: "sbin" },
    Root { path: "/var", home: "v", folder: "var" },
    Root { path: "/opt", home: "o", folder: "opt" },
];

/// What to look for in a file: each root begins with one of these; and the variable of [`super::variable`].
pub(super) const NEEDLES: [&[u8]; 9] =
    [b"/usr", b"/etc", b"/lib", b"/bin", b"/sbin", b"/var", b"/opt", variable::NAME, variable::OPERAND];

/// Of `/etc`, what is the pod's and not a package's: accounts, names of hosts, time, identity.
const ETC_OF_THE_IMAGE: [&str; 24] = [
    "passwd",
    "group",
    "shadow",
    "gshadow",
    "subuid",
    "subgid",
    "hosts",
    "resolv.conf",
    "nsswitch.conf",
    "host.conf",
    "gai.conf",
    "localtime",
    "timezone",
    "hostname",
    "mtab",
    "machine-id",
    "os-release",
    "debian_version",
    "fstab",
    "services",
    "protocols",
    "networks",
    "shells",
    "environment",
];

/// Of `/var`, what is written at run time: the tree may be mounted read-only.
const VAR_OF_THE_IMAGE: [&str; 6] = ["tmp", "run", "lock", "log", "mail", "spool"];

/// Written after relocation.
const DATABASE: &[u8] = b"/var/lib/dpkg/";

/// What the dynamic linker asks for whether it is there or not: the main image's names its own libraries.
const OF_THE_LINKER: [&[u8]; 3] = [b"/etc/ld.so.cache", b"/etc/ld.so.preload", OF_THE_LINKER_OF_ARM64];

/// The beginning of its name as GCC has it, which puts the rest together from its options.
const OF_THE_LINKER_OF_ARM64: &[u8] = b"/lib/ld-linux-aarch64";

/// The operand of an instruction, in bytes.
pub(super) const OPERAND: usize = 8;
/// A vector register of SSE2 and of Advanced SIMD, in bytes; their constants are aligned to as much.
pub(super) const CONSTANT: usize = 16;

#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    pub(super) path: &'static str,
    pub(super) home: &'static str,
    pub(super) folder: &'static str,
}

/// What kind of bytes a path is found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// Text, or data of a program.
    Data,
    /// Data of a program, at a place where the constant of a vector register may stand.
    Constant,
    /// Data of the dynamic linker, whose paths of libraries are folders with a slash.
    Linker,
    /// The name of the dynamic linker in a program: whatever stands before it.
    Interpreter,
    /// Instructions: an operand has eight bytes of a path.
    Code,
    /// Instructions of the dynamic linker.
    LinkerCode,
    /// Eight bytes that several instructions put together.
    Operand,
    /// Those of the dynamic linker.
    LinkerOperand,
}

impl Among {
    pub(super) fn is_code(self) -> bool {
        !matches!(self, Self::Data | Self::Constant | Self::Linker | Self::Interpreter)
    }
}

/// Why a path stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// It is the end of a longer one, or of one that is put together.
    NotABeginning,
    /// The tree has nothing of that name.
    NotInTheTree,
    /// It is the main image's by purpose: accounts, hosts, what is written at run time.
    OfTheImage,
    /// Instructions, whose meaning the bytes alone do not tell.
    Code,
    /// It is the tree's, but there is no room for the prefix.
    NoRoom,
    /// The name of the dynamic linker, which stands at the end of the file by now.
    Replaced,
}

impl Left {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotABeginning => "the end of a longer path, perhaps",
            Self::NotInTheTree => "not in the tree",
            Self::OfTheImage => "of the main image, by purpose",
            Self::Code => "in instructions",
            Self::NoRoom => "no room for the prefix",
            Self::Replaced => "replaced by one at the end of the file",
        }
    }
}

/// A path of the tree, found in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ours<'a> {
    pub(super) root: &'static Root,
    pub(super) path: &'a [u8],
    /// Whether it is only a part of one, in an instruction or a vector register: its other parts are elsewhere.
    pub(super) is_part: bool,
}

/// The path that begins at `at`, if it is the tree's.
pub(super) fn ours<'a>(bytes: &'a [u8], at: usize, among: Among, paths: &Paths) -> Result<Ours<'a>, Left> {
    let (before, rest) = bytes.split_at(at);
    let path = if among.is_code() { operand(before, rest, among)? } else { token(rest) };
    let root = root_of(path).ok_or(Left::NotABeginning)?;
    if among == Among::Constant && is_constant(before, path, root, paths) {
        let is_whole = begins(before) && rest.get(path.len()) == Some(&0);
        return Ok(Ours { root, path, is_part: !is_whole });
    }
    if among != Among::Interpreter && !among.is_code() && !begins(before) {
        return Err(Left::NotABeginning);
    }
    let below = &path[root.path.len()..];
    // `</var>` closes an element of HTML or XML
    if below.is_empty() && before.ends_with(b"<") {
        return Err(Left::NotABeginning);
    }
    if of_the_image(root, below) {
        return Err(Left::OfTheImage);
    }
    let wanted = match among {
        _ if among.is_code() => is_meant(path, root, paths),
        _ if OF_THE_LINKER.contains(&path) || path.starts_with(DATABASE) => true,
        // alone they are more often the end of something than a path
        _ if below.is_empty() && matches!(root.home, "l" | "b" | "s") => {
            before.ends_with(b":") || rest.get(path.len()) == Some(&b':')
        }
        _ if below == b"/" && matches!(root.home, "l" | "b" | "s") => among == Among::Linker,
        _ => is_ours(path, rest.get(path.len()).copied(), root, paths),
    };
    // the end of a sentence
    let sentence = path.strip_suffix(b".").filter(|path| !wanted && !among.is_code() && paths.has(path));
    if wanted || sentence.is_some() {
        Ok(Ours { root, path: sentence.unwrap_or(path), is_part: among.is_code() })
    } else {
        Err(if among.is_code() { Left::Code } else { Left::NotInTheTree })
    }
}

/// Whether eight bytes of a path, or fewer with the NUL after them, can only be meant for something that the tree has.
fn is_meant(start: &[u8], root: &Root, paths: &Paths) -> bool {
    // below /lib and /bin it is more often the end of something
    if start == b"/bin/sh" {
        return paths.resolves(start);
    }
    let below = &start[root.path.len()..];
    matches!(root.home, "u" | "e" | "v" | "o")
        && below.len() > 1
        && !of_some_of_the_image(root, below)
        && paths.begins_some(start, |path| !of_the_image(root, &path[root.path.len()..]))
}

/// The path in the operand of `movabs $…, %reg` (REX.W B8+r), which stands before these bytes; or in what is one already.
fn operand<'a>(before: &[u8], rest: &'a [u8], among: Among) -> Result<&'a [u8], Left> {
    match (before, rest.first_chunk::<OPERAND>()) {
        (before, Some(operand)) if !matches!(among, Among::Code | Among::LinkerCode) || is_movabs(before) => {
            let path = token(operand);
            let is_whole = path.len() == operand.len() || operand[path.len()..].iter().all(|byte| *byte == 0);
            if is_whole { Ok(path) } else { Err(Left::Code) }
        }
        _ => Err(Left::Code),
    }
}

/// Whether sixteen bytes are a part of a path that a program puts together in vector registers: such constants stand one
/// beside the other without a NUL, so that what stands before or after them tells nothing.
fn is_constant(before: &[u8], path: &[u8], root: &Root, paths: &Paths) -> bool {
    let is_apart = path.len() == CONSTANT || before.last().is_some_and(|byte| is_path_byte(*byte));
    let start = &path[..path.len().min(CONSTANT)];
    is_apart
        && start.len() == CONSTANT
        && !of_the_image(root, &start[root.path.len()..])
        && paths.begins_some(start, |_| true)
}

/// The folder of the root that a path begins with.
pub(super) fn root_of(path: &[u8]) -> Option<&'static Root> {
    ROOTS.iter().find(|root| {
        path.strip_prefix(root.path.as_bytes())
            .is_some_and(|below| below.first().is_none_or(|byte| *byte == b'/'))
    })
}

fn of_the_image(root: &Root, below: &[u8]) -> bool {
    let name = below.split(|byte| *byte == b'/').find(|name| !name.is_empty()).unwrap_or_default();
    names_of_the_image(root).iter().any(|own| own.as_bytes() == name)
}

fn of_some_of_the_image(root: &Root, below: &[u8]) -> bool {
    let start = below.strip_prefix(b"/").unwrap_or(below);
    names_of_the_image(root).iter().any(|own| own.as_bytes().starts_with(start))
}

fn names_of_the_image(root: &Root) -> &'static [&'static str] {
    match root.home {
        "e" => &ETC_OF_THE_IMAGE,
        "v" => &VAR_OF_THE_IMAGE,
        _ => &[],
    }
}

/// What the tree has, or would have in a folder of some package's own: what is looked for there and missing must not be
/// found in the main image. What is cut short counts as what it begins.
fn is_ours(path: &[u8], after: Option<u8>, root: &Root, paths: &Paths) -> bool {
    let Some(end) = path.iter().rposition(|byte| *byte == b'/') else { return false };
    paths.has(path)
        || (goes_on(path, after) && depth(&path[..end]) >= 2 && paths.begins_some(path, |_| true))
        // /usr/local is whose image it is
        || (root.home == "u"
            && !path.starts_with(b"/usr/local/")
            && paths.folder(&path[..end]).is_some_and(|folder| depth(&folder) >= 3))
}

/// Whether a path, and the byte after it, is only the beginning of one that is put together when it is used.
pub(super) fn goes_on(path: &[u8], after: Option<u8>) -> bool {
    after.is_some_and(|byte| b"%$*?[{#".contains(&byte)) || matches!(path.last(), Some(b'-' | b'_' | b'.'))
}

fn depth(path: &[u8]) -> usize {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).count()
}
