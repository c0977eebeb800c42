//! How packages are fetched.

use std::time::Duration;

use super::group::group;
use crate::config::values::Count;

const DEFAULT_CONNECTIONS: u32 = 8;
const DEFAULT_RETRIES: u32 = 3;
const DEFAULT_PATIENCE: u32 = 60;
const DEFAULT_TIMEOUT: u32 = 30;
const DEFAULT_SPEED: u32 = 1000;

group! {
    /// How packages are fetched, wherever they come from.
    #[group(heading = Some("Network"), in_pod = true)]
    pub(crate) struct Network {
        /// Open at most this many connections to one host [default: 8]
        #[arg(value_name = "N")]
        pub(crate) connections: Option<Count<1>>,

        /// Try a failed download again this many times [default: 3]
        #[arg(value_name = "N")]
        pub(crate) retries: Option<Count<0>>,

        /// Give up on a server that sends nothing for this long [default: 30]
        #[arg(value_name = "SECONDS")]
        pub(crate) timeout: Option<Count<1>>,

        /// Go on asking a server that is too busy (429, 503) for this long after it last gave something [default: 60]
        #[arg(value_name = "SECONDS")]
        pub(crate) patience: Option<Count<0>>,

        /// Give up on a server that sends fewer bytes a second than this, over the time of --timeout; 0 for none [default: 1000]
        #[arg(value_name = "N")]
        pub(crate) min_speed: Option<Count<0>>,
    }
}

impl Network {
    /// Connections to one host at once; at least 1.
    pub(crate) fn connections(&self) -> usize {
        self.connections.map_or(DEFAULT_CONNECTIONS, |count| count.0) as usize
    }

    /// Further tries after the first.
    pub(crate) fn retries(&self) -> u32 {
        self.retries.map_or(DEFAULT_RETRIES, |count| count.0)
    }

    /// How long a server that is too busy is asked again.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.map_or(DEFAULT_PATIENCE, |count| count.0).into())
    }

    /// How many bytes a second a server must send at least.
    pub(crate) fn min_speed(&self) -> u64 {
        self.min_speed.map_or(DEFAULT_SPEED, |count| count.0).into()
    }

    /// How long a server may send nothing; at least a second.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.map_or(DEFAULT_TIMEOUT, |count| count.0).into())
    }
}
