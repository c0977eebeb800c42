//! The accounts that sysusers.d(5) files declare.

use std::path::Path;

use super::declared::{Declared, Primary, User};
use crate::finish::dropins::{self, field, plain};
use crate::finish::error::Error;
use crate::finish::note::Note;

/// All that is declared, and notes on lines that cannot be followed.
pub(crate) fn declared(root: &Path) -> Result<(Vec<Declared>, Vec<Note>), Error> {
    let (mut all, mut notes) = (Vec::new(), Vec::new());
    for (path, words) in dropins::lines(root, "sysusers.d")? {
        match line(&words) {
            Some(declared) => all.extend(declared),
            None => notes.push(Note::SysusersLine { path, line: words.join(" ") }),
        }
    }
    Ok((all, notes))
}

fn line(words: &[String]) -> Option<Vec<Declared>> {
    let name = plain(field(words, 1)?)?;
    let id = field(words, 2);
    // a path means the number of that file's owner, which is ours
    let id = id.filter(|id| !id.starts_with('/'));
    match words.first()?.as_str() {
        "u" | "u!" => {
            let (number, group) =
                match id.map(|id| id.split_once(':').map_or((id, None), |(id, group)| (id, Some(group)))) {
                    None => (None, Primary::Own),
                    Some((number, group)) => {
                        let number = if number == "-" { None } else { Some(number.parse().ok()?) };
                        let group = match group {
                            None => Primary::Own,
                            Some(group) => group
                                .parse()
                                .map_or_else(|_| Primary::Named(group.to_owned()), Primary::Number),
                        };
                        (number, group)
                    }
                };
            let shell = if name == "root" { "/bin/sh" } else { "/usr/sbin/nologin" };
            let text = |number: usize, default: &str| plain(field(words, number).unwrap_or(default));
            Some(vec![Declared::User(User {
                id: number,
                group,
                comment: text(3, "")?,
                home: text(4, "/")?,
                shell: text(5, shell)?,
                name,
            })])
        }
        "g" => {
            let id = id.map(str::parse).transpose().ok()?;
            Some(vec![Declared::Group { name, id }])
        }
        "m" => Some(vec![Declared::Member { user: name, group: plain(id?)? }]),
        // a range to take numbers from; ours is Debian's
        "r" => Some(Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Option<Vec<Declared>> {
        line(&text.split('|').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn reads_users_groups_and_members() {
        let user = |id, group, comment: &str, home: &str| {
            let [name, comment, home, shell] = ["x", comment, home, "/usr/sbin/nologin"].map(str::to_owned);
            Some(vec![Declared::User(User { name, id, group, comment, home, shell })])
        };
        assert_eq!(read("u|x"), user(None, Primary::Own, "", "/"));
        assert_eq!(read("u!|x|-|A man|/var/x"), user(None, Primary::Own, "A man", "/var/x"));
        assert_eq!(read("u|x|33"), user(Some(33), Primary::Own, "", "/"));
        assert_eq!(read("u|x|33:tty"), user(Some(33), Primary::Named("tty".into()), "", "/"));
        assert_eq!(read("u|x|-:5|-|-"), user(None, Primary::Number(5), "", "/"));
        assert_eq!(read("u|x|/usr/bin/x"), user(None, Primary::Own, "", "/"));
        assert_eq!(read("g|x|7"), Some(vec![Declared::Group { name: "x".into(), id: Some(7) }]));
        assert_eq!(read("m|x|y"), Some(vec![Declared::Member { user: "x".into(), group: "y".into() }]));
        assert_eq!(read("r|-|5-9"), None, "without a name there is nothing to say");
        for bad in ["u", "u|%i", "u|x|many", "m|x", "g|x|-5", "z|x", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
