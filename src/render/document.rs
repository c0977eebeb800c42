//! A YAML text as a tree that knows where everything stands, and as the data that it means.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{BorrowedInput, Event, Marker, Parser, ScalarStyle, Span, StructureStyle};
use serde_json::Value;

/// Deeper than any manifest is, and shallower than any stack.
const DEEPEST: usize = 128;

/// One document of a stream.
#[derive(Debug)]
pub(super) struct Document {
    /// What is written.
    pub(super) node: Node,
    /// What that means, with aliases and merge keys resolved.
    pub(super) value: Value,
    /// Where each anchor stands (`&name`), by its number.
    pub(super) anchors: BTreeMap<usize, Range<usize>>,
}

/// What stands in a text, and where.
#[derive(Debug)]
pub(super) struct Node {
    /// Its bytes, without anchor and tag, up to the end of what it holds.
    pub(super) bytes: Range<usize>,
    /// The column of its first character, from 0; for collections in block style that of all their entries.
    pub(super) column: usize,
    /// The number of its anchor.
    pub(super) anchor: Option<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar on one line, or in quotes.
    Scalar,
    /// A scalar in block style, whose end is that of its last line.
    Block,
    /// `*name`, with the number of the anchor.
    Alias(usize),
    Mapping {
        flow: bool,
        entries: Vec<Entry>,
    },
    Sequence {
        flow: bool,
        items: Vec<Node>,
    },
}

#[derive(Debug)]
pub(super) struct Entry {
    /// None for a key that is not a scalar.
    pub(super) key: Option<String>,
    /// The beginning of the key.
    pub(super) key_start: usize,
    /// The end of the key.
    pub(super) key_end: usize,
    pub(super) value: Node,
}

/// What a node is a part of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Of nothing.
    Document,
    /// The value of a key: the end of that, and the column of its beginning.
    Value { key_end: usize, column: usize },
    /// An item of a list in block style.
    Item,
    /// Anything between brackets.
    Flow,
}

impl Entry {
    /// Whether it stands for the entries of others.
    pub(super) fn is_merge(&self) -> bool {
        self.key.as_deref() == Some("<<")
    }
}

impl Node {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Mapping { entries, .. } => entries.iter().find(|entry| entry.key.as_deref() == Some(key)),
            _ => None,
        }
    }

    /// Whether it is written with brackets.
    pub(super) fn is_flow(&self) -> bool {
        matches!(self.kind, Kind::Mapping { flow: true, .. } | Kind::Sequence { flow: true, .. })
    }

    /// What it ends with: itself, unless it is a collection.
    pub(super) fn last_leaf(&self) -> &Self {
        let last = match &self.kind {
            Kind::Mapping { flow: false, entries } => entries.last().map(|entry| &entry.value),
            Kind::Sequence { flow: false, items } => items.last(),
            _ => None,
        };
        last.map_or(self, Self::last_leaf)
    }

    /// Whether it is a collection with a line of its own for each entry.
    pub(super) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Mapping { flow: false, .. } | Kind::Sequence { flow: false, .. })
    }
}

/// A text that is not YAML.
#[derive(Debug)]
pub(super) struct Malformed {
    /// From 1.
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Reads a stream of documents.
pub(super) fn read(text: &str) -> Result<Vec<Document>, Malformed> {
    let options = granit_parser::options! { emit_comments: false, emit_anchor_events: true };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { text, parser, anchors: BTreeMap::new() };
    let mut documents = Vec::new();
    let (mut started, mut node) = ((0, 1), None);
    loop {
        let (event, span) = reader.next()?;
        let at = span.start.byte_offset().unwrap_or_default();
        match event {
            Event::StreamStart => {}
            Event::StreamEnd => return Ok(documents),
            Event::DocumentStart(..) => started = (at, span.start.line()),
            Event::DocumentEnd => {
                let (from, line) = started;
                // with the spaces in front of its first line
                let from = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
                let value = value(text.get(from..at).unwrap_or_default(), line)?;
                let anchors = std::mem::take(&mut reader.anchors);
                documents.extend(node.take().map(|node| Document { node, value, anchors }));
            }
            event => node = Some(reader.node(&event, &span, None, 0)?),
        }
    }
}

/// What a text means that is one document and begins in `line`.
fn value(text: &str, line: usize) -> Result<Value, Malformed> {
    serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let at = error.location().map_or(1, |location| location.line().max(1));
        let reason = error.to_string();
        let reason = reason.lines().next().unwrap_or_default();
        let reason = reason.split(" at line ").next().unwrap_or(reason);
        // what the library tells those who call it
        let reason = reason.split(", set DuplicateKeyPolicy").next().unwrap_or(reason).to_owned();
        Malformed { line: line + usize::try_from(at).unwrap_or(1) - 1, reason }
    })
}

struct Reader<'text, I: BorrowedInput<'text>> {
    text: &'text str,
    parser: Parser<'text, I>,
    /// Those of the document.
    anchors: BTreeMap<usize, Range<usize>>,
}

impl<'text, I: BorrowedInput<'text>> Reader<'text, I> {
    fn next(&mut self) -> Result<(Event<'text>, Span), Malformed> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Anchor(number, _), span))) => {
                    self.anchors.insert(number, span.byte_range().unwrap_or_default());
                }
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => {
                    return Err(Malformed { line: error.marker().line(), reason: error.info() });
                }
                None => return Ok((Event::StreamEnd, Span::empty(Marker::new(0, 1, 0)))),
            }
        }
    }

    /// The node that begins with `event`; `key_end` is where the key before it ends, if there is one.
    fn node(
        &mut self,
        event: &Event<'text>,
        span: &Span,
        key_end: Option<usize>,
        depth: usize,
    ) -> Result<Node, Malformed> {
        if depth > DEEPEST {
            let reason = "it is nested too deeply".to_owned();
            return Err(Malformed { line: span.start.line(), reason });
        }
        let mut bytes = span.byte_range().unwrap_or_default();
        let mut column = span.start.col();
        let anchor = event.anchor_id().filter(|_| !matches!(event, Event::Alias(_)));
        let kind = match event {
            Event::Alias(number) => Kind::Alias(*number),
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => Kind::Block,
            Event::MappingStart(style, ..) => {
                let (entries, end) = self.entries(depth)?;
                let last = entries.last().map(|entry: &Entry| entry.key_end.max(entry.value.bytes.end));
                let flow = *style == StructureStyle::Flow;
                bytes.end = if flow { end } else { last.unwrap_or(end) };
                Kind::Mapping { flow, entries }
            }
            Event::SequenceStart(style, ..) => {
                let (items, end) = self.items(depth)?;
                let flow = *style == StructureStyle::Flow;
                bytes.end = if flow { end } else { items.last().map_or(end, |item| item.bytes.end) };
                // the parser's place of a sequence that is as far to the left as its key is that of its first item
                let dash = key_end.filter(|_| !flow).and_then(|end| first_dash(self.text, end));
                (bytes.start, column) = dash.unwrap_or((bytes.start, column));
                Kind::Sequence { flow, items }
            }
            _ => Kind::Scalar,
        };
        Ok(Node { bytes, column, anchor, kind })
    }

    /// The entries of a mapping, and where that ends.
    fn entries(&mut self, depth: usize) -> Result<(Vec<Entry>, usize), Malformed> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((entries, span.byte_range().unwrap_or_default().end));
            }
            let key = match &event {
                Event::Scalar(text, ..) => Some(text.to_string()),
                _ => None,
            };
            let key_bytes = self.node(&event, &span, None, depth + 1)?.bytes;
            let (key_start, key_end) = (key_bytes.start, key_bytes.end);
            let (event, span) = self.next()?;
            let value = self.node(&event, &span, Some(key_end), depth + 1)?;
            entries.push(Entry { key, key_start, key_end, value });
        }
    }

    /// The items of a sequence, and where that ends.
    fn items(&mut self, depth: usize) -> Result<(Vec<Node>, usize), Malformed> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((items, span.byte_range().unwrap_or_default().end));
            }
            items.push(self.node(&event, &span, None, depth + 1)?);
        }
    }
}

/// Where the first line below `key_end` begins that is neither empty nor a comment, if it begins with a dash: the byte
/// and the column.
fn first_dash(text: &str, key_end: usize) -> Option<(usize, usize)> {
    let mut at = next_line(text, key_end);
    while at < text.len() {
        let line = text[at..].lines().next().unwrap_or_default();
        let words = line.trim_start();
        let column = line.len() - words.len();
        if !words.is_empty() && !words.starts_with('#') {
            return (words == "-" || words.starts_with("- ")).then_some((at + column, column));
        }
        at = next_line(text, at);
    }
    None
}

/// Where the line after that of `at` begins, or the text ends.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1)
}

/// The line of a byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count()
}
