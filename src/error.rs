//! Every error of every stop, and the one place where they become exit codes.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::fetch::registry;
use crate::on_disk::OnDisk;
use crate::publish::space::Full;
use crate::wording::sentence;
use crate::{bake, config, deb, fetch, finish, launch, lock, oci, publish, relocate};
use crate::{render, resolve, source, tree};

/// What can go wrong in a command.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error of the stop that it is named after")]
pub enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Source(#[from] source::Error),
    #[error(transparent)]
    Archive(#[from] source::archive::Error),
    #[error(transparent)]
    Pin(#[from] resolve::pin::BadPin),
    #[error(transparent)]
    Resolve(#[from] resolve::Error),
    /// What may be in a source that could not be used.
    #[error("{error}; and there may be more in what was left out: {}", listed(left_out))]
    LeftOut { error: resolve::Error, left_out: Vec<source::LeftOut> },
    /// The main image is of another release than all that its packages could be added from.
    #[error("{error}; the base is of {release} ({codename}), and no source is")]
    OtherRelease { error: Box<Self>, release: String, codename: &'static str },
    #[error(transparent)]
    Lock(#[from] lock::Error),
    #[error("package {package}: {source}")]
    Package { package: String, source: fetch::Error },
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    #[error(transparent)]
    Tree(#[from] tree::Error),
    #[error(transparent)]
    Relocate(#[from] relocate::Error),
    #[error(transparent)]
    Finish(#[from] finish::Error),
    #[error(transparent)]
    Publish(#[from] publish::Error),
    #[error(transparent)]
    Bake(#[from] bake::Error),
    #[error(transparent)]
    Launch(#[from] launch::Error),
    #[error(transparent)]
    Libraries(#[from] launch::libraries::Error),
    #[error(transparent)]
    Render(#[from] render::Error),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
    /// A command of apt that is none here.
    #[error("'{word}' is no command of aptlet: {why}")]
    Instead { word: String, why: &'static str, hint: &'static str },
    /// Words that no package has.
    #[error("no package matches '{words}'")]
    NothingMatches { words: String },
    /// Names that no installed package has.
    #[error("nothing that matches '{names}' is installed in {}", destination.display())]
    NotInstalled { names: String, destination: PathBuf },
    /// A file of a result that cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Output { path: PathBuf, source: std::io::Error },
    /// Standard output takes no more.
    #[error("cannot write to standard output: {0}")]
    Stdout(std::io::Error),
    /// The kernel gives no more threads or open files.
    #[error("cannot {what}: {source}")]
    Starved { what: &'static str, source: std::io::Error },
    /// Nothing that a user could have caused.
    #[error("internal error: {0}")]
    Internal(String),
}

/// The class of a failure: its exit code, and its name in the JSON log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// A bug in aptlet.
    Internal = 1,
    /// Usage or configuration.
    Configuration = 2,
    /// No solution for the requests.
    NoSolution = 3,
    /// Mirror or network.
    Mirror = 4,
    /// Signature, digest, expiry: not trusted.
    NotTrusted = 5,
    /// The destination.
    Destination = 6,
}

impl Class {
    /// All of them, by exit code.
    pub(crate) const ALL: [Self; 6] = [
        Self::Internal,
        Self::Configuration,
        Self::NoSolution,
        Self::Mirror,
        Self::NotTrusted,
        Self::Destination,
    ];

    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Class> for ExitCode {
    fn from(class: Class) -> Self {
        Self::from(class.code())
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "internal",
            Self::Configuration => "configuration",
            Self::NoSolution => "no-solution",
            Self::Mirror => "mirror",
            Self::NotTrusted => "not-trusted",
            Self::Destination => "destination",
        })
    }
}

fn listed(left_out: &[source::LeftOut]) -> String {
    left_out.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// The same error, where these sources were left out: one of them may have what is missing.
    pub(crate) fn without(self, left_out: Vec<source::LeftOut>) -> Self {
        match self {
            Self::Resolve(error) if !left_out.is_empty() => Self::LeftOut { error, left_out },
            error => error,
        }
    }

    /// The class, as the table of docs/reference/exit-codes.md has it.
    pub(crate) fn class(&self) -> Class {
        if is_starved(self) {
            return Class::Internal;
        }
        match self {
            Self::Config(_) | Self::Pin(_) | Self::Render(_) | Self::Listen { .. } | Self::Instead { .. } => {
                Class::Configuration
            }
            Self::NothingMatches { .. } | Self::NotInstalled { .. } => Class::NoSolution,
            Self::Source(error) => of_source(error),
            Self::Archive(error) => of_archive(error),
            Self::Resolve(
                resolve::Error::Unverifiable { .. }
                | resolve::Error::Odd { field: "SHA256" | "SHA512" | "Size" | "Filename", .. },
            ) => Class::NotTrusted,
            Self::Resolve(resolve::Error::Odd { .. }) => Class::Mirror,
            Self::Resolve(_) => Class::NoSolution,
            // what is wrong with a source may pass, or matters more than a name that nobody has
            Self::LeftOut { left_out, .. } => {
                let classes = left_out.iter().map(|source| of_source(&source.error));
                classes.max().unwrap_or(Class::NoSolution).max(Class::NoSolution)
            }
            Self::OtherRelease { error, .. } => error.class(),
            Self::Libraries(error) => of_libraries(error),
            Self::Lock(lock::Error::Write { .. }) => Class::Destination,
            Self::Lock(_) => Class::Configuration,
            Self::Package { source, .. } | Self::Fetch(source) => of_fetch(source),
            Self::Tree(error) => of_tree(error),
            Self::Relocate(error) => of_relocate(error),
            Self::Finish(error) => of_finish(error),
            Self::Publish(publish::Error::Changed { .. }) => Class::NotTrusted,
            Self::Publish(publish::Error::NotThere { .. }) => Class::Configuration,
            Self::Bake(
                bake::Error::OtherMachine { .. }
                | bake::Error::OneImage { .. }
                | bake::Error::NoBinary { .. },
            ) => Class::Configuration,
            Self::Bake(
                bake::Error::NotMerged { .. }
                | bake::Error::Upgrades { .. }
                | bake::Error::InTheWay { .. }
                | bake::Error::Oci(oci::Error::NoPlatform { .. }),
            ) => Class::NoSolution,
            Self::Bake(bake::Error::Oci(oci::Error::BadImage { .. })) => Class::NotTrusted,
            Self::Bake(bake::Error::Oci(oci::Error::Registry(error))) => of_fetch(error),
            Self::Publish(_) | Self::Launch(_) | Self::Stdout(_) | Self::Output { .. } => Class::Destination,
            Self::Bake(_) => Class::Destination,
            Self::Starved { .. } | Self::Internal(_) => Class::Internal,
        }
    }

    /// Whether it is about what mirrors have and say just now, and not about who vouches for it: a mirror that is down, lags
    /// behind, is being updated, or is not the one that answers.
    pub(crate) fn is_of_mirrors(&self) -> bool {
        match self {
            Self::Source(error) => source_is_of_mirrors(error),
            Self::Package { source, .. } | Self::Fetch(source) => fetch_is_of_mirrors(source),
            Self::Archive(error) => of_archive(error) == Class::Mirror,
            _ => false,
        }
    }

    /// Whether the destination takes no more, and in which way.
    pub(crate) fn full(&self) -> Option<Full> {
        self.unwritten().and_then(Full::of)
    }

    /// Why the destination does not take something, if that is what this says.
    pub(crate) fn unwritten(&self) -> Option<&std::io::Error> {
        match self {
            Self::Tree(tree::Error::OnDisk(OnDisk::Write { source, .. }))
            | Self::Relocate(
                relocate::Error::Write { source, .. }
                | relocate::Error::Tree(tree::Error::OnDisk(OnDisk::Write { source, .. })),
            )
            | Self::Finish(
                finish::Error::Write { source, .. }
                | finish::Error::Tree(tree::Error::OnDisk(OnDisk::Write { source, .. })),
            )
            | Self::Publish(
                publish::Error::OnDisk(OnDisk::Write { source, .. })
                | publish::Error::Volume(tree::Error::OnDisk(OnDisk::Write { source, .. })),
            )
            | Self::Launch(launch::Error { source, .. })
            | Self::Package { source: fetch::Error::Write { source, .. }, .. }
            | Self::Fetch(fetch::Error::Write { source, .. }) => Some(source),
            _ => None,
        }
    }

    /// What to do next: a sentence.
    pub fn hint(&self) -> Option<String> {
        if is_starved(self) {
            return Some(RAISE_LIMITS.to_owned());
        }
        let hint = match self {
            Self::Config(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::Archive(error) => error.hint(),
            Self::Pin(_) => Some("correct the file; apt_preferences(5) describes its format".to_owned()),
            Self::Resolve(error) => Some(error.hint()),
            Self::LeftOut { left_out, .. } => left_out.iter().find_map(|source| source.error.hint()),
            Self::OtherRelease { release, .. } => Some(format!(
                "use the sources of the release that the base is of: --release {release} (APTLET_RELEASE={release}), or a source \
                 list with its suites"
            )),
            Self::Lock(error) => Some(error.hint()),
            Self::Package { source, .. } | Self::Fetch(source) => source.hint(),
            Self::Tree(error) => error.hint(),
            Self::Relocate(error) => error.hint(),
            Self::Finish(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::Bake(error) => Some(error.hint()),
            Self::Launch(error) => publish::write_hint(&error.source),
            Self::Libraries(error) => error.hint(),
            Self::Render(error) => error.hint(),
            Self::Listen { .. } => {
                Some("give --listen another port, or the address of an interface of the pod".to_owned())
            }
            Self::Instead { hint, .. } => Some((*hint).to_owned()),
            Self::NothingMatches { .. } => {
                Some("look for fewer words: a package must have all of them".to_owned())
            }
            Self::NotInstalled { .. } => Some("run 'aptlet list' to see all that is installed".to_owned()),
            Self::Output { .. } => Some("choose a folder that can be written to".to_owned()),
            Self::Stdout(_) => {
                Some("make room where standard output goes, or let it go elsewhere".to_owned())
            }
            Self::Starved { .. } => Some(RAISE_LIMITS.to_owned()),
            Self::Internal(_) => Some("report this, with the log, to the makers of aptlet".to_owned()),
        }?;
        Some(sentence(&hint))
    }
}

const RAISE_LIMITS: &str = "Raise the limits of the container: processes (pids), open files, memory.";

/// Whether the kernel gave no more threads, descriptors or memory, wherever that was noticed: no file is to blame for it, and no
/// mirror.
fn is_starved(error: &(dyn std::error::Error + 'static)) -> bool {
    use rustix::io::Errno as E;
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return E::from_io_error(error)
            .is_some_and(|errno| matches!(errno, E::AGAIN | E::MFILE | E::NFILE | E::NOMEM));
    }
    // what is transparent is not among its own sources
    let inner = match (error.downcast_ref(), error.downcast_ref(), error.downcast_ref()) {
        // of whoever reads it
        (Some(Error::Stdout(_)), ..) => return false,
        (Some(Error::Source(error)), ..) => is_starved(error),
        (Some(Error::Archive(error)), ..) => is_starved(error),
        (Some(Error::Fetch(error)), ..) => error.is_starved(),
        (_, Some(source::Error::AllMirrors { attempts, .. }), _) => {
            attempts.iter().any(|error| is_starved(error))
        }
        (_, Some(source::Error::Fetch(error)), _) | (.., Some(source::archive::Error::Fetch(error))) => {
            error.is_starved()
        }
        _ => error.downcast_ref().is_some_and(fetch::Error::is_starved),
    };
    inner || error.source().is_some_and(is_starved)
}

fn of_fetch(error: &fetch::Error) -> Class {
    use fetch::Error as E;
    if error.has_mismatch() {
        return Class::NotTrusted;
    }
    match error {
        E::Setup(_) => Class::Internal,
        E::Unsupported { .. }
        | E::BadAuth { .. }
        | E::BadCa { .. }
        | E::BadIdentity { .. }
        | E::BadCaVariable { .. }
        | E::BadProxy { .. } => Class::Configuration,
        E::Registry(error) => match **error {
            registry::Error::BadLogins { .. } => Class::Configuration,
            registry::Error::InClear { .. } => Class::NotTrusted,
            _ => Class::Mirror,
        },
        E::Write { .. } => Class::Destination,
        _ => Class::Mirror,
    }
}

fn of_source(error: &source::Error) -> Class {
    use source::Error as E;
    match error {
        E::ListFormat { .. }
        | E::List { .. }
        | E::UnknownWord { .. }
        | E::Conflict { .. }
        | E::NoSources { .. }
        | E::NoEntries { .. }
        | E::NoMirrors { .. }
        | E::NoSnapshots { .. }
        | E::KeyringRead { .. }
        | E::MalformedKeyring { .. }
        | E::BadBase { .. }
        | E::NoPackagesIndex { .. } => Class::Configuration,
        E::NotRelease { .. }
        | E::NoRelease { .. }
        | E::NoIndexFile { .. }
        | E::BadIndex { .. }
        | E::BadMirrorList { .. } => Class::Mirror,
        E::Fetch(error) => of_fetch(error),
        // a mirror that lies matters more than one that is down
        E::AllMirrors { attempts, .. } => {
            let classes = attempts.iter().map(of_source);
            if classes.clone().any(|class| class == Class::NotTrusted) {
                Class::NotTrusted
            } else {
                classes.max().unwrap_or(Class::Mirror)
            }
        }
        E::Internal(_) => Class::Internal,
        E::NoSignature { .. }
        | E::MalformedSignature { .. }
        | E::BadSignature { .. }
        | E::UnsupportedKey { .. }
        | E::Critical { .. }
        | E::InfoChanged { .. }
        | E::UnknownKeys { .. }
        | E::KeyNotAllowed { .. }
        | E::ExpiredKey { .. }
        | E::RevokedKey { .. }
        | E::UnusableKey { .. }
        | E::ExpiredSignature { .. }
        | E::FromFuture { .. }
        | E::WeakHash { .. }
        | E::MalformedRelease { .. }
        | E::ReleaseExpired { .. }
        | E::Distrusted { .. }
        | E::Rollback { .. }
        | E::ReleaseFromFuture { .. } => Class::NotTrusted,
    }
}

fn fetch_is_of_mirrors(error: &fetch::Error) -> bool {
    // other bytes than those that were promised are not installed, and are what a mirror in the middle of an update has
    of_fetch(error) == Class::Mirror || error.has_mismatch()
}

fn source_is_of_mirrors(error: &source::Error) -> bool {
    match error {
        source::Error::Fetch(error) => fetch_is_of_mirrors(error),
        source::Error::AllMirrors { attempts, .. } => attempts.iter().all(source_is_of_mirrors),
        source::Error::Rollback { .. } | source::Error::ReleaseExpired { .. } => true,
        error => of_source(error) == Class::Mirror,
    }
}

fn of_archive(error: &source::archive::Error) -> Class {
    use source::archive::Error as E;
    match error {
        E::Fetch(error) => of_fetch(error),
        // as for a package of a repository: who asks for a .deb is not to blame for what it holds
        E::Deb { source: deb::Error::Memory { .. }, .. } => Class::Internal,
        E::Deb { .. } | E::Control { .. } | E::Fields { .. } => Class::NotTrusted,
        E::Architecture { .. } | E::Twice { .. } => Class::NoSolution,
    }
}

fn of_tree(error: &tree::Error) -> Class {
    match error {
        tree::Error::OnDisk(_)
        | tree::Error::Allowance { .. }
        | tree::Error::Declared { .. }
        | tree::Error::Owners { .. }
        | tree::Error::NoLinks { .. }
        | tree::Error::OtherLinks { .. }
        | tree::Error::Case { .. }
        | tree::Error::Deb { source: deb::Error::Read { .. }, .. } => Class::Destination,
        tree::Error::Deb { source: deb::Error::Memory { .. }, .. } => Class::Internal,
        tree::Error::Overlap { .. } | tree::Error::Diverted { .. } => Class::NoSolution,
        _ => Class::NotTrusted,
    }
}

fn of_relocate(error: &relocate::Error) -> Class {
    match error {
        relocate::Error::Read { .. } | relocate::Error::Write { .. } => Class::Destination,
        relocate::Error::Tree(error) => of_tree(error),
        relocate::Error::Search(_) => Class::Internal,
    }
}

fn of_libraries(error: &launch::libraries::Error) -> Class {
    use launch::libraries::Error as E;
    match error {
        E::TooOld(_) | E::Musl { .. } => Class::NoSolution,
        E::Status(_) => Class::Configuration,
        E::Read(error) => of_finish(error),
    }
}

fn of_finish(error: &finish::Error) -> Class {
    use finish::Error as E;
    match error {
        E::Read { .. } | E::Write { .. } => Class::Destination,
        E::Scripts { .. } | E::Locale { .. } => Class::NoSolution,
        E::Tree(error) => of_tree(error),
    }
}

#[cfg(test)]
mod tests;
