//! The format of `dpkg-query --showformat` (dpkg-query(1)).

use crate::live::Package;

/// A line as `--showformat` says (dpkg-query(1)).
pub(super) fn formatted(format: &str, package: &Package, is_held: bool) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['$', '\\']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(escaped) = rest.strip_prefix('\\') {
            let letter = escaped.chars().next();
            match letter {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => {}
            }
            rest = &escaped[letter.map_or(0, char::len_utf8)..];
        } else if let Some((name, after)) = rest.strip_prefix("${").and_then(|inside| inside.split_once('}'))
        {
            let (name, width) = name
                .split_once(';')
                .map_or((name, 0), |(name, width)| (name, width.parse::<i64>().unwrap_or(0)));
            let value = value_of(name, package, is_held);
            let length = usize::try_from(width.unsigned_abs()).unwrap_or(0);
            match width {
                0 => text.push_str(&value),
                width if width < 0 => text.push_str(&format!("{value:<length$.length$}")),
                _ => text.push_str(&format!("{value:>length$.length$}")),
            }
            rest = after;
        } else {
            text.push('$');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

fn value_of(name: &str, package: &Package, is_held: bool) -> String {
    let desired = if is_held { "hold" } else { "install" };
    match name {
        "binary:Package" => package.shown(),
        "Package" => package.name.clone(),
        "Status" => format!("{desired} ok installed"),
        "db:Status-Abbrev" => format!("{}i ", &desired[..1]),
        "db:Status-Status" => "installed".to_owned(),
        "db:Status-Want" => desired.to_owned(),
        "db:Status-Eflag" => "ok".to_owned(),
        "binary:Summary" | "binary:Synopsis" => {
            package.field("Description").lines().next().unwrap_or_default().to_owned()
        }
        "source:Package" => {
            package.field("Source").split_whitespace().next().unwrap_or(&package.name).to_owned()
        }
        "source:Version" => {
            let own = package
                .field("Source")
                .split_once('(')
                .map(|(_, version)| version.trim_end_matches(')').trim());
            own.unwrap_or(&package.version).to_owned()
        }
        name => package.field(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Where;

    fn package() -> Package {
        Package {
            name: "tool".to_owned(),
            version: "1:2-3".to_owned(),
            architecture: "amd64".to_owned(),
            stanza: "Package: tool\nMulti-Arch: same\nSource: tools (2)\nVersion: 1:2-3\nDescription: short\n long".to_owned(),
            place: Where::Image,
        }
    }

    #[test]
    fn a_format_is_dpkgs() {
        for (format, expected) in [
            ("${Package} ${Version}\\n", "tool 1:2-3\n"),
            ("${binary:Package}\\t${Status}", "tool:amd64\tinstall ok installed"),
            ("${Package;8}|${Package;-8}|${Package;2}", "    tool|tool    |to"),
            ("${db:Status-Status}${none} $x ${", "installed $x ${"),
            ("${source:Package} ${source:Version} ${binary:Summary}\\\\", "tools 2 short\\"),
        ] {
            assert_eq!(formatted(format, &package(), false), expected, "{format}");
        }
        assert_eq!(formatted("${db:Status-Abbrev}", &package(), true), "hi ");
    }
}
