//! Which groups of settings each command takes as flags.
//!
//! What a command does not take it does not know. It is not refused in the environment and the `ConfigMap`, which commands
//! share.

use crate::config::options::{
    Answering, Baking, Choosing, Describing, Destination, Flags, Group as _, Inspecting, Layer as _,
    Libraries, Limiting, Locked, Locking, Logging, Loudness, Network, Options, Ordering, PodManifest,
    Relocating, Renewing, Running, SelfInstalling, SettingsFolder, Sourcing, Termination, TreeMaking, Trust,
    Trying,
};

/// What every command takes.
const EVERY: &[Flags] = &[SettingsFolder::FLAGS, Logging::FLAGS, Loudness::FLAGS, Termination::FLAGS];

/// What every command takes that chooses packages.
const RESOLVING: &[Flags] = &[Choosing::FLAGS, Sourcing::FLAGS, Trust::FLAGS, Network::FLAGS];

/// What every command takes that makes a tree, here or in a pod.
const INSTALLING: &[Flags] = &[Locked::FLAGS, TreeMaking::FLAGS, Libraries::FLAGS];

/// Of what every command takes that makes a tree, what does not depend on where that lies and whose it is.
const TREE_OF_IMAGE: Flags =
    &["max-unpacked", "slim", "path-exclude", "path-include", "locale", "require-scripts"];

/// What each command takes.
pub(super) const TAKEN: [(&str, &[&[Flags]]); 19] = [
    (
        "install",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Destination::FLAGS, Relocating::FLAGS, SelfInstalling::FLAGS, Running::FLAGS, Trying::FLAGS],
        ],
    ),
    // it is started where the destination is, and by what is there
    ("run", &[EVERY, RESOLVING, INSTALLING, &[Destination::FLAGS, Running::FLAGS, Ordering::FLAGS]]),
    (
        "live",
        &[EVERY, RESOLVING, &[Limiting::FLAGS, TreeMaking::FLAGS, Libraries::FLAGS, Destination::FLAGS]],
    ),
    ("source", &[EVERY, &[Destination::FLAGS]]),
    ("lock", &[EVERY, RESOLVING, &[Locking::FLAGS]]),
    (
        "bake",
        &[
            EVERY,
            RESOLVING,
            &[Locked::FLAGS, Relocating::FLAGS, TREE_OF_IMAGE, Libraries::FLAGS, Baking::FLAGS],
            &[SelfInstalling::FLAGS],
        ],
    ),
    ("sbom", &[EVERY, RESOLVING, &[Locked::FLAGS, Destination::FLAGS, Describing::FLAGS]]),
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
            &[SelfInstalling::FLAGS, Running::FLAGS, Locking::FLAGS, Inspecting::FLAGS, Trying::FLAGS],
        ],
    ),
    ("probe", &[EVERY, &[Destination::FLAGS]]),
    ("search", &[EVERY, RESOLVING]),
    ("show", &[EVERY, RESOLVING]),
    ("policy", &[EVERY, RESOLVING, &[Destination::FLAGS]]),
    ("list", &[EVERY, &[Destination::FLAGS]]),
    ("completions", &[]),
    ("man", &[]),
    // the volume is where --mount says, both for the container that installs and for the others
    (
        "render",
        &[
            EVERY,
            RESOLVING,
            INSTALLING,
            &[Running::FLAGS, Ordering::FLAGS, Answering::FLAGS, Renewing::FLAGS, PodManifest::FLAGS],
        ],
    ),
];

/// Whether the command of this name takes what the flag says. One that is no setting is its own.
pub(super) fn takes(command: &str, flag: &str) -> bool {
    let taken = TAKEN.iter().find(|(name, _)| *name == command);
    !is_setting(flag) || taken.is_some_and(|(_, taken)| taken.iter().any(|groups| has(groups, flag)))
}

/// Whether the flag is that of a setting.
pub(super) fn is_setting(flag: &str) -> bool {
    has(Options::ALL, flag)
}

fn has(groups: &[Flags], flag: &str) -> bool {
    groups.iter().copied().flatten().any(|known| *known == flag)
}
