//! The programs that are run.

/// Each was read by a person: it makes files of the tree's own files, and needs no network, no root and no answer.
///
/// aspell and ispell compile word lists, MeCab a dictionary; GHC notes which packages there are. cracklib's is none of them:
/// its words are in a file of `/var` that no package has, so that the paths to it are not rewritten.
const KNOWN: [&str; 4] = ["aspell-autobuildhash", "ghc-pkg", "ispell-autobuildhash", "mecab-dict-index"];

/// A call of one of them in a maintainer script. Paths are as the tree's own programs see them at `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) package: String,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl Call {
    /// As the script has it.
    pub(crate) fn line(&self) -> String {
        let words = [&self.program].into_iter().chain(&self.arguments);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Whether a program, by its file's name, is one of them.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}
