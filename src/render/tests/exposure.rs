//! How the containers get the commands: by a mount and without a variable, or by PATH.

use serde_json::{Value, json};

use super::given::{meant, patched, rendering};
use crate::config::{Exposure, Mode, PathOrder, Rendering};
use crate::process::DEFAULT_PATH;

const POD: &str = "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    image: i\n";

fn by_path(image: Option<&str>) -> Rendering {
    let exposure = Exposure::Path(image.map(str::to_owned));
    Rendering { exposure, ..rendering(Mode::Init, None) }
}

/// The main container of the pod when this has been rendered, twice.
fn main(rendering: &Rendering, text: &str) -> Value {
    let once = patched(rendering, text).unwrap();
    assert_eq!(patched(rendering, &once).unwrap(), once);
    meant(&once)[0]["spec"]["containers"][0].clone()
}

fn with_path(value: &str) -> String {
    format!("{POD}    env: [{{name: PATH, value: '{value}'}}]\n")
}

fn path(rendering: &Rendering, before: &str) -> Value {
    main(rendering, &with_path(before))["env"][0]["value"].clone()
}

#[test]
fn commands_are_mounted_and_no_variable_is_touched() {
    let packages = json!({ "name": "aptlet-packages", "mountPath": "/p", "readOnly": true });
    let commands = |at: &str| json!({ "name": "aptlet-packages", "mountPath": at, "subPath": "commands", "readOnly": true });
    for mode in [Mode::Init, Mode::Sidecar] {
        let main = main(&rendering(mode, None), POD);
        assert_eq!(main["volumeMounts"], json!([packages, commands("/usr/local/sbin")]));
        assert_eq!(main.get("env"), None);
    }
    let elsewhere =
        Rendering { exposure: Exposure::Mount("/opt/c".to_owned()), ..rendering(Mode::Init, None) };
    assert_eq!(main(&elsewhere, POD)["volumeMounts"], json!([packages, commands("/opt/c")]));
    // probes and `kubectl exec` are not given the PATH of an entrypoint
    let command = POD.replace("image: i", "command: [x]");
    let entrypoint = main(&rendering(Mode::Entrypoint, None), &command);
    assert_eq!(entrypoint["volumeMounts"][1], commands("/usr/local/sbin"));
    let by_path = Rendering { mode: Mode::Entrypoint, ..by_path(None) };
    let entrypoint = main(&by_path, &command);
    assert_eq!((entrypoint["volumeMounts"].as_array().unwrap().len(), entrypoint.get("env")), (1, None));
}

#[test]
fn the_path_of_an_image_has_the_packages_last_or_first() {
    let value = |rendering: &Rendering| main(rendering, POD)["env"].clone();
    let env = |value: &str| json!([{ "name": "PATH", "value": value }]);
    assert_eq!(value(&by_path(Some("/app:/bin"))), env("/app:/bin:/p/bin"));
    assert_eq!(value(&by_path(None)), env(&format!("{DEFAULT_PATH}:/p/bin")));
    let first = Rendering { path_order: PathOrder::First, ..by_path(Some("/app:/bin")) };
    assert_eq!(value(&first), env("/p/bin:/app:/bin"));
    // what was assumed is not taken for the container's own when it is known
    let assumed = patched(&by_path(None), POD).unwrap();
    assert_eq!(main(&by_path(Some("/app")), &assumed)["env"], env("/app:/p/bin"));
}

#[test]
fn a_path_that_a_container_sets_keeps_its_order() {
    let by_path = by_path(Some("/image"));
    let mount = rendering(Mode::Init, None);
    for (before, by_mount, with_path) in [
        ("/app:/bin", "/app:/bin:/usr/local/sbin", "/app:/bin:/p/bin"),
        ("/usr/local/sbin:/app", "/usr/local/sbin:/app", "/usr/local/sbin:/app:/p/bin"),
        ("/app::/bin", "/app::/bin:/usr/local/sbin", "/app::/bin:/p/bin"),
        // of another manifest
        ("/p/bin:/app", "/app:/usr/local/sbin", "/app:/p/bin"),
        (DEFAULT_PATH, DEFAULT_PATH, "/image:/p/bin"),
        ("", "/usr/local/sbin", "/image:/p/bin"),
    ] {
        assert_eq!(path(&mount, before), by_mount, "{before}");
        assert_eq!(path(&by_path, before), with_path, "{before}");
    }
    // that of the manifests of old is nobody's
    let old = format!("/p/bin:{DEFAULT_PATH}");
    assert_eq!(main(&mount, &with_path(&old)).get("env"), None);
    assert_eq!(path(&by_path, &old), "/image:/p/bin");
    let elsewhere =
        format!("{POD}    env: [{{name: PATH, valueFrom: {{configMapKeyRef: {{name: a, key: b}}}}}}]\n");
    assert_eq!(main(&mount, &elsewhere)["env"], meant(&elsewhere)[0]["spec"]["containers"][0]["env"]);
}

#[test]
fn a_part_of_a_volume_has_its_commands_in_that_part() {
    for (key, part, below) in
        [("subPath", "tools", "tools/commands"), ("subPathExpr", "$(POD)/", "$(POD)/commands")]
    {
        let once = patched(&rendering(Mode::Init, None), POD).unwrap();
        // as somebody writes it for a claim that many pods have
        let own = "      mountPath: /p\n";
        let text = once.replacen(own, &format!("{own}      {key}: {part}\n"), 2);
        assert_eq!(text.matches(part).count(), 2, "{text}");
        let main = main(&rendering(Mode::Init, None), &text);
        assert_eq!(main["volumeMounts"][0][key], part.trim_end_matches('/'), "{main}");
        assert_eq!(main["volumeMounts"][1][key], below, "{main}");
        assert_eq!(main["volumeMounts"][1].as_object().unwrap().len(), 4, "{main}");
    }
}
