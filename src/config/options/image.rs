//! What `aptlet bake` writes.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{LayerCompression, Target};

group! {
    /// Where an image is written to, and how; a pod has no use for that.
    #[group(heading = Some("Image"))]
    pub(crate) struct Baking {
        /// Write the image there: oci://REGISTRY/REPOSITORY[:TAG] into a registry, oci:DIR[:TAG] and oci-archive:FILE[:TAG] as the OCI
        /// has images, docker-archive:FILE[:NAME:TAG] as 'docker save' writes them, tar:FILE as one layer [default: none]
        #[arg(value_name = "TARGET")]
        pub(crate) target: Option<Target>,

        /// Compress layers by 'gzip' or 'none' [default: gzip; for docker-archive and tar, none]
        #[arg(value_name = "KIND")]
        pub(crate) compress: Option<LayerCompression>,

        /// With --self, this aptlet for another architecture as well, which makes the image an index; repeatable
        #[arg(value_name = "FILE")]
        pub(crate) binary: Vec<PathBuf>,

        /// Make the tree in this folder before it is packed [default: TMPDIR, or /tmp]
        #[arg(value_name = "DIR")]
        pub(crate) work_dir: Option<PathBuf>,
    }
}
