//! What `aptlet render` prints.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{Expose, Mode, PathElsewhere, Storage, Word};

group! {
    /// Which manifests are printed; the pod in them has no use for that.
    #[group(heading = Some("Manifest"))]
    pub(crate) struct PodManifest {
        /// 'init' installs before the containers start, 'sidecar' also when the ConfigMap changes, 'entrypoint' in the main
        /// container itself; 'live' prepares a volume to which the main container adds packages by apt-get; 'image' mounts
        /// the image that --baked names, from Kubernetes 1.36 on [default: init]
        #[arg(value_name = "MODE")]
        pub(crate) mode: Option<Mode>,

        /// For --mode image, the image with the packages: what 'aptlet bake' has pushed
        #[arg(value_name = "IMAGE")]
        pub(crate) baked: Option<String>,

        /// Mount the packages at this path of the containers; one of two characters is best [default: /p]
        #[arg(value_name = "PATH")]
        pub(crate) mount: Option<PathElsewhere>,

        /// 'mount' gives the containers the commands of what is asked for, and no variable: the folder 'commands' of the volume at
        /// --expose-at; 'path' gives them all commands of the tree, by PATH [default: mount]
        #[arg(value_name = "WAY")]
        pub(crate) expose: Option<Expose>,

        /// Mount the commands here: a folder on the PATH of the image with nothing in it [default: /usr/local/sbin]
        #[arg(value_name = "DIR")]
        pub(crate) expose_at: Option<PathElsewhere>,

        /// For --expose path, the PATH of the image, as 'podman image inspect IMAGE' shows it; a container that sets PATH keeps
        /// that [default: that of Debian's images]
        #[arg(value_name = "PATH")]
        pub(crate) image_path: Option<String>,

        /// Take the settings from this ConfigMap. With anything to put into it, be it only packages, it is printed as well
        /// [default: arguments instead]
        #[arg(value_name = "NAME")]
        pub(crate) configmap: Option<String>,

        /// Mount the key auth.conf of this Secret, with logins to repositories, apt_auth.conf(5)
        #[arg(value_name = "NAME")]
        pub(crate) auth_secret: Option<String>,

        /// Mount the keys tls.crt and tls.key of this Secret, the certificate for HTTPS servers that ask for one
        #[arg(value_name = "NAME")]
        pub(crate) tls_secret: Option<String>,

        /// Start aptlet from this image, which you have pushed; needed unless the manifest names one for aptlet already
        #[arg(value_name = "IMAGE")]
        pub(crate) image: Option<String>,

        /// Write down the room that the packages of the lock take: 'request' as the sizeLimit of the volume and as a request of
        /// ephemeral-storage, 'limit' as a limit of it as well, which bounds the whole pod [default: neither]
        #[arg(value_name = "BOUND")]
        pub(crate) storage: Option<Storage>,

        /// Print this manifest with aptlet added, and all else as it is; '-' for standard input
        #[arg(short = 'f', value_name = "FILE")]
        pub(crate) filename: Option<PathBuf>,

        /// Which workload of the manifest, where it has several: KIND/NAME, such as deployment/web, or KIND/NAME:PATH of one
        /// that has several pod templates
        #[arg(value_name = "KIND/NAME")]
        pub(crate) workload: Option<String>,

        /// Add aptlet to all pod templates of the manifest, or of the workload that is named [default: false]
        pub(crate) all: Option<bool>,

        /// Give the packages to this container only, which may be an init container; repeatable [default: all of the
        /// manifest but init containers, or 'main']
        #[arg(value_name = "NAME")]
        pub(crate) container: Vec<Word>,

        /// Print the values of the Helm chart instead [default: false]
        #[arg(conflicts_with_all = ["filename", "configmap"])]
        pub(crate) helm_values: Option<bool>,
    }
}
