//! The dynamic linker that compilers write into programs, where they have its folder and its name apart: clang puts `/lib64/` together
//! from `lib64`, and its name stands near. The folder becomes `p/l64`, so that what clang makes runs where the tree is, as what gcc makes.

/// The folder, a string of its own.
pub(super) const NEEDLE: &[u8] = b"\0lib64\0";
/// Where in it the folder begins, and how long it is, in bytes.
const FOLDER: (usize, usize) = (1, 5);
const NAME: &[u8] = b"\0ld-linux-x86-64.so.2\0";
/// Both are constants of one function: in LLVM 14 they are 600 bytes apart.
const NEAR: usize = 4096;

/// The path of the linker that is meant by the needle at `at`, and where its folder is; none where no such name is near.
pub(super) fn linker(bytes: &[u8], at: usize) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
    let around = at.saturating_sub(NEAR)..(at + NEAR).min(bytes.len());
    memchr::memmem::find(&bytes[around], NAME)?;
    let folder = at + FOLDER.0..at + FOLDER.0 + FOLDER.1;
    let path = [b"/", &bytes[folder.clone()], b"/", &NAME[1..NAME.len() - 1]].concat();
    Some((path, folder))
}
