//! What the settings say of registries.

use super::logins::LoginFiles;

/// What is known of registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RegistryOptions {
    /// Where their logins are.
    pub(crate) logins: LoginFiles,
    /// Those, as HOST[:PORT], that may speak plain http.
    pub(crate) insecure: Vec<String>,
}
