//! ldconfig(8): where the dynamic linker finds libraries.

mod cache;
mod configuration;
mod elf;
mod libraries;
mod order;

pub(crate) use self::cache::{apply, linkable};

#[cfg(test)]
mod tests;
