//! `LD_LIBRARY_PATH` of containers.

use serde_json::{Value, json};

use super::given::rendering;
use crate::config::Mode;
use crate::render::library_path::{NAME, settle};
use crate::render::pieces;

fn settled(libraries: bool, mode: Mode, env: &Value) -> Value {
    let mut rendering = rendering(mode, None);
    rendering.libraries = libraries;
    let mount = json!({ "name": pieces::PACKAGES, "mountPath": "/t" });
    let mut container = json!({ "name": "main", "env": env, "volumeMounts": [mount] });
    settle(&rendering, container.as_object_mut().unwrap(), "pod/a").unwrap();
    container.get("env").cloned().unwrap_or_default()
}

#[test]
fn the_folder_is_behind_those_of_the_container_and_once() {
    let variable = |value: &str| json!([{ "name": NAME, "value": value }]);
    for (before, after) in [
        (json!([]), variable("/p/lib")),
        (variable(""), variable("/p/lib")),
        (variable("/opt/lib"), variable("/opt/lib:/p/lib")),
        // of a rendering before this one, for another place
        (variable("/t/lib:/opt/lib"), variable("/opt/lib:/p/lib")),
        (variable("/p/lib"), variable("/p/lib")),
    ] {
        assert_eq!(settled(true, Mode::Init, &before), after, "{before}");
    }
    for (before, after) in [
        (variable("/t/lib"), Value::Null),
        (variable("/opt/lib:/p/lib"), variable("/opt/lib")),
        (variable("/opt/lib"), variable("/opt/lib")),
        (json!([]), Value::Null),
    ] {
        assert_eq!(settled(false, Mode::Init, &before), after, "{before}");
        assert_eq!(settled(true, Mode::Entrypoint, &before), after, "{before}");
    }
}

#[test]
fn a_value_from_elsewhere_cannot_be_extended() {
    let mut rendering = rendering(Mode::Init, None);
    rendering.libraries = true;
    let from = json!({ "name": NAME, "valueFrom": { "configMapKeyRef": { "name": "x", "key": "y" } } });
    let mut container = json!({ "name": "main", "env": [from] });
    let error = settle(&rendering, container.as_object_mut().unwrap(), "pod/a").unwrap_err().to_string();
    assert!(error.contains("container main of pod/a") && error.contains(NAME), "{error}");
}
