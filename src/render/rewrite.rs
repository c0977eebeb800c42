//! Changing a YAML text into one with another meaning, by as few splices as there are differences: comments, order and style of all
//! else stay. Whether these did it is found out by reading the result.

use std::ops::Range;

use serde_json::{Map, Value};

use super::aliases::{self, Meant};
use super::document::{Document, Entry, Kind, Node, Place, line_of, next_line, read};
use super::splice::{Splice, Stuck, applied};
use super::write::{self, Lists};

/// So often aliases are written out: each time all that are in the way, of which any may hold others.
const PASSES: usize = 16;

/// `text`, whose documents are `documents`, so that these mean `wanted`; as many of them.
pub(super) fn rewrite(text: &str, documents: &[Document], wanted: &[Value]) -> Result<String, Stuck> {
    let mut rewriter = Rewriter::of(text, documents, wanted);
    let Some(mut expanded) = aliases::written_out(text, documents, &rewriter.meant)? else {
        return rewriter.finished(documents, wanted);
    };
    // lines of what was written out are not those of the user's text, so what stands in the way is told as it is there
    let first = rewriter.stuck.take();
    for _ in 1..PASSES {
        let Ok(documents) = read(&expanded) else { break };
        let rewriter = Rewriter::of(&expanded, &documents, wanted);
        match aliases::written_out(&expanded, &documents, &rewriter.meant) {
            Ok(None) => {
                return rewriter.finished(&documents, wanted).map_err(|stuck| first.unwrap_or(stuck));
            }
            Ok(Some(more)) => expanded = more,
            Err(_) => break,
        }
    }
    let start = documents.first().map_or(0, |document| document.node.bytes.start);
    let reason = "has aliases (*) that cannot be written out".into();
    Err(first.unwrap_or(Stuck { line: line_of(text, start), reason }))
}

/// As the first list of the text is.
pub(super) fn lists(documents: &[Document]) -> Lists {
    fn first(node: &Node) -> Option<Lists> {
        match &node.kind {
            Kind::Mapping { flow: false, entries } => {
                entries.iter().find_map(|entry| match &entry.value.kind {
                    Kind::Sequence { flow: false, .. } if entry.value.column == node.column => {
                        Some(Lists::Flush)
                    }
                    Kind::Sequence { flow: false, .. } => Some(Lists::Indented),
                    _ => first(&entry.value),
                })
            }
            Kind::Sequence { flow: false, items } => items.iter().find_map(first),
            _ => None,
        }
    }
    documents.iter().find_map(|document| first(&document.node)).unwrap_or(Lists::Indented)
}

/// Where in `new` each of `old` is, if they are all there in that order.
fn aligned(old: &[Value], new: &[Value]) -> Option<Vec<usize>> {
    let mut from = 0;
    let mut places = Vec::new();
    for old in old {
        let place = from + new[from..].iter().position(|new| is_same(old, new))?;
        places.push(place);
        from = place + 1;
    }
    Some(places)
}

/// Whether both are the same thing, though it may differ: by what Kubernetes merges lists by.
fn is_same(old: &Value, new: &Value) -> bool {
    let by = |key: &str| old.get(key).filter(|old| old.is_string()).map(|old| Some(old) == new.get(key));
    old == new || by("mountPath").or_else(|| by("name")).unwrap_or(false)
}

/// The innermost node on the way to where two values first differ.
fn first_difference<'a>(node: &'a Node, one: &Value, other: &Value) -> &'a Node {
    match (&node.kind, one, other) {
        (Kind::Mapping { entries, .. }, Value::Object(one), Value::Object(other)) => {
            let differs = entries.iter().find_map(|entry| {
                let key = entry.key.as_deref()?;
                Some((&entry.value, one.get(key)?, other.get(key)?)).filter(|(_, one, other)| one != other)
            });
            differs.map_or(node, |(node, one, other)| first_difference(node, one, other))
        }
        (Kind::Sequence { items, .. }, Value::Array(one), Value::Array(other)) => {
            let mut triples = items.iter().zip(one.iter().zip(other));
            let differs = triples.find(|(_, (one, other))| one != other);
            differs.map_or(node, |(node, (one, other))| first_difference(node, one, other))
        }
        _ => node,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Where the line of a byte begins.
fn line_start_of(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

struct Rewriter<'a> {
    text: &'a str,
    lists: Lists,
    splices: Vec<Splice>,
    /// The first change that could not be made.
    stuck: Option<Stuck>,
    /// What anchored nodes, aliases and mappings with merge keys are to mean.
    meant: Meant,
}

impl<'a> Rewriter<'a> {
    /// With all that is to be done to `text`.
    fn of(text: &'a str, documents: &[Document], wanted: &[Value]) -> Self {
        let (splices, meant) = (Vec::new(), Meant::default());
        let mut rewriter = Self { text, lists: lists(documents), splices, stuck: None, meant };
        for (document, wanted) in documents.iter().zip(wanted) {
            rewriter.change(&document.node, &document.value, wanted, Place::Document);
        }
        rewriter
    }

    /// The text with all that done, if it means what is wanted.
    fn finished(self, documents: &[Document], wanted: &[Value]) -> Result<String, Stuck> {
        let Rewriter { text, splices, stuck, .. } = self;
        let edited = applied(text, splices);
        let read = read(&edited).unwrap_or_default();
        if read.len() == wanted.len() && read.iter().zip(wanted).all(|(read, wanted)| read.value == *wanted) {
            return Ok(edited);
        }
        Err(stuck.unwrap_or_else(|| {
            let same = |index: usize| read.get(index).is_some_and(|read| read.value == wanted[index]);
            let index = (0..documents.len()).find(|index| !same(*index)).unwrap_or_default();
            let there = read.get(index).map(|read| &read.value);
            let node = documents.get(index).map(|document| {
                first_difference(&document.node, there.unwrap_or(&document.value), &wanted[index])
            });
            let line = node.map_or(1, |node| line_of(text, node.bytes.start));
            Stuck { line, reason: "is written in a way that aptlet cannot add to".into() }
        }))
    }
    /// Makes `node`, which means `old`, mean `new`.
    fn change(&mut self, node: &Node, old: &Value, new: &Value, place: Place) {
        if old == new {
            return;
        }
        self.meant.note(node, Some(new));
        match (&node.kind, old, new) {
            // right by what is done where it leads to, or written out before
            (Kind::Alias(_), ..) => {}
            (Kind::Mapping { entries, .. }, Value::Object(old), Value::Object(new))
                if !entries.is_empty() && old.keys().any(|key| new.contains_key(key)) =>
            {
                self.change_mapping(node, entries, old, new);
            }
            (Kind::Sequence { items, .. }, Value::Array(old), Value::Array(new))
                if !items.is_empty() && !new.is_empty() && items.len() == old.len() =>
            {
                match aligned(old, new) {
                    Some(places) => self.change_sequence(node, items, old, new, &places, place),
                    None => self.change_part(node, items, old, new),
                }
            }
            // what is written again as data could mean something else to another reader of YAML, and loses its comments
            (_, Value::Object(_) | Value::Array(_), _) if !is_empty(old) => {
                self.stuck(node, "would have to be written anew");
            }
            (_, Value::Object(_) | Value::Array(_), _) if self.text[node.bytes.clone()].contains('#') => {
                self.stuck(node, "has a comment where there is nothing else");
            }
            _ => self.replace(node, new, place),
        }
    }

    fn change_mapping(
        &mut self,
        node: &Node,
        entries: &[Entry],
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) {
        for (key, old) in old {
            let place = |entry: &Entry| Place::Value { key_end: entry.key_end, column: node.column };
            match (node.entry(key), new.get(key)) {
                (Some(_), None) => self.remove_key(node, entries, key),
                (Some(entry), Some(new)) => {
                    self.change(
                        &entry.value,
                        old,
                        new,
                        if node.is_flow() { Place::Flow } else { place(entry) },
                    );
                }
                // merged in from elsewhere, and right by what is done there, or written out before
                (None, _) => {}
            }
        }
        let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
        let added: Map<String, Value> = added.map(|(key, value)| (key.clone(), value.clone())).collect();
        let Some(last) = entries.last().filter(|_| !added.is_empty()) else { return };
        if node.is_flow() {
            let entries = added.iter().map(|(key, value)| format!(", {}", self.flow_entry(key, value)));
            let at = last.key_end.max(last.value.bytes.end);
            self.splice(at..at, entries.collect());
        } else {
            let lines = write::indent(&write::amid(&Value::Object(added), self.lists), node.column);
            self.insert(self.below(&last.value, last.key_end, node.column), lines);
        }
    }

    /// Takes a key away, with what it means.
    fn remove_key(&mut self, node: &Node, entries: &[Entry], key: &str) {
        let Some(index) = entries.iter().position(|entry| entry.key.as_deref() == Some(key)) else { return };
        let entry = &entries[index];
        self.meant.forget(&entry.value);
        let next = entries.get(index + 1);
        let before = index.checked_sub(1).map(|before| &entries[before]);
        let end = entry.key_end.max(entry.value.bytes.end);
        if node.is_flow() {
            let bytes = match (before, next) {
                (_, Some(next)) => entry.key_start..next.key_start,
                (Some(before), None) => before.key_end.max(before.value.bytes.end)..end,
                (None, None) => entry.key_start..end,
            };
            self.splice(bytes, String::new());
            return;
        }
        let start = entry.key_start - node.column.min(entry.key_start);
        if !self.text[start..entry.key_start].trim().is_empty() {
            // it stands behind the dash of an item
            return self.stuck(node, "has a key in its first line that must go: put another one first");
        }
        self.splice(start..self.line_below(&entry.value, entry.key_end), String::new());
    }

    /// Changes what is between the items at the beginning and at the end that stay.
    fn change_part(&mut self, node: &Node, items: &[Node], old: &[Value], new: &[Value]) {
        let most = old.len().min(new.len());
        let same = |pair: &(&Value, &Value)| is_same(pair.0, pair.1);
        let front = old.iter().zip(new).take_while(same).count();
        let back = old.iter().rev().zip(new.iter().rev()).take_while(same).count().min(most - front);
        // objects without names, such as the items of a List
        let (front, back) =
            if old.len() == new.len() && old[0].is_object() { (most, 0) } else { (front, back) };
        let pairs = (0..front).map(|index| (index, index));
        let pairs = pairs.chain((0..back).map(|index| (old.len() - 1 - index, new.len() - 1 - index)));
        let place = if node.is_flow() { Place::Flow } else { Place::Item };
        for (from, to) in pairs {
            self.change(&items[from], &old[from], &new[to], place);
        }
        let (gone, added) = (&items[front..items.len() - back], &new[front..new.len() - back]);
        for item in gone {
            self.meant.forget(item);
        }
        let (Some(first), Some(last)) = (gone.first(), gone.last()) else {
            if !added.is_empty() {
                self.stuck(node, "would have to be written anew");
            }
            return;
        };
        let next = items.get(items.len() - back).filter(|_| back > 0);
        if node.is_flow() {
            let texts: Vec<String> = added.iter().map(|value| self.flow(value)).collect();
            let text = texts.join(", ");
            let before = front.checked_sub(1).map(|before| &items[before]);
            let bytes = match (before, next) {
                (_, Some(next)) if text.is_empty() => first.bytes.start..next.bytes.start,
                (Some(before), None) if text.is_empty() => before.bytes.end..last.bytes.end,
                _ => first.bytes.start..last.bytes.end,
            };
            self.splice(bytes, text);
            return;
        }
        let start = line_start_of(self.text, first.bytes.start);
        let end = self.line_below(last, last.bytes.end);
        if !self.text[start..].trim_start().starts_with('-')
            || start < line_start_of(self.text, node.bytes.start)
        {
            return self.stuck(node, "has an item that does not begin in the line of its dash");
        }
        let lines =
            if added.is_empty() { String::new() } else { write::amid(&Value::from(added), self.lists) };
        self.splice(start..end, write::indent(&lines, node.column));
    }

    /// `places` are those of `old` in `new`.
    fn change_sequence(
        &mut self,
        node: &Node,
        items: &[Node],
        old: &[Value],
        new: &[Value],
        places: &[usize],
        place: Place,
    ) {
        let flow = node.is_flow();
        for ((item, old), index) in items.iter().zip(old).zip(places) {
            self.change(item, old, &new[*index], if flow { Place::Flow } else { Place::Item });
        }
        let mut from = 0;
        for (index, end) in places.iter().copied().chain([new.len()]).enumerate() {
            let added = &new[from.min(end)..end];
            from = end + 1;
            let before = index.checked_sub(1).and_then(|before| items.get(before));
            match (before, place) {
                _ if added.is_empty() => {}
                (Some(before), _) if flow => {
                    let items = added.iter().map(|value| format!(", {}", self.flow(value)));
                    let text = items.collect();
                    self.splice(before.bytes.end..before.bytes.end, text);
                }
                (None, _) if flow => {
                    let items: Vec<String> = added.iter().map(|value| self.flow(value)).collect();
                    let text = format!("{}, ", items.join(", "));
                    self.splice(node.bytes.start + 1..node.bytes.start + 1, text);
                }
                (before, place) => {
                    let at = match (before, place) {
                        // a comment above the first item stays with it
                        (None, Place::Value { key_end, .. }) => next_line(self.text, key_end),
                        (None, _) => node.bytes.start - node.column,
                        // a comment below the last item is about the list if that is indented, else about what follows
                        (Some(before), _) => {
                            let about_list = index == items.len() && self.lists == Lists::Indented;
                            self.below(before, before.bytes.end, node.column + usize::from(!about_list))
                        }
                    };
                    let lines = write::amid(&Value::from(added), self.lists);
                    self.insert(at, write::indent(&lines, node.column));
                }
            }
        }
    }

    fn replace(&mut self, node: &Node, new: &Value, place: Place) {
        let bytes = node.bytes.clone();
        let has_lines = match new {
            Value::Object(map) => !map.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::String(text) => text.contains('\n'),
            _ => false,
        };
        match place {
            Place::Flow => {
                let text = self.flow(new);
                self.splice(bytes, text);
            }
            Place::Item | Place::Document if matches!(node.kind, Kind::Block) || bytes.is_empty() => {
                self.stuck(node, "is a text that aptlet cannot replace");
            }
            Place::Item | Place::Document => self.replace_lines(node, new),
            Place::Value { .. } if has_lines && !new.is_string() && node.is_block() => {
                self.replace_lines(node, new);
            }
            Place::Value { key_end, column } => {
                let colon = key_end + self.text[key_end..].find(':').map_or(0, |at| at + 1);
                let is_text = matches!(node.kind, Kind::Block);
                let end =
                    if is_text { self.text[..bytes.end].trim_end().len() } else { bytes.end.max(colon) };
                // what stands between the colon and the value, such as an anchor, stays where it can
                let start =
                    if is_text || node.is_block() || bytes.start < colon { colon } else { bytes.start };
                let has_comment = !self.text[end..next_line(self.text, end)].trim().is_empty();
                if !has_lines || new.is_string() && has_comment {
                    let space = if start == colon { " " } else { "" };
                    self.splice(start..end, format!("{space}{}", write::line(new)));
                } else if new.is_string() {
                    let lines = write::indent(&write::amid(new, self.lists), column);
                    let lines = lines.trim_start();
                    self.splice(colon..end, format!(" {}", lines.strip_suffix('\n').unwrap_or(lines)));
                } else {
                    let deeper = if new.is_array() && self.lists == Lists::Flush { 0 } else { 2 };
                    let lines = write::indent(&write::amid(new, self.lists), column + deeper);
                    let start = self.text[..start].trim_end_matches(' ').len();
                    self.splice(start..end, String::new());
                    self.insert(next_line(self.text, end), lines);
                }
            }
        }
    }

    /// Puts a value in the place of one that has lines of its own.
    fn replace_lines(&mut self, node: &Node, new: &Value) {
        let lines = write::indent(&write::amid(new, self.lists), node.column);
        let lines = lines.trim_start_matches(' ');
        if matches!(node.last_leaf().kind, Kind::Block) {
            self.splice(node.bytes.start..self.line_below(node, 0), lines.to_owned());
        } else {
            let lines = lines.strip_suffix('\n').unwrap_or(lines);
            self.splice(node.bytes.clone(), lines.to_owned());
        }
    }

    /// Where the line below a node begins, and below the comments there that are at least as deep as `column`.
    fn below(&self, node: &Node, key_end: usize, column: usize) -> usize {
        let mut at = self.line_below(node, key_end);
        while let Some(line) = self.text.get(at..).and_then(|rest| rest.lines().next()) {
            let words = line.trim_start_matches(' ');
            if !words.starts_with('#') || line.len() - words.len() < column {
                break;
            }
            at = next_line(self.text, at);
        }
        at
    }

    /// Where the line below a node begins.
    fn line_below(&self, node: &Node, key_end: usize) -> usize {
        let end = node.bytes.end.max(key_end);
        if !matches!(node.last_leaf().kind, Kind::Block) {
            return next_line(self.text, end);
        }
        // a text in block style ends where the next thing begins
        match self.text[..end].rfind('\n') {
            Some(newline) if self.text[newline..end].trim().is_empty() => newline + 1,
            _ => self.text.len(),
        }
    }

    fn insert(&mut self, at: usize, lines: String) {
        self.splice(at..at, lines);
    }

    fn splice(&mut self, bytes: Range<usize>, text: String) {
        self.splices.push(Splice { bytes, text });
    }

    fn flow(&self, value: &Value) -> String {
        if self.is_json() { value.to_string() } else { write::flow(value) }
    }

    fn flow_entry(&self, key: &str, value: &Value) -> String {
        format!("{}: {}", self.flow(&key.into()), self.flow(value))
    }

    /// Whether only what is JSON may be added.
    fn is_json(&self) -> bool {
        self.text.trim_start().starts_with('{')
    }

    fn stuck(&mut self, node: &Node, reason: &'static str) {
        let line = line_of(self.text, node.bytes.start);
        self.stuck.get_or_insert(Stuck { line, reason: reason.into() });
    }
}
