//! ldconfig(8): where the dynamic linker finds libraries.

mod cache;

pub(crate) use self::cache::apply;
