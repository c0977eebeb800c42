//! Where packages come from, and who is trusted for that.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{FileOrText, MirrorUri, RegistryHost, Release, Word};

group! {
    /// Where packages come from. (Files become keys of the `ConfigMap` of a pod.)
    #[group(heading = Some("Sources"), in_pod = true)]
    pub(crate) struct Sourcing {
        /// Use the repositories of this .sources or .list file, or of this text itself: 'deb http://… stable main'; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) sources: Vec<FileOrText>,

        /// Use the official repositories of this release, with updates and security fixes: debian:12, bookworm, ubuntu:24.04,
        /// noble [default: that of the image for 'run' and of --base; else debian:13]
        #[arg(value_name = "RELEASE")]
        pub(crate) release: Option<Release>,

        /// Use this mirror, also in place of the official one of --release; repeat for fallbacks [default: http://ftp.debian.org/debian]
        #[arg(value_name = "URL")]
        pub(crate) mirror: Vec<MirrorUri>,

        /// Use this mirror in place of the official one for the security fixes of --release; repeat for fallbacks
        /// [default: http://security.debian.org/debian-security]
        #[arg(value_name = "URL")]
        pub(crate) security_mirror: Vec<MirrorUri>,

        /// Use this suite of the mirror; repeatable [default: trixie and trixie-updates]
        #[arg(value_name = "NAME")]
        pub(crate) suite: Vec<Word>,

        /// Use this component of each suite; repeatable; of Ubuntu's releases, universe, restricted and multiverse are used as well
        /// where none is named [default: main]
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
        /// Trust repositories signed with this .asc or .gpg keyring, or with this armoured key itself; repeatable
        #[arg(value_name = "FILE", allow_hyphen_values = true)]
        pub(crate) keyring: Vec<FileOrText>,

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

        /// Log in to registries with this file, or the one in this folder: docker's config.json, podman's auth.json, or the
        /// .dockerconfigjson of a Secret [default: podman's and docker's]
        #[arg(value_name = "FILE")]
        pub(crate) registry_auth: Option<PathBuf>,

        /// Let this registry speak plain http; one on this machine always may; repeatable
        #[arg(value_name = "REGISTRY")]
        pub(crate) insecure_registry: Vec<RegistryHost>,
    }
}
