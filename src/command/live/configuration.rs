//! What the image's apt.conf(5) says that means something here: whether recommended packages come along, the release that is
//! preferred, how often and how long to try, and the proxies. The rest is passed over, as it is for a Debian that has no such
//! program.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arrange::Arrange as _;
use crate::process::own_binary;

/// Settings by their names in small letters, `acquire::http::proxy`; of two of one name the last counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration(Vec<(String, String)>);

/// What apt's setting is called, and the variable that stands for it.
const PROXIES: [(&str, &str); 2] =
    [("acquire::http::proxy", "http_proxy"), ("acquire::https::proxy", "https_proxy")];

impl Configuration {
    /// Reads `apt.conf.d` and `apt.conf` below a folder, in the order in which apt does. What cannot be read says nothing.
    pub(super) fn below(etc_apt: &Path) -> Self {
        let mut files: Vec<PathBuf> = fs::read_dir(etc_apt.join("apt.conf.d"))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| is_read(&entry.file_name()))
            .map(|entry| entry.path())
            .collect();
        files.arrange();
        files.push(etc_apt.join("apt.conf"));
        let mut all = Vec::new();
        for path in files {
            parse(&String::from_utf8_lossy(&fs::read(path).unwrap_or_default()), &mut all);
        }
        Self(all)
    }

    /// A setting that has a value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The same as a number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// The same as one of apt's booleans.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)?.to_ascii_lowercase().as_str() {
            "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
            "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
            _ => None,
        }
    }

    /// Begins anew with variables for the proxies, if there are any which no variable names yet: all that fetches looks there.
    pub(super) fn set_proxies(&self) {
        let is_set = |name: &str| {
            [name.to_owned(), name.to_uppercase()].iter().any(|name| std::env::var_os(name).is_some())
        };
        let proxies: Vec<_> = PROXIES
            .iter()
            .filter_map(|(setting, variable)| Some((*variable, self.get(setting)?)))
            // `false` and `DIRECT` are for none
            .filter(|(_, proxy)| proxy.contains("://"))
            .filter(|(variable, _)| !is_set(variable) && !is_set("all_proxy"))
            .collect();
        let mut arguments = std::env::args_os();
        let (Some(name), Ok(binary)) = (arguments.next(), own_binary()) else { return };
        if !proxies.is_empty() {
            let error = Command::new(binary).arg0(name).args(arguments).envs(proxies).exec();
            tracing::warn!("the proxies of /etc/apt/apt.conf.d are not used: {error}");
        }
    }
}

/// As for apt: no ending or `.conf`, and nothing odd in the name.
fn is_read(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    name.chars().all(is_plain) && !name.starts_with('.') && matches!(ending, None | Some("conf"))
}

/// Adds what a text says. A scope `Name { … }` stands before all that is in it.
fn parse(text: &str, all: &mut Vec<(String, String)>) {
    let mut scopes: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut letters = without_comments(text).chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => words.push(letters.by_ref().take_while(|letter| *letter != '"').collect()),
            ';' | '{' | '}' => {
                let name = words.first().map(|word| word.trim_matches(':').to_ascii_lowercase());
                let full = scopes.iter().cloned().chain(name).collect::<Vec<_>>().join("::");
                match letter {
                    '{' => {
                        scopes.push(words.first().map_or_else(String::new, |word| word.to_ascii_lowercase()));
                    }
                    '}' => drop(scopes.pop()),
                    // a word alone is one of a list
                    _ => all.extend(words.get(1).map(|value| (full, value.clone()))),
                }
                words.clear();
            }
            letter if letter.is_whitespace() => {}
            letter => {
                let mut word = String::from(letter);
                while let Some(next) =
                    letters.next_if(|next| !next.is_whitespace() && !"\";{}".contains(*next))
                {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
}

/// Comments begin with `//`, or with `#` at the beginning of a line, and go on to its end; or stand between `/*` and `*/`. Within
/// quotes there are none.
fn without_comments(text: &str) -> String {
    let (mut plain, mut rest, mut is_quoted) = (String::new(), text, false);
    while let Some(letter) = rest.chars().next() {
        let begins_line = plain.is_empty() || plain.ends_with('\n');
        let end_of_line = rest.find('\n').unwrap_or(rest.len());
        let skipped = match letter {
            _ if is_quoted => 0,
            '#' if begins_line => end_of_line,
            '/' if rest.starts_with("//") => end_of_line,
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            _ => 0,
        };
        if skipped > 0 {
            rest = &rest[skipped..];
            continue;
        }
        is_quoted ^= letter == '"';
        plain.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_images_have_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("apt.conf.d")).unwrap();
        for (name, text) in [
            ("apt.conf.d/01norecommends", "APT::Install-Recommends \"0\";\nAPT::Install-Suggests \"0\";\n"),
            (
                "apt.conf.d/docker-clean",
                "# comments; with \"signs\n\
                 DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb || true\"; };\n\
                 Dir::Cache::pkgcache \"\"; Dir::Cache::srcpkgcache \"\";\n",
            ),
            ("apt.conf.d/80-retries", "Acquire::Retries \"1\"; // few\n"),
            (
                "apt.conf.d/90-retries.conf",
                "Acquire {\n  /* of \"all\" */ Retries \"10\";\n  http { Timeout \"20\"; Proxy \"http://proxy.example:3128/\"; }; };\n",
            ),
            ("apt.conf.d/99-old.bak", "Acquire::Retries \"99\";\n"),
            (
                "apt.conf",
                "APT::Default-Release \"bookworm\";\nAcquire::https::Proxy false;\nAcquire::http::Proxy::a.example DIRECT;",
            ),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let configuration = Configuration::below(folder.path());
        assert_eq!(configuration.flag("apt::install-recommends"), Some(false));
        assert_eq!(configuration.number("acquire::retries"), Some(10_u32));
        assert_eq!(configuration.number("acquire::http::timeout"), Some(20_u64));
        assert_eq!(configuration.get("acquire::http::proxy"), Some("http://proxy.example:3128/"));
        assert_eq!(configuration.get("apt::default-release"), Some("bookworm"));
        assert_eq!(configuration.get("dir::cache::pkgcache"), None);
        assert_eq!(configuration.get("dpkg::post-invoke"), None);
        assert_eq!(Configuration::below(Path::new("/nowhere")), Configuration::default());
    }

    #[test]
    fn what_is_no_configuration_says_nothing_and_ends() {
        for text in ["", "{", "}}};;", "\"", "a \"b", "/*", "a::b", "};a \"1\"", "#", "é \"ü\" { é;"] {
            parse(text, &mut Vec::new());
        }
    }
}
