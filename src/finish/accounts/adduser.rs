//! The accounts that postinst scripts make by calling adduser(8), addgroup(8), useradd(8) and their like.

use std::num::ParseIntError;

use super::declared::{Declared, Primary, User};
use crate::deb::shell::Call;

/// The programs whose calls are understood.
pub(crate) const PROGRAMS: [&str; 6] = ["adduser", "addgroup", "useradd", "groupadd", "usermod", "gpasswd"];

const NOLOGIN: &str = "/usr/sbin/nologin";
const NO_HOME: &str = "/nonexistent";

/// What a call declares, or the line that cannot be read.
pub(crate) fn declared(program: &str, call: &Call) -> Result<Vec<Declared>, String> {
    match call {
        Call::Known(arguments) => {
            read(program, arguments).ok_or_else(|| format!("{program} {}", arguments.join(" ")))
        }
        Call::Unknown(line) => Err(line.clone()),
    }
}

fn read(program: &str, arguments: &[String]) -> Option<Vec<Declared>> {
    match program {
        "adduser" | "addgroup" => adduser(program, arguments),
        "useradd" => useradd(arguments),
        "groupadd" => groupadd(arguments),
        "usermod" => usermod(arguments),
        "gpasswd" => match arguments {
            [option, user, group] if matches!(option.as_str(), "-a" | "--add") => {
                Some(vec![Declared::Member { user: user.clone(), group: group.clone() }])
            }
            _ => None,
        },
        _ => None,
    }
}

/// Options with their values, and the other words.
struct Parsed {
    options: Vec<(String, String)>,
    names: Vec<String>,
}

impl Parsed {
    /// `valued`: the options that take a value, long ones as words and short ones as letters.
    fn new(arguments: &[String], valued: &[&str]) -> Option<Self> {
        let mut parsed = Self { options: Vec::new(), names: Vec::new() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (option, value) = match long.split_once('=') {
                    Some((option, value)) => (option, value.to_owned()),
                    None if valued.contains(&long) => (long, words.next()?.clone()),
                    None => (long, String::new()),
                };
                parsed.options.push((option.to_owned(), value));
            } else if let Some(letters) = word.strip_prefix('-') {
                for (at, letter) in letters.char_indices() {
                    let option = letter.to_string();
                    let rest = &letters[at + letter.len_utf8()..];
                    if valued.contains(&option.as_str()) {
                        let value = if rest.is_empty() { words.next()?.clone() } else { rest.to_owned() };
                        parsed.options.push((option, value));
                        break;
                    }
                    parsed.options.push((option, String::new()));
                }
            } else {
                parsed.names.push(word.clone());
            }
        }
        Some(parsed)
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        let found = self.options.iter().rev().find(|(option, _)| names.contains(&option.as_str()));
        found.map(|(_, value)| value.as_str())
    }

    fn has(&self, names: &[&str]) -> bool {
        self.get(names).is_some()
    }

    /// A number, if it is given.
    fn number(&self, names: &[&str]) -> Result<Option<u32>, ParseIntError> {
        self.get(names).map(str::parse).transpose()
    }

    fn text(&self, names: &[&str], default: &str) -> String {
        self.get(names).unwrap_or(default).to_owned()
    }
}

fn adduser(program: &str, arguments: &[String]) -> Option<Vec<Declared>> {
    let valued = [
        "home",
        "shell",
        "gecos",
        "comment",
        "uid",
        "gid",
        "ingroup",
        "conf",
        "firstuid",
        "lastuid",
        "firstgid",
        "lastgid",
        "add_extra_groups",
        "encrypt-home",
    ];
    let parsed = Parsed::new(arguments, &valued)?;
    let is_system = parsed.has(&["system"]);
    match &parsed.names[..] {
        [user, group] => Some(vec![Declared::Member { user: user.clone(), group: group.clone() }]),
        [name] if program == "addgroup" || parsed.has(&["group"]) && !is_system => {
            Some(vec![Declared::Group { name: name.clone(), id: parsed.number(&["gid"]).ok()? }])
        }
        [name] if is_system => {
            let group = if parsed.has(&["group"]) {
                Primary::Own
            } else if let Some(group) = parsed.get(&["ingroup"]) {
                Primary::Named(group.to_owned())
            } else {
                parsed
                    .number(&["gid"])
                    .ok()?
                    .map_or_else(|| Primary::Named("nogroup".to_owned()), Primary::Number)
            };
            Some(vec![Declared::User(User {
                name: name.clone(),
                id: parsed.number(&["uid"]).ok()?,
                group,
                comment: parsed.text(&["gecos", "comment"], ""),
                home: parsed.text(&["home"], NO_HOME),
                shell: parsed.text(&["shell"], NOLOGIN),
            })])
        }
        _ => None,
    }
}

fn useradd(arguments: &[String]) -> Option<Vec<Declared>> {
    let valued = [
        "b",
        "base-dir",
        "c",
        "comment",
        "d",
        "home-dir",
        "home",
        "e",
        "expiredate",
        "f",
        "inactive",
        "g",
        "gid",
        "G",
        "groups",
        "k",
        "skel",
        "K",
        "key",
        "p",
        "password",
        "R",
        "root",
        "P",
        "prefix",
        "s",
        "shell",
        "u",
        "uid",
        "Z",
        "selinux-user",
    ];
    let parsed = Parsed::new(arguments, &valued)?;
    let [name] = &parsed.names[..] else { return None };
    let group = match parsed.get(&["g", "gid"]) {
        Some(group) => group.parse().map_or_else(|_| Primary::Named(group.to_owned()), Primary::Number),
        None if parsed.has(&["N", "no-user-group"]) => Primary::Number(100),
        None => Primary::Own,
    };
    let mut declared = vec![Declared::User(User {
        name: name.clone(),
        id: parsed.number(&["u", "uid"]).ok()?,
        group,
        comment: parsed.text(&["c", "comment"], ""),
        home: parsed.get(&["d", "home-dir", "home"]).map_or_else(|| format!("/home/{name}"), str::to_owned),
        shell: parsed.text(&["s", "shell"], "/bin/sh"),
    })];
    declared.extend(members(name, parsed.get(&["G", "groups"]).unwrap_or_default()));
    Some(declared)
}

fn groupadd(arguments: &[String]) -> Option<Vec<Declared>> {
    let parsed =
        Parsed::new(arguments, &["g", "gid", "K", "key", "p", "password", "R", "root", "P", "prefix"])?;
    let [name] = &parsed.names[..] else { return None };
    Some(vec![Declared::Group { name: name.clone(), id: parsed.number(&["g", "gid"]).ok()? }])
}

/// Only memberships: what else it changes is another package's business.
fn usermod(arguments: &[String]) -> Option<Vec<Declared>> {
    let parsed = Parsed::new(arguments, &["G", "groups"])?;
    let [name] = &parsed.names[..] else { return None };
    let only =
        parsed.options.iter().all(|(option, _)| ["a", "append", "G", "groups"].contains(&option.as_str()));
    let groups = parsed.get(&["G", "groups"]).filter(|_| only && parsed.has(&["a", "append"]))?;
    Some(members(name, groups))
}

fn members(user: &str, groups: &str) -> Vec<Declared> {
    let groups = groups.split(',').filter(|group| !group.is_empty());
    groups.map(|group| Declared::Member { user: user.to_owned(), group: group.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, id: Option<u32>, group: Primary, rest: [&str; 3]) -> Declared {
        let [comment, home, shell] = rest.map(str::to_owned);
        Declared::User(User { name: name.to_owned(), id, group, comment, home, shell })
    }

    fn member(user: &str, group: &str) -> Declared {
        Declared::Member { user: user.to_owned(), group: group.to_owned() }
    }

    fn all(script: &str) -> (Vec<Declared>, Vec<String>) {
        let (mut all, mut unread) = (Vec::new(), Vec::new());
        for program in PROGRAMS {
            for call in crate::deb::shell::calls(script, program) {
                match declared(program, &call) {
                    Ok(found) => all.extend(found),
                    Err(line) => unread.push(line),
                }
            }
        }
        (all, unread)
    }

    #[test]
    fn reads_the_scripts_of_debian() {
        // as in postgresql-common, openssh-client, dbus, messagebus, ssl-cert
        let script = "case \"$1\" in\n  configure)\n\
            getent passwd postgres > /dev/null || adduser --system --quiet --home /var/lib/postgresql --no-create-home \\\n\
            \t--shell /bin/bash --group --gecos \"PostgreSQL administrator\" postgres\n\
            if ! getent group _ssh >/dev/null; then\n\taddgroup --system --quiet --force-badname _ssh\nfi\n\
            MESSAGEUSER=messagebus\nMESSAGEHOME=/run/dbus\n\
            adduser --system --home \"$MESSAGEHOME\" --no-create-home --disabled-password \"$MESSAGEUSER\" \
            --gecos ''\n\
            adduser --quiet postgres ssl-cert\n\
            useradd -rM -g nogroup -s /usr/sbin/nologin -d /var/x -u 77 -G tty,video x\n\
            groupadd -r --gid=12 twelve || true\nusermod -aG docker x\n;;\nesac";
        let (declared, unread) = all(script);
        assert!(unread.is_empty(), "{unread:?}");
        assert_eq!(
            declared,
            [
                user(
                    "postgres",
                    None,
                    Primary::Own,
                    ["PostgreSQL administrator", "/var/lib/postgresql", "/bin/bash"]
                ),
                user("messagebus", None, Primary::Named("nogroup".into()), ["", "/run/dbus", NOLOGIN]),
                member("postgres", "ssl-cert"),
                Declared::Group { name: "_ssh".into(), id: None },
                user("x", Some(77), Primary::Named("nogroup".into()), ["", "/var/x", NOLOGIN]),
                member("x", "tty"),
                member("x", "video"),
                Declared::Group { name: "twelve".into(), id: Some(12) },
                member("x", "docker"),
            ]
        );
    }

    #[test]
    fn says_what_it_cannot_tell() {
        let script = "adduser --system $(get_user)\nadduser human\nadduser --system --uid many x\n\
            usermod -d /new x\nuseradd -g\nadduser --system a b c\n";
        let (declared, unread) = all(script);
        assert!(declared.is_empty(), "{declared:?}");
        assert_eq!(unread.len(), 6, "{unread:?}");
    }
}
