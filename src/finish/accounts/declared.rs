//! What files and scripts of packages declare of users and groups.

/// An account, or a membership, that something declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Declared {
    User(User),
    Group { name: String, id: Option<u32> },
    Member { user: String, group: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) id: Option<u32>,
    pub(crate) group: Primary,
    pub(crate) comment: String,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// The group that a user's files belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Primary {
    /// A group of the user's own name, made with it.
    Own,
    Named(String),
    Number(u32),
}
