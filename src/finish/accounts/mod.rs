//! Users and groups: what sysusers.d(5) files and postinst scripts declare, and the tree's `/etc/passwd` and
//! `/etc/group` that come of it.

pub(super) mod adduser;
mod declared;
pub(super) mod passwd;
pub(super) mod sysusers;
