//! The programs that are run.

/// A program that is known, by its file's name and by the package that ships it: a name alone is anybody's.
struct Known {
    program: &'static str,
    package: &'static str,
    /// The memory that it was seen to take, in MiB, if that is much.
    memory: u64,
}

/// Each was read by a person: it makes files of the tree's own files, and needs no network, no root and no answer.
///
/// aspell and ispell compile word lists, MeCab a dictionary; GHC notes which packages there are; TeX dumps what it has read of its
/// formats, and lists languages and fonts. cracklib's is none of them: its words are in a file of `/var` that no package has, so that
/// the paths to it are not rewritten.
const KNOWN: [Known; 7] = [
    Known { program: "aspell-autobuildhash", package: "dictionaries-common", memory: 0 },
    Known { program: "fmtutil", package: "texlive-base", memory: 120 },
    Known { program: "ghc-pkg", package: "ghc", memory: 0 },
    Known { program: "ispell-autobuildhash", package: "dictionaries-common", memory: 0 },
    Known { program: "mecab-dict-index", package: "mecab-utils", memory: 0 },
    Known { program: "update-language", package: "tex-common", memory: 0 },
    Known { program: "updmap", package: "texlive-base", memory: 0 },
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

    /// Whether the packages that ship the program make it the one that is known; else who should.
    pub(super) fn is_of(&self, owners: &[String]) -> Result<(), String> {
        let name = self.name();
        let known = KNOWN.iter().find(|known| known.program == name);
        let (is_right, expected) = match (known, pascal(name), owners) {
            (Some(known), _, owners) => (owners == [known.package], known.package.to_owned()),
            // Debian has moved it between its packages
            (None, Some(version), owners) => {
                let is_one =
                    |owner: &String| owner.starts_with("fp-") && owner.ends_with(&format!("-{version}"));
                (owners.len() == 1 && owners.iter().all(is_one), format!("fp-compiler-{version}"))
            }
            (None, None, _) => return Err("it is not known".to_owned()),
        };
        if is_right { Ok(()) } else { Err(format!("it is not the one that {expected} has")) }
    }

    /// The memory that it takes, in bytes, where that is known to be much.
    pub(super) fn memory(&self) -> Option<u64> {
        let known = KNOWN.iter().find(|known| known.program == self.name())?;
        (known.memory > 0).then_some(known.memory << 20)
    }

    /// The file that it writes, and to which its script has appended what is to follow.
    pub(super) fn begins(&self) -> Option<&str> {
        pascal(self.name())?;
        let place = self.arguments.iter().position(|argument| argument == "-o")?;
        self.arguments.get(place + 1).map(String::as_str)
    }

    fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or_default()
    }
}

/// Of the program that writes Free Pascal's configuration, whose name has its machine and its version, the version.
fn pascal(name: &str) -> Option<&str> {
    name.split_once("-fpcmkcfg-").map(|(_, version)| version)
}

/// Whether a program, by its file's name, may be one of them; whose it is, is seen when the tree is whole.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.program == name) || pascal(name).is_some()
}
