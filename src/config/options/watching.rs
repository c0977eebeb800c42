//! What a process has a use for that stays.

use super::group::group;
use crate::config::values::{Interval, Listen};

group! {
    /// How a process that stays answers; in a pod, its port is a part of the manifest as well.
    #[group(heading = Some("Watching"))]
    pub(crate) struct Answering {
        /// Answer /livez, /readyz and /metrics over HTTP at this address: ':8081' for all addresses of the pod, or IP:PORT
        /// [default: do not listen]
        #[arg(value_name = "ADDRESS")]
        pub(crate) listen: Option<Listen>,
    }
}

group! {
    /// When a process that stays installs again, although no setting has changed.
    #[group(heading = Some("Watching"), in_pod = true)]
    pub(crate) struct Renewing {
        /// Look for new versions in the repositories this often, a number with s, m, h or d: 6h; less up to a tenth, so that
        /// many pods do not come at once [default: only when settings change]
        #[arg(value_name = "TIME")]
        pub(crate) interval: Option<Interval>,
    }
}
