//! The plan: what is to be installed, exactly. Everything after resolution works from this type alone and
//! does not know whether it came from the resolver or from a lock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;

/// What a plan was made for: the requests, and the settings that decided the outcome. A lock has it as `[request]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "struct Request")]
pub struct Basis {
    /// The requests, in the order given: `name`, `name=version`, `name/suite`, `name:arch`, patterns, `.deb`s.
    pub packages: Vec<String>,
    /// The native architecture, in dpkg's spelling (`amd64`).
    pub architecture: String,
    /// Whether `Recommends` count as `Depends`.
    #[serde(default)]
    pub recommends: bool,
    /// Names of packages that were left out, whoever needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether the Essential set was asked for, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_essential: bool,
    /// Digest of the stanzas of the base, where there was one: its packages are not in the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_sha256: Option<Sha256>,
    /// The image that the base is of, by its digest, where it was read out of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_image: Option<String>,
    /// Whether newer versions of what the base has could be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upgrade_base: bool,
    /// The sources that were chosen from: URIs without credentials, suite, component. None in the lock of an older aptlet,
    /// which says neither this nor `upgrade_base` and `pins_sha256`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Digest of the pins, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins_sha256: Option<Sha256>,
}

/// One suite and component of a repository, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlanSource {
    /// How the packages of the plan refer to this source; unique within the plan.
    pub id: String,
    /// Base URIs, all serving the same files; tried in this order.
    pub uris: Vec<String>,
    /// The suite; ends in `/` for a flat repository.
    pub suite: String,
    /// The component; empty for a flat repository.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// The `Date` of the Release file, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_date: Option<String>,
    /// Digest of the verified Release (its clear text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_sha256: Option<Sha256>,
}

impl PlanSource {
    /// Suite and component, for messages; the id where there is no component, since a flat repository may have no
    /// more of a name than `./`.
    pub(crate) fn describe(&self) -> String {
        if self.component.is_empty() { self.id.clone() } else { format!("{}/{}", self.suite, self.component) }
    }
}

/// One `.deb` to fetch, verify and unpack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Artifact {
    /// Package name (Debian Policy 5.6.7).
    pub name: String,
    /// Version (deb-version(7)).
    pub version: String,
    /// Architecture, `all` included.
    pub architecture: String,
    /// The [`PlanSource::id`] that it comes from.
    pub source: String,
    /// Path below the source's URI.
    pub filename: String,
    /// Size of the `.deb` in bytes.
    pub size: u64,
    /// Digest of the `.deb`.
    pub sha256: Sha256,
    /// `Installed-Size` of the control file, in KiB (Debian Policy 5.6.20); 0 when it is not declared.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub installed_size: u64,
    /// Where the very same file is as well, in other sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Place>,
}

/// Where a `.deb` is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "struct Place")]
pub struct Place {
    /// The [`PlanSource::id`].
    pub source: String,
    /// Path below the source's URI.
    pub filename: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Artifact {
    /// The sources that have it, each by its [`PlanSource::id`] and with the path below its URI.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = (self.source.as_str(), self.filename.as_str());
        let others = self.also.iter().map(|place| (place.source.as_str(), place.filename.as_str()));
        std::iter::once(first).chain(others)
    }

    /// `name version (arch)`, for messages: one line, whatever a repository says.
    pub(crate) fn label(&self) -> String {
        let label = format!("{} {} ({})", self.name, self.version, self.architecture);
        if label.contains(char::is_control) { label.escape_debug().to_string() } else { label }
    }
}

/// The resolved list of artifacts and where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What it was made for.
    pub basis: Basis,
    /// The sources that `packages` name.
    pub sources: Vec<PlanSource>,
    /// Sorted by name, then architecture.
    pub packages: Vec<Artifact>,
}

impl Plan {
    /// A source of this plan.
    pub(crate) fn source(&self, id: &str) -> Option<&PlanSource> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The newest time of the Releases that it rests on, in seconds since 1970; 0 where there are none.
    pub(crate) fn newest_release(&self) -> i64 {
        let dates = self
            .sources
            .iter()
            .filter_map(|source| source.release_date.as_deref()?.parse::<Timestamp>().ok());
        dates.map(Timestamp::as_second).max().unwrap_or(0)
    }

    /// Bytes to download.
    pub(crate) fn download_size(&self) -> u64 {
        self.packages.iter().map(|artifact| artifact.size).sum()
    }
}
