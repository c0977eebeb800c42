//! Adding the pieces to a pod, as the chart's `aptlet.podPatch` does. Doing it again changes nothing.

use serde_json::{Map, Value, json};

use super::container::{Patch, mount};
use super::error::Error;
use super::object::{child, child_of, forget, list, name, text};
use super::{names, pieces};
use crate::config::{Mode, Rendering};

/// Keys of aptlet's container that depend on the mode.
const OF_MODES: [&str; 7] =
    ["args", "command", "restartPolicy", "ports", "startupProbe", "readinessProbe", "livenessProbe"];

/// Adds aptlet to the pod template, which belongs to the workload of that name. `claims` are volumes that the workload brings,
/// `checksum` is of what the template does not say.
pub(super) fn add(
    template: &mut Value,
    rendering: &Rendering,
    workload: &str,
    claims: &[String],
    checksum: Option<&str>,
) -> Result<(), Error> {
    let shape = |reason: &str| Error::Shape { workload: workload.to_owned(), reason: reason.to_owned() };
    let is_map = |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value.is_object());
    if !is_map(template.get("metadata")) || !is_map(template.pointer("/metadata/annotations")) {
        return Err(shape("its metadata or annotations are not a map"));
    }
    let annotation = format!("checksum/{}", pieces::NAME);
    if let Some(checksum) = checksum {
        child(child(template, "metadata"), "annotations")[annotation] = json!(checksum);
    } else if rendering.config_map.is_none() || rendering.mode == Mode::Sidecar {
        forget(template, &["metadata", "annotations", &annotation]);
    }
    let spec =
        template.get_mut("spec").and_then(Value::as_object_mut).ok_or_else(|| shape("it has no spec"))?;
    for key in ["containers", "initContainers", "volumes"] {
        let list = spec.get(key).filter(|list| !list.is_null());
        if list.is_some_and(|list| !list.as_array().is_some_and(|list| list.iter().all(Value::is_object))) {
            return Err(shape(&format!("{key} is not a list of objects")));
        }
    }

    check_names(spec, rendering, workload)?;
    let is_image = rendering.mode == Mode::Image;
    if is_image && claims.iter().any(|claim| claim == pieces::PACKAGES) {
        return Err(Error::VolumeTaken { workload: workload.to_owned(), volume: pieces::PACKAGES });
    }
    if !is_image {
        check_image(spec, rendering)?;
    }
    check_shapes(spec, &shape)?;
    let claim = if is_image { None } else { names::borrow(spec, claims) };
    let rendering = &with_port_of(spec, rendering);
    let chosen = chosen(spec, rendering, workload)?;
    let part = if is_image { None } else { part(spec, rendering) };
    let mut identity = spec.get("securityContext").cloned().unwrap_or_default();
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in
            containers.into_iter().flatten().filter(|container| chosen.contains(&name(container)))
        {
            let patch = Patch { rendering, workload, container: name(container), part: part.as_ref() };
            patch.container(container)?;
            if let Some(own) = container.get("securityContext").filter(|_| rendering.mode.writes_in_main()) {
                for key in ["runAsUser", "runAsGroup"] {
                    if let Some(id) = own.get(key) {
                        child_of(&mut identity)[key] = id.clone();
                    }
                }
            }
        }
    }

    if is_image {
        let init = list(spec, "initContainers");
        init.retain(|container| name(container) != pieces::NAME);
        if init.is_empty() {
            spec.shift_remove("initContainers");
        }
    } else {
        put_container(spec, rendering, &chosen, (&identity, claim.is_some()));
    }
    put_volumes(spec, rendering, claim.is_some());
    if let Some(claim) = claim {
        names::give_back(spec, &claim);
    }
    Ok(())
}

/// Adds aptlet's container, which is to be before all that are to have the packages; `identity` is who these are, and whether the
/// packages are in a claim.
fn put_container(
    spec: &mut Map<String, Value>,
    rendering: &Rendering,
    chosen: &[String],
    (identity, in_claim): (&Value, bool),
) {
    let mut own = pieces::container(rendering);
    if in_claim || !is_on_disk(spec) {
        // what is in a claim or in memory is none of the node's disk
        for (key, _) in pieces::storage(rendering) {
            forget(&mut own, &["resources", key, pieces::STORAGE]);
        }
    }
    // root must not run it; an entrypoint writes to the same folder as the container that brought it
    let user = match (identity.get("runAsUser").and_then(Value::as_i64), rendering.mode) {
        (Some(0), _) => json!({ "runAsUser": 65532, "runAsGroup": 65532 }),
        (_, Mode::Entrypoint | Mode::Live) => {
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
    match init.iter().position(|container| name(container) == pieces::NAME) {
        Some(index) => {
            let own = renewed(&init[index], own, rendering, identity);
            // before all that are to have the packages
            if init[..index].iter().any(|container| chosen.contains(&name(container))) {
                init.remove(index);
                init.insert(0, own);
            } else {
                init[index] = own;
            }
        }
        None => init.insert(0, own),
    }
}

/// Adds the volumes.
fn put_volumes(spec: &mut Map<String, Value>, rendering: &Rendering, in_claim: bool) {
    let volumes = list(spec, "volumes");
    let own = pieces::volumes(rendering);
    volumes
        .retain(|there| name(there) != pieces::CONFIG || own.iter().any(|own| name(own) == pieces::CONFIG));
    for volume in own.into_iter().filter(|own| !in_claim || name(own) != pieces::PACKAGES) {
        match volumes.iter_mut().find(|there| name(there) == name(&volume)) {
            Some(there) if has_image(there) && has_image(&volume) => {
                there["image"]["reference"] = volume["image"]["reference"].clone();
            }
            // what kind of volume the packages are in may have been chosen there, and its limit if none is given
            Some(there) if name(there) == pieces::PACKAGES && !has_image(there) && !has_image(&volume) => {
                let limit = volume.pointer("/emptyDir/sizeLimit").cloned();
                if let (Some(limit), Some(_)) = (limit, there.get("emptyDir")) {
                    child(there, "emptyDir")["sizeLimit"] = limit;
                }
            }
            // so may the modes of the files
            Some(there) if there.get("configMap").is_some() && volume.get("configMap").is_some() => {
                there["configMap"]["name"] = volume["configMap"]["name"].clone();
            }
            Some(there) => *there = volume,
            None => volumes.push(volume),
        }
    }
}

/// Whether a volume is an image.
fn has_image(volume: &Value) -> bool {
    volume.get("image").is_some()
}

/// That nothing of the user's has the name or, in mode sidecar, the port of our container. An init container of that name is ours.
fn check_names(spec: &Map<String, Value>, rendering: &Rendering, workload: &str) -> Result<(), Error> {
    let containers = |key: &str| spec.get(key).and_then(Value::as_array).into_iter().flatten();
    let init = containers("initContainers").find(|container| name(container) == pieces::NAME);
    let is_foreign = |container: &Value| container.get("command").is_some_and(|command| !command.is_null());
    if containers("containers").any(|container| name(container) == pieces::NAME)
        || init.is_some_and(is_foreign)
    {
        return Err(Error::NameTaken { workload: workload.to_owned() });
    }
    // an image of that name is what mode image has put there
    let has_volume =
        |own: &str| containers("volumes").any(|volume| name(volume) == own && !has_image(volume));
    if let Some(volume) =
        [pieces::PACKAGES, pieces::CONFIG].into_iter().find(|own| has_volume(own) && init.is_none())
    {
        return Err(Error::VolumeTaken { workload: workload.to_owned(), volume });
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

/// That aptlet's container has an image, or gets one.
fn check_image(spec: &Map<String, Value>, rendering: &Rendering) -> Result<(), Error> {
    let mut init = spec.get("initContainers").and_then(Value::as_array).into_iter().flatten();
    let has_image =
        init.any(|container| name(container) == pieces::NAME && !text(container, "image").is_empty());
    if has_image || rendering.image().is_some() { Ok(()) } else { Err(Error::NoImage) }
}

/// That lists and maps which are added to are such; nothing in their place is as good.
fn check_shapes(spec: &Map<String, Value>, shape: &dyn Fn(&str) -> Error) -> Result<(), Error> {
    let containers = ["initContainers", "containers"].into_iter().filter_map(|key| spec.get(key)?.as_array());
    for container in containers.flatten() {
        for key in ["env", "volumeMounts"] {
            let list = container.get(key).filter(|list| !list.is_null());
            if list.is_some_and(|list| !list.as_array().is_some_and(|list| list.iter().all(Value::is_object)))
            {
                return Err(shape(&format!(
                    "{key} of container {} is not a list of objects",
                    name(container)
                )));
            }
        }
        for key in ["command", "args"] {
            let list = container.get(key).filter(|list| !list.is_null());
            if list.is_some_and(|list| !list.is_array()) {
                return Err(shape(&format!("{key} of container {} is not a list", name(container))));
            }
        }
    }
    Ok(())
}

/// With the port of the sidecar that is there, unless another was given.
fn with_port_of(spec: &Map<String, Value>, rendering: &Rendering) -> Rendering {
    let mut rendering = rendering.clone();
    let init = spec.get("initContainers").and_then(Value::as_array).into_iter().flatten();
    for own in init.filter(|container| name(container) == pieces::NAME) {
        let args = own.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let args = args.collect::<Vec<_>>().join(" ").replace("--listen :", "--listen=:");
        let port = args.split(' ').find_map(|arg| arg.strip_prefix("--listen=:")?.parse().ok());
        if let Some(port) = port.filter(|_| !rendering.port_is_given) {
            rendering.port = port;
        }
    }
    rendering
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
        (1, _) | (_, Mode::Init | Mode::Sidecar | Mode::Live | Mode::Image) => Ok(chosen),
        (_, Mode::Entrypoint) => Err(Error::ManyContainers { workload, there: chosen.join(", ") }),
    }
}

/// The part of the volume that aptlet's container of the pod mounts, if the user wants it to be but a part: by which key, and its
/// path.
fn part(spec: &Map<String, Value>, rendering: &Rendering) -> Option<(&'static str, String)> {
    let mut init = spec.get("initContainers").and_then(Value::as_array).into_iter().flatten();
    let own = init.find(|container| name(container) == pieces::NAME)?;
    let mut mounts = own.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
    let mount = mounts
        .find(|mount| name(mount) == pieces::PACKAGES && text(mount, "mountPath") == rendering.mount)?;
    let part = |key| Some((key, text(mount, key).trim_end_matches('/').to_owned()));
    ["subPath", "subPathExpr"].into_iter().filter_map(part).find(|(_, path)| !path.is_empty())
}

/// Whether the packages are, or are to be, in an emptyDir on the disk of the node.
fn is_on_disk(spec: &Map<String, Value>) -> bool {
    let mut volumes = spec.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let on_disk = |volume: &Value| volume.get("emptyDir").is_some_and(|one| text(one, "medium") != "Memory");
    volumes.find(|volume| name(volume) == pieces::PACKAGES).is_none_or(on_disk)
}

/// aptlet's container as it is to be: what is not ours to decide stays as it is there. `pod` is the security context that it has
/// from the pod.
fn renewed(there: &Value, own: Value, rendering: &Rendering, pod: &Value) -> Value {
    let (Value::Object(there), Value::Object(own)) = (there, own) else { return Value::Null };
    let mut container = Map::new();
    for (key, value) in there {
        let new = match (key.as_str(), own.get(key)) {
            ("image", _) if rendering.image.is_none() => value.clone(),
            ("resources", Some(ours)) => {
                let mut resources = value.clone();
                // the limits and requests are theirs, but for what was asked for
                for (key, _) in pieces::storage(rendering) {
                    if let Some(room) = ours.pointer(&format!("/{key}/{}", pieces::STORAGE)) {
                        child(child_of(&mut resources), key)[pieces::STORAGE] = room.clone();
                    }
                }
                resources
            }
            (_, None) if !OF_MODES.contains(&key.as_str()) => value.clone(),
            ("securityContext", Some(Value::Object(ours))) => {
                let mut both = value.as_object().cloned().unwrap_or_default();
                for (key, value) in ours {
                    // the user of an entrypoint is that of its container, which may have changed
                    if rendering.mode.writes_in_main() && key.starts_with("runAs") && key != "runAsNonRoot" {
                        both.insert(key.clone(), value.clone());
                    } else if pod.get(key) != Some(value) {
                        both.entry(key).or_insert_with(|| value.clone());
                    }
                }
                Value::Object(both)
            }
            ("volumeMounts", Some(Value::Array(ours))) => {
                let mut mounts = value.as_array().cloned().unwrap_or_default();
                mount(&mut mounts, ours);
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
