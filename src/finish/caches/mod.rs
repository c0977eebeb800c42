//! Files that a program of a package makes of other packages' files, in its postinst script or when a trigger is
//! processed. What each program would write is made here in its stead; where that takes running a package's code, a note
//! says that it is missing.
//!
//! Other caches are not needed: fontconfig, icons and Python's bytecode are only slower without, and `C.UTF-8` is built
//! into the C library.

pub(super) mod graphviz;
pub(super) mod gsettings;
pub(super) mod hwdb;
pub(super) mod input_methods;
pub(super) mod ldconfig;
pub(super) mod mime;
mod number;
pub(super) mod pixbuf;
mod xml;
