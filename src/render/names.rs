//! Names of volumes: those that a manifest gave to ours before.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{name, text};
use super::pieces;

/// What a volume of ours is called in a pod, where that is not its name, and its name.
type Renamed = (String, &'static str);

/// The volume that aptlet's container of a pod mounts at each place of ours, if it is called otherwise.
fn otherwise(spec: &Map<String, Value>) -> Vec<Renamed> {
    let containers = |key: &str| spec.get(key).and_then(Value::as_array).into_iter().flatten();
    let Some(own) = containers("initContainers").find(|container| name(container) == pieces::NAME) else {
        return Vec::new();
    };
    let mount = |container: &Value, path: &str| {
        let mounts = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
        let mut there = mounts.filter(|mount| text(mount, "mountPath").trim_end_matches('/') == path);
        there.next().map(name).filter(|name| !name.is_empty())
    };
    let packages = mount(own, &destination(own));
    // an entrypoint has its settings in the main container
    let mut all = std::iter::once(own).chain(containers("containers"));
    let config = all.find_map(|container| mount(container, pieces::CONFIG_PATH));
    let both = [(packages, pieces::PACKAGES), (config, pieces::CONFIG)];
    let both = both.into_iter().filter_map(|(there, own)| Some((there.filter(|there| there != own)?, own)));
    both.collect()
}

/// Where aptlet's container installs to.
fn destination(own: &Value) -> String {
    let args: Vec<&str> =
        own.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let flag = args.iter().enumerate().find_map(|(index, arg)| match *arg {
        "--dest" => args.get(index + 1).copied(),
        arg => arg.strip_prefix("--dest="),
    });
    let env = own.get("env").and_then(Value::as_array).into_iter().flatten();
    let mut variables = env.filter(|variable| name(variable) == "APTLET_DEST");
    let variable = variables.next().map(|variable| text(variable, "value"));
    let path = flag.or(variable).unwrap_or("/p");
    path.trim_end_matches('/').to_owned()
}

/// Gives our names to the volumes of a pod template that has them under others; `claims` are volumes that a workload brings, of
/// which another name would be another volume.
///
/// # Errors
/// [`Error::VolumeTaken`].
pub(super) fn take_over(template: &mut Value, workload: &str, claims: &[String]) -> Result<(), Error> {
    let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    for (there, own) in otherwise(spec) {
        let volumes = spec.get("volumes").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<String> = volumes.map(name).collect();
        if claims.contains(&there) || !names.contains(&there) {
            continue;
        }
        if names.iter().any(|name| name == own) {
            return Err(Error::VolumeTaken { workload: workload.to_owned(), volume: own });
        }
        for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            if name(volume) == there {
                volume["name"] = json!(own);
            }
        }
        rename_mounts(spec, &there, own);
    }
    Ok(())
}

/// The name of the claim that has the packages, where a workload brings one; its mounts get our name until [`give_back`].
pub(super) fn borrow(spec: &mut Map<String, Value>, claims: &[String]) -> Option<String> {
    let kept =
        otherwise(spec).into_iter().find(|(there, own)| *own == pieces::PACKAGES && claims.contains(there));
    match kept {
        Some((there, own)) => {
            rename_mounts(spec, &there, own);
            Some(there)
        }
        None => claims.iter().find(|claim| *claim == pieces::PACKAGES).cloned(),
    }
}

pub(super) fn give_back(spec: &mut Map<String, Value>, claim: &str) {
    rename_mounts(spec, pieces::PACKAGES, claim);
}

fn rename_mounts(spec: &mut Map<String, Value>, old: &str, new: &str) {
    for key in ["initContainers", "containers"] {
        for container in spec.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            for mount in container.get_mut("volumeMounts").and_then(Value::as_array_mut).into_iter().flatten()
            {
                if name(mount) == old {
                    mount["name"] = json!(new);
                }
            }
        }
    }
}
