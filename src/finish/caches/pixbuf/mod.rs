//! gdk-pixbuf: the list of the modules that read images.

mod cache;
mod loaders;

pub(crate) use self::cache::apply;
