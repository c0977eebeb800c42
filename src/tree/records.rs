//! aptlet's own files in a tree, by their paths in it without `/`.

/// Where they are.
pub(crate) const FOLDER: &str = "var/lib/aptlet";
/// Links or launchers for the commands of the tree: what goes on PATH.
pub(crate) const COMMANDS: &str = "var/lib/aptlet/bin";
/// The names of the commands that the main container is to get, one a line.
pub(crate) const EXPOSED: &str = "var/lib/aptlet/commands";
/// What launchers need to know.
pub(crate) const LAUNCHERS: &str = "var/lib/aptlet/launch.json";
/// Links to the libraries of the tree that the image's own programs are to load.
pub(crate) const LIBRARIES: &str = "var/lib/aptlet/lib";
/// The plan.
pub(crate) const LOCK: &str = "var/lib/aptlet/aptlet.lock";
/// Every path with mode and content, in the format of mtree(5).
pub(crate) const MANIFEST: &str = "var/lib/aptlet/mtree";
/// What relocation did to each file.
pub(crate) const RELOCATED: &str = "var/lib/aptlet/relocated";
/// What a generation was made from.
pub(crate) const STATE: &str = "var/lib/aptlet/state.json";
