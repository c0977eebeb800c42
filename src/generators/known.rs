//! The programs that are run.

/// A program that is known, by its file's name and by the package that ships it: a name alone is anybody's.
struct Known {
    program: &'static str,
    package: &'static str,
}

/// Each was read by a person: it makes files of the tree's own files, and needs no network, no root and no answer.
///
/// aspell and ispell compile word lists, MeCab a dictionary; GHC notes which packages there are. cracklib's is none of them:
/// its words are in a file of `/var` that no package has, so that the paths to it are not rewritten.
const KNOWN: [Known; 4] = [
    Known { program: "aspell-autobuildhash", package: "dictionaries-common" },
    Known { program: "ghc-pkg", package: "ghc" },
    Known { program: "ispell-autobuildhash", package: "dictionaries-common" },
    Known { program: "mecab-dict-index", package: "mecab-utils" },
];

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

    /// The package that must ship the program for it to be the one that is known.
    pub(super) fn shipped_by(&self) -> Option<&'static str> {
        let name = self.program.rsplit('/').next()?;
        KNOWN.iter().find(|known| known.program == name).map(|known| known.package)
    }
}

/// Whether a program, by its file's name, may be one of them; whose it is, is seen when the tree is whole.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.program == name)
}
