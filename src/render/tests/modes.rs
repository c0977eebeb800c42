//! What each mode adds, and takes away of another.

use serde_json::{Value, json};

use super::given::{STYLES, meant, patched, rendering};
use crate::config::{Exposure, Mode, PathOrder, Rendering};

#[test]
fn the_user_is_never_root_and_in_mode_entrypoint_that_of_the_container() {
    let user = |mode, pod: &str, own: &str| {
        let text = format!(
            "kind: Pod\nspec:\n  securityContext: {{runAsUser: {pod}}}\n  containers:\n  - {{name: a, command: [x], securityContext: {own}}}\n"
        );
        meant(&patched(&rendering(mode, None), &text).unwrap())[0]["spec"]["initContainers"][0]
            ["securityContext"]["runAsUser"]
            .clone()
    };
    assert_eq!(user(Mode::Init, "5", "{}"), Value::Null);
    assert_eq!(user(Mode::Init, "0", "{}"), 65532);
    assert_eq!(user(Mode::Entrypoint, "5", "{}"), 5);
    assert_eq!(user(Mode::Entrypoint, "5", "{runAsUser: 7}"), 7);
    assert_eq!(user(Mode::Entrypoint, "0", "{runAsUser: 7}"), 7);
}

/// Without what says nothing, and lists of named things in order.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            // the user of an entrypoint stays, as one does that somebody has set
            let entries = map.iter().filter(|(key, _)| *key != "runAsUser");
            let entries = entries.map(|(key, value)| (key.clone(), settled(value)));
            let says = |value: &Value| !value.is_null() && *value != json!([]) && *value != json!({});
            entries.filter(|(key, value)| says(value) || key == "emptyDir").collect()
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(settled).collect();
            if list.iter().all(|item| item.get("name").is_some()) {
                list.sort_by_key(|item| (item["name"].to_string(), item["mountPath"].to_string()));
            }
            Value::Array(list)
        }
        value => value.clone(),
    }
}

#[test]
fn nothing_is_left_of_what_was_asked_for_before() {
    let mut ways = Vec::new();
    for mode in [Mode::Init, Mode::Sidecar, Mode::Entrypoint] {
        for (config_map, secret) in
            [(None, None), (Some("settings"), None), (Some("settings"), Some("login"))]
        {
            for mount in ["/p", "/opt/t"] {
                let (mount, auth_secret) = (mount.to_owned(), secret.map(str::to_owned));
                let way = Rendering { mount, auth_secret, ..rendering(mode, config_map) };
                if config_map.is_none() && way.mount == "/p" {
                    let exposure = Exposure::Path(None);
                    let path_order = if mode == Mode::Sidecar { PathOrder::First } else { PathOrder::Last };
                    ways.push(Rendering { exposure, path_order, ..way.clone() });
                }
                let exposure =
                    if secret.is_some() { Exposure::Mount("/opt/c".to_owned()) } else { way.exposure };
                ways.push(Rendering { exposure, ..way });
            }
        }
    }
    let baked = Some("registry.example/tools:1".to_owned());
    ways.push(Rendering { baked, flags: Vec::new(), ..rendering(Mode::Image, None) });
    // a ConfigMap that is there is kept
    let pods = |text: &str| -> Vec<Value> {
        let documents = meant(text).into_iter().filter(|document| document["kind"] != "ConfigMap");
        documents.map(|document| settled(&document)).collect()
    };
    for (style, text) in STYLES.into_iter().step_by(4) {
        for before in &ways {
            let once = patched(before, text).unwrap();
            for after in &ways {
                let what = format!("{style}: {before:?} and then {after:?}");
                let twice = patched(after, &once).unwrap_or_else(|error| panic!("{what}: {error}:\n{once}"));
                let fresh = patched(after, text).unwrap();
                assert_eq!(pods(&twice), pods(&fresh), "{what}:\n{once}\n-----\n{twice}");
            }
        }
    }
}

#[test]
fn a_config_map_goes_beside_whatever_there_is() {
    let pod = "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: main}]}";
    let init = rendering(Mode::Init, Some("w"));
    for text in [
        format!("- op: add\n  path: /x\n---\n{pod}\n"),
        format!("%YAML 1.1\n---\n{pod}"),
        format!("%YAML 1.1\n---\n{pod}\n..."),
        format!("# of mine\n\n---\n{pod}"),
        format!("\u{feff}{pod}\n"),
    ] {
        let once = patched(&init, &text).unwrap();
        let there = meant(&once);
        assert_eq!(there.iter().filter(|one| one["kind"] == "ConfigMap").count(), 1, "{once}");
        assert_eq!(there.len(), meant(&text).len() + 1, "{once}");
        assert_eq!(patched(&init, &once).unwrap(), once);
    }
    let list = "kind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: w}\n  data: {packages: old, own: x}\n  binaryData: {b: YQ==}\n- kind: Pod\n  spec: {containers: [{name: main}]}\n";
    let there = meant(&patched(&init, list).unwrap());
    let data = &there[0]["items"][0]["data"];
    assert_eq!((there.len(), &data["packages"], &data["own"]), (1, &json!("jq\ncurl\n"), &json!("x")));
    let binary =
        patched(&init, &list.replace("b: YQ==", "packages: YQ==").replace("packages: old, ", "")).unwrap();
    assert_eq!(meant(&binary)[0]["items"][0].get("binaryData"), None, "{binary}");
    let fixed = list.replace("  data:", "  immutable: true\n  data:");
    assert!(patched(&init, &fixed).unwrap_err().contains("the ConfigMap w is immutable"));
    let same = fixed.replace("packages: old", "packages: \"jq\\ncurl\\n\"");
    assert!(patched(&init, &same).is_ok(), "nothing is to be changed");
}

#[test]
fn the_form_of_the_manifests_is_known_again() {
    let pod = |command: &str, args: &str| {
        format!("kind: Pod\nspec:\n  containers:\n  - name: main\n    command: {command}\n    args: {args}\n")
    };
    let main = |rendering: &Rendering, text: &str| {
        let main = meant(&patched(rendering, text).unwrap())[0]["spec"]["containers"][0].clone();
        (main["command"].clone(), main.get("args").cloned())
    };
    let (init, entrypoint) = (rendering(Mode::Init, None), rendering(Mode::Entrypoint, None));
    let ours = json!(["/p/.aptlet/aptlet", "run", "--slim", "jq", "curl", "--"]);
    let shipped = pod("[/p/.aptlet/aptlet, run, --]", "[python3, app.py]");
    assert_eq!(main(&init, &shipped), (json!(["python3", "app.py"]), None));
    assert_eq!(main(&entrypoint, &shipped), (ours.clone(), Some(json!(["python3", "app.py"]))));
    let in_args = pod("[/p/.aptlet/aptlet, run, jq]", "[--, python3, -v]");
    assert_eq!(main(&init, &in_args), (json!(["python3", "-v"]), None));
    let whole: Vec<Value> =
        ours.as_array().unwrap().iter().cloned().chain([json!("python3"), json!("-v")]).collect();
    assert_eq!(main(&entrypoint, &in_args), (json!(whole), None));
}

#[test]
fn a_size_limit_is_that_of_the_volume_too() {
    let limited =
        |limit: &str| Rendering { size_limit: Some(limit.to_owned()), ..rendering(Mode::Init, None) };
    let volume = |text: &str| meant(text)[0]["spec"]["volumes"][0].clone();
    let text = "kind: Pod\nspec:\n  containers:\n  - name: main\n";
    let once = patched(&limited("2Gi"), text).unwrap();
    assert_eq!(volume(&once)["emptyDir"], json!({ "sizeLimit": "2Gi" }));
    let raised = patched(&limited("3Gi"), &once).unwrap();
    assert_eq!(volume(&raised)["emptyDir"], json!({ "sizeLimit": "3Gi" }));
    assert_eq!(patched(&limited("3Gi"), &raised).unwrap(), raised);
    // without a limit, that which is there stays, as does the kind of a volume that has none
    assert_eq!(volume(&patched(&rendering(Mode::Init, None), &raised).unwrap()), volume(&raised));
    let memory = raised.replace("sizeLimit: 3Gi", "medium: Memory");
    let memory = volume(&patched(&limited("1Gi"), &memory).unwrap());
    assert_eq!(memory["emptyDir"], json!({ "medium": "Memory", "sizeLimit": "1Gi" }));
    let claim =
        raised.replace("emptyDir:", "persistentVolumeClaim:").replace("sizeLimit: 3Gi", "claimName: c");
    assert_eq!(volume(&patched(&limited("1Gi"), &claim).unwrap()), volume(&claim));
}

#[test]
fn an_image_takes_no_container_and_its_tag_can_change() {
    let image = |tag: &str| {
        let baked = Some(format!("registry.example/tools:{tag}"));
        Rendering { baked, flags: Vec::new(), image: None, ..rendering(Mode::Image, None) }
    };
    let text = "kind: Pod\nspec:\n  containers:\n  - {name: a, image: i}\n";
    let once = patched(&image("1"), text).unwrap();
    let spec = &meant(&once)[0]["spec"];
    assert!(spec.get("initContainers").is_none(), "{once}");
    let volume = json!({ "reference": "registry.example/tools:1", "pullPolicy": "IfNotPresent" });
    assert_eq!(spec["volumes"], json!([{ "name": "aptlet-packages", "image": volume }]));
    assert_eq!(spec["containers"][0]["volumeMounts"][1]["subPath"], "commands");
    let theirs = once.replace("IfNotPresent", "Always");
    assert_eq!(patched(&image("2"), &theirs).unwrap(), theirs.replace("tools:1", "tools:2"));
    let claims = "kind: StatefulSet\nspec:\n  volumeClaimTemplates:\n  - metadata: {name: aptlet-packages}\n  template:\n    spec:\n      \
                  containers:\n      - {name: a}\n";
    assert!(patched(&image("1"), claims).unwrap_err().contains("aptlet-packages"));
}
