//! What to do about an error of the *source* stop.

use super::error::{Error, list};

impl Error {
    /// What to do next: an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ListFormat { .. } => "Rename the file after the format it is in".to_owned(),
            Self::List { .. } => "Correct the line; sources.list(5) describes both formats".to_owned(),
            Self::BadBase { .. } => {
                "Give the dpkg status of the main image (/var/lib/dpkg/status), or its /var/lib/dpkg/status.d"
                    .to_owned()
            }
            Self::UnknownWord { nearest, .. } => format!("Write '{nearest}', or remove it"),
            Self::Conflict { option, .. } => format!("Write the same {option} in both, or remove one of them"),
            Self::NoSources { .. } => {
                "Remove 'Enabled: no', or correct Architectures; without the list, aptlet's own sources are used"
                    .to_owned()
            }
            Self::NoEntries { .. } => {
                "Take the '#' away from all lines of the source (Types, URIs, Suites, Components), not from the first alone; or \
                 remove the list, and aptlet's own sources are used"
                    .to_owned()
            }
            Self::NoMirrors { .. } => {
                "Correct the list: a URI a line, which may begin with file: only where the list itself is a file"
                    .to_owned()
            }
            Self::NoSnapshots { .. } => {
                "Give the URI of the snapshot itself, with 'Snapshot: no'".to_owned()
            }
            Self::KeyringRead { .. } => {
                "Check the path in Signed-By, and that the file is mounted and readable by this user".to_owned()
            }
            Self::MalformedKeyring { .. } => {
                "Give a public key as gpg --export (.gpg) or gpg --export --armor (.asc) writes it".to_owned()
            }
            Self::NotRelease { .. } => {
                "Fetch the URL by hand: a portal, a login page or a proxy may answer for the mirror; else check the URI of \
                 the source"
                    .to_owned()
            }
            Self::NoSignature { .. } => {
                "Check that the URI is the repository's; set 'Trusted: yes' only for a repository that you trust \
                 unsigned"
                    .to_owned()
            }
            Self::MalformedSignature { .. } | Self::BadSignature { .. } => {
                "Try again or another mirror; the file was damaged or tampered with on the way".to_owned()
            }
            Self::UnsupportedKey { .. } => {
                "Ask the repository's owner to sign with an RSA, Ed25519 or NIST key as well; a signature of another \
                 key beside this one is enough"
                    .to_owned()
            }
            Self::Critical { .. } => {
                "Ask the repository's owner to sign without it; 'Trusted: yes' would take the file unverified".to_owned()
            }
            Self::UnknownKeys { .. } => {
                "Add the repository's public key to the configuration as NAME.asc and set 'Signed-By: NAME.asc'"
                    .to_owned()
            }
            Self::KeyNotAllowed { key, .. } => {
                format!("Add {key} to Signed-By if the repository's owner announced it")
            }
            Self::ExpiredKey { .. } | Self::RevokedKey { .. } | Self::UnusableKey { .. } => {
                "Get the repository's current public key; a frozen snapshot needs its key extended or 'Trusted: yes'"
                    .to_owned()
            }
            Self::ExpiredSignature { .. } => {
                "Use a mirror that is up to date, and check this node's clock".to_owned()
            }
            Self::WeakHash { .. } => {
                "Ask the repository's owner to sign with SHA-256 or better (gpg --digest-algo SHA512)".to_owned()
            }
            Self::MalformedRelease { .. } => {
                "Try another mirror, and report this to the repository's owner".to_owned()
            }
            Self::ReleaseExpired { .. } => {
                "Use a mirror that is up to date, or set 'Check-Valid-Until: no' for a frozen snapshot; check \
                 this node's clock"
                    .to_owned()
            }
            Self::FromFuture { .. } | Self::ReleaseFromFuture { .. } => {
                "Set this node's clock, or set 'Check-Date: no' for this source".to_owned()
            }
            Self::Fetch(error) => return error.hint(),
            Self::AllMirrors { attempts, .. } => return attempts.last().and_then(Self::hint),
            Self::NoRelease { .. } => {
                "Check the URI and the suite of the source; a flat repository's suite ends in '/'".to_owned()
            }
            Self::NoIndexFile { .. } | Self::BadIndex { .. } | Self::BadMirrorList { .. } => {
                "Try another mirror, or again later: this one may be in the middle of an update".to_owned()
            }
            Self::Distrusted { .. } => "Remove the source, or the line 'Trusted: no'".to_owned(),
            Self::Rollback { .. } => {
                "Use a mirror that is up to date; to go back on purpose, start with an empty volume".to_owned()
            }
            Self::InfoChanged { .. } => {
                "Find out why, and give --allow-releaseinfo-change if that is what you want to install from".to_owned()
            }
            Self::Internal(_) => return None,
            Self::NoPackagesIndex { component, components, architecture, architectures, .. } => {
                if !component.is_empty() && !components.contains(component) {
                    format!("Correct Components; the repository has: {}", list(components))
                } else if !architectures.is_empty() && !architectures.contains(architecture) {
                    format!("Correct Architectures; the repository has: {}", list(architectures))
                } else {
                    "Tell the repository's owner: its Release says that there are such packages, and lists no index of them"
                        .to_owned()
                }
            }
        };
        Some(hint)
    }
}
