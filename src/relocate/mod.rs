//! Relocation: paths that are compiled or written into the files of a tree are rewritten, so that the tree works below a
//! prefix. A path that names nothing in the tree stays: the main image has it, or nobody.
//!
//! There are three forms (`form`), by the prefix:
//!
//! | prefix | form | `/usr/lib/git-core` becomes | where |
//! | --- | --- | --- | --- |
//! | `/` | none | | |
//! | `/p`: a slash and one letter or digit | `exact` | `/p/u/lib/git-core`, as long as before | in every file |
//! | `/opt/tools`: any other | `adapted` | `/opt/tools/usr/lib/git-core`, which is longer | in text, which may grow |
//! | | | `/opt/tools/r/core`, a link, as long as before | in a program, which may not grow; if there is room |
//!
//! # The way through the files of this folder
//!
//! | what happens | file |
//! | --- | --- |
//! | everything, in order; what comes of it | `relocation` |
//! | the names of the tree are read, to be asked for | `paths` |
//! | the files to look through are chosen | `candidates` |
//! | they are gone through by several threads | `pass` |
//! | one is opened; what kind of bytes stand where in it | `contents`, `region` |
//! | needles are found in it, such as `/usr` | `worker`, `needles` |
//! | does a path begin there, and where does it end? | `boundaries`; `counted`, by a length before it |
//! | it is not written in bytes: in wide letters, or as names that a script joins | `wide`, `joined` |
//! | Java archives: manifests and classes | `jars`, `jar` |
//! | is the path the tree's, or why does it stay? | `decide`, `top_level`, `kept` |
//! | what is written over it | `form`: `exact`, or `adapted` with `folder_links` and `path_links` |
//! | it is written over; the file is digested | `replacement`, `overwrite`, `read` |
//! | ELF files: sections; what instructions point to | `elf`, `references` |
//! | ELF files: paths that only those tell that refer to them | `unsettled`, `referrers` |
//! | ELF files: paths in instructions | `amd64`, `aarch64` |
//! | ELF files: the dynamic linker, and the folders of libraries | `loader` |
//! | links for who asks below a folder for an absolute path | `mirrored` |
//! | the variable `LD_LIBRARY_PATH` gets another name | `ld_library_path` |
//! | what is known of files that the tree before has as well | `remembered` |
//! | what was done is kept in the tree | `record` |
//! | it is told afterwards: `aptlet status --relocation` | `examine` |

#![allow(clippy::disallowed_methods, reason = "what is found in each file is sorted, many times")]

mod aarch64;
mod adapted;
mod amd64;
mod apart;
mod boundaries;
mod candidates;
mod contents;
mod counted;
mod decide;
mod elf;
mod error;
mod exact;
pub(crate) mod examine;
mod folder_links;
mod form;
mod jar;
mod jars;
mod joined;
mod kept;
mod kept_paths;
mod ld_library_path;
mod loader;
mod mirrored;
mod needles;
mod overwrite;
mod pass;
mod path_links;
mod paths;
mod read;
pub(crate) mod record;
mod references;
mod referrers;
mod region;
mod relocation;
pub(crate) mod remembered;
mod replacement;
#[cfg(test)]
mod tests;
mod top_level;
mod unsettled;
mod wide;
mod worker;

pub(crate) use error::Error;
pub(crate) use kept::Kept;
pub use relocation::Relocation;
