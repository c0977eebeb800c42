//! Unpacks one package into its own private root, where nothing but its own files can come to harm.
//!
//! [`unpack()`] reads the archive member by member: `unpacker` holds each against the limits and decides whether it is laid
//! out; `head` is what its header says; `excluded` remembers what is left out, for members that need it; `private_root`
//! makes the files. `refusals` are the errors, which all name the package.

mod excluded;
mod head;
mod private_root;
mod refusals;
mod unpacker;

pub use unpacker::unpack;
