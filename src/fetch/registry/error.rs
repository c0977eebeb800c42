//! What can go wrong with a registry, besides what can go wrong with every server.

use std::path::PathBuf;

use reqwest::StatusCode;

/// Why a registry does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Status 401 or 403, with all that is known of logins.
    #[error("{url}: the registry denies it: {said}; {login}")]
    Denied {
        /// The URL asked for.
        url: String,
        /// What the registry says.
        said: String,
        /// Which login was used, or why there is none.
        login: Login,
    },
    /// Any other status that is no success.
    #[error("{url}: the registry answered {status}: {said}")]
    Refused {
        /// The URL asked for.
        url: String,
        /// The status.
        status: StatusCode,
        /// What the registry says.
        said: String,
    },
    /// A server that speaks otherwise than registries do.
    #[error("{url}: what answers is no registry: {problem}")]
    NoRegistry {
        /// The URL asked for.
        url: String,
        /// What is odd.
        problem: String,
    },
    /// Where a login would be read by others.
    #[error("{url}: the registry wants the login to be sent to {realm}, where everybody could read it")]
    InClear {
        /// The URL asked for.
        url: String,
        /// Where to.
        realm: String,
    },
    /// A file of logins that cannot be read or understood.
    #[error("logins of registries {}: {problem}", path.display())]
    BadLogins {
        /// The file.
        path: PathBuf,
        /// What is wrong; never quotes the file, which holds passwords.
        problem: String,
    },
}

/// Which login a registry was shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Login {
    /// None is known.
    #[error("there is no login for {registry} in {looked}")]
    None {
        /// The registry.
        registry: String,
        /// The files that were read.
        looked: String,
    },
    /// One that is in a file.
    #[error("the login is that of {} for {registry}", path.display())]
    Of {
        /// The registry.
        registry: String,
        /// The file.
        path: PathBuf,
    },
    /// One that another program would tell.
    #[error("{} leaves the login for {registry} to the program {helper}, which aptlet does not run", path.display())]
    Helper {
        /// The registry.
        registry: String,
        /// The file.
        path: PathBuf,
        /// The name of the program.
        helper: String,
    },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Denied { login: Login::None { .. }, .. } => {
                "log in with 'podman login' or 'docker login', or name a file that has the login, such as a mounted Secret of type \
                 kubernetes.io/dockerconfigjson, with --registry-auth FILE"
            }
            Self::Denied { login: Login::Helper { .. }, .. } => {
                "let that program write the login to a file, as 'podman login --authfile FILE' does, or make one with 'kubectl create \
                 secret docker-registry --dry-run=client', and name it with --registry-auth FILE"
            }
            Self::Denied { .. } => {
                "check that this user may push to and pull from that repository, that the repository is there, and that the password or \
                 token has not expired"
            }
            Self::Refused { status, .. } if status.as_u16() == 413 => {
                "raise the size of requests that the registry, or the proxy in front of it, takes"
            }
            Self::Refused { status, .. } if status.as_u16() == 404 => {
                "check the name of the repository, and whether it must be made first"
            }
            Self::Refused { .. } => "look in the log of the registry",
            Self::NoRegistry { .. } => {
                "check host and port; for a registry that speaks plain http, name it with --insecure-registry HOST[:PORT]"
            }
            Self::InClear { .. } => {
                "let the registry name a token server that speaks https; for one of your own network, name its host with \
                 --insecure-registry HOST[:PORT]"
            }
            Self::BadLogins { .. } => {
                "write it as docker's config.json: {\"auths\": {\"HOST\": {\"auth\": \"…\"}}}; 'podman login --authfile FILE' does"
            }
        }
        .to_owned()
    }
}
