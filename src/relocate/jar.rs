//! Java archives: their members are compressed, and have checksums. The class path of a manifest and the constants of classes are
//! rewritten, as a new member behind the others, to which the table at the archive's end then leads.
//!
//! Formats: APPNOTE.TXT of PKWARE (4.3.7 local header, 4.3.12 central directory, 4.3.16 its end), the JAR File Specification, the
//! Java Virtual Machine Specification (4.4, the constant pool).

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::path::Path;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::read::fill;
use super::replacement::Replacement;

/// A table of more bytes is left alone, and a member of more.
const LARGEST: usize = 8 << 20;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// The lengths of these headers, without what follows of names and comments.
const LOCAL_LENGTH: usize = 30;
const CENTRAL_LENGTH: usize = 46;
const END_LENGTH: usize = 22;
const STORED: [u8; 2] = [0, 0];
const DEFLATED: [u8; 2] = [8, 0];
/// Of the first byte of the flags: it is encrypted; its lengths stand behind it, and not in its local header.
const ENCRYPTED: u8 = 1;
const LENGTHS_BEHIND: u8 = 8;
/// A line of a manifest is not longer, in bytes, without its end.
const LONGEST_LINE: usize = 72;

/// What an archive ends in once it is rewritten.
pub(super) struct Rewritten {
    /// Where that begins: from here on, the file has these bytes.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    /// The same as pieces, for the record.
    pub(super) replacements: Vec<Replacement>,
}

/// Whether a file is one by its name.
pub(super) fn is_named_so(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jar")
}

/// What to write, if `rewrite` makes something else of a text in it. `None` also for what is no archive, or one that is signed,
/// larger than 4 GiB, or damaged.
pub(super) fn rewritten(
    file: &File,
    rewrite: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<Option<Rewritten>> {
    let Some((offset, table, end)) = table(file)? else { return Ok(None) };
    let members: Option<Vec<_>> = Members { table: &table[..end], at: 0 }.collect();
    let Some(members) = members else { return Ok(None) };
    let is_signature = |name: &[u8]| name.starts_with(b"META-INF/") && name.ends_with(b".SF");
    if members.iter().any(|member| is_signature(&table[member.name.clone()])) {
        return Ok(None);
    }
    let (mut added, mut pieces, mut patched) = (Vec::new(), Vec::new(), table.clone());
    for member in &members {
        let Some(kind) = Kind::of(&table[member.name.clone()]) else { continue };
        let Some(content) = member.content(&table, file)? else { continue };
        let Some(made) = kind.rewritten(&content, rewrite) else { continue };
        let at = offset + added.len() as u64;
        let Some(header) = member.put(&table, &made, at, &mut added)? else { return Ok(None) };
        for (field, bytes) in header {
            patched[field..field + bytes.len()].copy_from_slice(&bytes);
            pieces.push((field, bytes));
        }
    }
    let Ok(moved) = u32::try_from(offset + added.len() as u64) else { return Ok(None) };
    if added.is_empty() {
        return Ok(None);
    }
    let field = end + 16;
    patched[field..field + 4].copy_from_slice(&moved.to_le_bytes());
    pieces.push((field, moved.to_le_bytes().to_vec()));
    let mut replacements = vec![Replacement { offset, original: Vec::new(), bytes: added.clone() }];
    replacements.extend(pieces.into_iter().map(|(field, bytes)| Replacement {
        offset: offset + field as u64,
        original: table[field..field + bytes.len()].to_vec(),
        bytes,
    }));
    added.extend(patched);
    Ok(Some(Rewritten { offset, bytes: added, replacements }))
}

/// Where the table begins in the file, the rest of the file from there, and where in that the table ends.
fn table(file: &File) -> io::Result<Option<(u64, Vec<u8>, usize)>> {
    let length = file.metadata()?.len();
    // a comment may follow
    let mut last = vec![0; (END_LENGTH + 0xffff).min(usize::try_from(length).unwrap_or(usize::MAX))];
    let from = length - last.len() as u64;
    let filled = fill(file, &mut last, from)?;
    let Some(end) = memchr::memmem::rfind(&last[..filled], END) else { return Ok(None) };
    let header = &last[end..filled];
    let (Some(size), Some(offset)) = (number(header, 12, 4), number(header, 16, 4)) else { return Ok(None) };
    let begins = from + end as u64;
    // what is in front of an archive moves it; what does not fit these fields stands elsewhere
    if header.len() < END_LENGTH || size > LARGEST || begins.checked_sub(size as u64) != Some(offset as u64) {
        return Ok(None);
    }
    let mut table = vec![0; size + header.len()];
    let filled = fill(file, &mut table, offset as u64)?;
    Ok((filled == table.len()).then_some((offset as u64, table, size)))
}

/// A number of some bytes, the least first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// The entries of a table; `None` where it is damaged.
struct Members<'a> {
    table: &'a [u8],
    at: usize,
}

impl Iterator for Members<'_> {
    type Item = Option<Member>;

    fn next(&mut self) -> Option<Option<Member>> {
        (self.at < self.table.len()).then(|| {
            let header = &self.table[self.at..];
            if !header.starts_with(CENTRAL) {
                return None;
            }
            let lengths = [28, 30, 32].map(|at| number(header, at, 2));
            let name = self.at + CENTRAL_LENGTH..self.at + CENTRAL_LENGTH + lengths[0]?;
            let member = Member { at: self.at, name };
            self.at = member.name.end + lengths[1]? + lengths[2]?;
            (self.at <= self.table.len()).then_some(member)
        })
    }
}

/// What changes of a table: where in it, and what it becomes.
type Fields = Vec<(usize, Vec<u8>)>;

/// A member, by its place in the table.
struct Member {
    at: usize,
    name: Range<usize>,
}

impl Member {
    /// What it is uncompressed; `None` for what cannot be read here.
    fn content(&self, table: &[u8], file: &File) -> io::Result<Option<Vec<u8>>> {
        let field = |at, length| number(&table[self.at..], at, length).unwrap_or(usize::MAX);
        let (packed, length) = (field(20, 4), field(24, 4));
        let (flags, method) = (table[self.at + 8], [table[self.at + 10], table[self.at + 11]]);
        if flags & ENCRYPTED != 0 || packed > LARGEST || length > LARGEST {
            return Ok(None);
        }
        let at = field(42, 4) as u64;
        let mut header = [0; LOCAL_LENGTH];
        if fill(file, &mut header, at)? < LOCAL_LENGTH || !header.starts_with(LOCAL) {
            return Ok(None);
        }
        let lengths = [26, 28].map(|at| number(&header, at, 2).unwrap_or_default());
        let mut data = vec![0; packed];
        let begins = at + (LOCAL_LENGTH + lengths[0] + lengths[1]) as u64;
        if fill(file, &mut data, begins)? < packed {
            return Ok(None);
        }
        let content = match method {
            STORED => data,
            DEFLATED => {
                let mut content = Vec::with_capacity(length);
                let read = DeflateDecoder::new(&data[..]).take(length as u64 + 1).read_to_end(&mut content);
                if read.is_err() {
                    return Ok(None);
                }
                content
            }
            _ => return Ok(None),
        };
        Ok((content.len() == length).then_some(content))
    }

    /// Adds it anew, with other content, as it will stand at a place of the file. Returns the fields of its entry that change, by
    /// their places in the table.
    fn put(&self, table: &[u8], content: &[u8], at: u64, added: &mut Vec<u8>) -> io::Result<Option<Fields>> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(content)?;
        let packed = packed.finish()?;
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let (Ok(at), Ok(length), Ok(size)) =
            (u32::try_from(at), u32::try_from(content.len()), u32::try_from(packed.len()))
        else {
            return Ok(None);
        };
        let entry = &table[self.at..];
        let how = [[entry[8] & !LENGTHS_BEHIND, entry[9]], DEFLATED].concat();
        let sizes: Vec<u8> = [crc.sum(), size, length].iter().flat_map(|field| field.to_le_bytes()).collect();
        added.extend(LOCAL);
        added.extend(&entry[6..8]);
        added.extend(&how);
        added.extend(&entry[12..16]);
        added.extend(&sizes);
        added.extend(&entry[28..30]);
        added.extend([0, 0]);
        added.extend(&table[self.name.clone()]);
        added.extend(packed);
        let fields = [(8, how), (16, sizes), (42, at.to_le_bytes().to_vec())];
        Ok(Some(fields.map(|(field, bytes)| (self.at + field, bytes)).into()))
    }
}

/// The members that have paths.
#[derive(Clone, Copy)]
enum Kind {
    Manifest,
    Class,
    Text,
}

impl Kind {
    fn of(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") {
            Some(Self::Manifest)
        } else if name.ends_with(b".class") {
            Some(Self::Class)
        } else {
            name.ends_with(b".properties").then_some(Self::Text)
        }
    }

    fn rewritten(self, content: &[u8], rewrite: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self {
            Self::Manifest => rewrite(&unfolded(content)).map(|text| folded(&text)),
            Self::Class => class(content, rewrite),
            Self::Text => rewrite(content),
        }
    }
}

/// A manifest's lines, which go on after an end of line and a space.
fn unfolded(text: &[u8]) -> Vec<u8> {
    let mut whole: Vec<u8> = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b" ") {
            Some(rest) => {
                let end =
                    whole.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
                whole.truncate(end);
                whole.extend(rest);
            }
            None => whole.extend(line),
        }
    }
    whole
}

fn folded(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let length = line.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(line.len());
        let (mut rest, end) = line.split_at(length);
        let mut room = LONGEST_LINE;
        while rest.len() > room {
            // letters of several bytes stay whole
            let at = (1..=room).rev().find(|at| rest[*at] & 0xc0 != 0x80).unwrap_or(room);
            lines.extend(&rest[..at]);
            lines.extend(b"\r\n ");
            rest = &rest[at..];
            room = LONGEST_LINE - 1;
        }
        lines.extend(rest);
        lines.extend(end);
    }
    lines
}

/// A class with other texts among its constants; `None` where none is another, or it is not understood.
fn class(content: &[u8], rewrite: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let short = |at: usize| Some(usize::from(u16::from_be_bytes(content.get(at..at + 2)?.try_into().ok()?)));
    // most have none
    if !content.starts_with(b"\xca\xfe\xba\xbe") || rewrite(content).is_none() {
        return None;
    }
    let (count, mut at, mut from) = (short(8)?, 10, 0);
    let mut made = Vec::new();
    let mut number = 1;
    while number < count {
        let tag = *content.get(at)?;
        at += match tag {
            1 => {
                let text = content.get(at + 3..at + 3 + short(at + 1)?)?;
                if let Some(other) = rewrite(text) {
                    made.extend(&content[from..=at]);
                    made.extend(u16::try_from(other.len()).ok()?.to_be_bytes());
                    made.extend(other);
                    from = at + 3 + text.len();
                }
                3 + text.len()
            }
            3 | 4 | 9 | 10 | 11 | 12 | 17 | 18 => 5,
            5 | 6 => 9,
            7 | 8 | 16 | 19 | 20 => 3,
            15 => 4,
            _ => return None,
        };
        // long and double count twice
        number += if matches!(tag, 5 | 6) { 2 } else { 1 };
    }
    if made.is_empty() {
        return None;
    }
    made.extend(&content[from..]);
    Some(made)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::FileExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    const MAKE: &str = r"
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)
z.writestr('META-INF/MANIFEST.MF', 'Manifest-Version: 1.0\r\nClass-Path: /usr/share/java/one.jar /usr/share/ja\r\n va/two.jar other.jar\r\n\r\n')
text = b'/usr/share/x/data'
z.writestr('A.class', b'\xca\xfe\xba\xbe\0\0\0\x34\0\x05\x01' + len(text).to_bytes(2, 'big') + text + b'\x05' + b'/usr' * 2 + b'\x01\0\x03abcrest')
z.writestr('plain.txt', '/usr/share/x')
z.writestr(zipfile.ZipInfo('a.properties'), 'path=/usr/share/x\n')
if len(sys.argv) > 2: z.writestr('META-INF/KEY.SF', 'signed')
z.close()
";
    const SHOW: &str = r"
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for name in z.namelist(): print(name, z.read(name))
";

    fn python(script: &str, arguments: &[&std::ffi::OsStr]) -> String {
        let ran =
            Command::new("python3").args(["-c", script]).args(arguments).stderr(Stdio::inherit()).output();
        let ran = ran.unwrap();
        assert!(ran.status.success());
        String::from_utf8(ran.stdout).unwrap()
    }

    /// `/usr` becomes a longer path.
    fn longer(text: &[u8]) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(text);
        text.contains("/usr/share").then(|| text.replace("/usr/share", "/opt/tools/usr/share").into_bytes())
    }

    #[test]
    fn another_implementation_reads_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jar");
        python(MAKE, &[path.as_os_str()]);
        let before = std::fs::read(&path).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let made = rewritten(&file, &mut longer).unwrap().unwrap();
        file.write_all_at(&made.bytes, made.offset).unwrap();
        let shown = python(SHOW, &[path.as_os_str()]);
        let lines: Vec<&str> = shown.lines().collect();
        let manifest = "META-INF/MANIFEST.MF b'Manifest-Version: 1.0\\r\\n\
            Class-Path: /opt/tools/usr/share/java/one.jar /opt/tools/usr/share/java/\\r\\n two.jar other.jar\\r\\n\\r\\n'";
        assert_eq!(lines[0], manifest);
        let class = "A.class b'\\xca\\xfe\\xba\\xbe\\x00\\x00\\x004\\x00\\x05\\x01\\x00\\x1b\
            /opt/tools/usr/share/x/data\\x05/usr/usr\\x01\\x00\\x03abcrest'";
        assert_eq!(lines[1], class);
        assert_eq!(
            lines[2..],
            ["plain.txt b'/usr/share/x'", "a.properties b'path=/opt/tools/usr/share/x\\n'"]
        );

        // the pieces undo it
        let mut back = std::fs::read(&path).unwrap();
        let mut shift = 0;
        for piece in &made.replacements {
            let at = usize::try_from(piece.offset).unwrap() + shift;
            assert_eq!(back[at..at + piece.bytes.len()], piece.bytes);
            shift += piece.bytes.len() - piece.original.len();
        }
        for piece in made.replacements.iter().rev() {
            shift -= piece.bytes.len() - piece.original.len();
            let at = usize::try_from(piece.offset).unwrap() + shift;
            back.splice(at..at + piece.bytes.len(), piece.original.iter().copied());
        }
        assert_eq!(back, before);
    }

    #[test]
    fn what_is_signed_or_damaged_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jar");
        let stays = |path: &Path| rewritten(&File::open(path).unwrap(), &mut longer).unwrap().is_none();
        python(MAKE, &[path.as_os_str(), "signed".as_ref()]);
        assert!(stays(&path), "signed");
        python(MAKE, &[path.as_os_str()]);
        assert!(!stays(&path));
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(stays(&path), "{length} bytes of it");
        }
        // no damage does more than leave it, or make something else of it
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            std::fs::write(&path, &damaged).unwrap();
            let _ = rewritten(&File::open(&path).unwrap(), &mut longer).unwrap();
        }
    }
}
