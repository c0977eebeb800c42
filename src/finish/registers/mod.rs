//! Lists that programs of packages keep of what other packages have. Scripts call them one package at a time; here each
//! list is made once, of all that was called.

pub(super) mod catalogues;
pub(super) mod desktop;
pub(super) mod php;
pub(super) mod tex;
pub(super) mod wordlists;
