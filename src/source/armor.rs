//! ASCII armor (RFC 9580 section 6.2): finding the blocks in a text. Decoding them is rPGP's.

/// The armored blocks of one kind in `text`, header and tail lines included, in order. What stands between
/// them is left out, as `gpg --dearmor` does; `Err` names the kind whose block does not end.
pub(super) fn blocks(text: &str, kind: &'static str) -> Result<Vec<String>, &'static str> {
    let begin = format!("-----BEGIN PGP {kind}-----");
    let end = format!("-----END PGP {kind}-----");
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines().map(str::trim_end) {
        if line == begin {
            open = Some(String::new());
        }
        if let Some(block) = &mut open {
            block.push_str(line);
            block.push('\n');
            if line == end {
                blocks.extend(open.take());
            }
        }
    }
    if open.is_some() { Err(kind) } else { Ok(blocks) }
}

/// Whether `data` is text with an armored block rather than binary packets, whose first octet has its high
/// bit set (RFC 9580 section 4.2).
pub(super) fn is_armored(data: &[u8]) -> bool {
    data.first().is_some_and(|first| first & 0x80 == 0)
}
