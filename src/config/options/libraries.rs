//! What the image's own programs get of a tree.

use super::group::group;
use crate::config::values::ImageLibc;

group! {
    /// Whether the image's own programs are to load the tree's libraries, and what these may count on.
    #[group(heading = Some("Destination"), in_pod = true)]
    pub(crate) struct Libraries {
        /// Link the tree's shared libraries in lib of the destination, for the image's own programs to load by
        /// LD_LIBRARY_PATH; checked against the image's C library where that is known [default: false]
        pub(crate) libraries: Option<bool>,

        /// The main image has this release of glibc, or musl, where neither --base nor the image itself tells:
        /// '2.36', as 'ldd --version' says there [default: what is known of the image]
        #[arg(value_name = "VERSION")]
        pub(crate) image_libc: Option<ImageLibc>,
    }
}
