//! Paths as they stand in the bytes of a file: where one begins, and where it ends.

/// As long as a path can be (`PATH_MAX`).
pub(super) const LONGEST: usize = 4096;

/// What may be looked at before a path, in bytes.
pub(super) const BEFORE: usize = 64;

/// The path at the beginning of some bytes. Whatever is no letter of a common file name ends it: quotes, white space,
/// NUL, the colon and comma of lists, the `%` of printf(3), the `$`, `*` and `{` of shells.
pub(super) fn token(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !is_path_byte(*byte) && *byte != b'/').unwrap_or(bytes.len());
    &bytes[..end.min(LONGEST)]
}

/// Whether a path that begins after these bytes is a whole one, and not the end of another: `${prefix}/lib`,
/// `x + "/lib"`.
pub(super) fn begins(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return true };
    match last {
        // compiler options stand before theirs without a space
        b'I' | b'L' | b'B' => {
            rest.ends_with(b"-") && !rest[..rest.len() - 1].last().copied().is_some_and(is_path_byte)
        }
        b'/' => rest.ends_with(b"file:/"),
        // a backslash makes a regular expression's `/`, whose next one has its own
        b'}' | b')' | b']' | b'*' | b'$' | b'@' | b'?' | b'\\' => false,
        b'"' | b'\'' | b'`' => !is_joined(rest),
        byte => !is_path_byte(*byte),
    }
}

/// Whether an opening quote after these bytes continues something, or is a closing one.
fn is_joined(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return false };
    match last {
        b'}' | b'$' => true,
        // the end of a quoted word, unless the word is a prefix such as that of a Python literal
        byte if byte.is_ascii_alphanumeric() || *byte == b'_' => {
            !matches!(rest.last(), None | Some(b' ' | b'(' | b',' | b'=' | b'[' | b'{' | b'\n' | b'\t' | 0))
        }
        b' ' | b'\t' | b'\n' => {
            let code = before.trim_ascii_end();
            code.ends_with(b"+") || (code.ends_with(b" .") && !is_command(&code[..code.len() - 1]))
        }
        b'+' => true,
        _ => false,
    }
}

/// Whether a dot after these bytes is the command of a shell, and not the operator of Perl or PHP.
fn is_command(before: &[u8]) -> bool {
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let word = line.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    line.is_empty()
        || [&b";"[..], b"&&", b"||", b"{", b"("].into_iter().any(|end| line.ends_with(end))
        || matches!(word, b"then" | b"do" | b"else")
}

pub(super) fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+' | b'@' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_path_begins() {
        for before in [
            "",
            "\0",
            "x=",
            "\"",
            "x \"",
            "('",
            "#!",
            "PATH=/bin:",
            "-I",
            " -L",
            "file://",
            "{",
            ",",
            "<dir>",
            "= r\"",
            "x=\"",
            "\\\"",
            "\n. \"",
            "\n\t. \"",
            "[ -r x ] && . \"",
            "if x; then . '",
            "else . \"",
        ] {
            assert!(begins(before.as_bytes()), "{before:?}");
        }
        for before in [
            "x",
            "/opt",
            "..",
            "/",
            "http://",
            "${prefix}",
            "$(prefix)",
            "@",
            "\"$x\"",
            "'abc'",
            "prefix + '",
            "$a . \"",
            "\n  $undo . \"",
            "x() . \"",
            "*",
            "x-",
            "XL",
            "\"${x}\"",
            "dir+\"",
            "a-L",
            "/^#!(?:\\",
        ] {
            assert!(!begins(before.as_bytes()), "{before:?}");
        }
    }

    #[test]
    fn where_a_path_ends() {
        for (bytes, path) in [
            ("/usr/share/x\0y", "/usr/share/x"),
            ("/usr/bin:/bin", "/usr/bin"),
            ("/usr/share/%s/x", "/usr/share/"),
            ("/etc/texmf/web2c,/usr/share}", "/etc/texmf/web2c"),
            ("/usr/lib/c++/x.so.1 y", "/usr/lib/c++/x.so.1"),
            ("/usr", "/usr"),
        ] {
            assert_eq!(token(bytes.as_bytes()), path.as_bytes());
        }
    }
}
