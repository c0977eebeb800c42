//! Which workload of a manifest is meant.

use serde_json::Value;

use super::document::Document;
use super::error::Error;
use super::pod;
use crate::config::Rendering;

/// One object of a stream, or of a `List` in it.
pub(super) struct Chosen {
    document: usize,
    item: Option<usize>,
    /// KIND/NAME.
    pub(super) name: String,
}

impl Chosen {
    /// It, in the data of all documents.
    pub(super) fn get_mut<'a>(&self, documents: &'a mut [Value]) -> Option<&'a mut Value> {
        let document = documents.get_mut(self.document)?;
        match self.item {
            Some(item) => document.get_mut("items")?.get_mut(item),
            None => Some(document),
        }
    }
}

/// The workload that is meant: the only one, or that of the name.
pub(super) fn chosen(rendering: &Rendering, place: &str, documents: &[Document]) -> Result<Chosen, Error> {
    let mut there: Vec<Chosen> = Vec::new();
    for (document, Document { value, .. }) in documents.iter().enumerate() {
        let items = value
            .get("items")
            .and_then(Value::as_array)
            .filter(|_| value.get("metadata").is_none_or(Value::is_object));
        let objects: Vec<(Option<usize>, &Value)> = match items {
            Some(items) => items.iter().enumerate().map(|(index, item)| (Some(index), item)).collect(),
            None => vec![(None, value)],
        };
        for (item, object) in objects.into_iter().filter(|(_, object)| pod::place(object).is_some()) {
            let kind = object["kind"].as_str().unwrap_or("pod").to_ascii_lowercase();
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            there.push(Chosen { document, item, name: format!("{kind}/{name}") });
        }
    }
    let place = place.to_owned();
    let names = there.iter().map(|chosen| chosen.name.as_str()).collect::<Vec<_>>().join(", ");
    match &rendering.workload {
        _ if there.is_empty() => Err(Error::NoPod { place }),
        None if there.len() > 1 => Err(Error::ManyWorkloads { place, there: names }),
        None => there.pop().ok_or(Error::NoPod { place }),
        Some((kind, name)) => {
            let wanted = format!("{kind}/{name}");
            let mut found = there.into_iter().filter(|chosen| chosen.name == wanted);
            match (found.next(), found.next()) {
                (Some(chosen), None) => Ok(chosen),
                (Some(_), Some(_)) => Err(Error::ManyWorkloads { place, there: names }),
                (None, _) => Err(Error::NoWorkload { place, wanted, there: names }),
            }
        }
    }
}
