//! The commands, as far as settings differ between them.

use clap_complete::Shell;

/// What the settings are for; they differ in whether there must be something to install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `aptlet install`: requests, or a lock.
    Install,
    /// `aptlet run`: as for `aptlet install`, and the base is by default that of this machine.
    Run,
    /// `aptlet live`, and the commands of apt and dpkg in a live destination: requests, or none; the base is by default that of
    /// this machine.
    Live {
        /// Whether there is no `sudo` among them.
        no_sudo: bool,
    },
    /// `aptlet source`: neither, but the words of a source.
    Source,
    /// `aptlet lock`: requests; a lock that is there already is not looked at.
    Lock,
    /// `aptlet bake`: requests, or a lock.
    Bake,
    /// `aptlet sbom`: requests, a lock, or neither for what is installed.
    Sbom,
    /// `aptlet status`: neither.
    Status,
    /// `aptlet verify`: neither.
    Verify,
    /// `aptlet watch`, whose own process has no use for either.
    Watch,
    /// What `aptlet watch` runs: `aptlet install`, with its last word as JSON on standard output.
    Reconcile,
    /// `aptlet probe`: neither.
    Probe(Endpoint),
    /// `aptlet render`: as for `aptlet install`, and neither where the `ConfigMap` is one that is there already.
    Render,
    /// `aptlet search`: neither.
    Search {
        /// Whether descriptions do not count.
        names_only: bool,
    },
    /// `aptlet show`: neither.
    Show,
    /// `aptlet policy`: neither.
    Policy,
    /// `aptlet list`: neither.
    List,
    /// `aptlet completions`, which has no settings.
    Completions(Shell),
    /// `aptlet man`, which has none either.
    Man,
    /// A command of apt that has no place here.
    Instead,
}

impl Command {
    /// Whether it is about packages that are to be installed.
    pub(crate) fn installs(self) -> bool {
        match self {
            Self::Install
            | Self::Run
            | Self::Live { .. }
            | Self::Lock
            | Self::Bake
            | Self::Sbom
            | Self::Watch
            | Self::Reconcile
            | Self::Render => true,
            Self::Status
            | Self::Verify
            | Self::Probe(_)
            | Self::Source
            | Self::Search { .. }
            | Self::Show
            | Self::Policy
            | Self::List
            | Self::Completions(_)
            | Self::Man
            | Self::Instead => false,
        }
    }

    /// Whether it runs in the main image.
    pub(crate) fn runs_in_image(self) -> bool {
        matches!(self, Self::Run | Self::Live { .. })
    }
}

/// A question about a process, as Kubernetes names them for its own components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Endpoint {
    /// Whether it runs.
    Livez,
    /// Whether what it is for can be used.
    #[default]
    Readyz,
}
