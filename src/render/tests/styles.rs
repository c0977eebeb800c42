//! Comments, order and style stay, whoever wrote the manifest.

use serde_json::json;

use super::given::{STYLES, meant, patched, rendering};
use crate::config::{Mode, Rendering};
use crate::render::write;

#[test]
fn every_style_takes_every_mode_and_the_second_time_changes_nothing() {
    for (style, text) in STYLES {
        for mode in [Mode::Init, Mode::Sidecar, Mode::Entrypoint] {
            for config_map in [None, Some("settings")] {
                let rendering = rendering(mode, config_map);
                let what = format!("{style}, {mode:?}, {config_map:?}");
                let once = patched(&rendering, text).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(patched(&rendering, &once).unwrap(), once, "{what}");
                assert!(once.contains("mirror.example/aptlet:1"), "{what}:\n{once}");
                for comment in text.lines().filter_map(|line| line.split_once("# ")) {
                    assert!(once.contains(comment.1), "{what}: the comment '{}' is gone:\n{once}", comment.1);
                }
                // back and forth between the modes leaves the command as it was
                let init = patched(&super::given::rendering(Mode::Init, config_map), &once);
                let init = init.unwrap_or_else(|error| panic!("{what}: {error}:\n{once}"));
                let command = |text: &str| {
                    let text = serde_json::to_string(&meant(text)).unwrap();
                    text.split("\"command\":").nth(1).unwrap().split(']').next().unwrap().to_owned()
                };
                assert_eq!(command(&init), command(text), "{what}");
            }
        }
    }
}

#[test]
fn lines_that_are_not_concerned_stay_as_they_are() {
    let text = STYLES[1].1;
    let once = patched(&rendering(Mode::Init, None), text).unwrap();
    let mut rest = once.lines();
    for line in text.lines() {
        assert!(rest.any(|other| other == line), "'{line}' is gone, or moved:\n{once}");
    }
}

#[test]
fn what_others_wrote_into_the_container_stays() {
    let first = patched(&rendering(Mode::Init, None), STYLES[0].1).unwrap();
    let edited = first
        .replace("memory: 160Mi", "memory: 1Gi # ffmpeg")
        .replace(
            "          args:",
            "          env: [{name: https_proxy, value: \"http://proxy:3128\"}]\n          args:",
        )
        .replace("      args:", "      imagePullPolicy: Always\n      args:")
        .replace("type: RuntimeDefault", "type: Localhost")
        .replace("emptyDir: {}", "emptyDir: {medium: Memory}");
    assert_eq!(patched(&rendering(Mode::Init, None), &edited).unwrap(), edited);
    let sidecar = patched(&rendering(Mode::Sidecar, None), &edited).unwrap();
    let container = &meant(&sidecar)[0]["spec"]["initContainers"][0];
    assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!((&container["restartPolicy"], &container["args"][0]), (&json!("Always"), &json!("watch")));
    let back = patched(&rendering(Mode::Init, None), &sidecar).unwrap();
    assert_eq!(meant(&back)[0]["spec"]["initContainers"][0].get("restartPolicy"), None);
}

#[test]
fn what_is_not_concerned_is_not_written_anew() {
    // what these mean differs between readers of YAML
    let odd = "0400 # octal, for some";
    let list = format!(
        "kind: List\nitems:\n- kind: Service\n  metadata: {{name: 's', a: oN}} # keep\n  b: {odd}\n- kind: Pod\n  metadata: {{name: a}}\n  spec:\n    # inner\n    containers:\n    - {{name: main, image: i}}\n    volumes:\n    - {{name: s, secret: {{secretName: s, defaultMode: 0400}}}}\n"
    );
    let once = patched(&rendering(Mode::Init, None), &list).unwrap();
    for line in list.lines().filter(|line| !line.contains("{name: main")) {
        assert!(once.contains(line), "'{line}' is gone:\n{once}");
    }
    let command = "kind: Pod\nspec:\n  containers:\n  - name: main\n    command:\n    - 017 # first\n    # second\n    - oN\n    - x # third\n";
    let there = patched(&rendering(Mode::Entrypoint, None), command).unwrap();
    let back = patched(&rendering(Mode::Init, None), &there).unwrap();
    assert!(back.starts_with(command.split("    - 017").next().unwrap()), "{back}");
    assert!(back.contains("    - 017 # first\n    # second\n    - oN\n    - x # third\n"), "{back}");
    let sidecar = patched(&rendering(Mode::Sidecar, None), STYLES[1].1).unwrap();
    let edited = sidecar
        .replace("cpu: 100m", "cpu: 0100 # odd")
        .replace("    image: mirror", "    # pinned\n    image: mirror");
    assert!(edited.contains("# pinned") && edited.contains("0100 # odd"), "{edited}");
    let init = patched(&rendering(Mode::Init, None), &edited).unwrap();
    assert!(
        init.contains("# pinned") && init.contains("0100 # odd") && !init.contains("restartPolicy"),
        "{init}"
    );
}

#[test]
fn dollars_and_tabs_mean_themselves() {
    let flags = vec!["--path-exclude=/a/$(X)$".to_owned()];
    let text = patched(&Rendering { flags, ..rendering(Mode::Init, None) }, STYLES[0].1).unwrap();
    assert!(text.contains("--path-exclude=/a/$$(X)$$"), "{text}");
    let tab = write::block(&json!({ "x.pref": "\tjq\n" }), write::Lists::Indented);
    assert_eq!(tab, "x.pref: \"\\tjq\\n\"\n");
}
