//! Logins of registries: docker's `config.json`, podman's `auth.json` (containers-auth.json(5)), and the key `.dockerconfigjson` of a
//! Secret, which are one format.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::error::{Error, Login};
use crate::reference::Repository;

/// What the file is called in a folder that is named.
const NAMES: [&str; 3] = [".dockerconfigjson", "config.json", "auth.json"];
/// As docker's own file calls its registry.
const DOCKER_HUB: [&str; 4] = ["index.docker.io", "docker.io", "registry-1.docker.io", "registry.docker.io"];
/// No such file is larger.
const MOST_BYTES: u64 = 4 << 20;

/// The files that may have logins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LoginFiles {
    /// In the order in which they are asked; the first that knows a registry decides.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether they were named, so that they must be there.
    pub(crate) are_given: bool,
}

/// A way to say who one is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Secret {
    /// User and password.
    Password { user: String, password: String },
    /// What a token server takes instead of a password.
    Identity(String),
    /// What the registry itself takes.
    Token(String),
}

/// What the files say of a repository.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// If there is one.
    pub(super) secret: Option<Secret>,
    /// For messages.
    pub(super) login: Login,
}

impl LoginFiles {
    /// The login for a repository: that of the longest path which leads to it.
    ///
    /// # Errors
    /// [`Error::BadLogins`].
    pub(super) fn find(&self, repository: &Repository) -> Result<Found, Error> {
        let registry = repository.registry.clone();
        let mut helper = None;
        for path in &self.paths {
            let Some((path, text)) = self.read(path)? else { continue };
            let bad = |problem: String| Error::BadLogins { path: path.clone(), problem };
            // where serde quotes the text it would be a password
            let file: Value = serde_json::from_slice(&text).map_err(|error| {
                bad(format!("line {}, column {}: not well-formed JSON", error.line(), error.column()))
            })?;
            let file = file.as_object().ok_or_else(|| bad("it is no JSON object".to_owned()))?;
            if let Some(entry) = entry(file, repository) {
                let secret = secret(entry).map_err(|problem| bad(format!("{registry}: {problem}")))?;
                if secret.is_some() {
                    return Ok(Found { secret, login: Login::Of { registry, path } });
                }
            }
            if helper.is_none() {
                helper = program(file, repository).map(|helper| Login::Helper {
                    registry: registry.clone(),
                    path,
                    helper,
                });
            }
        }
        let looked =
            || self.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let none = || Login::None {
            registry: registry.clone(),
            looked: if self.paths.is_empty() { "any file".to_owned() } else { looked() },
        };
        Ok(Found { secret: None, login: helper.unwrap_or_else(none) })
    }

    fn read(&self, path: &Path) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
        let named = if path.is_dir() {
            let inside = NAMES.iter().map(|name| path.join(name)).find(|path| path.is_file());
            inside.unwrap_or_else(|| path.join(NAMES[0]))
        } else {
            path.to_owned()
        };
        let bad = |problem: String| Error::BadLogins { path: named.clone(), problem };
        match fs::metadata(&named) {
            Ok(meta) if meta.len() > MOST_BYTES => {
                return Err(bad("it is too large for such a file".to_owned()));
            }
            _ => {}
        }
        match fs::read(&named) {
            Ok(text) => Ok(Some((named, text))),
            Err(error) if !self.are_given && error.kind() == io::ErrorKind::NotFound => Ok(None),
            // those of another user are not asked for
            Err(error) if !self.are_given && error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(bad(error.to_string())),
        }
    }
}

/// The places that a login may be for, the nearest first.
fn places(repository: &Repository) -> Vec<String> {
    let hosts: Vec<&str> = match repository.host() {
        "registry-1.docker.io" => DOCKER_HUB.to_vec(),
        _ => vec![&repository.registry],
    };
    let mut folders = vec![repository.name.as_str()];
    while let Some((folder, _)) = folders.last().and_then(|last| last.rsplit_once('/')) {
        folders.push(folder);
    }
    let below = folders.iter().flat_map(|folder| hosts.iter().map(move |host| format!("{host}/{folder}")));
    below.chain(hosts.iter().map(|host| (*host).to_owned())).collect()
}

/// `https://registry.example/v1/` is `registry.example`.
fn plain(key: &str) -> String {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest).trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    key.to_ascii_lowercase()
}

fn entry<'a>(file: &'a Map<String, Value>, repository: &Repository) -> Option<&'a Value> {
    let entries = file.get("auths")?.as_object()?;
    places(repository)
        .iter()
        .find_map(|place| entries.iter().find(|(key, _)| plain(key) == *place).map(|(_, entry)| entry))
}

fn secret(entry: &Value) -> Result<Option<Secret>, &'static str> {
    let text = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("registrytoken") {
        return Ok(Some(Secret::Token(token.to_owned())));
    }
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Secret::Identity(token.to_owned())));
    }
    if let Some(auth) = text("auth") {
        let bytes = STANDARD.decode(auth.trim()).map_err(|_| "'auth' is not in base64")?;
        let auth = String::from_utf8(bytes).map_err(|_| "'auth' is no text")?;
        let (user, password) = auth.split_once(':').ok_or("'auth' is not of the form USER:PASSWORD")?;
        let password = password.trim_end_matches('\0');
        return Ok(Some(Secret::Password { user: user.to_owned(), password: password.to_owned() }));
    }
    match (text("username"), text("password")) {
        (Some(user), password) => Ok(Some(Secret::Password {
            user: user.to_owned(),
            password: password.unwrap_or_default().to_owned(),
        })),
        // left empty by docker where a helper has it
        _ => Ok(None),
    }
}

/// The program that would tell a login.
fn program(file: &Map<String, Value>, repository: &Repository) -> Option<String> {
    let of_host = file.get("credHelpers").and_then(Value::as_object).and_then(|helpers| {
        let places = places(repository);
        helpers.iter().find(|(key, _)| places.contains(&plain(key))).and_then(|(_, name)| name.as_str())
    });
    let of_all = || file.get("credsStore").and_then(Value::as_str);
    let name = of_host.or_else(of_all).filter(|name| !name.is_empty())?;
    Some(format!("docker-credential-{name}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::reference::Reference;

    fn found(text: &str, image: &str) -> Result<Found, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, text).unwrap();
        let files = LoginFiles { paths: vec![folder.path().to_owned()], are_given: true };
        files.find(&Reference::plain(image).unwrap().repository).map_err(|error| error.to_string())
    }

    fn user(text: &str, image: &str) -> Option<String> {
        found(text, image).unwrap().secret.map(|secret| match secret {
            Secret::Password { user, password } => format!("{user}:{password}"),
            Secret::Identity(token) => format!("identity {token}"),
            Secret::Token(token) => format!("token {token}"),
        })
    }

    #[test]
    fn the_nearest_login_is_taken() {
        let file = r#"{"auths": {
            "registry.example": {"auth": "YTpi"},
            "registry.example/team": {"username": "team", "password": "x:y"},
            "https://registry.example:5000/v2/": {"auth": "YzpkOmU="},
            "https://index.docker.io/v1/": {"auth": "aHViOmh1Yg=="},
            "identity.example": {"auth": "PHRva2VuPjo=", "identitytoken": "abc"},
            "token.example": {"registrytoken": "def"},
            "empty.example": {}
        }}"#;
        for (image, expected) in [
            ("registry.example/other/x", Some("a:b")),
            ("registry.example/team/x:1", Some("team:x:y")),
            ("registry.example/teams/x", Some("a:b")),
            ("registry.example:5000/team/x", Some("c:d:e")),
            ("debian:12", Some("hub:hub")),
            ("identity.example/a", Some("identity abc")),
            ("token.example/a", Some("token def")),
            ("empty.example/a", None),
            ("x.registry.example/a", None),
        ] {
            assert_eq!(user(file, image).as_deref(), expected, "{image}");
        }
    }

    #[test]
    fn a_helper_is_named() {
        let file = r#"{"auths": {"a.example": {}}, "credsStore": "desktop", "credHelpers": {"b.example": "ecr-login"}}"#;
        for (image, helper) in [("a.example/x", "desktop"), ("b.example/x", "ecr-login")] {
            let login = found(file, image).unwrap().login.to_string();
            assert!(login.contains(&format!("docker-credential-{helper}")), "{login}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_secrets() {
        for (text, says) in [
            ("{\"auths\": {\"a\": {\"auth\": \"hunter2", "line 1, column"),
            ("[]", "no JSON object"),
            (r#"{"auths": {"a.example": {"auth": "hunter2!"}}}"#, "a.example: 'auth' is not in base64"),
            (r#"{"auths": {"a.example": {"auth": "aHVudGVyMg=="}}}"#, "USER:PASSWORD"),
        ] {
            let Err(error) = found(text, "a.example/x") else { panic!("{text}") };
            assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_files_that_were_named_must_be_there() {
        let repository = Reference::plain("a.example/x").unwrap().repository;
        let mut files = LoginFiles { paths: vec!["/no/such/file".into()], are_given: false };
        let found = files.find(&repository).unwrap();
        assert!(found.secret.is_none() && found.login.to_string().contains("/no/such/file"));
        files.are_given = true;
        assert!(matches!(files.find(&repository), Err(Error::BadLogins { .. })));
    }
}
