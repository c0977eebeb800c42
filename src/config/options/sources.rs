//! Where packages come from, and who is trusted for that.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{MirrorUri, Word};

group! {
    /// Where packages come from. (Files become keys of the `ConfigMap` of a pod.)
    #[group(heading = Some("Sources"), in_pod = true)]
    pub(crate) struct Sourcing {
        /// Use the repositories of this .sources or .list file; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) sources: Vec<PathBuf>,

        /// Use this mirror; repeat for fallbacks [default: http://ftp.debian.org/debian]
        #[arg(value_name = "URL")]
        pub(crate) mirror: Vec<MirrorUri>,

        /// Use this suite of the mirror; repeatable [default: trixie and trixie-updates]
        #[arg(value_name = "NAME")]
        pub(crate) suite: Vec<Word>,

        /// Use this component of each suite; repeatable [default: main]
        #[arg(value_name = "NAME")]
        pub(crate) component: Vec<Word>,

        /// Pin versions as this apt_preferences file says; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) preferences: Vec<PathBuf>,

        /// Fail if any source cannot be used, and not only if something is missing then [default: false; for 'lock', true]
        pub(crate) strict_sources: Option<bool>,

        /// Accept a repository whose Origin, Label or Codename is another than that of what is installed [default: false]
        pub(crate) allow_releaseinfo_change: Option<bool>,
    }
}

group! {
    /// Who is trusted, and who one is to others.
    #[group(heading = Some("Trust"))]
    pub(crate) struct Trust {
        /// Trust repositories signed with this .asc or .gpg keyring; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) keyring: Vec<PathBuf>,

        /// Trust HTTPS servers certified by this PEM file as well; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) ca_certificate: Vec<PathBuf>,

        /// Show this PEM certificate to HTTPS servers that ask for one
        #[arg(value_name = "FILE")]
        pub(crate) client_certificate: Option<PathBuf>,

        /// The PEM key of --client-certificate [default: the key in the same file]
        #[arg(value_name = "FILE")]
        pub(crate) client_key: Option<PathBuf>,

        /// Log in to repositories with the passwords of this apt_auth.conf file
        #[arg(value_name = "FILE")]
        pub(crate) auth: Option<PathBuf>,
    }
}
