//! Adding the pieces to a pod, as the chart's `aptlet.podPatch` does. Doing it again changes nothing.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::pieces;
use crate::config::{Mode, Rendering};

/// Keys of aptlet's container that depend on the mode.
const OF_MODES: [&str; 7] =
    ["args", "command", "restartPolicy", "ports", "startupProbe", "readinessProbe", "livenessProbe"];

/// Where the pod is in an object that has one: the keys that lead to the pod template, or to what is one itself.
pub(super) fn place(object: &Value) -> Option<&'static [&'static str]> {
    const PLACES: [&[&str]; 3] = [&[], &["spec", "template"], &["spec", "jobTemplate", "spec", "template"]];
    let template = |place: &[&str]| place.iter().try_fold(object, |object, key| object.get(key));
    PLACES.into_iter().find(|place| {
        template(place)
            .and_then(|template| template.get("spec")?.get("containers"))
            .is_some_and(Value::is_array)
    })
}

/// Adds aptlet to the pod template, which belongs to the workload of that name. `checksum` is of what the template does not say.
pub(super) fn add(
    template: &mut Value,
    rendering: &Rendering,
    workload: &str,
    checksum: Option<&str>,
) -> Result<(), Error> {
    if let Some(checksum) = checksum {
        let annotations = child(child(template, "metadata"), "annotations");
        annotations[format!("checksum/{}", pieces::NAME)] = json!(checksum);
    }
    let shape = |reason: &str| Error::Shape { workload: workload.to_owned(), reason: reason.to_owned() };
    let spec =
        template.get_mut("spec").and_then(Value::as_object_mut).ok_or_else(|| shape("it has no spec"))?;
    for key in ["containers", "initContainers", "volumes"] {
        let list = spec.get(key).filter(|list| !list.is_null());
        if list.is_some_and(|list| !list.as_array().is_some_and(|list| list.iter().all(Value::is_object))) {
            return Err(shape(&format!("{key} is not a list of objects")));
        }
    }

    check_names(spec, rendering, workload)?;
    let chosen = chosen(spec, rendering, workload)?;
    let mut identity = spec.get("securityContext").cloned().unwrap_or_default();
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in
            containers.into_iter().flatten().filter(|container| chosen.contains(&name(container)))
        {
            let mut patch = Patch { rendering, workload, container: name(container) };
            patch.container(container)?;
            if let Some(own) = container.get("securityContext").filter(|_| rendering.mode == Mode::Entrypoint)
            {
                for key in ["runAsUser", "runAsGroup"] {
                    if let Some(id) = own.get(key) {
                        child_of(&mut identity)[key] = id.clone();
                    }
                }
            }
        }
    }

    let mut own = pieces::container(rendering);
    // root must not run it; an entrypoint writes to the same folder as the container that brought it
    let user = match (identity.get("runAsUser").and_then(Value::as_i64), rendering.mode) {
        (Some(0), _) => json!({ "runAsUser": 65532, "runAsGroup": 65532 }),
        (_, Mode::Entrypoint) => {
            let ids = ["runAsUser", "runAsGroup"].into_iter();
            ids.filter_map(|key| Some((key.to_owned(), identity.get(key)?.clone()))).collect()
        }
        _ => json!({}),
    };
    if let Value::Object(user) = user {
        child(&mut own, "securityContext")
            .as_object_mut()
            .into_iter()
            .for_each(|own| own.extend(user.clone()));
    }
    let init = list(spec, "initContainers");
    match init.iter_mut().find(|container| name(container) == pieces::NAME) {
        Some(there) => *there = renewed(there, own, rendering),
        None => init.insert(0, own),
    }
    let volumes = list(spec, "volumes");
    let mut own = pieces::volumes(rendering);
    // what kind of volume the packages are in, and its limits, may have been chosen there
    own.retain(|volume| {
        name(volume) != pieces::PACKAGES || volumes.iter().all(|there| name(there) != pieces::PACKAGES)
    });
    upsert(volumes, own, "name");
    Ok(())
}

/// That nothing of the user's has the name or, in mode sidecar, the port of our container. An init container of that name is ours.
fn check_names(spec: &Map<String, Value>, rendering: &Rendering, workload: &str) -> Result<(), Error> {
    let containers = |key: &str| spec.get(key).and_then(Value::as_array).into_iter().flatten();
    if containers("containers").any(|container| name(container) == pieces::NAME) {
        return Err(Error::NameTaken { workload: workload.to_owned() });
    }
    if rendering.mode != Mode::Sidecar {
        return Ok(());
    }
    for container in containers("initContainers").chain(containers("containers")) {
        let ports = container.get("ports").and_then(Value::as_array).into_iter().flatten();
        let is_ours = |port: &Value| {
            port.get("containerPort").and_then(Value::as_u64) == Some(rendering.port.into())
                && matches!(text(port, "protocol"), "" | "TCP")
        };
        if name(container) != pieces::NAME && ports.filter(|port| is_ours(port)).count() > 0 {
            let (workload, container) = (workload.to_owned(), name(container));
            return Err(Error::PortTaken { workload, container, port: rendering.port });
        }
    }
    Ok(())
}

/// The names of the containers that get the packages.
fn chosen(spec: &Map<String, Value>, rendering: &Rendering, workload: &str) -> Result<Vec<String>, Error> {
    let names = |key: &str| {
        let list = spec.get(key).and_then(Value::as_array).into_iter().flatten();
        list.map(name).filter(|name| name != pieces::NAME).collect::<Vec<String>>()
    };
    let (main, all) = (names("containers"), [names("initContainers"), names("containers")].concat());
    let workload = workload.to_owned();
    if let Some(wanted) = rendering.containers.iter().find(|wanted| !all.contains(wanted)) {
        return Err(Error::NoContainer { workload, wanted: wanted.clone(), there: all.join(", ") });
    }
    let chosen = if rendering.containers.is_empty() { main } else { rendering.containers.clone() };
    match (chosen.len(), rendering.mode) {
        (0, _) => Err(Error::Shape { workload, reason: "it has no containers".to_owned() }),
        (1, _) | (_, Mode::Init | Mode::Sidecar) => Ok(chosen),
        (_, Mode::Entrypoint) => Err(Error::ManyContainers { workload, there: chosen.join(", ") }),
    }
}

/// aptlet's container as it is to be: what is not ours to decide stays as it is there.
fn renewed(there: &Value, own: Value, rendering: &Rendering) -> Value {
    let (Value::Object(there), Value::Object(own)) = (there, own) else { return Value::Null };
    let mut container = Map::new();
    for (key, value) in there {
        let new = match (key.as_str(), own.get(key)) {
            ("image", _) if !rendering.image_is_given => value.clone(),
            ("resources", _) | (_, None) if !OF_MODES.contains(&key.as_str()) => value.clone(),
            ("securityContext", Some(Value::Object(ours))) => {
                let mut both = value.as_object().cloned().unwrap_or_default();
                for (key, value) in ours {
                    both.entry(key).or_insert_with(|| value.clone());
                }
                Value::Object(both)
            }
            ("volumeMounts", Some(Value::Array(ours))) => {
                let mut mounts = value.as_array().cloned().unwrap_or_default();
                upsert(&mut mounts, ours.clone(), "mountPath");
                Value::Array(mounts)
            }
            (_, Some(ours)) => ours.clone(),
            (_, None) => continue,
        };
        container.insert(key.clone(), new);
    }
    for (key, value) in own {
        container.entry(key).or_insert(value);
    }
    Value::Object(container)
}

/// A change of one container.
struct Patch<'a> {
    rendering: &'a Rendering,
    workload: &'a str,
    container: String,
}

impl Patch<'_> {
    fn container(&mut self, container: &mut Value) -> Result<(), Error> {
        let mounts = pieces::mounts(self.rendering);
        self.check_mounts(container, &mounts)?;
        let map = child_of(container).as_object_mut();
        let Some(map) = map else { return Ok(()) };
        self.command(map)?;
        if self.rendering.mode != Mode::Entrypoint {
            self.path(map)?;
        }
        upsert(list(map, "volumeMounts"), mounts, "mountPath");
        Ok(())
    }

    /// That nothing of the user's is where ours is to be, or in it.
    fn check_mounts(&self, container: &Value, ours: &[Value]) -> Result<(), Error> {
        let there = container.get("volumeMounts").and_then(Value::as_array);
        for own in ours {
            let (own_name, own_path) = (text(own, "name"), text(own, "mountPath"));
            for mount in there.into_iter().flatten() {
                let path = text(mount, "mountPath").trim_end_matches('/');
                let is_within =
                    path.strip_prefix(own_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if is_within && text(mount, "name") != own_name {
                    return Err(Error::Occupied {
                        workload: self.workload.to_owned(),
                        container: self.container.clone(),
                        volume: text(mount, "name").to_owned(),
                        path: text(mount, "mountPath").to_owned(),
                        own: own_name.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Puts aptlet in front of the command, or takes it away.
    fn command(&self, container: &mut Map<String, Value>) -> Result<(), Error> {
        let words = container.get("command").and_then(Value::as_array);
        let mut words = words.cloned().unwrap_or_default();
        let is_ours =
            words.first().and_then(Value::as_str).is_some_and(|word| word.ends_with("/.aptlet/aptlet"));
        if let Some(end) = words.iter().position(|word| word == "--").filter(|_| is_ours) {
            words.drain(..=end);
        }
        if self.rendering.mode == Mode::Entrypoint {
            if words.is_empty() && self.rendering.manifest.is_some() {
                let (workload, container) = (self.workload.to_owned(), self.container.clone());
                return Err(Error::NoCommand { workload, container });
            }
            let front = pieces::front(self.rendering).into_iter().map(Value::from);
            words = front.chain(words).collect();
        } else if !is_ours {
            return Ok(());
        }
        container.insert("command".to_owned(), Value::Array(words));
        Ok(())
    }

    fn path(&self, container: &mut Map<String, Value>) -> Result<(), Error> {
        let env = list(container, "env");
        let there = env.iter_mut().find(|variable| name(variable) == "PATH");
        let Some(there) = there else {
            env.insert(0, json!({ "name": "PATH", "value": pieces::path(self.rendering, None) }));
            return Ok(());
        };
        if there.get("valueFrom").is_some_and(|from| !from.is_null()) {
            let (workload, container) = (self.workload.to_owned(), self.container.clone());
            return Err(Error::PathFromElsewhere { workload, container });
        }
        there["value"] = json!(pieces::path(self.rendering, there.get("value").and_then(Value::as_str)));
        Ok(())
    }
}

fn name(object: &Value) -> String {
    text(object, "name").to_owned()
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The object at a key, which is made if it is not there.
fn child<'a>(object: &'a mut Value, key: &str) -> &'a mut Value {
    child_of(&mut child_of(object)[key])
}

/// The object itself, or a new one in the place of nothing.
fn child_of(object: &mut Value) -> &mut Value {
    if !object.is_object() {
        *object = json!({});
    }
    object
}

/// The list at a key, which is made if it is not there.
fn list<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Vec<Value> {
    let value = object.entry(key).or_insert_with(|| json!([]));
    if !value.is_array() {
        *value = json!([]);
    }
    match value {
        Value::Array(list) => list,
        _ => unreachable!("it was made one"),
    }
}

/// Puts items in the place of those that have the same key, and the others at the end.
fn upsert(list: &mut Vec<Value>, items: Vec<Value>, key: &str) {
    for item in items {
        match list.iter_mut().find(|there| there.get(key) == item.get(key)) {
            Some(there) => *there = item,
            None => list.push(item),
        }
    }
}
