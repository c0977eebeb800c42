//! One deb822 paragraph (deb822(5), Debian Policy 5.1).

use crate::control::text::decoded;

/// Far more than any package has; what is compared with all before it must not be many.
const MOST_FIELDS: usize = 1000;

/// Where and why a text is not one well-formed paragraph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// The fields of one paragraph in order: name, and value with its continuation lines as they stand (the first
/// line without the blanks around it). Lines that are no field are passed over; see [`check`].
pub fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (field, tail) = rest.split_at(end_of_field(rest));
            rest = tail;
            if let Some((name, value)) = field.split_once(':') {
                // dpkg takes blanks before the colon
                return Some((name.trim_ascii_end(), value.trim_start_matches([' ', '\t']).trim_end()));
            }
        }
        None
    })
}

/// The value of a field, whatever the case of its name (Debian Policy 5.1).
pub fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    fields(text).find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

fn end_of_field(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\n', bytes)
        .map(|newline| newline + 1)
        .find(|next| !matches!(bytes.get(*next), Some(b' ' | b'\t')))
        .unwrap_or(bytes.len())
}

/// A control file as one paragraph, as plain as dpkg's status file has it: dpkg takes it in Latin-1, with carriage
/// returns, after empty lines, and with blanks before a colon. It lower-cases the name, and takes no notice of a list of
/// configuration files.
pub(super) fn read(bytes: &[u8]) -> Result<String, Malformed> {
    let text = decoded(bytes).replace("\r\n", "\n");
    let text = text.trim_start_matches('\n');
    check(text)?;
    let mut plain = String::with_capacity(text.len());
    for (name, value) in fields(text) {
        if name.eq_ignore_ascii_case("Conffiles") {
            continue;
        }
        plain.push_str(name);
        plain.push_str(if value.starts_with('\n') || value.is_empty() { ":" } else { ": " });
        match name.eq_ignore_ascii_case("Package") {
            true => plain.push_str(&value.to_ascii_lowercase()),
            false => plain.push_str(value),
        }
        plain.push('\n');
    }
    Ok(plain)
}

/// Whether a text is exactly one paragraph, every field at most once.
///
/// Anything looser could smuggle further paragraphs into the dpkg status file.
pub fn check(text: &str) -> Result<(), Malformed> {
    let mut names: Vec<&str> = Vec::new();
    let mut ended = false;
    for (index, line) in text.lines().enumerate() {
        let malformed = |reason: &str| Malformed { line: index + 1, reason: reason.to_owned() };
        if line.trim().is_empty() {
            ended = true;
        } else if ended {
            return Err(malformed("text after an empty line, where one paragraph is expected"));
        } else if line.contains('\0') {
            return Err(malformed("a NUL character"));
        } else if line.starts_with([' ', '\t']) {
            if names.is_empty() {
                return Err(malformed("a continuation line that continues nothing"));
            }
        } else {
            let name = line.split_once(':').map_or("", |(name, _)| name.trim_ascii_end());
            let graphic = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            if !graphic || name.starts_with(['#', '-']) {
                return Err(malformed("not of the form 'Name: value'"));
            }
            if names.iter().any(|earlier| earlier.eq_ignore_ascii_case(name)) {
                return Err(malformed(&format!("field {name} is given twice")));
            }
            if names.len() == MOST_FIELDS {
                return Err(malformed("more than 1000 fields"));
            }
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(Malformed { line: 1, reason: "no field at all".to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: &str =
        "Package: jq\nDescription:  a tool\n long text\n .\n more\nConffiles:\n /etc/x\nVersion:1\n";

    #[test]
    fn splits_a_paragraph() {
        let found: Vec<_> = fields(TEXT).collect();
        assert_eq!(
            found,
            [
                ("Package", "jq"),
                ("Description", "a tool\n long text\n .\n more"),
                ("Conffiles", "\n /etc/x"),
                ("Version", "1")
            ]
        );
        assert_eq!(field(TEXT, "VERSION"), Some("1"));
        assert_eq!(field(TEXT, "Vers"), None);
        assert_eq!(field("Package: jq", "Package"), Some("jq"), "the last newline may be missing");
        assert_eq!(fields("Package : jq").next(), Some(("Package", "jq")));
    }

    #[test]
    fn reads_what_dpkg_reads() {
        let plain = "Package: jq\nMaintainer: J\u{f6}rg\nVersion: 1\nDescription: a\n b\n";
        assert_eq!(read(plain.as_bytes()).unwrap(), plain);
        let latin: Vec<u8> = plain.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
        assert_eq!(read(&latin).unwrap(), plain);
        for odd in [
            format!("\n\n{plain}\n\n"),
            plain.replace('\n', "\r\n"),
            plain.replace("Version:", "Version\t :"),
            plain.replace("jq", "JQ"),
            plain.replace("Version", "Conffiles:\n /etc/x 12\nVersion"),
        ] {
            assert_eq!(read(odd.as_bytes()).unwrap(), plain, "{odd:?}");
        }
        assert!(read(b"Package: jq\n\nPackage: sudo\n").is_err());
    }

    #[test]
    fn accepts_one_paragraph_only() {
        check(TEXT).unwrap();
        check("Package: jq\n\n\n").unwrap();
        let many = (0..1001).fold(String::new(), |text, number| text + &format!("f{number}:\n"));
        for (text, line) in [
            ("Package: jq\n\nPackage: sudo\n", 3),
            ("Package: jq\n \t\nPackage: sudo\n", 3),
            ("Package: jq\npackage: sudo\n", 2),
            (" continued\n", 1),
            ("Package jq\n", 1),
            ("Pack age: jq\n", 1),
            ("#Package: jq\n", 1),
            (": jq\n", 1),
            ("Package: j\0q\n", 1),
            ("", 1),
            (many.as_str(), 1001),
        ] {
            assert_eq!(check(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
