//! aptlet: apt-get for pods, without apt-get.
pub mod cli;
pub mod command;
pub mod compression;
pub mod config;
pub mod control;
pub mod deb;
pub mod digest;
pub mod error;
pub mod fetch;
pub mod lock;
pub mod plan;
pub mod publish;
pub mod report;
pub mod resolve;
pub mod source;
pub mod tree;
