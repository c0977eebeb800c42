//! Where pod templates are in an object, whatever its kind: by what they look like.

use std::fmt;

use serde_json::{Value, json};

use super::error::Error;
use super::object::{child, child_of, forget};
use super::splice::Stuck;
use super::write::{self, Lists};
use super::{document, rewrite};

/// Deeper than any kind keeps one.
const DEEPEST: usize = 12;
/// Where Argo keeps changes of a pod that it makes itself (<https://argo-workflows.readthedocs.io/en/latest/fields/#template>).
const PATCH: &str = "podSpecPatch";

/// Ways, and the container of each.
type Ways = [(&'static [&'static str], &'static str)];

/// Kinds whose pod templates may be left out, the beginning of their API version, and for each the way to it and the container
/// that is the operator's own there.
const OPTIONAL: [(&str, &str, &Ways); 3] = [
    ("FlinkDeployment", "flink.apache.org/", &[(&["spec", "podTemplate"], "flink-main-container")]),
    (
        "SparkApplication",
        "sparkoperator.k8s.io/",
        &[
            (&["spec", "driver", "template"], "spark-kubernetes-driver"),
            (&["spec", "executor", "template"], "spark-kubernetes-executor"),
        ],
    ),
    (
        "ScheduledSparkApplication",
        "sparkoperator.k8s.io/",
        &[
            (&["spec", "template", "driver", "template"], "spark-kubernetes-driver"),
            (&["spec", "template", "executor", "template"], "spark-kubernetes-executor"),
        ],
    ),
];

/// A pod template in an object.
#[derive(Debug, Clone)]
pub(super) struct Place {
    way: Vec<Step>,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Template,
    /// Not there yet, or without containers; with the container that it is to have.
    Missing(&'static str),
    /// The containers of a pod that Argo makes, to which a text is a patch.
    Patch(Vec<String>),
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.way.iter().enumerate() {
            match step {
                Step::Key(key) if index > 0 => write!(f, ".{key}")?,
                Step::Key(key) => f.write_str(key)?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Place {
    /// Whether it is the object itself.
    pub(super) fn is_object(&self) -> bool {
        self.way.is_empty()
    }

    /// Whether it is there, as such.
    pub(super) fn is_template(&self) -> bool {
        matches!(self.form, Form::Template)
    }

    /// Changes the pod template there, which belongs to `workload`.
    pub(super) fn change(
        &self,
        object: &mut Value,
        workload: &str,
        change: impl FnOnce(&mut Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let shape = |reason: &str| Error::Shape { workload: workload.to_owned(), reason: reason.to_owned() };
        if let Form::Missing(name) = self.form {
            let place = self.way.iter().fold(object, |value, step| match step {
                Step::Key(key) => &mut child_of(value)[key],
                Step::Index(index) => &mut value[index],
            });
            let mut template = place.take();
            child(child_of(&mut template), "spec")["containers"] = json!([{ "name": name }]);
            change(&mut template)?;
            *place = template;
            return Ok(());
        }
        let template = self.way.iter().try_fold(object, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        let template = template.ok_or_else(|| shape("it has no pod template"))?;
        let Form::Patch(names) = &self.form else { return change(template) };
        let text = template.get(PATCH).and_then(Value::as_str).unwrap_or_default();
        let not_yaml = || shape("its podSpecPatch is not one YAML or JSON object, before {{…}} is filled in");
        let documents = document::read(text).map_err(|_| not_yaml())?;
        let mut spec = match documents.as_slice() {
            [] => json!({}),
            [document] if document.value.is_object() => document.value.clone(),
            _ => return Err(not_yaml()),
        };
        let before = spec.clone();
        if spec.get("containers").is_none_or(Value::is_null) {
            spec["containers"] = json!([]);
        }
        let there =
            spec["containers"].as_array_mut().ok_or_else(|| shape("containers is not a list of objects"))?;
        for name in names {
            if !there.iter().any(|container| container["name"] == name.as_str()) {
                there.push(json!({ "name": name }));
            }
        }
        let mut pod = json!({ "spec": spec });
        change(&mut pod)?;
        let mut after = pod["spec"].take();
        let is_more = |container: &Value| container.as_object().is_none_or(|container| container.len() > 1);
        if let Some(containers) = after["containers"].as_array_mut() {
            containers.retain(is_more);
            if containers.is_empty() && before.get("containers").is_none() {
                forget(&mut after, &["containers"]);
            }
        }
        if after == before {
            return Ok(());
        }
        let text = if documents.is_empty() {
            write::block(&after, Lists::Indented)
        } else {
            let stuck = |Stuck { reason, .. }| {
                shape(&format!("aptlet has to add to its podSpecPatch, but it {reason}"))
            };
            rewrite::rewrite(text, &documents, &[after]).map_err(stuck)?
        };
        template[PATCH] = json!(text);
        Ok(())
    }
}

/// All that an object has, in the order of its text.
pub(super) fn places(object: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    find(object, &mut Vec::new(), &mut found);
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let optional = OPTIONAL
        .into_iter()
        .filter(|(kind, group, _)| text("kind") == *kind && text("apiVersion").starts_with(group))
        .flat_map(|(_, _, ways)| ways);
    for &(way, name) in optional {
        let containers = ["spec", "containers"];
        let there = way.iter().chain(&containers).try_fold(object, |value, key| value.get(key));
        let parent = way[..way.len() - 1].iter().try_fold(object, |value, key| value.get(key));
        // a common one of Flink is made where there is no other
        let is_needed = there.is_none_or(Value::is_null) && (way.len() > 2 || found.is_empty());
        if is_needed && parent.is_some_and(Value::is_object) {
            let way = way.iter().map(|key| Step::Key((*key).to_owned())).collect();
            found.push(Place { way, form: Form::Missing(name) });
        }
    }
    found
}

fn find(value: &Value, way: &mut Vec<Step>, found: &mut Vec<Place>) {
    if way.len() > DEEPEST {
        return;
    }
    let containers = value.get("spec").and_then(|spec| spec.get("containers"));
    if containers.is_some_and(Value::is_array) {
        found.push(Place { way: way.clone(), form: Form::Template });
        return;
    }
    if let (Some(names), [.., Step::Key(key), Step::Index(_)]) = (made_by_argo(value), way.as_slice())
        && key == "templates"
    {
        found.push(Place { way: way.clone(), form: Form::Patch(names) });
        return;
    }
    match value {
        Value::Object(map) => {
            // what a cluster tells of an object is not its own to say
            for (key, value) in map.iter().filter(|(key, _)| !["metadata", "status"].contains(&key.as_str()))
            {
                way.push(Step::Key(key.clone()));
                find(value, way, found);
                way.pop();
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                way.push(Step::Index(index));
                find(value, way, found);
                way.pop();
            }
        }
        _ => {}
    }
}

/// The containers of the pod that Argo makes of a template, if it makes one.
fn made_by_argo(template: &Value) -> Option<Vec<String>> {
    template.get("name").filter(|name| name.is_string())?;
    let has_image = |key: &str| {
        template.get(key).and_then(|container| container.get("image")).is_some_and(Value::is_string)
    };
    if has_image("container") || has_image("script") {
        return Some(vec!["main".to_owned()]);
    }
    let names = template.get("containerSet")?.get("containers")?.as_array()?;
    Some(names.iter().filter_map(|container| Some(container.get("name")?.as_str()?.to_owned())).collect())
}
