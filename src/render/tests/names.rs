//! Names that older manifests gave to what is ours.

use serde_json::json;

use super::given::{meant, patched, rendering};
use crate::config::{Mode, Rendering};

const OLD: &str = "kind: Pod\nmetadata: {name: a}\nspec:\n  initContainers:\n    - name: aptlet\n      image: mirror.example/aptlet:1\n      volumeMounts:\n        - {name: packages, mountPath: /p}\n        - {name: aptlet, mountPath: /etc/aptlet, readOnly: true}\n  containers:\n    - name: main\n      image: i\n      command: [x]\n      volumeMounts:\n        - {name: packages, mountPath: /p, readOnly: true} # mine\n        - {name: tmp, mountPath: /tmp}\n  volumes:\n    - name: packages # of aptlet\n      emptyDir: {medium: Memory} # fast\n    - {name: aptlet, configMap: {name: tools, defaultMode: 0400}}\n    - {name: tmp, emptyDir: {}}\n";

#[test]
fn older_names_of_volumes_are_taken_over() {
    for mode in [Mode::Init, Mode::Sidecar, Mode::Entrypoint] {
        let keeping = rendering(mode, Some("tools"));
        let once = patched(&keeping, OLD).unwrap();
        assert_eq!(patched(&keeping, &once).unwrap(), once);
        for line in [
            "    - name: aptlet-packages # of aptlet\n      emptyDir: {medium: Memory} # fast\n",
            "    - {name: aptlet-config, configMap: {name: tools, defaultMode: 0400}}\n",
            "        - {name: tmp, mountPath: /tmp}\n",
        ] {
            assert!(once.contains(line), "{mode:?}: {line} is not in\n{once}");
        }
        assert!(!once.contains("name: packages") && !once.contains("{name: aptlet,"), "{once}");
    }
    let once = patched(&rendering(Mode::Init, None), OLD).unwrap();
    assert!(!once.contains("aptlet-config") && once.contains("aptlet-packages # of aptlet"), "{once}");
    assert!(once.contains("{name: aptlet-packages, mountPath: /p, readOnly: true} # mine"), "{once}");
    // at another place
    let elsewhere = OLD
        .replace("/p", "/t")
        .replace("      image: mirror", "      args: [install, --dest, /t]\n      image: mirror");
    let at_t = Rendering { mount: "/t".to_owned(), ..rendering(Mode::Init, Some("tools")) };
    assert!(!patched(&at_t, &elsewhere).unwrap().contains("name: packages"));
}

#[test]
fn a_name_that_is_taken_already_is_told() {
    let both = OLD.replace("{name: tmp, emptyDir", "{name: aptlet-packages, emptyDir");
    let error = patched(&rendering(Mode::Init, None), &both).unwrap_err();
    assert!(error.contains("pod/a has a volume 'aptlet-packages' already"), "{error}");
}

#[test]
fn the_claim_of_a_stateful_set_keeps_its_name() {
    let set = |claim: &str| {
        format!(
            "kind: StatefulSet\nmetadata: {{name: s}}\nspec:\n  template:\n    spec:\n      initContainers:\n        - name: aptlet\n          image: mirror.example/aptlet:1\n          volumeMounts: [{{name: {claim}, mountPath: /p}}]\n      containers:\n        - name: main\n          image: i\n          command: [x]\n          volumeMounts: [{{name: {claim}, mountPath: /p, readOnly: true}}]\n  volumeClaimTemplates:\n    - metadata: {{name: {claim}}}\n"
        )
    };
    for claim in ["packages", "aptlet-packages"] {
        for mode in [Mode::Init, Mode::Sidecar, Mode::Entrypoint] {
            let rendering = rendering(mode, Some("tools"));
            let once = patched(&rendering, &set(claim)).unwrap();
            assert_eq!(patched(&rendering, &once).unwrap(), once);
            let spec = meant(&once).pop().unwrap()["spec"].take();
            assert_eq!(spec["volumeClaimTemplates"][0]["metadata"]["name"], claim);
            let pod = &spec["template"]["spec"];
            assert_eq!(pod["containers"][0]["volumeMounts"][0]["name"], claim, "{once}");
            assert_eq!(pod["initContainers"][0]["volumeMounts"][0]["name"], claim, "{once}");
            assert_eq!(
                pod["volumes"],
                json!([{ "name": "aptlet-config", "configMap": { "name": "tools" } }]),
                "{once}"
            );
        }
    }
}

#[test]
fn the_port_of_a_sidecar_is_found_in_both_notations() {
    let sidecar = "kind: Pod\nspec:\n  initContainers:\n  - name: aptlet\n    image: mirror.example/aptlet:1\n    args: [watch, --listen, \":9000\", --interval, 6h]\n    restartPolicy: Always\n  containers:\n  - {name: main, image: i}\n";
    let once = patched(&rendering(Mode::Sidecar, None), sidecar).unwrap();
    assert!(once.contains("--listen=:9000") && once.contains("containerPort: 9000"), "{once}");
}
