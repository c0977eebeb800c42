//! Reaching into objects of Kubernetes that may lack anything.

use serde_json::{Map, Value, json};

/// Its name; empty where it has none.
pub(super) fn name(object: &Value) -> String {
    text(object, "name").to_owned()
}

/// A text of it; empty where it has none.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Takes away what is at the end of the way, and what is empty without it.
pub(super) fn forget(object: &mut Value, way: &[&str]) {
    let (Some(map), Some((key, rest))) = (object.as_object_mut(), way.split_first()) else { return };
    let Some(child) = map.get_mut(*key) else { return };
    forget(child, rest);
    if rest.is_empty() || child.as_object().is_some_and(Map::is_empty) {
        map.shift_remove(*key);
    }
}

/// The object at a key, which is made if it is not there.
pub(super) fn child<'a>(object: &'a mut Value, key: &str) -> &'a mut Value {
    child_of(&mut child_of(object)[key])
}

/// The object itself, or a new one in the place of nothing.
pub(super) fn child_of(object: &mut Value) -> &mut Value {
    if !object.is_object() {
        *object = json!({});
    }
    object
}

/// The list at a key, which is made if it is not there.
pub(super) fn list<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Vec<Value> {
    let value = object.entry(key).or_insert_with(|| json!([]));
    if !value.is_array() {
        *value = json!([]);
    }
    match value {
        Value::Array(list) => list,
        _ => unreachable!("it was made one"),
    }
}
