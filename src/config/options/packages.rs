//! Which packages are installed.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{Architectures, Base, ImageSource, Word};

group! {
    /// A choice of packages that is made already; what chooses has no use for it.
    #[group(heading = Some("Packages"))]
    pub(crate) struct Locked {
        /// Install exactly what this lock pins, without resolving anything
        #[arg(value_name = "FILE")]
        pub(crate) lock: Option<PathBuf>,
    }
}

group! {
    /// What may be added to a live destination.
    #[group(heading = Some("Packages"))]
    pub(crate) struct Limiting {
        /// Let only packages be asked for whose name matches this pattern; what they need comes along; repeatable
        #[arg(value_name = "PATTERN")]
        pub(crate) allow: Vec<Word>,

        /// Let no package be added whose name matches this pattern, whoever needs it; repeatable
        #[arg(value_name = "PATTERN")]
        pub(crate) deny: Vec<Word>,
    }
}

group! {
    /// Which packages are chosen, beside those that are asked for.
    #[group(heading = Some("Packages"), in_pod = true)]
    pub(crate) struct Choosing {
        /// Install packages for this architecture; 'bake' takes several, as amd64,arm64 [default: that of this machine]
        #[arg(value_name = "ARCH")]
        pub(crate) arch: Option<Architectures>,

        /// Also install what packages recommend [default: false]
        pub(crate) recommends: Option<bool>,

        /// Leave this package out, whoever needs it; repeatable
        #[arg(value_name = "NAME")]
        pub(crate) exclude: Vec<Word>,

        /// Also install the packages that Debian calls essential: a shell, coreutils and so on [default: false]
        pub(crate) with_essential: Option<bool>,

        /// Install only what this dpkg status of the main image does not have: a file, a status.d folder, or 'none'
        /// [default: none; for 'run', that of the image]
        #[arg(value_name = "PATH")]
        pub(crate) base: Option<Base>,

        /// Install only what this image does not have: REGISTRY/REPOSITORY[:TAG][@DIGEST], oci:DIR[:TAG] or docker-archive:FILE. Its
        /// packages are the base, its release and libraries are known, and 'bake' puts its layers below its own [default: none]
        #[arg(value_name = "REF")]
        pub(crate) base_image: Option<ImageSource>,

        /// Install newer versions of what the base has, where they are needed [default: false]
        pub(crate) upgrade_base: Option<bool>,
    }
}
