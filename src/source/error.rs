//! What can go wrong between a line in `sources.list` and a `Release` file that can be believed.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use super::index::BadIndex;
use super::position::Position;
use crate::fetch;

/// An error of the *source* stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A source list whose name ends in neither `.sources` nor `.list` (configuration).
    #[error("{}: a source list must be named *.sources (deb822 format) or *.list (one-line format)", file.display())]
    ListFormat {
        /// The file.
        file: PathBuf,
    },
    /// A source list that does not follow sources.list(5) (configuration).
    #[error("{at}: {problem}")]
    List {
        /// Where.
        at: Position,
        /// What is wrong there.
        problem: String,
    },
    /// A field or option that apt does not know either (configuration).
    #[error("{at}: unknown {what} '{name}'; the nearest known one is '{nearest}'")]
    UnknownWord {
        /// Where.
        at: Position,
        /// What the word stands for: a field, an option, a type.
        what: &'static str,
        /// The word.
        name: String,
        /// The known word most like it.
        nearest: &'static str,
    },

    /// Two entries that say different things about one Release (configuration).
    #[error("{at}: {option} of {source_name} is not the same as in {other}")]
    Conflict {
        /// The later one.
        at: Position,
        /// The option.
        option: &'static str,
        /// URI and suite.
        source_name: String,
        /// The earlier one.
        other: Box<Position>,
    },
    /// Nothing to choose from (configuration).
    #[error("no source of {files} is switched on and for architecture '{architecture}'")]
    NoSources {
        /// The lists.
        files: String,
        /// What is installed for.
        architecture: String,
    },
    /// Lists without an entry, such as those whose lines are all commented out but the first (configuration).
    #[error("there is no source in {files}: all of its lines are empty or comments")]
    NoEntries {
        /// The lists.
        files: String,
    },
    /// A list of mirrors that has none (configuration).
    #[error("the mirror list {url} names no mirror that can be used for {source_name}")]
    NoMirrors {
        /// The list.
        url: String,
        /// URI and suite.
        source_name: String,
    },
    /// A list of mirrors that cannot be unpacked (mirror or network).
    #[error("the mirror list {url} cannot be unpacked: {source}")]
    BadMirrorList {
        /// The list.
        url: String,
        /// Why.
        source: std::io::Error,
    },
    /// A repository of which no snapshots are known (configuration).
    #[error("no snapshot service is known for {source_name}")]
    NoSnapshots {
        /// URI and suite.
        source_name: String,
    },

    /// A keyring that cannot be read (configuration).
    #[error("cannot read keyring {}: {source}", file.display())]
    KeyringRead {
        /// The keyring.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A keyring that does not hold `OpenPGP` public keys (configuration).
    #[error("keyring {keyring} holds no usable OpenPGP public key: {reason}")]
    MalformedKeyring {
        /// The keyring.
        keyring: String,
        /// Why not.
        reason: String,
    },

    /// Something else than a Release answers (mirror or network).
    #[error("{url} {what}, and no Release file")]
    NotRelease {
        /// The `InRelease` or `Release` file.
        url: String,
        /// What it is: a verb and what follows.
        what: &'static str,
    },
    /// The file carries no signature at all (not trusted).
    #[error("{url} is not signed")]
    NoSignature {
        /// The `InRelease` or signature file.
        url: String,
    },
    /// The signature, or the frame around the signed text, is not as RFC 9580 has it (not trusted).
    #[error("{url} is not a well-formed signed message: {reason}")]
    MalformedSignature {
        /// The signed file.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The content is not what a key of the keyring signed (not trusted).
    #[error("bad signature on {url}: the content is not what key {key} signed")]
    BadSignature {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
    },
    /// A key of a kind that cannot be checked here (not trusted).
    #[error("{url} is signed by key {key}, which uses {algorithm}, and that is not supported")]
    UnsupportedKey {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// The curve or algorithm.
        algorithm: String,
    },
    /// The signature has something that whoever checks it must know, and aptlet does not (not trusted).
    #[error("bad signature on {url}: that of key {key} has a critical {what}, which is not known")]
    Critical {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// What it has.
        what: String,
    },
    /// Nobody known signed the file (not trusted).
    #[error("{url} is signed only by unknown keys: {}; looked in {}", first(keys), list(keyrings))]
    UnknownKeys {
        /// The signed file.
        url: String,
        /// Fingerprints, or key ids where the signature names no fingerprint.
        keys: Vec<String>,
        /// The keyrings consulted.
        keyrings: Vec<String>,
    },
    /// The key is known, but `Signed-By` does not list it (not trusted).
    #[error("{url} is signed by key {key}, which Signed-By does not list: {}", list(allowed))]
    KeyNotAllowed {
        /// The signed file.
        url: String,
        /// Fingerprint of the key that signed.
        key: String,
        /// What `Signed-By` lists.
        allowed: Vec<String>,
    },
    /// The key that signed has expired (not trusted).
    #[error("{url} is signed by key {key}, which expired on {}", date(*expired))]
    ExpiredKey {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// When it expired.
        expired: Timestamp,
    },
    /// The key that signed has been revoked by its owner (not trusted).
    #[error("{url} is signed by key {key}, which its owner has revoked")]
    RevokedKey {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
    },
    /// The key that signed must not be used for that: not bound, not for signing, or too weak (not trusted).
    #[error("{url} is signed by key {key}, which is not valid for that: {reason}")]
    UnusableKey {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// Why not.
        reason: &'static str,
    },
    /// The signature was made to last until a time that has passed (not trusted).
    #[error("the signature of key {key} on {url} expired on {}", date(*expired))]
    ExpiredSignature {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// When the signature expired.
        expired: Timestamp,
    },
    /// The key or the signature was made in the future (not trusted).
    #[error("{what} {key} on {url} was made on {}, but here it is only {}", date(*made), date(*now))]
    FromFuture {
        /// The signed file.
        url: String,
        /// "the signature of key" or "the signing key".
        what: &'static str,
        /// Fingerprint of the key.
        key: String,
        /// When it was made.
        made: Timestamp,
        /// The clock here.
        now: Timestamp,
    },
    /// The signature is over a hash that can be forged (not trusted).
    #[error("the signature of key {key} on {url} uses {hash}, which is too weak to be trusted")]
    WeakHash {
        /// The signed file.
        url: String,
        /// Fingerprint of the key.
        key: String,
        /// The algorithm.
        hash: String,
    },

    /// A verified `Release` file that makes no sense (not trusted).
    #[error("{url}{}: {reason}", AtLine(*line))]
    MalformedRelease {
        /// The file.
        url: String,
        /// The line of the clear text, from 1; 0 for the file as a whole.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The `Release` file was valid only until a time that has passed: possibly a replay (not trusted).
    #[error("{url} expired on {} ({} ago)", date(*until), span(*until, *now))]
    ReleaseExpired {
        /// The file.
        url: String,
        /// Until when it was valid.
        until: Timestamp,
        /// The clock here.
        now: Timestamp,
    },
    /// The `Release` file is dated in the future (not trusted).
    #[error("{url} is dated {}, which is {} from now", date(*made), span(*now, *made))]
    ReleaseFromFuture {
        /// The file.
        url: String,
        /// Its `Date`.
        made: Timestamp,
        /// The clock here.
        now: Timestamp,
    },
    /// A mirror could not be reached, or served something else (mirror or network; a mismatch: not trusted).
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// No mirror of a source could be used.
    #[error("no mirror of suite {suite} can be used: {}", attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    AllMirrors {
        /// The suite.
        suite: String,
        /// What became of each.
        attempts: Vec<Error>,
    },
    /// There is no repository where the source says (mirror or network).
    #[error("there is no InRelease and no Release file in {folder}")]
    NoRelease {
        /// Where they would be.
        folder: String,
    },
    /// An index that the Release lists is not there (mirror or network).
    #[error("the mirror has no {path} in {folder}, although its Release lists it")]
    NoIndexFile {
        /// Of the Release.
        folder: String,
        /// Of the index, below it.
        path: String,
    },
    /// A verified index that cannot be read (mirror or network).
    #[error("{url}: {source}")]
    BadIndex {
        /// The index.
        url: String,
        /// What is wrong with it.
        source: BadIndex,
    },
    /// A thread of aptlet's own broke (a bug).
    #[error("reading an index failed: {0}")]
    Internal(String),
    /// A source that its own definition says not to trust (not trusted).
    #[error("{url} is not to be trusted: {} says 'Trusted: no' of its source", at.display())]
    Distrusted {
        /// The `InRelease` or `Release` file.
        url: String,
        /// The source list.
        at: PathBuf,
    },
    /// A Release older than one that was used before: possibly a replay (not trusted).
    #[error("{url} is dated {}, but what is installed was made from one of {}", date(*made), date(*known))]
    Rollback {
        /// The file.
        url: String,
        /// Its `Date`.
        made: Timestamp,
        /// The `Date` of the earlier one.
        known: Timestamp,
    },
    /// A status file of the base that is not one (configuration).
    #[error("{}: {source}", path.display())]
    BadBase {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        source: BadIndex,
    },
    /// A repository that says another thing of itself than before (not trusted).
    #[error("{url} says that its {field} is '{now}', and it was '{known}' when what is installed was made")]
    InfoChanged {
        /// The file.
        url: String,
        /// The field.
        field: &'static str,
        /// What was recorded.
        known: String,
        /// What it is.
        now: String,
    },
    /// The repository does not have the component for the architecture (configuration).
    #[error("{url} lists no Packages index for component '{component}' and architecture '{architecture}'")]
    NoPackagesIndex {
        /// The `Release` file.
        url: String,
        /// The component that was asked for; empty for a flat repository.
        component: String,
        /// The architecture that was asked for.
        architecture: String,
        /// The components that the file names.
        components: Vec<String>,
        /// The architectures that the file names.
        architectures: Vec<String>,
    },
}

impl Error {
    /// Whether a mirror said that it does not have the file.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.is_not_found())
    }

    /// Whether it may pass when the mirror is waited for.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Fetch(error) if fetch::may_pass(error))
    }

    /// Whether a mirror answered that it does not give the file: it may have it in another form.
    pub(crate) fn is_refusal(&self) -> bool {
        self.is_not_found() || matches!(self, Self::Fetch(fetch::Error::Status { .. }))
    }
}

/// The line of a file; none for the file as a whole.
struct AtLine(usize);

impl fmt::Display for AtLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            line => write!(f, ":{line}"),
        }
    }
}

/// The first of many.
fn first(items: &[String]) -> String {
    const TOLD: usize = 5;
    match items.len().saturating_sub(TOLD) {
        0 => items.join(", "),
        more => format!("{} and {more} more", items[..TOLD].join(", ")),
    }
}

/// All of them.
pub(super) fn list(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

/// A point in time for people; UTC.
fn date(at: Timestamp) -> String {
    at.strftime("%-d %B %Y %H:%M UTC").to_string()
}

/// The time between two points in the largest unit that fits.
fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second() - from.as_second();
    let (count, unit) = match seconds {
        172_800.. => (seconds / 86_400, "days"),
        7200.. => (seconds / 3600, "hours"),
        120.. => (seconds / 60, "minutes"),
        _ => (seconds, "seconds"),
    };
    format!("{count} {unit}")
}
