//! Random data in random styles: whatever is added is there afterwards.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::given::meant;
use crate::render::document::{self, Document};
use crate::render::rewrite::rewrite;
use crate::render::splice::Stuck;
use crate::render::write;

/// Random data, written in random styles.
struct Author(StdRng);

impl Author {
    fn value(&mut self, depth: u32) -> Value {
        match self.0.gen_range(0..if depth == 0 { 6 } else { 10 }) {
            0 => json!(self.0.gen_range(-5..5)),
            1 => json!(self.0.gen_bool(0.5)),
            2 => {
                json!(["yes", "", "- x", "a: b", "x # y", "*a", "0x1", "~", " lead"][self.0.gen_range(0..9)])
            }
            3 => json!(
                ["one\ntwo\n", "one\n  two", "\nthree\n\n", "tab\there", "é {x}", "\"'\\"]
                    [self.0.gen_range(0..6)]
            ),
            4 => Value::Null,
            5 => json!("word"),
            6 | 7 => self.map(depth - 1),
            _ => (0..self.0.gen_range(0..4)).map(|_| self.value(depth - 1)).collect(),
        }
    }

    fn map(&mut self, depth: u32) -> Value {
        let keys = ["name", "env", "args", "k", "yes", "a b", "x/y"];
        let count = self.0.gen_range(0..4);
        (0..count).map(|_| (keys[self.0.gen_range(0..keys.len())].to_owned(), self.value(depth))).collect()
    }

    fn noise(&mut self, indent: usize) -> String {
        match self.0.gen_range(0..8) {
            0 => format!("{:indent$}# note\n", ""),
            1 => "\n".to_owned(),
            2 => "# far left\n".to_owned(),
            _ => String::new(),
        }
    }

    /// The text of a value behind its key or dash, with the end of the line.
    fn write(&mut self, value: &Value, indent: usize, in_list: bool) -> String {
        let tail = ["\n", "\n", " # tail\n"][self.0.gen_range(0..3)];
        let plain = write::line(value);
        match value {
            Value::Object(map) if !map.is_empty() && self.0.gen_bool(0.8) => {
                let column = indent + if in_list { 2 } else { self.0.gen_range(1..4) };
                let mut text = if in_list { String::new() } else { tail.to_owned() };
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 || !in_list {
                        text += &self.noise(column);
                        text += &" ".repeat(column);
                    } else {
                        text.push(' ');
                    }
                    text += &format!(
                        "{}:{}",
                        write::line(&key.as_str().into()),
                        self.write(value, column, false)
                    );
                }
                text
            }
            Value::Array(list) if !list.is_empty() && !in_list && self.0.gen_bool(0.8) => {
                let column = indent + [0, 2, 4][self.0.gen_range(0..3)];
                let mut text = tail.to_owned();
                for value in list {
                    text += &self.noise(column);
                    text += &format!("{}-{}", " ".repeat(column), self.write(value, column, true));
                }
                text
            }
            Value::Null if self.0.gen_bool(0.3) => tail.to_owned(),
            Value::String(text) if text == "one\ntwo\n" => {
                let column = indent + 2;
                format!(" |\n{0}one\n{0}two\n", " ".repeat(column))
            }
            Value::Object(_) | Value::Array(_) => format!(" {}{tail}", write::flow(value)),
            _ => format!(" {plain}{tail}"),
        }
    }

    /// The same with more in it.
    fn grown(&mut self, value: &Value) -> Value {
        let mut grown = value.clone();
        match &mut grown {
            Value::Object(map) => {
                for (_, value) in map.iter_mut() {
                    *value = self.grown(value);
                }
                for key in ["new", "newer"].into_iter().take(self.0.gen_range(0..3)) {
                    let value = self.value(2);
                    map.insert(key.to_owned(), value);
                }
            }
            Value::Array(list) => {
                for _ in 0..self.0.gen_range(0..3) {
                    let (place, value) =
                        (self.0.gen_range(0..=list.len()), json!({ "name": "added", "list": self.value(2) }));
                    list.insert(place, value);
                }
            }
            value if self.0.gen_bool(0.2) => *value = self.value(2),
            _ => {}
        }
        grown
    }
}

#[test]
fn whatever_is_added_to_whatever_text_is_there_afterwards() {
    let mut done = 0;
    for seed in 0..3000 {
        let mut author = Author(StdRng::seed_from_u64(seed));
        let value = author.map(4);
        let text = author.write(&value, 0, false);
        let text = text.trim_start_matches(' ').to_owned();
        let documents =
            document::read(&text).unwrap_or_else(|error| panic!("seed {seed}: {error:?}:\n{text}"));
        let [Document { value: there, .. }] = documents.as_slice() else { continue };
        if there.as_object().is_none_or(serde_json::Map::is_empty) {
            continue;
        }
        assert_eq!(*there, value, "seed {seed}:\n{text}");
        let wanted = author.grown(there);
        match rewrite(&text, &documents, std::slice::from_ref(&wanted)) {
            Ok(edited) => {
                done += 1;
                assert_eq!(meant(&edited), [wanted], "seed {seed}");
                let again = document::read(&edited).unwrap();
                assert_eq!(rewrite(&edited, &again, &meant(&edited)).unwrap(), edited, "seed {seed}");
            }
            Err(Stuck { line, reason }) => panic!("seed {seed}, line {line} {reason}:\n{text}\n{wanted:#}"),
        }
    }
    assert!(done > 2000, "only {done}");
}
