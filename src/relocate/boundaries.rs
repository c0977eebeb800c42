//! Where a path begins and ends among the bytes of a file.
//!
//! In `PATH=/usr/bin:/bin`, one begins after the equals sign and ends before the colon. In `${prefix}/lib` none begins: `/lib`
//! is the end of a path that is put together when it is used.

/// As long as a path can be (`PATH_MAX`).
pub(super) const LONGEST_PATH: usize = 4096;

/// How much before a path may be looked at to tell whether one begins, in bytes.
pub(super) const LOOK_BEHIND: usize = 320;

/// Calls that look for a text at the end of another, or take it away there: in Ruby, Python, JavaScript and Java, Go.
const ENDINGS: [&[u8]; 9] = [
    b"chomp!(",
    b"chomp(",
    b"delete_suffix(",
    b"delete_suffix!(",
    b"end_with?(",
    b"endswith(",
    b"removesuffix(",
    b"endsWith(",
    b"HasSuffix(",
];

/// The path at the beginning of some bytes: `/usr/bin` of `/usr/bin:/bin`. Whatever is no letter of a common file name ends
/// it: quotes, white space, NUL, the colon and comma of lists, the `%` of printf(3), the `$`, `*` and `{` of shells.
pub(super) fn path_at_start(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !is_path_byte(*byte) && *byte != b'/').unwrap_or(bytes.len());
    &bytes[..end.min(LONGEST_PATH)]
}

/// Whether a path that follows these bytes is a whole one, as in `x="/lib`, and not the end of another, as in
/// `${prefix}/lib` and `x + "/lib`.
pub(super) fn begins_after(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return true };
    match last {
        // Free Pascal's folders of units and libraries
        b'u' | b'l' if rest.ends_with(b"-F") => {
            !rest[..rest.len() - 2].last().copied().is_some_and(is_path_byte)
        }
        // compiler options stand before theirs without a space
        b'I' | b'L' | b'B' => {
            rest.ends_with(b"-") && !rest[..rest.len() - 1].last().copied().is_some_and(is_path_byte)
        }
        b'/' => rest.ends_with(b"file:/"),
        // what a shell takes for a variable that is not set; `EnvironmentFile=-/etc/default/x` of systemd
        b'-' => rest.ends_with(b":") || rest.ends_with(b"=") || is_variable(rest),
        // a mark that is no part of the path: `+/usr/share/x` of IDL's search paths
        b'+' | b'@' => is_at_start_of_word(rest),
        // a backslash makes a regular expression's `/`, whose next one has its own
        b'}' | b')' | b']' | b'*' | b'$' | b'?' | b'\\' => false,
        b'"' | b'\'' | b'`' => !is_joined(rest) && !ENDINGS.iter().any(|call| rest.ends_with(call)),
        byte => !is_path_byte(*byte),
    }
}

/// Whether nothing of a word stands at the end of these bytes.
fn is_at_start_of_word(bytes: &[u8]) -> bool {
    bytes
        .last()
        .is_none_or(|byte| matches!(byte, 0 | b'"' | b'\'' | b'=' | b':') || byte.is_ascii_whitespace())
}

/// Whether these bytes end with a variable of a shell's that is not closed: `${HOME`.
fn is_variable(bytes: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = bytes.iter().rposition(|byte| !name(byte)).map_or(0, |at| at + 1);
    start < bytes.len() && bytes[..start].ends_with(b"${")
}

/// Whether a quote after these bytes continues something (`x + "`), or closes it (`"$x"`).
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

/// Whether a path, with the byte after it, is only the beginning of one that is put together when it is used:
/// `/usr/lib/python%d.%d`, `/usr/share/tool-`.
pub(super) fn goes_on(path: &[u8], after: Option<u8>) -> bool {
    after.is_some_and(|byte| b"%$*?[{#".contains(&byte)) || matches!(path.last(), Some(b'-' | b'_' | b'.'))
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
            "\n-Fl",
            "file://",
            "{",
            ",",
            "<dir>",
            "= r\"",
            "x=\"",
            "\\\"",
            // smlnj, gdl and Ruby's rbconfig.rb of Debian 12
            "SMLNJ_HOME=${SMLNJ_HOME:-",
            "HELP,/INFO\0+",
            "EnvironmentFile=-",
            "--data @",
            "${XDG_DATA_DIRS-",
            "\n. \"",
            "\n\t. \"",
            "[ -r x ] && . \"",
            "if x; then . '",
            "else . \"",
        ] {
            assert!(begins_after(before.as_bytes()), "{before:?}");
        }
        for before in [
            "x",
            "/opt",
            "..",
            "/",
            "http://",
            "${prefix}",
            "$(prefix)",
            "\"$x\"",
            "'abc'",
            "prefix + '",
            "$a . \"",
            "\n  $undo . \"",
            "x() . \"",
            "*",
            "TOPDIR = File.dirname(__FILE__).chomp!(\"",
            "name.endswith('",
            "@prefix@",
            "a+",
            "~",
            "x-",
            "$x-",
            "${x}-",
            "${-",
            "XL",
            "\"${x}\"",
            "dir+\"",
            "a-L",
            "/^#!(?:\\",
        ] {
            assert!(!begins_after(before.as_bytes()), "{before:?}");
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
            assert_eq!(path_at_start(bytes.as_bytes()), path.as_bytes());
        }
    }
}
