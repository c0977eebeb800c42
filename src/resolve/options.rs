//! The settings of a resolver run.

use super::pin::Pin;

/// What decides between several answers.
#[derive(Debug, Clone, Copy)]
pub struct ResolveOptions<'a> {
    /// The native architecture.
    pub architecture: &'a str,
    /// Other architectures whose packages may be chosen.
    pub foreign: &'a [String],
    /// Pins, in the order of their files.
    pub pins: &'a [Pin],
    /// Whether `Recommends` count.
    pub recommends: bool,
    /// The part of the index that is installed already.
    pub base: Option<usize>,
    /// Whether a newer version may be installed of what the base has.
    pub upgrade_base: bool,
    /// Names of packages to leave out, whoever needs them.
    pub exclude: &'a [String],
    /// Whether all packages that say `Essential: yes` are asked for, too.
    pub essential: bool,
    /// Whether essential packages come along whose data what is chosen reads, though nothing has to depend on them.
    pub implied: bool,
}
