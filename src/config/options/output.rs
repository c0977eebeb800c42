//! What is written, and how.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{LogFormat, Output, SbomFormat, Verbosity};

const DEFAULT_OUTPUT: &str = "aptlet.lock";
const DEFAULT_TERMINATION_LOG: &str = "/dev/termination-log";

group! {
    /// What is done with the choice of packages instead of installing it.
    #[group(heading = Some("Output"))]
    pub(crate) struct Locking {
        /// Write the lock to this file, or to standard output for '-' [default: aptlet.lock]
        #[arg(short = 'o', value_name = "FILE")]
        pub(crate) output: Option<Output>,

        /// Write nothing, and end with exit code 2 unless the lock in that file was made for exactly this: for CI, without network
        /// [default: false]
        #[arg(conflicts_with = "explain")]
        pub(crate) check: Option<bool>,

        /// Show why this package is in the plan, on standard output, and write no lock
        #[arg(value_name = "NAME", conflicts_with = "output")]
        pub(crate) explain: Option<String>,
    }
}

impl Locking {
    /// Where the lock is written to.
    pub(crate) fn output(self) -> Output {
        self.output.unwrap_or_else(|| Output::File(DEFAULT_OUTPUT.into()))
    }
}

group! {
    /// How a bill of materials is written.
    #[group(heading = Some("Output"))]
    pub(crate) struct Describing {
        /// Write it as 'spdx', SPDX 2.3, or as 'cyclonedx', CycloneDX 1.6 [default: spdx]
        #[arg(value_name = "FORM")]
        pub(crate) format: Option<SbomFormat>,
    }
}

group! {
    /// Whether anything is done at all.
    #[group(heading = Some("Output"))]
    pub(crate) struct Trying {
        /// Show what would be installed, from where and how large, on standard output, and change nothing [default: false]
        #[arg(short = 's', aliases = ["simulate", "just-print", "no-act", "recon"])]
        pub(crate) dry_run: Option<bool>,
    }
}

group! {
    /// How the log is written.
    #[group(heading = Some("Output"), in_pod = true)]
    pub(crate) struct Logging {
        /// Write messages as 'text' or as 'json', one object a line [default: text]
        #[arg(value_name = "FORMAT")]
        pub(crate) log_format: Option<LogFormat>,
    }
}

group! {
    /// How much is logged. The two exclude each other, so one of them is an answer to both.
    #[group(heading = Some("Output"), in_pod = true, answers_all = Loudness::is_decided)]
    pub(crate) struct Loudness {
        /// Write warnings and errors only
        #[arg(short = 'q', overrides_with = "quiet")]
        pub(crate) quiet: Option<bool>,

        /// Write what is done in detail
        #[arg(short = 'v')]
        pub(crate) verbose: Option<bool>,
    }
}

impl Loudness {
    fn is_decided(&self) -> bool {
        self.quiet == Some(true) || self.verbose == Some(true)
    }

    /// Whether it says both, which is an error where both are from one layer.
    pub(crate) fn is_contradictory(&self) -> bool {
        self.quiet == Some(true) && self.verbose == Some(true)
    }

    /// How much is logged.
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (Some(true), _) => Verbosity::Quiet,
            (_, Some(true)) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

group! {
    /// Where a failure is told besides the log; each container has a file of its own.
    #[group(heading = Some("Output"))]
    pub(crate) struct Termination {
        /// If this file exists, write what went wrong to it as well [default: /dev/termination-log]
        #[arg(value_name = "FILE")]
        pub(crate) termination_log: Option<PathBuf>,
    }
}

impl Termination {
    /// The file, which need not exist.
    pub(crate) fn file(self) -> PathBuf {
        self.termination_log.unwrap_or_else(|| DEFAULT_TERMINATION_LOG.into())
    }
}
