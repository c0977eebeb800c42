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
    /// Which essential packages come along, on which nothing has to depend.
    pub essential: Essential,
}

/// Which of the packages that say `Essential: yes` come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Essential {
    /// Those that are depended on.
    None,
    /// Those as well whose data what is chosen reads.
    Read,
    /// All.
    All,
}
