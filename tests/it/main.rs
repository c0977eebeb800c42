//! The integration tests: one program, so that what they share is compiled and linked once. They run as threads of it, side
//! by side: none changes the environment, the folder or the umask of the process, and each has its own folder and ports.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "the size of the tests is nobody's worry")]

mod bake;
mod documentation;
mod entrypoint;
mod explain;
mod floods;
mod hostile;
mod install;
mod libraries;
mod live;
mod lock;
mod lying_mirror;
mod printed;
mod registry;
mod render;
mod sbom;
mod secrets;
mod structure;
mod support;
mod support_itself;
mod support_server;
mod troubleshooting;
mod typed;
mod versions;
mod volumes;
mod watch;
