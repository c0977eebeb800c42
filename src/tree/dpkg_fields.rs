//! Which fields of a control file dpkg can read back out of its status. It refuses the whole status for the sake of one that it
//! cannot, and so would everything that asks it what the tree has (lib/dpkg/fields.c of dpkg 1.21).

/// Fields of relations, and whether alternatives are allowed in them.
const RELATIONS: [(&str, bool); 11] = [
    ("Pre-Depends", true),
    ("Depends", true),
    ("Recommends", true),
    ("Recommended", true),
    ("Suggests", true),
    ("Optional", true),
    ("Enhances", true),
    ("Breaks", false),
    ("Conflicts", false),
    ("Replaces", false),
    ("Provides", false),
];

/// Fields of indexes, which have no place in a status.
const OF_INDEXES: [&str; 4] = ["Filename", "MSDOS-Filename", "Size", "MD5sum"];

/// Whether a field of a package of that architecture can be in the status.
pub(super) fn can_be_read(name: &str, value: &str, architecture: &str) -> bool {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    let one_of = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    // DOS ended a text so, and for dpkg it ends a line; names of one letter it finds too short
    if value.contains('\u{1a}') || name.len() < 2 {
        return false;
    }
    if let Some((_, alternatives)) = RELATIONS.iter().find(|(known, _)| is(known)) {
        return is_relation(value, *alternatives);
    }
    if is("Essential") || is("Protected") || is("Important") {
        return one_of(&["yes", "no"]);
    }
    if is("Multi-Arch") {
        return one_of(&["no", "allowed", "foreign"]) || one_of(&["same"]) && architecture != "all";
    }
    !OF_INDEXES.iter().any(|known| is(known))
}

/// As `f_dependency` reads it: an empty value, or groups between commas, none of them empty.
fn is_relation(value: &str, alternatives: bool) -> bool {
    value.trim_ascii().is_empty()
        || value.split(',').all(|group| {
            let mut count = 0;
            group.split('|').all(|one| {
                count += 1;
                (alternatives || count == 1) && is_possibility(one.trim_ascii())
            })
        })
}

/// `NAME[:ARCH] [(OPERATOR VERSION)]`
fn is_possibility(text: &str) -> bool {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '(').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (name, architecture) = name.split_once(':').map_or((name, None), |(name, own)| (name, Some(own)));
    let rest = rest.trim_ascii();
    is_name(name, "-+._")
        && architecture.is_none_or(|own| is_name(own, "-"))
        && (rest.is_empty()
            || rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).is_some_and(is_bound))
}

/// What is between parentheses; an operator may be left out, and `<` and `>` are obsolete.
fn is_bound(text: &str) -> bool {
    let text = text.trim_ascii();
    let version = match text.as_bytes() {
        [b'<', b'<' | b'=', ..] | [b'>', b'>' | b'=', ..] => &text[2..],
        [b'<', b'>', ..] | [b'>', b'<', ..] => return false,
        [b'<' | b'>' | b'=', ..] => &text[1..],
        _ => text,
    };
    let version = version.trim_ascii();
    !version.contains(['(', ')']) && is_version(version)
}

/// What dpkg takes for a version, if with a warning.
pub(super) fn is_version(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').map_or((None, version), |(epoch, rest)| (Some(epoch), rest));
    let revision = rest.rsplit_once('-').map(|(_, revision)| revision);
    !rest.is_empty()
        && !version.contains(|c: char| c.is_ascii_whitespace())
        && epoch.is_none_or(|epoch| epoch.parse::<i32>().is_ok_and(|epoch| epoch >= 0))
        && revision != Some("")
}

fn is_name(name: &str, more: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read_as_dpkg_does() {
        // each of them in a status of its own, and `dpkg-query -W`
        for (value, expected) in [
            ("", true),
            ("lib", true),
            ("lib (>= 1.0), other | third:any (<< 2~) , x\n ,y", true),
            ("lib(>=1)", true),
            ("lib (1.0)", true),
            ("lib (> 1)", true),
            ("lib (=1)", true),
            ("lib (= v1)", true),
            ("R-base, under_score", true),
            ("lib,", false),
            (",lib", false),
            ("lib,, other", false),
            ("lib |", false),
            ("lib || other", false),
            ("/bin/sh", false),
            ("${shlibs:Depends}", false),
            ("@", false),
            ("~", false),
            ("foo*", false),
            ("lib (=> 1)", false),
            ("lib (== 1)", false),
            ("lib (>= 1, << 2)", false),
            ("lib (>= )", false),
            ("lib (>= 1", false),
            ("lib (>= 1) x", false),
            ("lib other", false),
            ("lib [amd64]", false),
            ("lib <!nocheck>", false),
            ("lib:", false),
            ("lib (= a:1)", false),
            ("lib (= 1-)", false),
        ] {
            assert_eq!(can_be_read("depends", value, "amd64"), expected, "{value:?}");
        }
        assert!(!can_be_read("Conflicts", "a | b", "amd64"));
        assert!(!can_be_read("Provides", "a | b", "amd64"));
        assert!(can_be_read("Provides", "a (= 1), b", "amd64"));
    }

    #[test]
    fn other_fields_are_read_as_dpkg_does() {
        for (name, value, expected) in [
            ("Essential", "Yes", true),
            ("Essential", "maybe", false),
            ("Protected", "maybe", false),
            ("Multi-Arch", "foreign", true),
            ("Multi-Arch", "maybe", false),
            ("Priority", "urgent", true),
            ("Installed-Size", "356K", true),
            ("Section", "", true),
            ("Filename", "x", false),
            ("size", "1", false),
            ("X-Odd", "a\u{1a}b", false),
            ("X", "a", false),
            ("Xy", "a", true),
            ("Description", "a\n b", true),
        ] {
            assert_eq!(can_be_read(name, value, "amd64"), expected, "{name}: {value}");
        }
        assert!(can_be_read("Multi-Arch", "same", "amd64"));
        assert!(!can_be_read("Multi-Arch", "same", "all"));
    }
}
