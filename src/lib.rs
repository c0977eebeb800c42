//! aptlet: apt-get for pods, without apt-get.
//!
//! It reads a package list, resolves it against signed Debian repositories, fetches and verifies the `.deb`s in
//! parallel, and unpacks them into a volume that another container mounts. The library is what the binary of the
//! same name is made of; [`command::main`] is the whole of it. It lets out only what that binary, its tests, benches and
//! fuzz targets use: there is no stable API.
//!
//! # Words
//!
//! | word | meaning |
//! | --- | --- |
//! | stop | one step of the way below |
//! | source | one repository suite: URIs, suite, components, key (`source::list::Source`) |
//! | index | the parsed `Packages` of all sources ([`source::index::Index`]) |
//! | request | what the user asked for: `name`, `name=version`, `name/suite`, `name:arch` ([`request::Request`]) |
//! | base | what the main image has installed already ([`source::base`]) |
//! | plan | the resolved list of artifacts: version, filename, size, SHA-256 ([`plan::Plan`]) |
//! | lock | a plan written down: `aptlet.lock` (`lock`) |
//! | tree | an unpacked Debian file tree with its dpkg database ([`tree::Tree`]) |
//! | generation | one complete tree under the destination; exactly one is current |
//! | destination | the folder that aptlet writes to, `/p` if nothing else is said (`publish::Destination`) |
//! | prefix | the path at which the main container sees the destination |
//! | relocation | rewriting a tree so that it works under the prefix: none for `/`, exact, or adapted ([`relocate`]) |
//! | launcher | in adapted trees, an entry in `bin/`: aptlet under a command's name, which becomes it ([`launch`]) |
//! | note | what a stop could not do to the letter and went on without, as `aptlet status` shows it |
//! | manifest | of a tree, what `aptlet verify` reads (`tree::manifest`); of a pod, its YAML ([`render`]) |
//!
//! # The way
//!
//! ```text
//! config → sources → index → plan → fetch → verify → unpack → finish → publish → report
//! ```
//!
//! Each arrow is one type handed on: [`config::Settings`], `source::list::Source`, `source::Released`,
//! [`source::index::Index`], [`plan::Plan`], a verified file, `tree::Unpacked`, [`tree::Tree`], a generation.
//! Everything right of *plan* works from a plan alone and does not know whether it came from the resolver or from a
//! lock. Nothing unverified is ever visible under the destination, and a crash at any instant leaves the previous
//! generation current, or none.
//!
//! # The rooms
//!
//! A room is a folder or file right below `src/`. `docs/architecture.md` tells which of them a change belongs to, and
//! which may import which.
//!
//! | of the way | rooms |
//! | --- | --- |
//! | arguments in, exit code out | `cli`, `startup`, [`command`], [`error`] |
//! | flags, environment and `ConfigMap` become settings | [`config`], [`request`] |
//! | settings become a plan | `planning`, of [`source`] and [`resolve`] |
//! | the type that everything after works from | [`plan`], `lock` |
//! | a plan becomes a tree | `building`, of `fetch`, [`deb`], [`tree`], [`finish`], [`relocate`], `generators`, [`launch`] |
//! | a tree becomes the current generation | `publish`, `current_generation` |
//! | a tree becomes an image | `bake`, of `oci` |
//! | packages added from inside of a running container | `live` |
//! | what is in a plan or a tree, for scanners | `sbom` |
//! | what is told | `report`: log, progress, termination message |
//! | beside the way | `process`: signals, becoming a command; [`render`]: manifests for Kubernetes |
//! | what the others count on | [`control`], [`compression`], [`digest`], `masking`, `reference`, `wording`, `arrange`, `on_disk` |
//!
//! Errors are one enum for each stop, mapped to exit codes in [`error`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "the size of a test is nobody's worry"))]

mod arrange;
mod bake;
mod building;
mod cli;
pub mod command;
pub mod compression;
pub mod config;
pub mod control;
mod current_generation;
pub mod deb;
pub mod digest;
pub mod error;
mod fetch;
pub mod finish;
mod generators;
pub mod launch;
mod live;
mod lock;
mod masking;
mod note;
mod oci;
mod on_disk;
pub mod plan;
mod planning;
mod process;
mod publish;
mod reference;
pub mod relocate;
pub mod render;
mod report;
pub mod request;
pub mod resolve;
mod sbom;
pub mod source;
mod startup;
pub mod tree;
mod wording;
