//! Where the tree is, how it is made, and what is done with it.

use std::path::PathBuf;

use super::group::group;
use crate::config::values::{
    Count, Generators, Locale, OnFailure, Owners, PathElsewhere, PathOrder, PathPattern, Quantity,
    RequireScripts,
};

const DEFAULT_DEST: &str = "/p";
const DEFAULT_GENERATIONS: u32 = 2;

group! {
    /// Where the tree is put; in a pod, that is where the volume is mounted.
    #[group(heading = Some("Destination"))]
    pub(crate) struct Destination {
        /// Install into this folder [default: /p]
        #[arg(value_name = "DIR")]
        pub(crate) dest: Option<PathBuf>,
    }
}

impl Destination {
    /// The destination, as a path that may be relative.
    pub(crate) fn path(self) -> PathBuf {
        self.dest.unwrap_or_else(|| DEFAULT_DEST.into())
    }
}

group! {
    /// Where the tree is to work, if that is not where it is put.
    #[group(heading = Some("Destination"))]
    pub(crate) struct Relocating {
        /// Make it work at this path, where the main container will see it [default: that of --dest]
        #[arg(value_name = "PATH")]
        pub(crate) prefix: Option<PathElsewhere>,
    }
}

group! {
    /// How the tree is made, whichever packages are in it.
    #[group(heading = Some("Destination"), in_pod = true)]
    pub(crate) struct TreeMaking {
        /// Unpack at most this much in all: bytes, or a quantity such as 500M or 2Gi [default: no limit]
        #[arg(value_name = "SIZE")]
        pub(crate) max_unpacked: Option<Quantity>,

        /// Let the volume hold at most this much, other generations included: the sizeLimit of its emptyDir, for which the
        /// kubelet would evict the pod afterwards [default: what the file system takes]
        #[arg(value_name = "SIZE")]
        pub(crate) size_limit: Option<Quantity>,

        /// Leave out documentation, manual and info pages, translations and lintian's files, but no copyright files
        /// [default: false]
        pub(crate) slim: Option<bool>,

        /// Leave out the paths of packages that match, as dpkg's flag of this name does: '/usr/share/doc/*'; repeatable
        #[arg(value_name = "GLOB")]
        pub(crate) path_exclude: Vec<PathPattern>,

        /// Bring back what --slim or --path-exclude left out; of all patterns that match, the last decides; repeatable
        #[arg(value_name = "GLOB")]
        pub(crate) path_include: Vec<PathPattern>,

        /// 'map' gives everything to the current user; 'keep' keeps owners and set-id bits, which takes root [default: map]
        #[arg(value_name = "HOW")]
        pub(crate) owners: Option<Owners>,

        /// End with an error unless this locale works in the tree, and keep its translations with --slim; repeatable
        #[arg(value_name = "LOCALE")]
        pub(crate) locale: Vec<Locale>,

        /// Keep this many generations: the current one and those before it, from which a container may still run [default: 2]
        #[arg(value_name = "N")]
        pub(crate) keep_generations: Option<Count<1>>,

        /// End with an error if maintainer scripts, none of which is run, would have done more than aptlet does itself:
        /// 'none' of them is required, 'known' takes what a pod does not miss for done, 'all' does not [default: none]
        #[arg(value_name = "WHICH")]
        pub(crate) require_scripts: Option<RequireScripts>,

        /// 'known' runs the tree's own programs that make files which no one else can, such as the dictionaries of aspell
        /// and MeCab, confined, where the destination is the prefix; 'off' runs none [default: known]
        #[arg(value_name = "WHICH")]
        pub(crate) generators: Option<Generators>,
    }
}

impl TreeMaking {
    /// How many generations stay in the destination, the current one included; at least 1.
    pub(crate) fn generations(&self) -> u32 {
        self.keep_generations.map_or(DEFAULT_GENERATIONS, |count| count.0)
    }
}

group! {
    /// What else is put into the destination.
    #[group(heading = Some("Destination"))]
    pub(crate) struct SelfInstalling {
        /// Put aptlet itself into the destination as .aptlet/aptlet, for containers whose image does not have it; 'aptlet
        /// bake' writes aptlet's own image instead of packages [default: false]
        pub(crate) own_binary as "self": Option<bool>,
    }
}

group! {
    /// What becomes of a failure.
    #[group(heading = Some("Destination"), in_pod = true)]
    pub(crate) struct Running {
        /// When the installation fails, 'abort' ends with its exit code, and 'continue' lets 'aptlet run' start the command
        /// with what is there; where neither is said, what is installed and was asked for stays good while mirrors fail
        /// [default: neither]
        #[arg(value_name = "WHAT")]
        pub(crate) on_failure: Option<OnFailure>,
    }
}

group! {
    /// Where the tree's commands are among those of the image.
    #[group(heading = Some("Destination"))]
    pub(crate) struct Ordering {
        /// Put the commands of the packages 'last' on PATH, so that the image's own keep their places, or 'first' [default: last]
        #[arg(value_name = "ORDER")]
        pub(crate) path_order: Option<PathOrder>,
    }
}

group! {
    /// What of the tree is shown.
    #[group(heading = Some("Destination"))]
    pub(crate) struct Inspecting {
        /// Show which paths in this file of the tree were rewritten for the prefix and which stay, and why; for a folder, in
        /// numbers for each package
        #[arg(value_name = "PATH")]
        pub(crate) relocation: Option<PathElsewhere>,

        /// Show the variables by which the image's own programs find the tree's libraries, modules and data, as NAME=VALUE
        /// [default: false]
        pub(crate) env: Option<bool>,
    }
}
