//! What a pod gets: a container that brings the packages, volumes, mounts, and what the other containers need to find them.
//! The library chart (`manifests/helm/aptlet`) makes the same.

use serde_json::{Value, json};

use crate::config::{Exposure, Mode, PathOrder, Rendering, Storage};
use crate::process::DEFAULT_PATH;

/// The name of the container that brings the packages.
pub(super) const NAME: &str = "aptlet";
/// The volume with the packages.
pub(super) const PACKAGES: &str = "aptlet-packages";
/// The volume with the settings.
pub(super) const CONFIG: &str = "aptlet-config";
pub(super) const CONFIG_PATH: &str = "/etc/aptlet";
/// The folder of the volume that has the commands of what was asked for.
pub(super) const COMMANDS: &str = "commands";

/// The resource that an emptyDir on the node's disk takes of.
pub(super) const STORAGE: &str = "ephemeral-storage";

/// The container that brings the packages; in mode sidecar it stays
/// (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
pub(super) fn container(rendering: &Rendering) -> Value {
    let mut container = json!({ "name": NAME, "image": rendering.image(), "args": arguments(rendering) });
    if rendering.mode == Mode::Sidecar {
        let ready = json!({ "path": "/readyz", "port": NAME });
        container["restartPolicy"] = json!("Always");
        container["ports"] = json!([{ "name": NAME, "containerPort": rendering.port }]);
        // the other containers start when this succeeds: ten minutes for the first installation; of an answer over HTTP
        // `kubectl describe` shows the status alone
        let command = [vec!["/aptlet".to_owned(), "probe".to_owned()], destination(rendering)].concat();
        container["startupProbe"] = json!({
            "exec": { "command": command }, "timeoutSeconds": 5, "periodSeconds": 1, "failureThreshold": 600,
        });
        container["readinessProbe"] = json!({ "httpGet": ready, "timeoutSeconds": 2 });
        container["livenessProbe"] =
            json!({ "httpGet": { "path": "/livez", "port": NAME }, "timeoutSeconds": 5 });
    }
    container["securityContext"] = json!({
        "runAsNonRoot": true,
        "readOnlyRootFilesystem": true,
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    container["resources"] =
        json!({ "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "160Mi" } });
    for (key, room) in storage(rendering) {
        container["resources"][key][STORAGE] = json!(room);
    }
    let mut mounts = vec![json!({ "name": PACKAGES, "mountPath": rendering.mount })];
    // an entrypoint installs by itself: its init container only brings aptlet
    mounts.extend(config_mount(rendering).filter(|_| rendering.mode != Mode::Entrypoint));
    container["volumeMounts"] = Value::Array(mounts);
    container
}

/// What the container's resources have of [`STORAGE`]: `requests` or `limits`, and how much.
pub(super) fn storage(rendering: &Rendering) -> impl Iterator<Item = (&'static str, &str)> {
    let keys: &[&str] = match rendering.storage {
        None => &[],
        Some(Storage::Request) => &["requests"],
        Some(Storage::Limit) => &["requests", "limits"],
    };
    keys.iter().filter_map(|key| Some((*key, rendering.size_limit.as_deref()?)))
}

fn arguments(rendering: &Rendering) -> Vec<String> {
    let destination = destination(rendering);
    match rendering.mode {
        Mode::Init => [vec!["install".to_owned()], destination, installed(rendering)].concat(),
        Mode::Sidecar => {
            let listen = format!("--listen=:{}", rendering.port);
            [vec!["watch".to_owned(), listen], destination, installed(rendering)].concat()
        }
        Mode::Entrypoint => [vec!["install".to_owned(), "--self".to_owned()], destination].concat(),
        Mode::Live => [vec!["live".to_owned()], destination, installed(rendering)].concat(),
        // there is none
        Mode::Image => Vec::new(),
    }
}

fn destination(rendering: &Rendering) -> Vec<String> {
    let is_default = rendering.mount == "/p";
    (!is_default).then(|| format!("--dest={}", rendering.mount)).into_iter().collect()
}

/// The flags, and the requests where no `ConfigMap` has them.
fn installed(rendering: &Rendering) -> Vec<String> {
    let requests = if rendering.config_map.is_some() { &[] } else { rendering.requests.as_slice() };
    // Kubernetes expands $(NAME), and takes $$ for $
    [rendering.flags.as_slice(), requests].concat().iter().map(|word| word.replace('$', "$$")).collect()
}

/// What stands in front of the command of the main container in mode entrypoint.
pub(super) fn front(rendering: &Rendering) -> Vec<String> {
    let aptlet = format!("{}/.aptlet/aptlet", rendering.mount);
    let mut words = vec![aptlet, "run".to_owned()];
    if rendering.path_order == PathOrder::First {
        words.push("--path-order=first".to_owned());
    }
    [words, destination(rendering), installed(rendering), vec!["--".to_owned()]].concat()
}

/// The volumes of the pod.
pub(super) fn volumes(rendering: &Rendering) -> Vec<Value> {
    let secrets: Vec<(&str, Value)> = secrets(rendering);
    let config = match (&rendering.config_map, secrets.as_slice()) {
        (None, []) => None,
        (Some(name), []) => Some(json!({ "name": CONFIG, "configMap": { "name": name } })),
        (None, [(secret, items)]) => {
            Some(json!({ "name": CONFIG, "secret": { "secretName": secret, "items": items } }))
        }
        (config_map, secrets) => {
            let config_map = config_map.iter().map(|name| json!({ "configMap": { "name": name } }));
            let secrets =
                secrets.iter().map(|(secret, items)| json!({ "secret": { "name": secret, "items": items } }));
            let sources: Vec<Value> = config_map.chain(secrets).collect();
            Some(json!({ "name": CONFIG, "projected": { "sources": sources } }))
        }
    };
    if rendering.mode == Mode::Image {
        let image = json!({ "reference": rendering.baked, "pullPolicy": "IfNotPresent" });
        return vec![json!({ "name": PACKAGES, "image": image })];
    }
    let mut packages = json!({ "name": PACKAGES, "emptyDir": {} });
    if let Some(limit) = &rendering.size_limit {
        packages["emptyDir"]["sizeLimit"] = json!(limit);
    }
    [packages].into_iter().chain(config).collect()
}

/// The Secrets that are mounted beside the settings, and the keys of them that are.
fn secrets(rendering: &Rendering) -> Vec<(&str, Value)> {
    let items = |keys: &[&str]| keys.iter().map(|key| json!({ "key": key, "path": key })).collect();
    let auth = rendering.auth_secret.as_deref().map(|name| (name, items(&["auth.conf"])));
    let tls = rendering.tls_secret.as_deref().map(|name| (name, items(&["tls.crt", "tls.key"])));
    auth.into_iter().chain(tls).collect()
}

/// The mounts of a main container.
pub(super) fn mounts(rendering: &Rendering) -> Vec<Value> {
    let mut packages = json!({ "name": PACKAGES, "mountPath": rendering.mount });
    let installs_itself = rendering.mode.writes_in_main();
    if !installs_itself {
        packages["readOnly"] = json!(true);
    }
    let commands = match &rendering.exposure {
        Exposure::Mount(at) => {
            Some(json!({ "name": PACKAGES, "mountPath": at, "subPath": COMMANDS, "readOnly": true }))
        }
        Exposure::Path(_) => None,
    };
    let config = config_mount(rendering).filter(|_| installs_itself);
    [packages].into_iter().chain(commands).chain(config).collect()
}

fn config_mount(rendering: &Rendering) -> Option<Value> {
    let has_config = rendering.config_map.is_some() || !secrets(rendering).is_empty();
    has_config.then(|| json!({ "name": CONFIG, "mountPath": CONFIG_PATH, "readOnly": true }))
}

/// PATH with the commands of the packages and those of `path`, or else of the image; of Debian's images, where that is not known.
pub(super) fn path(rendering: &Rendering, path: Option<&str>) -> String {
    let of_image = match &rendering.exposure {
        Exposure::Path(Some(path)) => path,
        _ => DEFAULT_PATH,
    };
    let bin = format!("{}/bin", rendering.mount);
    rendering.path_order.with(path.unwrap_or(of_image), &bin)
}
