//! Which groups of settings each command takes as flags.
//!
//! What a command does not take is not in its help, and is refused as an unknown flag is. It is not refused in the
//! environment and the `ConfigMap`, which commands share.

use crate::config::options::{
    Answering, Choosing, Destination, Flags, Group as _, Inspecting, Layer as _, Locked, Locking, Logging,
    Loudness, Network, Options, PodManifest, Relocating, Renewing, Running, SelfInstalling, SettingsFolder,
    Sourcing, Termination, TreeMaking, Trust,
};

/// What every command takes.
const EVERY: &[Flags] = &[SettingsFolder::FLAGS, Logging::FLAGS, Loudness::FLAGS, Termination::FLAGS];

/// What every command takes that chooses packages.
const RESOLVING: &[Flags] = &[Choosing::FLAGS, Sourcing::FLAGS, Trust::FLAGS, Network::FLAGS];

/// What every command takes that makes a tree, here or in a pod.
const INSTALLING: &[Flags] = &[Locked::FLAGS, TreeMaking::FLAGS];

/// What each command takes.
pub(super) const TAKEN: [(&str, &[&[Flags]]); 9] = [
    (
        "install",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Destination::FLAGS, Relocating::FLAGS, SelfInstalling::FLAGS, Running::FLAGS],
        ],
    ),
    // it is started where the destination is, and by what is there
    ("run", &[EVERY, RESOLVING, INSTALLING, &[Destination::FLAGS, Running::FLAGS]]),
    ("lock", &[EVERY, RESOLVING, &[Locking::FLAGS]]),
    ("status", &[EVERY, &[Destination::FLAGS, Inspecting::FLAGS]]),
    ("verify", &[EVERY, &[Destination::FLAGS]]),
    (
        "watch",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Destination::FLAGS, Relocating::FLAGS, Answering::FLAGS, Renewing::FLAGS, Running::FLAGS],
        ],
    ),
    // nobody types it: it is given what `watch` was given
    (
        "reconcile",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Destination::FLAGS, Relocating::FLAGS, Answering::FLAGS, Renewing::FLAGS],
            &[SelfInstalling::FLAGS, Running::FLAGS, Locking::FLAGS, Inspecting::FLAGS],
        ],
    ),
    ("probe", &[EVERY, &[Destination::FLAGS]]),
    // the volume is where --mount says, both for the container that installs and for the others
    (
        "render",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Running::FLAGS, Answering::FLAGS, Renewing::FLAGS, PodManifest::FLAGS],
        ],
    ),
];

/// The flags that the command of this name does not take, in the order of the help.
pub(super) fn refused(command: &str) -> impl Iterator<Item = &'static str> + use<> {
    let taken = TAKEN.iter().find(|(name, _)| *name == command).map(|(_, taken)| *taken).unwrap_or_default();
    let is_taken =
        |flag: &&str| taken.iter().flat_map(|groups| groups.iter().copied()).flatten().any(|it| it == flag);
    Options::ALL.iter().flat_map(|group| group.iter().copied()).filter(move |flag| !is_taken(flag))
}
