//! What all scripts of a tree share: its files, its packages, the answers to their questions, and what they declare.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use crate::deb::shell::Call;
use crate::generators;
use crate::tree::Tree;

/// Calls of programs that a step of its own carries out when all scripts have been followed.
#[derive(Debug, Default)]
pub(in crate::finish) struct Registered {
    /// Of `update-alternatives --install`, with the package.
    pub(in crate::finish) alternatives: Vec<(String, Call)>,
    /// Of `adduser` and its like: the package, the program, the call.
    pub(in crate::finish) accounts: Vec<(String, String, Call)>,
    /// Of `update-xmlcatalog` and `update-catalog`, by the program's name.
    pub(in crate::finish) catalogues: Vec<(String, Vec<String>)>,
    /// Modules of PHP: the version, where it is enabled (or `ALL`), the module.
    pub(in crate::finish) php: Vec<(String, String, String)>,
    /// Of programs that are to be run.
    pub(in crate::finish) generators: Vec<generators::Call>,
}

pub(in crate::finish::scripts) struct World<'a> {
    pub(super) files: Files<'a>,
    /// The packages, and what they have in `Version` and `Architecture`.
    pub(super) packages: BTreeMap<String, (String, String)>,
    /// Those whose postinst has been followed.
    pub(super) configured: BTreeSet<String>,
    pub(super) architecture: String,
    /// The values of debconf's questions: what a script has set, else what a template has as its default.
    pub(super) answers: BTreeMap<String, Option<String>>,
    pub(in crate::finish::scripts) registered: Registered,
    /// How many temporary files there are.
    pub(super) temporary: usize,
}

/// What is known of the packages before their files are changed.
#[derive(Debug, Default)]
pub(in crate::finish::scripts) struct Packages {
    all: BTreeMap<String, (String, String)>,
    answers: BTreeMap<String, Option<String>>,
    architecture: String,
}

impl Packages {
    pub(in crate::finish::scripts) fn of(tree: &Tree) -> Self {
        let mut known = Self { architecture: tree.architecture().to_owned(), ..Self::default() };
        for package in tree.packages() {
            let artifact = &package.artifact;
            let is = (artifact.version.clone(), artifact.architecture.clone());
            known.all.insert(artifact.name.clone(), is);
            let text = |name: &str| {
                String::from_utf8_lossy(package.control.file(name).unwrap_or_default()).into_owned()
            };
            let config = text("config");
            // what one that is no shell script sets cannot be told
            let other = !config.is_empty() && !is_shell(&config);
            for (question, default) in questions(&text("templates")) {
                known.answers.insert(question, (!other).then_some(default));
            }
        }
        known
    }

    pub(in crate::finish::scripts) fn world(self, files: Files<'_>) -> World<'_> {
        let Self { all: packages, answers, architecture } = self;
        World {
            files,
            packages,
            answers,
            architecture,
            configured: BTreeSet::new(),
            registered: Registered::default(),
            temporary: 0,
        }
    }
}

/// Whether a script is one of a shell.
pub(in crate::finish::scripts) fn is_shell(script: &str) -> bool {
    let interpreter = script.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let program = interpreter.split_whitespace().next().and_then(|path| path.rsplit('/').next());
    matches!(program, Some("sh" | "bash" | "dash"))
}

/// The questions of a templates file (debconf-devel(7)) with their defaults.
fn questions(templates: &str) -> Vec<(String, String)> {
    let mut questions: Vec<(String, String)> = Vec::new();
    for line in templates.lines() {
        if let Some(name) = line.strip_prefix("Template:") {
            questions.push((name.trim().to_owned(), String::new()));
        } else if let Some((_, default)) = questions.last_mut()
            && let Some(value) = line.strip_prefix("Default:").or_else(|| line.strip_prefix("_Default:"))
        {
            value.trim().clone_into(default);
        }
    }
    questions
}

impl World<'_> {
    /// That a package's postinst has been followed.
    pub(in crate::finish::scripts) fn configured(&mut self, package: &str) {
        self.configured.insert(package.to_owned());
    }
}
