//! Data as YAML, in a form that every reader of YAML 1.1 and 1.2 takes for the same.

use serde_json::Value;

/// How lists are indented below their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// By two columns.
    Indented,
    /// Not at all, as Go's library writes them.
    Flush,
}

/// Lines of YAML in block style, each with an end; the first begins in column 0.
pub(super) fn block(value: &Value, lists: Lists) -> String {
    written(value, lists, !any_text(value, &begins_with_tab))
}

/// Go's library takes a tab in front of the first line for indentation.
fn begins_with_tab(text: &str) -> bool {
    text.trim_start_matches(['\r', '\n', ' ']).starts_with('\t')
}

fn any_text(value: &Value, is_so: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_so(text),
        Value::Array(list) => list.iter().any(|value| any_text(value, is_so)),
        Value::Object(map) => map.values().any(|value| any_text(value, is_so)),
        _ => false,
    }
}

/// The same, for lines that others may follow: empty ones would become a part of a text that ends in empty lines.
pub(super) fn amid(value: &Value, lists: Lists) -> String {
    let needs_quotes = |text: &str| text.ends_with("\n\n") || begins_with_tab(text);
    written(value, lists, !any_text(value, &needs_quotes))
}

fn written(value: &Value, lists: Lists, texts_have_lines: bool) -> String {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.compact_list_indent = lists == Lists::Flush;
    options.prefer_block_scalars = texts_have_lines;
    // long texts without line ends are not folded
    options.folded_wrap_chars = usize::MAX;
    let text = serde_saphyr::to_string_with_options(value, options).unwrap_or_default();
    // what it cannot write is written as JSON, which YAML contains
    if serde_saphyr::from_str::<Value>(&text).ok().as_ref() == Some(value) {
        text
    } else {
        format!("{value}\n")
    }
}

/// A value in one line, outside of brackets.
pub(super) fn line(value: &Value) -> String {
    let text = block(value, Lists::Indented);
    match text.trim_end_matches('\n') {
        text if text.is_empty() || text.contains('\n') => value.to_string(),
        text => text.to_owned(),
    }
}

/// A value in one line, between brackets.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{}: {}", flow(&key.as_str().into()), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) if text.contains([',', '[', ']', '{', '}', '\n']) => value.to_string(),
        value => line(value),
    }
}

/// `text` with `columns` spaces in front of each line that has anything.
pub(super) fn indent(text: &str, columns: usize) -> String {
    let mut indented = String::new();
    for line in text.split_inclusive('\n') {
        if !line.trim_end_matches(['\r', '\n']).is_empty() {
            indented.extend(std::iter::repeat_n(' ', columns));
        }
        indented.push_str(line);
    }
    indented
}
