//! Which of the paths in a file are the tree's: those that are to lead below the prefix. All others are the main image's, and
//! stay.
//!
//! - A path that the tree has is the tree's: `/usr/share/tool/x`.
//! - A path that the tree has not, in a folder that only some package has, is the tree's, too: if `/usr/lib/tool` is there,
//!   `/usr/lib/tool/plugin.so` must not be found in the main image.
//! - A path that is put together when it is used counts as what it begins: `/usr/lib/python%d.%d`, if there is
//!   `/usr/lib/python3.11`.
//! - `/etc/passwd` is the main image's whatever the tree has ([`super::top_level`]).
//! - `/lib` and `/bin` alone are more often the end of something than a path, and stay, but in a list: `/usr/bin:/bin`.

use super::amd64::{OPERAND, STORED, is_movabs, is_store};
use super::boundaries::{begins_after, goes_on, is_path_byte, path_at_start};
use super::counted;
use super::kept::Kept;
use super::paths::Paths;
use super::region::Region;
use super::top_level::TopLevel;

/// What is below is written after relocation, so that the tree does not have it yet.
const DATABASE: &[u8] = b"/var/lib/dpkg/";

/// What the dynamic linker asks for, and is to ask the tree for whether it is there or not: the main image's names libraries of
/// the main image.
const NAMED_BY_THE_LINKER: [&[u8]; 3] = [b"/etc/ld.so.cache", b"/etc/ld.so.preload", LINKER_OF_ARM64];

/// The beginning of the dynamic linker's own name as GCC has it, which puts the rest together from its options.
const LINKER_OF_ARM64: &[u8] = b"/lib/ld-linux-aarch64";

/// A vector register of SSE2 and of Advanced SIMD, in bytes; their constants are aligned to as much.
pub(super) const VECTOR: usize = 16;

/// A path of the tree, found in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreePath<'a> {
    pub(super) top: &'static TopLevel,
    pub(super) path: &'a [u8],
    /// Whether it is only a part of one, in an instruction or a vector register: its other parts are elsewhere.
    pub(super) is_part: bool,
}

/// The path that begins at `at`, if it is the tree's; else why it stays.
pub(super) fn decide<'a>(
    bytes: &'a [u8],
    at: usize,
    region: Region,
    paths: &Paths,
) -> Result<TreePath<'a>, Kept> {
    let (before, rest) = bytes.split_at(at);
    let decided = decide_by_bytes_around(before, rest, region, paths);
    match decided {
        Err(Kept::NotABeginning | Kept::NotInTheTree) if !region.is_code() => {
            counted(before, rest, paths).map_or(decided, Ok)
        }
        decided => decided,
    }
}

/// A path of the tree with its length before it.
fn counted<'a>(before: &[u8], rest: &'a [u8], paths: &Paths) -> Option<TreePath<'a>> {
    let run = path_at_start(rest);
    counted::lengths(before, run.len()).into_iter().find_map(|length| {
        let (path, more) = run.split_at(length);
        let top = match more.first() {
            None => is_a_path(path, None, paths),
            Some(b'/') => None,
            Some(_) if path.ends_with(b"/") => None,
            Some(_) => is_a_path(path, None, paths).filter(|_| paths.has(path)),
        }?;
        Some(TreePath { top, path, is_part: false })
    })
}

/// The top of a path that is known to begin and to end as it does, if it is the tree's.
pub(super) fn is_a_path(path: &[u8], after: Option<u8>, paths: &Paths) -> Option<&'static TopLevel> {
    let top = TopLevel::of(path)?;
    let below = &path[top.path.len()..];
    let is_one = !matches!(below, b"" | b"/")
        && !top.is_of_the_image(below)
        && is_of_the_tree(path, after, top, paths);
    is_one.then_some(top)
}

/// The top of the path of the tree that some bytes, all of a path, begin and do not end.
pub(super) fn begins_a_path(start: &[u8], paths: &Paths) -> Option<&'static TopLevel> {
    let top = TopLevel::of(start)?;
    let is_known = start.len() >= VECTOR || matches!(top.link, "u" | "e" | "v" | "o");
    let below = &start[top.path.len()..];
    let is_begun = is_known
        && below.len() > 1
        && !start.starts_with(b"/usr/local/")
        && !top.is_of_the_image(below)
        && !top.begins_some_of_the_image(below)
        && paths.begins_some(start, |path| !top.is_of_the_image(&path[top.path.len()..]));
    is_begun.then_some(top)
}

fn decide_by_bytes_around<'a>(
    before: &[u8],
    rest: &'a [u8],
    region: Region,
    paths: &Paths,
) -> Result<TreePath<'a>, Kept> {
    if region == Region::Code
        && let Some(stored) = stored(before, rest)
    {
        return Ok(stored);
    }
    let path = if region.is_code() { operand(before, rest, region)? } else { path_at_start(rest) };
    let top = TopLevel::of(path).ok_or(Kept::NotABeginning)?;
    if region == Region::VectorConstant && is_vector_constant(before, path, top, paths) {
        let is_whole = begins_after(before) && rest.get(path.len()) == Some(&0);
        return Ok(TreePath { top, path, is_part: !is_whole });
    }
    if region != Region::Interpreter && !region.is_code() && !begins_after(before) {
        return Err(Kept::NotABeginning);
    }
    let below = &path[top.path.len()..];
    // `</var>` closes an element of HTML or XML
    if below.is_empty() && before.ends_with(b"<") {
        return Err(Kept::NotABeginning);
    }
    // `/usr\/bin/` is a regular expression between slashes
    if below.is_empty() && rest[path.len()..].starts_with(b"\\/") {
        return Err(Kept::NotABeginning);
    }
    if top.is_of_the_image(below) {
        return Err(Kept::OfTheImage);
    }
    let wanted = match region {
        _ if region.is_code() => is_meant(path, top, paths),
        _ if NAMED_BY_THE_LINKER.contains(&path) || path.starts_with(DATABASE) => true,
        // alone they are more often the end of something than a path
        _ if below.is_empty() && matches!(top.link, "l" | "b" | "s") => {
            before.ends_with(b":") || rest.get(path.len()) == Some(&b':')
        }
        _ if below == b"/" && matches!(top.link, "l" | "b" | "s") => region == Region::LinkerData,
        _ => is_of_the_tree(path, rest.get(path.len()).copied(), top, paths),
    };
    // the end of a sentence
    let sentence = path.strip_suffix(b".").filter(|path| !wanted && !region.is_code() && paths.has(path));
    if wanted || sentence.is_some() {
        Ok(TreePath { top, path: sentence.unwrap_or(path), is_part: region.is_code() })
    } else {
        Err(if region.is_code() { Kept::Code } else { Kept::NotInTheTree })
    }
}

/// Whether eight bytes of a path, or fewer with the NUL after them, can only be meant for something that the tree has:
/// `/usr/sha`, if there is `/usr/share`.
fn is_meant(start: &[u8], top: &TopLevel, paths: &Paths) -> bool {
    // below /lib and /bin it is more often the end of something
    if start == b"/bin/sh" {
        return paths.resolves(start);
    }
    let below = &start[top.path.len()..];
    matches!(top.link, "u" | "e" | "v" | "o")
        && below.len() > 1
        && !top.begins_some_of_the_image(below)
        && paths.begins_some(start, |path| !top.is_of_the_image(&path[top.path.len()..]))
}

/// The four bytes that are stored as the beginning of a path, which other instructions go on with. Of `/lib`, `/bin` and `/var`
/// that is not known: they may be the end of one, or the main image's.
fn stored<'a>(before: &[u8], rest: &'a [u8]) -> Option<TreePath<'a>> {
    let (path, after) = rest.split_at_checked(STORED)?;
    let top = TopLevel::of(path).filter(|top| matches!(top.link, "u" | "e"))?;
    is_store(before, after).then_some(TreePath { top, path, is_part: true })
}

/// The path in the operand of `movabs $…, %reg` (REX.W B8+r), which stands before these bytes; or in what is one already.
fn operand<'a>(before: &[u8], rest: &'a [u8], region: Region) -> Result<&'a [u8], Kept> {
    match (before, rest.first_chunk::<OPERAND>()) {
        (before, Some(operand))
            if !matches!(region, Region::Code | Region::LinkerCode) || is_movabs(before) =>
        {
            let path = path_at_start(operand);
            let is_whole = path.len() == operand.len() || operand[path.len()..].iter().all(|byte| *byte == 0);
            if is_whole { Ok(path) } else { Err(Kept::Code) }
        }
        _ => Err(Kept::Code),
    }
}

/// Whether sixteen bytes are a part of a path that a program puts together in vector registers: such constants stand one
/// beside the other without a NUL, so that what stands before or after them tells nothing.
fn is_vector_constant(before: &[u8], path: &[u8], top: &TopLevel, paths: &Paths) -> bool {
    let is_apart = path.len() == VECTOR || before.last().is_some_and(|byte| is_path_byte(*byte));
    let start = &path[..path.len().min(VECTOR)];
    is_apart
        && start.len() == VECTOR
        && !top.is_of_the_image(&start[top.path.len()..])
        && paths.begins_some(start, |_| true)
}

/// What the tree has, or would have in a folder of some package's own: what is looked for there and missing must not be
/// found in the main image. What is cut short counts as what it begins.
fn is_of_the_tree(path: &[u8], after: Option<u8>, top: &TopLevel, paths: &Paths) -> bool {
    let Some(end) = path.iter().rposition(|byte| *byte == b'/') else { return false };
    paths.has(path)
        || (goes_on(path, after) && depth(&path[..end]) >= 2 && paths.begins_some(path, |_| true))
        // /usr/local is whose image it is
        || (top.link == "u"
            && !path.starts_with(b"/usr/local/")
            && paths.folder(&path[..end]).is_some_and(|folder| depth(&folder) >= 3))
}

fn depth(path: &[u8]) -> usize {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).count()
}
