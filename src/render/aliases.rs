//! Aliases (`*name`) and merge keys (`<<`): one change at an anchor is a change wherever that is referred to. Where not all of
//! these are to change alike, what one stands for is written out in its place, as a copy of the text, so that no reader of
//! YAML sees another meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Map, Value};

use super::document::{Document, Entry, Kind, Node, Place, line_of, next_line, read};
use super::splice::{Splice, Stuck, applied};

/// What nodes are to mean that others refer to, or that refer to others, by their beginning: nothing if they go.
#[derive(Debug, Default)]
pub(super) struct Meant(BTreeMap<usize, Option<Value>>);

impl Meant {
    pub(super) fn note(&mut self, node: &Node, value: Option<&Value>) {
        let merges = match &node.kind {
            Kind::Mapping { entries, .. } => entries.iter().any(Entry::is_merge),
            kind => matches!(kind, Kind::Alias(_)),
        };
        if merges || node.anchor.is_some() {
            self.0.insert(node.bytes.start, value.cloned());
        }
    }

    /// Notes that a node goes, with all that is in it.
    pub(super) fn forget(&mut self, node: &Node) {
        self.note(node, None);
        match &node.kind {
            Kind::Mapping { entries, .. } => entries.iter().for_each(|entry| self.forget(&entry.value)),
            Kind::Sequence { items, .. } => items.iter().for_each(|item| self.forget(item)),
            _ => {}
        }
    }

    /// What a node is to mean that means `now`.
    fn of<'a>(&'a self, node: &Node, now: &'a Value) -> Option<&'a Value> {
        self.0.get(&node.bytes.start).map_or(Some(now), Option::as_ref)
    }
}

/// `text` with all aliases and merge keys written out that are not to mean what they stand for; None if there are none.
pub(super) fn written_out(
    text: &str,
    documents: &[Document],
    meant: &Meant,
) -> Result<Option<String>, Stuck> {
    let mut splices = Vec::new();
    // most manifests have no anchors
    for document in documents.iter().filter(|document| !document.anchors.is_empty()) {
        let mut writer = Writer { text, document, meant, anchored: BTreeMap::new(), splices: Vec::new() };
        writer.collect(&document.node, &document.value);
        writer.walk(&document.node, &document.value, Place::Document)?;
        splices.extend(writer.splices);
    }
    let Some(at) = splices.iter().map(|splice: &Splice| splice.bytes.start).min() else { return Ok(None) };
    let expanded = applied(text, splices);
    let is_same = read(&expanded).is_ok_and(|read| {
        read.len() == documents.len() && read.iter().zip(documents).all(|(new, old)| new.value == old.value)
    });
    if is_same {
        return Ok(Some(expanded));
    }
    let reason =
        "has an alias (*) or a merge key (<<) in it that cannot be written out: do that by hand".into();
    Err(Stuck { line: line_of(text, at), reason })
}

struct Writer<'a> {
    text: &'a str,
    document: &'a Document,
    meant: &'a Meant,
    /// Nodes with anchors, and what they mean, by the number of the anchor.
    anchored: BTreeMap<usize, (&'a Node, &'a Value)>,
    splices: Vec<Splice>,
}

impl<'a> Writer<'a> {
    fn collect(&mut self, node: &'a Node, value: &'a Value) {
        if let Some(number) = node.anchor {
            self.anchored.insert(number, (node, value));
        }
        match (&node.kind, value) {
            (Kind::Mapping { entries, .. }, Value::Object(map)) => {
                for entry in entries {
                    if let Some(value) = entry.key.as_ref().and_then(|key| map.get(key)) {
                        self.collect(&entry.value, value);
                    }
                }
            }
            (Kind::Sequence { items, .. }, Value::Array(list)) => {
                items.iter().zip(list).for_each(|(item, value)| self.collect(item, value));
            }
            _ => {}
        }
    }

    /// Finds what is not to mean what it stands for.
    fn walk(&mut self, node: &'a Node, value: &'a Value, place: Place) -> Result<(), Stuck> {
        match (&node.kind, value) {
            (Kind::Alias(number), _) => {
                let Some((target, now)) = self.anchored.get(number).copied() else { return Ok(()) };
                let wanted = self.meant.of(node, value);
                if wanted.is_some() && wanted != self.meant.of(target, now) {
                    self.alias(node, target, place)?;
                }
            }
            (Kind::Mapping { entries, .. }, Value::Object(map)) => {
                for entry in entries {
                    let place = match node.is_flow() {
                        true => Place::Flow,
                        false => Place::Value { key_end: entry.key_end, column: node.column },
                    };
                    match entry.key.as_ref().and_then(|key| map.get(key)) {
                        Some(value) => self.walk(&entry.value, value, place)?,
                        None if entry.is_merge() => self.merge(node, entry, map)?,
                        None => {}
                    }
                }
            }
            (Kind::Sequence { items, .. }, Value::Array(list)) => {
                let place = if node.is_flow() { Place::Flow } else { Place::Item };
                for (item, value) in items.iter().zip(list) {
                    self.walk(item, value, place)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes out an alias.
    fn alias(&mut self, node: &Node, target: &Node, place: Place) -> Result<(), Stuck> {
        let bytes = node.bytes.clone();
        let has_lines = target.is_block() || matches!(target.kind, Kind::Block);
        match place {
            Place::Flow if has_lines => {
                let reason = format!(
                    "has {} between brackets, which stands for several lines: write these out there",
                    &self.text[bytes]
                );
                return Err(Stuck { line: line_of(self.text, node.bytes.start), reason: reason.into() });
            }
            Place::Value { column, .. } if target.is_block() => {
                // a list may be as far to the left as its key, and the text of the anchor's shows whether these are
                let column = column + if self.is_flush(target) { 0 } else { 2 };
                let lines = self.copy(target.bytes.start..self.end(target), target.column, column);
                let start = self.text[..bytes.start].trim_end_matches(' ').len();
                self.splices.push(Splice { bytes: start..bytes.end, text: String::new() });
                let at = next_line(self.text, bytes.end);
                let text = format!("{}{lines}\n", " ".repeat(column));
                self.splices.push(Splice { bytes: at..at, text });
            }
            place => {
                let column = match place {
                    Place::Value { column, .. } => column + 2,
                    _ => node.column,
                };
                let from = if target.is_block() { target.column } else { self.depth(target, column) };
                let text = self.copy(target.bytes.start..self.end(target), from, column);
                self.splices.push(Splice { bytes, text });
            }
        }
        Ok(())
    }

    /// Writes out what a merge key brings that is not to be as it is where it comes from.
    fn merge(&mut self, node: &'a Node, entry: &'a Entry, now: &'a Map<String, Value>) -> Result<(), Stuck> {
        let Some(wanted) =
            self.meant.0.get(&node.bytes.start).map_or(Some(now), |value| value.as_ref()?.as_object())
        else {
            return Ok(());
        };
        let aliases = match &entry.value.kind {
            Kind::Sequence { items, .. } => items.iter().collect(),
            _ => vec![&entry.value],
        };
        let targets: Vec<(&Node, &Map<String, Value>)> = aliases
            .into_iter()
            .filter_map(|node| match node.kind {
                Kind::Alias(number) => self.anchored.get(&number).copied(),
                _ => None,
            })
            .filter_map(|(target, value)| Some((target, value.as_object()?)))
            .collect();
        let mut seen: BTreeSet<&str> = match &node.kind {
            Kind::Mapping { entries, .. } => {
                entries.iter().filter_map(|entry| entry.key.as_deref()).collect()
            }
            _ => BTreeSet::new(),
        };
        let (mut copied, mut whole) = (Vec::new(), false);
        for (target, there) in targets.iter().copied() {
            let empty = Map::new();
            let then = match self.meant.0.get(&target.bytes.start) {
                None => there,
                Some(then) => then.as_ref().and_then(Value::as_object).unwrap_or(&empty),
            };
            let keys: BTreeSet<&String> = there.keys().chain(then.keys()).collect();
            for key in keys.into_iter().filter(|key| !seen.contains(key.as_str())) {
                if wanted.get(key) != then.get(key) {
                    match self.found(target, key).filter(|_| wanted.contains_key(key)) {
                        Some(found) => copied.push(found),
                        None => whole = true,
                    }
                }
            }
            seen.extend(there.keys().map(String::as_str));
        }
        if whole {
            copied = targets.iter().copied().flat_map(|(target, _)| Self::all(target, node)).collect();
        }
        let texts = copied
            .into_iter()
            .map(|(column, entry)| {
                if node.is_flow() && (entry.value.is_block() || matches!(entry.value.last_leaf().kind, Kind::Block)) {
                    let reason = "has a merge key (<<) between brackets, which stands for several lines: write these out there";
                    return Err(Stuck { line: line_of(self.text, node.bytes.start), reason: reason.into() });
                }
                let from = column.unwrap_or_else(|| self.depth(&entry.value, node.column + 2) + node.column);
                Ok(self.copy(entry.key_start..self.entry_end(entry), from, node.column))
            })
            .collect::<Result<Vec<String>, Stuck>>()?;
        if texts.is_empty() {
            return Ok(());
        }
        let end = entry.value.bytes.end.max(entry.key_end);
        let indent = format!("\n{}", " ".repeat(node.column));
        if whole {
            let between = if node.is_flow() { ", " } else { indent.as_str() };
            self.splices.push(Splice { bytes: entry.key_start..end, text: texts.join(between) });
        } else if node.is_flow() {
            self.splices.push(Splice { bytes: end..end, text: format!(", {}", texts.join(", ")) });
        } else {
            let at = next_line(self.text, end);
            let text = texts.iter().fold(String::new(), |all, text| format!("{all}{}{text}\n", &indent[1..]));
            self.splices.push(Splice { bytes: at..at, text });
        }
        Ok(())
    }

    /// The entry of that key in a mapping, or in what that merges in, and the column of entries there, if it is in lines.
    fn found(&self, target: &'a Node, key: &str) -> Option<(Option<usize>, &'a Entry)> {
        let Kind::Mapping { flow, entries } = &target.kind else { return None };
        let own = entries.iter().find(|entry| entry.key.as_deref() == Some(key));
        own.map(|entry| ((!flow).then_some(target.column), entry)).or_else(|| {
            let merged = entries.iter().filter(|entry| entry.is_merge());
            merged.flat_map(|entry| self.merged(&entry.value)).find_map(|target| self.found(target, key))
        })
    }

    /// What the value of a merge key stands for.
    fn merged(&self, value: &'a Node) -> Vec<&'a Node> {
        match &value.kind {
            Kind::Alias(number) => self.anchored.get(number).map(|(target, _)| *target).into_iter().collect(),
            Kind::Sequence { items, .. } => items.iter().flat_map(|item| self.merged(item)).collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a mapping that `into` does not have.
    fn all(target: &'a Node, into: &Node) -> Vec<(Option<usize>, &'a Entry)> {
        let Kind::Mapping { flow, entries } = &target.kind else { return Vec::new() };
        let is_new = |entry: &&Entry| {
            entry.is_merge() || entry.key.as_deref().is_some_and(|key| into.entry(key).is_none())
        };
        entries.iter().filter(is_new).map(|entry| ((!flow).then_some(target.column), entry)).collect()
    }

    /// A part of the text without anchors, whose lines but for the first are moved from one column to another.
    fn copy(&self, bytes: Range<usize>, from: usize, to: usize) -> String {
        let within = self
            .document
            .anchors
            .values()
            .filter(|anchor| bytes.start <= anchor.start && anchor.end <= bytes.end);
        let removed = within.map(|anchor| {
            let rest = &self.text[anchor.end..];
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            let start = anchor.start
                - usize::from(
                    self.text[..anchor.start].ends_with(' ') && rest[spaces..].starts_with(['\r', '\n']),
                );
            Splice {
                bytes: start.saturating_sub(bytes.start)..anchor.end + spaces - bytes.start,
                text: String::new(),
            }
        });
        let text = applied(&self.text[bytes.clone()], removed.collect());
        let mut copied = String::new();
        for (index, line) in text.replace("\r\n", "\n").split('\n').enumerate() {
            if index > 0 {
                copied.push('\n');
            }
            let words = line.trim_start_matches(' ');
            if index > 0 && !words.is_empty() {
                let column = (line.len() - words.len() + to).saturating_sub(from);
                copied.extend(std::iter::repeat_n(' ', column));
            }
            copied.push_str(if index > 0 { words } else { line });
        }
        copied
    }

    /// Where what a node holds ends, without the end of its last line.
    fn end(&self, node: &Node) -> usize {
        let end = node.bytes.end;
        if !matches!(node.last_leaf().kind, Kind::Block) {
            return end;
        }
        // the place of a text in block style ends where the next thing begins
        let upto = self.text[..end].rfind('\n').filter(|newline| self.text[*newline..end].trim().is_empty());
        upto.unwrap_or(end)
    }

    fn entry_end(&self, entry: &Entry) -> usize {
        self.end(&entry.value).max(entry.key_end)
    }

    /// How far the lines below the first of a scalar or of something in brackets are indented at least; `otherwise` if it has one.
    fn depth(&self, node: &Node, otherwise: usize) -> usize {
        let lines = self.text[node.bytes.start..self.end(node)].lines().skip(1);
        let depths = lines.filter(|line| !line.trim().is_empty());
        depths.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(otherwise)
    }

    /// Whether a list is as far to the left as the key that it is the value of.
    fn is_flush(&self, node: &Node) -> bool {
        fn flush(parent: &Node, wanted: &Node) -> bool {
            match &parent.kind {
                Kind::Mapping { entries, .. } => entries.iter().any(|entry| {
                    let is_it = std::ptr::eq(&raw const entry.value, wanted);
                    is_it && entry.value.column == parent.column || flush(&entry.value, wanted)
                }),
                Kind::Sequence { items, .. } => items.iter().any(|item| flush(item, wanted)),
                _ => false,
            }
        }
        matches!(node.kind, Kind::Sequence { .. }) && flush(&self.document.node, node)
    }
}
