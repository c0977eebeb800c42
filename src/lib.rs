//! aptlet: apt-get for pods, without apt-get.
//!
//! It reads a package list, resolves it against signed Debian repositories, fetches and verifies the `.deb`s in
//! parallel, and unpacks them into a volume that another container mounts. The library is what the binary of the
//! same name is made of; [`command::main`] is the whole of it.
//!
//! # Words
//!
//! | word | meaning |
//! | --- | --- |
//! | source | one repository suite: URIs, suite, components, key ([`source::list::Source`]) |
//! | index | the parsed `Packages` of all sources ([`source::index::Index`]) |
//! | request | what the user asked for: `name`, `name=version`, `name/suite`, `name:arch` ([`config::Request`]) |
//! | plan | the resolved list of artifacts: version, filename, size, SHA-256 ([`plan::Plan`]) |
//! | lock | a plan written down: `aptlet.lock` ([`lock`]) |
//! | tree | an unpacked Debian file tree with its dpkg database ([`tree::Tree`]) |
//! | generation | one complete tree under the destination; exactly one is current |
//! | destination | the folder that aptlet writes to, `/p` if nothing else is said ([`publish::Destination`]) |
//! | prefix | the path at which the main container sees the destination |
//! | relocation | rewriting a tree so that it works under the prefix: none for `/`, exact, or adapted ([`relocate`]) |
//! | launcher | in adapted trees, an entry in `bin/`: aptlet under a command's name, which becomes it ([`launch`]) |
//!
//! # The way
//!
//! ```text
//! config → sources → index → plan → fetch → verify → unpack → finish → publish → report
//! ```
//!
//! Each arrow is one type handed on: [`config::Settings`], [`source::list::Source`], [`source::Released`],
//! [`source::index::Index`], [`plan::Plan`], a verified file, [`tree::Unpacked`], [`tree::Tree`], a generation.
//! Everything right of *plan* works from a plan alone and does not know whether it came from the resolver or from a
//! lock. Nothing unverified is ever visible under the destination, and a crash at any instant leaves the previous
//! generation current, or none.
//!
//! # The folders
//!
//! | stop | place |
//! | --- | --- |
//! | arguments in, exit code out | [`cli`], [`command`], [`error`] |
//! | flags, environment and `ConfigMap` become settings | [`config`] |
//! | source lists, keyrings, Release files, the index | [`source`] |
//! | versions, candidates, apt's choice, the solver behind it | [`resolve`], [`control`] |
//! | the type that everything after works from | [`plan`], [`lock`] |
//! | mirrors, retries, resuming, proxies, credentials | [`fetch`] |
//! | the archive: ar, control, data | [`deb`], [`compression`] |
//! | unpack, merge, alternatives, relocation, dpkg database | [`tree`] |
//! | generations, launchers, state | [`publish`] |
//! | log, progress, termination message | [`report`] |
//! | manifests for Kubernetes | [`render`] |
//! | what the others count on | [`digest`] |
//!
//! Errors are one enum for each stop, mapped to exit codes in [`error`]. Imports point one way; which, and why each
//! thing is as it is, stands in `docs/architecture.md`.
pub mod building;
pub mod cli;
pub mod command;
pub mod compression;
pub mod config;
pub mod control;
pub mod deb;
pub mod digest;
pub mod error;
pub mod fetch;
pub mod finish;
pub mod generation;
pub mod launch;
pub mod lock;
pub mod note;
pub mod plan;
pub mod planning;
pub mod process;
pub mod publish;
pub mod relocate;
pub mod render;
pub mod report;
pub mod request;
pub mod resolve;
pub mod source;
mod startup;
pub mod tree;
mod wording;
