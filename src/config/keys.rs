//! The keys of the `ConfigMap` that mean something, in apt's own formats.

use super::nearest::nearest;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Packages,
    Sources,
    Keyring,
    Preferences,
    Auth,
    Certificate,
    /// `tls.crt` of a Secret: the client's own.
    ClientCertificate,
    Private,
    Lock,
    Settings,
    /// For `packages` to name as `./NAME.deb`.
    Archive,
}

/// The keys that mean something: a name, or `*.` and an extension.
pub(super) const KEYS: [(&str, Key); 14] = [
    ("packages", Key::Packages),
    ("*.sources", Key::Sources),
    ("*.list", Key::Sources),
    ("*.asc", Key::Keyring),
    ("*.gpg", Key::Keyring),
    ("*.pref", Key::Preferences),
    ("auth.conf", Key::Auth),
    ("tls.crt", Key::ClientCertificate),
    ("tls.key", Key::Private),
    ("*.crt", Key::Certificate),
    ("*.pem", Key::Certificate),
    ("*.deb", Key::Archive),
    ("aptlet.lock", Key::Lock),
    ("aptlet.yaml", Key::Settings),
];

/// What a key of this name holds.
pub(super) fn classify(name: &str) -> Option<Key> {
    let matches = |key: &str| match key.strip_prefix('*') {
        Some(ending) => name.ends_with(ending),
        None => name == key,
    };
    KEYS.iter().find(|(key, _)| matches(key)).map(|(_, kind)| *kind)
}

/// The key that `name` was probably meant to be; of `NAME.EXTENSION` only the extension is doubted.
pub(super) fn nearest_key(name: &str) -> Option<String> {
    // of a lock and of settings there is one
    let kind = name.rsplit('.').next();
    if let Some((only, _)) =
        KEYS.iter().find(|(key, _)| key.strip_prefix("aptlet.").is_some_and(|own| Some(own) == kind))
    {
        return Some((*only).to_owned());
    }
    let whole = KEYS.iter().map(|(key, _)| *key).filter(|key| !key.starts_with('*'));
    nearest(name, whole).or_else(|| {
        let (stem, extension) = name.rsplit_once('.')?;
        let extensions = KEYS.iter().filter_map(|(key, _)| key.strip_prefix("*."));
        nearest(extension, extensions).map(|extension| format!("{stem}.{extension}"))
    })
}
