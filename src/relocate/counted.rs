//! Strings that have their length before them and no end, as many formats of data keep them: OCaml's marshalled values, Python's
//! marshal and pickle, Java's constant pool, Perl's Storable, Lua's bytecode, Erlang's terms, protobuf, MessagePack, and Nim's
//! and others' strings in memory.
//!
//! Their length tells where a path begins and where it ends. The byte before `/usr/lib/ocaml` may be `.`, which is OCaml's
//! code for a string of fourteen bytes, and not the end of a longer path; and what comes after may be a code as well, and
//! looks like more of the path.

/// How many bytes before a string are looked at, at most, for others that are no text: several strings may follow each other.
const CONTEXT: usize = 256;

/// How many bytes a path has that begins after some bytes and may go on for `run` bytes: what the number before it says, if
/// there is one. In descending order; more than one kind of number may fit.
pub(super) fn lengths(before: &[u8], run: usize) -> Vec<usize> {
    let Some((&last, rest)) = before.split_last() else { return Vec::new() };
    // in a text, nothing is a number
    if !is_binary(before) {
        return Vec::new();
    }
    let byte = usize::from(last);
    let mut found = vec![
        // one byte, or two or four with the greatest first: Java, Erlang, Python's and Perl's short ones
        byte,
        // and one more: Lua
        byte.saturating_sub(1),
        (byte & 0x7f).saturating_sub(1),
    ];
    match last {
        // OCaml
        0x20..0x40 => found.push(byte & 0x1f),
        // MessagePack
        0xa0..0xc0 => found.push(byte & 0x1f),
        _ => {}
    }
    // protobuf, with seven bits in each byte, and the last of them the greatest
    if let (Some(low @ 0x80..), 1..0x80) = (rest.last(), last) {
        found.push(byte << 7 | usize::from(low & 0x7f));
    }
    // with the smallest first
    found.extend(before.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes) as usize));
    found.extend(before.last_chunk::<8>().and_then(|bytes| usize::try_from(u64::from_le_bytes(*bytes)).ok()));
    found.extend(in_memory(before));
    found.retain(|length| *length <= run);
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    found
}

/// The length of a string in memory that has its length and, with a bit for what is never freed, its capacity before it: Nim.
fn in_memory(before: &[u8]) -> Option<usize> {
    let words = before.last_chunk::<16>()?;
    let (length, capacity) = words.split_at(8);
    let same = length[..7] == capacity[..7] && length[7] == 0 && matches!(capacity[7], 0 | 0x40);
    let length = u64::from_le_bytes(*length.first_chunk()?);
    usize::try_from(length).ok().filter(|_| same)
}

/// Whether some of the last bytes are in no text.
fn is_binary(before: &[u8]) -> bool {
    let context = &before[before.len().saturating_sub(CONTEXT)..];
    // it may begin in the middle of a letter
    let letter = if context.len() < before.len() { 3 } else { 0 };
    let start = context.iter().take(letter).take_while(|byte| **byte & 0xc0 == 0x80).count();
    let Ok(text) = std::str::from_utf8(&context[start..]) else { return true };
    text.chars().any(|letter| letter.is_control() && !letter.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_before_a_path_tells_where_it_ends() {
        for (before, path) in [
            // OCaml's toplevel, Debian 12
            (&b"@@@@\"%d\xa0\xa9@@\"%B(/usr/bin."[..], "/usr/lib/ocaml"),
            (b"\xa0\xa9@@\"%B(", "/usr/bin"),
            // Debian 12's utop
            (b"\xb0\xa0r.+untrace_all5OCAMLTOP_INCLUDE_PATH@3", "/etc/ocamlfind.conf"),
            // Python's marshal and pickle
            (b"\xfa\x0e", "/usr/lib/ocaml"),
            (b"\0X\x0e\0\0\0", "/usr/lib/ocaml"),
            // Java's constant pool
            (b"\x01\0\x10", "/usr/share/maven"),
            // Nim, as in its compiler
            (b"\x0c\0\0\0\0\0\0\0\x0c\0\0\0\0\0\0\x40", "/usr/lib/nim"),
            // Lua 5.3 and 5.4
            (b"\x04\x0f", "/usr/lib/ocaml"),
            (b"\x04\x8f", "/usr/lib/ocaml"),
            // protobuf
            (b"\x0a\x0e", "/usr/lib/ocaml"),
        ] {
            let run = path.len() + 5;
            assert!(lengths(before, run).contains(&path.len()), "{}", before.escape_ascii());
            assert!(!lengths(before, path.len() - 1).contains(&path.len()));
        }
    }

    #[test]
    fn a_letter_of_a_text_is_no_number() {
        for before in [&b"cd ."[..], b"see .", "naïve .".as_bytes(), b"\tx = ."] {
            assert!(lengths(before, 100).is_empty(), "{}", before.escape_ascii());
        }
        assert!(lengths(b"", 100).is_empty());
    }
}
