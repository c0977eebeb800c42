//! `hwdb.bin`, the database of hardware that systemd-hwdb(8) makes of hwdb(7) files, and libudev and sd-hwdb read: a trie of
//! patterns, as systemd's hwdb-internal.h lays it out.

use std::collections::{BTreeMap, HashMap};

use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists};
use crate::finish::note::{NoFile, Note};

const PROGRAM: &str = "/usr/bin/systemd-hwdb";
const FOLDERS: [&str; 2] = ["/etc/udev/hwdb.d", "/usr/lib/udev/hwdb.d"];
const FILE: &str = "/usr/lib/udev/hwdb.bin";

/// Debian's largest has 3 MiB, and all together 10.
const LARGEST: u64 = 32 << 20;
const MOST_BYTES: usize = 64 << 20;
/// Patterns are the names that the kernel gives to devices.
const LONGEST_PATTERN: usize = 4096;

const HEADER: u64 = 80;
const NODE: u64 = 24;
const CHILD: u64 = 16;
const VALUE: u64 = 32;

/// A node of the trie: its prefix, what follows by the next byte, and the properties of what ends here.
#[derive(Debug, Default)]
struct Node {
    prefix: Vec<u8>,
    children: BTreeMap<u8, Node>,
    values: BTreeMap<Vec<u8>, Value>,
}

#[derive(Debug, Clone)]
struct Value {
    text: Vec<u8>,
    file: String,
    line: u32,
    /// The number of its file.
    priority: u16,
}

/// Makes the database, where the tree has the program that would make it.
pub(crate) fn apply(inside: &mut Inside<'_>) -> Result<Option<Note>, Error> {
    let root = inside.root();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    if !exists(&root, PROGRAM) {
        return Ok(None);
    }
    for folder in FOLDERS {
        for path in inside::files_in(&root, folder, ".hwdb")? {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            files.entry(name).or_insert(path);
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let mut trie = Node::default();
    let mut bytes = 0;
    for (priority, path) in (1..).zip(files.values()) {
        let text = inside::read(&root, path, LARGEST)?.unwrap_or_default();
        bytes += text.len();
        if bytes > MOST_BYTES {
            return Ok(Some(Note::FileNotMade { path: FILE.to_owned(), reason: NoFile::TooLarge }));
        }
        read(&mut trie, &text, path, priority);
    }
    Ok((!inside.file(FILE, &write(&trie))?)
        .then(|| Note::FileNotMade { path: FILE.to_owned(), reason: NoFile::LinkOut }))
}

/// Adds the records of a file. What is not well formed is left out, as systemd-hwdb does.
fn read(trie: &mut Node, text: &[u8], file: &str, priority: u16) {
    let mut patterns: Vec<&[u8]> = Vec::new();
    let mut in_values = false;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.first() == Some(&b'#') {
            continue;
        }
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii_end();
        if line.is_empty() {
            patterns.clear();
            in_values = false;
        } else if line[0] != b' ' && !in_values {
            if line.len() <= LONGEST_PATTERN {
                patterns.push(line);
            }
        } else if line[0] != b' ' {
            // a record ends with an empty line
            patterns.clear();
            in_values = false;
        } else if !patterns.is_empty() {
            in_values = true;
            let Some(at) = line.iter().position(|byte| *byte == b'=') else { continue };
            let key = line[..at].trim_ascii();
            if key.is_empty() {
                continue;
            }
            let value =
                Value { text: line[at + 1..].to_vec(), file: file.to_owned(), line: number, priority };
            for pattern in &patterns {
                // a key that does not begin with a space is for readers to come
                trie.insert(pattern, [b" ", key].concat(), value.clone());
            }
        }
    }
}

impl Node {
    fn insert(&mut self, pattern: &[u8], key: Vec<u8>, value: Value) {
        let mut node = self;
        let mut rest = pattern;
        loop {
            let same = node.prefix.iter().zip(rest).take_while(|(one, other)| one == other).count();
            if same < node.prefix.len() {
                let lower = Node {
                    prefix: node.prefix[same + 1..].to_vec(),
                    children: std::mem::take(&mut node.children),
                    values: std::mem::take(&mut node.values),
                };
                node.children.insert(node.prefix[same], lower);
                node.prefix.truncate(same);
            }
            let Some((next, behind)) = rest[same..].split_first() else {
                node.values.insert(key, value);
                return;
            };
            rest = behind;
            node = node
                .children
                .entry(*next)
                .or_insert_with(|| Node { prefix: behind.to_vec(), ..Node::default() });
        }
    }

    /// The bytes that it takes with all below it.
    fn size(&self) -> u64 {
        let own = NODE + self.children.len() as u64 * CHILD + self.values.len() as u64 * VALUE;
        own + self.children.values().map(Self::size).sum::<u64>()
    }
}

struct Writer {
    nodes: Vec<u8>,
    strings: Vec<u8>,
    /// Where each string is, from the beginning of the strings.
    known: HashMap<Vec<u8>, u64>,
    /// Where the strings begin in the file.
    start: u64,
}

impl Writer {
    fn string(&mut self, text: &[u8]) -> u64 {
        let place = *self.known.entry(text.to_vec()).or_insert_with(|| {
            let place = self.strings.len() as u64;
            self.strings.extend_from_slice(text);
            self.strings.push(0);
            place
        });
        self.start + place
    }

    fn number(&mut self, number: u64) {
        self.nodes.extend_from_slice(&number.to_le_bytes());
    }

    /// Writes what is below a node, and then itself; returns where it is.
    fn node(&mut self, node: &Node) -> u64 {
        let children: Vec<(u8, u64)> =
            node.children.iter().map(|(next, child)| (*next, self.node(child))).collect();
        let place = HEADER + self.nodes.len() as u64;
        let prefix = self.string(&node.prefix);
        self.number(prefix);
        self.number(children.len() as u64);
        self.number(node.values.len() as u64);
        for (next, child) in children {
            self.number(u64::from(next));
            self.number(child);
        }
        for (key, value) in &node.values {
            for text in [key, &value.text, value.file.as_bytes()] {
                let place = self.string(text);
                self.number(place);
            }
            self.nodes.extend_from_slice(&value.line.to_le_bytes());
            self.nodes.extend_from_slice(&value.priority.to_le_bytes());
            self.nodes.extend_from_slice(&[0, 0]);
        }
        place
    }
}

fn write(trie: &Node) -> Vec<u8> {
    let size = trie.size();
    let mut writer =
        Writer { nodes: Vec::new(), strings: vec![0], known: HashMap::new(), start: HEADER + size };
    writer.known.insert(Vec::new(), 0);
    let root = writer.node(trie);
    let strings = writer.strings.len() as u64;
    let mut file = b"KSLPHHRH".to_vec();
    for number in [252, HEADER + size + strings, HEADER, NODE, CHILD, VALUE, root, size, strings] {
        file.extend_from_slice(&u64::to_le_bytes(number));
    }
    file.extend(writer.nodes);
    file.extend(writer.strings);
    file
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// The properties of all patterns of a database, read as systemd does.
    fn all(file: &[u8]) -> BTreeMap<String, Vec<String>> {
        let number =
            |at: usize| usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap();
        let string = |at: usize| {
            let end = file[at..].iter().position(|byte| *byte == 0).unwrap();
            String::from_utf8(file[at..at + end].to_vec()).unwrap()
        };
        assert_eq!((&file[..8], number(16), number(56)), (&b"KSLPHHRH"[..], file.len(), number(56)));
        let mut found = BTreeMap::new();
        let mut queue = vec![(number(56), String::new())];
        while let Some((at, before)) = queue.pop() {
            let name = before + &string(number(at));
            let (children, values) = (usize::from(file[at + 8]), number(at + 16));
            for child in 0..children {
                let entry = at + 24 + child * 16;
                queue.push((number(entry + 8), format!("{name}{}", file[entry] as char)));
            }
            for value in 0..values {
                let entry = at + 24 + children * 16 + value * 32;
                let line = u32::from_le_bytes(file[entry + 24..entry + 28].try_into().unwrap());
                let text = format!("{}={} {line}", string(number(entry)), string(number(entry + 8)));
                found.entry(name.clone()).or_insert_with(Vec::new).push(text);
            }
        }
        found
    }

    #[test]
    fn reads_back() {
        let mut trie = Node::default();
        let text = "# comment\n\nusb:v1D6B*\nusb:v1D6Bp0001*\n ID_VENDOR_FROM_DATABASE=Linux Foundation # not\n  X=\n\n\
                    usb:v1D*\n X=1\nodd\n Y=2\n\nusb:v1D6B*\n X=new\n no value\n\npci:*\n Z=3";
        read(&mut trie, text.as_bytes(), "/a", 1);
        let found = all(&write(&trie));
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            found,
            BTreeMap::from([
                ("pci:*".to_owned(), list(&[" Z=3 18"])),
                ("usb:v1D*".to_owned(), list(&[" X=1 9"])),
                (
                    "usb:v1D6B*".to_owned(),
                    list(&[" ID_VENDOR_FROM_DATABASE=Linux Foundation 5", " X=new 14"])
                ),
                (
                    "usb:v1D6Bp0001*".to_owned(),
                    list(&[" ID_VENDOR_FROM_DATABASE=Linux Foundation 5", " X= 6"])
                ),
            ])
        );
    }
}
