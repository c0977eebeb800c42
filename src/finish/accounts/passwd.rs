//! The tree's own `/etc/passwd` and `/etc/group`, as base-passwd, sysusers.d(5) and the calls of adduser(8) and useradd(8)
//! in postinst scripts would have made them. Nobody can log in to an account made here.

use std::collections::{BTreeMap, BTreeSet};

use super::declared::{Declared, Primary, User};
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside};
use crate::finish::note::{NoAccount, NoFile, Note};

/// What base-passwd makes `/etc/passwd` and `/etc/group` of.
pub(crate) const MASTERS: [&str; 2] =
    ["/usr/share/base-passwd/passwd.master", "/usr/share/base-passwd/group.master"];
const FILES: [&str; 2] = ["/etc/passwd", "/etc/group"];
/// What there is without base-passwd: those that need no package.
const LEAST: [&str; 2] = [
    "root:*:0:0:root:/root:/bin/sh\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "root:*:0:\nnogroup:*:65534:\n",
];
/// System accounts made when packages are installed (Debian Policy 9.2.2).
const DYNAMIC: std::ops::RangeInclusive<u32> = 100..=999;
const LARGEST: u64 = 1 << 20;
/// There are some hundred system accounts in all of Debian.
const MOST: usize = 10_000;

/// A name that Debian's tools take, and that cannot be mistaken for anything else in the files.
fn is_name(name: &str) -> bool {
    name.len() <= 31
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn is_field(text: &str) -> bool {
    !text.contains(|letter: char| letter == ':' || letter.is_control())
}

/// Makes the two files, where the tree has base-passwd or something declares an account; returns notes.
pub(crate) fn apply(inside: &mut Inside<'_>, declared: Vec<Declared>) -> Result<Vec<Note>, Error> {
    let root = inside.root();
    if declared.is_empty() && !inside::exists(&root, MASTERS[0]) {
        return Ok(Vec::new());
    }
    let mut texts = LEAST.map(str::to_owned);
    for (number, text) in texts.iter_mut().enumerate() {
        for path in [FILES[number], MASTERS[number]] {
            if let Some(bytes) = inside::read(&root, path, LARGEST)? {
                *text = String::from_utf8_lossy(&bytes).into_owned();
                break;
            }
        }
    }
    let [users, groups] = &texts;
    let mut book = Book::read(users, groups);
    book.enter(declared);
    for (path, lines) in FILES.into_iter().zip([&book.users, &book.groups]) {
        let text: String = lines.iter().flat_map(|line| [line.join(":"), "\n".to_owned()]).collect();
        if !inside.file(path, text.as_bytes())? {
            book.notes.push(Note::FileNotMade { path: path.to_owned(), reason: NoFile::LinkOut });
        }
    }
    Ok(book.notes)
}

/// Both files, a line as its fields.
#[derive(Debug, Default)]
struct Book {
    users: Vec<Vec<String>>,
    groups: Vec<Vec<String>>,
    notes: Vec<Note>,
}

impl Book {
    fn read(users: &str, groups: &str) -> Self {
        let lines = |text: &str, fields: usize| {
            text.lines()
                .map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>())
                .filter(|line| line.len() >= fields)
                .collect()
        };
        Self { users: lines(users, 7), groups: lines(groups, 4), notes: Vec::new() }
    }

    /// Takes in what is declared: what has a number first, then the rest by name, so that the numbers do not
    /// depend on the order of the packages.
    fn enter(&mut self, mut declared: Vec<Declared>) {
        if declared.len() > MOST {
            self.notes.push(Note::TooManyAccounts { most: MOST, declared: declared.len() });
            declared.truncate(MOST);
        }
        let mut users: BTreeMap<String, User> = BTreeMap::new();
        let mut groups: BTreeMap<String, Option<u32>> = BTreeMap::new();
        let mut members: BTreeSet<(String, String)> = BTreeSet::new();
        for one in declared {
            match one {
                Declared::User(user) => {
                    users.entry(user.name.clone()).or_insert(user);
                }
                Declared::Group { name, id } => {
                    let known = groups.entry(name).or_insert(id);
                    *known = known.or(id);
                }
                Declared::Member { user, group } => {
                    // sysusers.d(5): both are made if nothing else makes them
                    groups.entry(group.clone()).or_insert(None);
                    members.insert((group, user));
                }
            }
        }
        for user in users.values() {
            if let Primary::Named(group) = &user.group {
                groups.entry(group.clone()).or_insert(None);
            }
        }
        users.retain(|name, _| find(&self.users, name).is_none());
        groups.retain(|name, _| find(&self.groups, name).is_none());
        let (numbered, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, id)| id.is_some());
        for (name, id) in numbered {
            self.group(&name, id);
        }
        let (numbered, unnumbered): (Vec<_>, Vec<_>) =
            users.into_values().partition(|user| user.id.is_some());
        for user in numbered {
            self.user(&user);
        }
        // a user's own group is made with the user, so that both get one number
        let own = |name: &str| unnumbered.iter().any(|user| user.name == name && user.group == Primary::Own);
        for (name, _) in others.iter().filter(|(name, _)| !own(name)) {
            self.group(name, None);
        }
        for user in &unnumbered {
            self.user(user);
        }
        for (group, user) in members {
            self.member(&group, &user);
        }
    }

    /// Makes a group unless it is there; returns its number.
    fn group(&mut self, name: &str, id: Option<u32>) -> Option<u32> {
        if let Some(line) = find(&self.groups, name) {
            return line.get(2)?.parse().ok();
        }
        if !is_name(name) {
            self.notes.push(Note::GroupNotMade { group: name.to_owned(), reason: NoAccount::NotValid });
            return None;
        }
        let free = id.filter(|id| !self.has_group(*id)).or_else(|| self.free());
        let Some(number) = free else {
            self.notes.push(Note::GroupNotMade { group: name.to_owned(), reason: NoAccount::NoNumber });
            return None;
        };
        if let Some(id) = id.filter(|id| *id != number) {
            self.notes.push(Note::GroupRenumbered { group: name.to_owned(), number, taken: id });
        }
        self.groups.push([name, "*", &number.to_string(), ""].map(str::to_owned).to_vec());
        Some(number)
    }

    fn user(&mut self, user: &User) {
        let User { name, comment, home, shell, .. } = user;
        if !is_name(name) || ![comment, home, shell].into_iter().all(|field| is_field(field)) {
            self.notes.push(Note::UserNotMade { user: name.clone(), reason: NoAccount::NotValid });
            return;
        }
        let known_group = find(&self.groups, name).and_then(|line| line.get(2)?.parse().ok());
        let own = known_group.filter(|id| user.group == Primary::Own && !self.has_user(*id));
        let wanted = user.id.filter(|id| !self.has_user(*id)).or(own);
        let Some(number) = wanted.or_else(|| self.free()) else {
            self.notes.push(Note::UserNotMade { user: name.clone(), reason: NoAccount::NoNumber });
            return;
        };
        if let Some(id) = user.id.filter(|id| *id != number) {
            self.notes.push(Note::UserRenumbered { user: name.clone(), number, taken: id });
        }
        let group = match &user.group {
            Primary::Own => self.group(name, Some(number)),
            Primary::Named(group) => self.group(group, None),
            Primary::Number(id) => Some(*id),
        };
        let Some(group) = group else { return };
        let (number, group) = (number.to_string(), group.to_string());
        self.users.push([name, "*", &number, &group, comment, home, shell].map(str::to_owned).to_vec());
    }

    fn member(&mut self, group: &str, user: &str) {
        if find(&self.users, user).is_none() {
            self.notes.push(Note::NoSuchMember { user: user.to_owned(), group: group.to_owned() });
            return;
        }
        let line = self.groups.iter_mut().find(|line| line.first().is_some_and(|name| name == group));
        if let Some(members) = line.and_then(|line| line.get_mut(3))
            && !members.split(',').any(|member| member == user)
        {
            if !members.is_empty() {
                members.push(',');
            }
            members.push_str(user);
        }
    }

    fn has_user(&self, id: u32) -> bool {
        has(&self.users, id)
    }

    fn has_group(&self, id: u32) -> bool {
        has(&self.groups, id)
    }

    /// A number that neither a user nor a group has.
    fn free(&self) -> Option<u32> {
        DYNAMIC.into_iter().find(|id| !self.has_user(*id) && !self.has_group(*id))
    }
}

fn find<'a>(lines: &'a [Vec<String>], name: &str) -> Option<&'a Vec<String>> {
    lines.iter().find(|line| line.first().is_some_and(|first| first == name))
}

fn has(lines: &[Vec<String>], id: u32) -> bool {
    lines.iter().any(|line| line.get(2).and_then(|field| field.parse::<u32>().ok()) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, id: Option<u32>, group: Primary) -> Declared {
        let [comment, home, shell] = ["", "/nonexistent", "/usr/sbin/nologin"].map(str::to_owned);
        Declared::User(User { name: name.to_owned(), id, group, comment, home, shell })
    }

    fn group(name: &str, id: Option<u32>) -> Declared {
        Declared::Group { name: name.to_owned(), id }
    }

    fn lines(lines: &[Vec<String>]) -> Vec<String> {
        lines.iter().map(|line| line[..4.min(line.len())].join(":")).collect()
    }

    fn entered(mut declared: Vec<Declared>, turned: bool) -> Book {
        if turned {
            declared.reverse();
        }
        let mut book = Book::read(LEAST[0], "root:*:0:\nnogroup:*:65534:\ntty:*:100:\n");
        book.enter(declared);
        book
    }

    #[test]
    fn numbers_follow_names_whatever_the_order() {
        let member = Declared::Member { user: "zeta".into(), group: "tty".into() };
        let declared = || {
            vec![
                user("zeta", None, Primary::Own),
                user("alpha", None, Primary::Named("nogroup".into())),
                user("fixed", Some(101), Primary::Own),
                group("zeta", None),
                group("late", None),
                user("root", None, Primary::Own),
                member.clone(),
            ]
        };
        for turned in [false, true] {
            let book = entered(declared(), turned);
            assert!(book.notes.is_empty(), "{:?}", book.notes);
            assert_eq!(lines(&book.users)[2..], ["fixed:*:101:101", "alpha:*:103:65534", "zeta:*:104:104"],);
            assert_eq!(
                lines(&book.groups)[2..],
                ["tty:*:100:zeta", "fixed:*:101:", "late:*:102:", "zeta:*:104:"]
            );
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mut bad = user("name", None, Primary::Own);
        if let Declared::User(user) = &mut bad {
            user.shell = "/bin/sh\nevil:*:0:0:::/bin/sh".into();
        }
        let declared = vec![
            bad,
            user("a:b", None, Primary::Own),
            user("-x", None, Primary::Own),
            group("x\ny", None),
            user("taken", Some(0), Primary::Own),
            Declared::Member { user: "nobody-such".into(), group: "tty".into() },
        ];
        let book = entered(declared, false);
        assert_eq!(lines(&book.users)[2..], ["taken:*:101:101"]);
        assert_eq!(book.groups.len(), 4);
        let notes: Vec<String> = book.notes.iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "the user 'taken' has the number 101, because 0 is taken",
                "the group 'x\\ny' is not made: its name is not a valid one",
                "the user '-x' is not made: its name or another field is not a valid one",
                "the user 'a:b' is not made: its name or another field is not a valid one",
                "the user 'name' is not made: its name or another field is not a valid one",
                "the user 'nobody-such' is not in the group 'tty', because nothing makes that user",
            ]
        );
        let many = (0..1000).map(|number| group(&format!("g{number}"), None)).collect();
        let book = entered(many, false);
        assert_eq!((book.groups.len(), book.notes.len()), (3 + 899, 101));
        assert_eq!(book.notes[0].to_string(), "the group 'g908' is not made: no number is free");
    }
}
