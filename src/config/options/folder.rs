//! Where the settings are.

use std::path::PathBuf;

use super::group::group;

group! {
    /// The folder of settings, which cannot say itself where it is.
    #[group(in_file = false)]
    pub(crate) struct SettingsFolder {
        /// Read settings from this folder, where a ConfigMap is mounted [default: /etc/aptlet]
        #[arg(value_name = "DIR")]
        pub(crate) config: Option<PathBuf>,
    }
}
