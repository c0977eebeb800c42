//! Which pod templates of a manifest are meant.

use serde_json::Value;

use super::document::Document;
use super::error::Error;
use super::shape::{self, Place};
use crate::config::Rendering;

/// Ways to the pod template of the kinds that Kubernetes has; one of these needs no name of its own.
const USUAL: [&str; 3] = ["", "spec.template", "spec.jobTemplate.spec.template"];

/// A pod template of one object of a stream, or of a `List` in it.
pub(super) struct Chosen {
    document: usize,
    item: Option<usize>,
    place: Place,
    /// KIND/NAME.
    object: String,
    /// KIND/NAME, or KIND/NAME:PATH where the object has several, or keeps its only one elsewhere than others do.
    pub(super) name: String,
}

impl Chosen {
    /// Its object, in the data of all documents.
    pub(super) fn get_mut<'a>(&self, documents: &'a mut [Value]) -> Option<&'a mut Value> {
        let document = documents.get_mut(self.document)?;
        match self.item {
            Some(item) => document.get_mut("items")?.get_mut(item),
            None => Some(document),
        }
    }

    /// Whether the pod template is there, as such.
    pub(super) fn is_template(&self) -> bool {
        self.place.is_template()
    }

    /// Changes the pod template.
    pub(super) fn change(
        &self,
        object: &mut Value,
        change: impl FnOnce(&mut Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.place.change(object, &self.name, change)
    }
}

/// The pod templates that are meant: the only one, those of the name, or all.
pub(super) fn chosen(
    rendering: &Rendering,
    place: &str,
    documents: &[Document],
) -> Result<Vec<Chosen>, Error> {
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
        for (item, object) in objects.into_iter().filter(|(_, object)| object.is_object()) {
            let kind = object["kind"].as_str().unwrap_or("pod").to_ascii_lowercase();
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let (object, places) = (format!("{kind}/{name}"), shape::places(object));
            let is_usual =
                matches!(places.as_slice(), [place] if USUAL.contains(&place.to_string().as_str()));
            for place in places {
                let name =
                    if is_usual || place.is_object() { object.clone() } else { format!("{object}:{place}") };
                there.push(Chosen { document, item, place, object: object.clone(), name });
            }
        }
    }
    let place = place.to_owned();
    if there.is_empty() {
        return Err(Error::NoPod { place });
    }
    let names = |there: &[Chosen]| there.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some((kind, name)) = &rendering.workload {
        let wanted = format!("{kind}/{name}");
        let all = names(&there);
        there.retain(|one| one.name == wanted || one.object == wanted);
        if there.is_empty() {
            return Err(Error::NoWorkload { place, wanted, there: all });
        }
    }
    if there.len() > 1 && !rendering.all {
        return Err(Error::ManyWorkloads { place, there: names(&there) });
    }
    Ok(there)
}
