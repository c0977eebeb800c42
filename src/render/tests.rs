#![allow(clippy::unwrap_used)]
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::document::{self, Document};
use super::edit::{Stuck, rewrite};
use super::{Manifest, render};
use crate::config::{Mode, Rendering};

fn rendering(mode: Mode, config_map: Option<&str>) -> Rendering {
    Rendering {
        mode,
        mount: "/p".to_owned(),
        flags: vec!["--slim".to_owned()],
        requests: vec!["jq".to_owned(), "curl".to_owned()],
        all_requests: vec!["jq".to_owned(), "curl".to_owned()],
        files: Vec::new(),
        config_map: config_map.map(str::to_owned),
        auth_secret: None,
        image: "mirror.example/aptlet:1".to_owned(),
        image_is_given: true,
        port: 8081,
        port_is_given: false,
        manifest: Some("pod.yaml".into()),
        workload: None,
        containers: Vec::new(),
        helm_values: false,
    }
}

fn patched(rendering: &Rendering, text: &str) -> Result<String, String> {
    render(rendering, Some(Manifest { place: "pod.yaml", text })).map_err(|error| error.to_string())
}

fn meant(text: &str) -> Vec<Value> {
    document::read(text).unwrap().into_iter().map(|document| document.value).collect()
}

/// One pod in many hands' styles.
const STYLES: [(&str, &str); 13] = [
    (
        "two columns",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: main\n      image: i\n      command: [sh, -c, x]\n",
    ),
    (
        "flush lists, comments everywhere",
        "# 1\nkind: Pod # 2\nmetadata: {name: a} # 3\n# 4\nspec: # 5\n  # 6\n  containers: # 7\n  # 8\n  - name: main # 9\n    # 10\n    \
         command: # 11\n    # 12\n    - x # 13\n    # 14\n  # 15\n  volumes: # 16\n  # 17\n  - name: v # 18\n    emptyDir: {} # 19\n  # 20\n# 21\n",
    ),
    ("brackets", "{kind: Pod, metadata: {name: a}, spec: {containers: [{name: main, command: [x]}]}}\n"),
    (
        "JSON",
        "{\n  \"kind\": \"Pod\",\n  \"metadata\": {\"name\": \"a\"},\n  \"spec\": {\n    \"containers\": [\n      {\n        \"name\": \"main\",\n        \
         \"command\": [\"x\"],\n        \"volumeMounts\": [\n          {\"name\": \"v\", \"mountPath\": \"/v\"}\n        ]\n      }\n    ],\n    \"volumes\": []\n  }\n}",
    ),
    ("no end of the last line", "kind: Pod\nspec:\n  containers:\n  - name: main\n    command:\n    - x"),
    (
        "CRLF",
        "kind: Pod\r\nspec:\r\n  containers:\r\n  - name: main\r\n    command: [x]\r\n    env:\r\n    - name: PATH\r\n      value: /x\r\n",
    ),
    (
        "empty collections and nothing",
        "kind: Pod\nmetadata:\nspec:\n  initContainers: []\n  volumes: # none\n  containers:\n    - name: main\n      command: [x]\n      env: []\n      volumeMounts: ~\n",
    ),
    (
        "texts in block style at every end",
        "kind: Pod\nspec:\n  volumes:\n  - name: v\n    emptyDir: {medium: \"\"}\n  containers:\n  - command:\n    - sh\n    - -c\n    - |+\n      x\n\n    name: main\n    \
         args:\n    - >-\n      a\n      b\n    env:\n    - name: B\n      value: |\n        one\n          two\n\n# end\n",
    ),
    (
        "anchors that are not touched",
        "kind: Pod\nspec:\n  containers:\n    - &main\n      name: main\n      command: [x]\n      securityContext: &s\n        runAsUser: 1\n  initContainers:\n    - \
         name: first\n      securityContext: *s\n",
    ),
    (
        "a list",
        "kind: List\nitems:\n- kind: Service\n  metadata: {name: s}\n- kind: Pod\n  metadata: {name: a}\n  spec:\n    containers:\n    - name: main\n      command: [x]\n",
    ),
    (
        "several documents",
        "%YAML 1.2\n---\nkind: Service\nmetadata: {name: s}\n---\n# of the pod\nkind: Pod\nspec:\n  containers:\n    - name: main\n      command: [x]\n...\n---\nkind: Service\n",
    ),
    (
        "a dash on its own line",
        "kind: Pod\nspec:\n    containers:\n    -\n        name: main\n        command:\n        - x\n        env:\n        -   name: A\n            value: b\n",
    ),
    (
        "keys and texts in quotes",
        "'kind': Pod\n\"spec\":\n  'containers':\n    - \"name\": 'main'\n      \"command\": [\"x\", 'it''s # no: comment']\n      args: [\"a: b\",\n        c]\n      \
         env: [{\"name\": \"A\", value: '{[,'}]\n",
    ),
];

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
                let init = patched(&self::rendering(Mode::Init, config_map), &once);
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
fn an_alias_or_a_merged_key_in_the_way_is_named_with_its_line() {
    let pod = |env: &str, first: &str| {
        format!(
            "kind: Pod\nx: &e\n- {{name: A}}\ny: &m\n  env: [{{name: A}}]\nspec:\n  containers:\n  - name: main\n    {first}\n    {env}\n"
        )
    };
    let init = rendering(Mode::Init, None);
    let error = patched(&init, &pod("env: *e", "image: i")).unwrap_err();
    assert_eq!(
        error,
        "pod.yaml:10: aptlet has to add to this, but it is an alias (*): write out what it stands for"
    );
    let error = patched(&init, &pod("<<: *m", "image: i")).unwrap_err();
    assert_eq!(
        error,
        "pod.yaml:8: aptlet has to add to this, but it has a key from elsewhere (<<): write it out"
    );
    // what is changed at the anchor is changed for the alias as well, and that is what is wanted here
    let twice = "kind: Pod\nspec:\n  containers:\n  - name: a\n    env: &e\n    - {name: A}\n    volumeMounts: &v\n    - {name: t, mountPath: /t}\n  - name: b\n    env: *e\n    volumeMounts: *v\n";
    let both = patched(&init, twice).unwrap();
    assert_eq!(meant(&both)[0]["spec"]["containers"][1]["env"][0]["name"], "PATH");
    // here it is not: the second is no container of aptlet's
    let one = Rendering { containers: vec!["a".to_owned()], ..rendering(Mode::Init, None) };
    assert!(patched(&one, twice).unwrap_err().contains("cannot add to"));
}

#[test]
fn what_cannot_be_patched_is_told() {
    let two = "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n    image: i\n  - name: d\n    command: [d]\n---\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: z}]}\n";
    let one = two.split("---").next().unwrap();
    let init = rendering(Mode::Init, None);
    let entrypoint = |containers: &[&str]| Rendering {
        containers: containers.iter().map(|name| (*name).to_owned()).collect(),
        ..rendering(Mode::Entrypoint, None)
    };
    let named = |kind: &str, name: &str| Rendering {
        workload: Some((kind.to_owned(), name.to_owned())),
        ..rendering(Mode::Init, None)
    };
    let mounted = one.replace("image: i", "volumeMounts: [{name: v, mountPath: /p/x/}]");
    let path =
        one.replace("image: i", "env: [{name: PATH, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]");
    let named_so = one.replace("name: c", "name: aptlet");
    let port = one.replace("image: i", "ports: [{containerPort: 8081}]");
    for (rendering, text, says) in [
        (&init, named_so.as_str(), "pod/a has a container 'aptlet' already"),
        (&rendering(Mode::Sidecar, None), &port, "container c of pod/a has port 8081, at which the sidecar"),
        (&init, two, "pod.yaml has several workloads: pod/a, pod/b"),
        (&named("pod", "c"), two, "pod.yaml has no workload pod/c; it has pod/a, pod/b"),
        (&init, "kind: Service\n", "pod.yaml has no pod, and nothing that has a template of one"),
        (&init, "", "pod.yaml has no pod"),
        (&init, "a: [b\n", "pod.yaml:"),
        (&init, "a: 1\nb:\n  c: 1\n  c: 2\n", "pod.yaml:4: it is not YAML: duplicate mapping key: c"),
        (&init, "a: {{ .Values.x }}\n  b: c\n", "pod.yaml:"),
        (
            &init,
            "kind: Pod\nspec: {containers: []}\n",
            "pod/ is not as Kubernetes has it: it has no containers",
        ),
        (&init, "kind: Pod\nspec: {containers: [q]}\n", "containers is not a list of objects"),
        (
            &init,
            "kind: Pod\nspec: {containers: [{name: a, env: {A: b}}]}\n",
            "env of container a is not a list of objects",
        ),
        (
            &init,
            "kind: Pod\nspec: {containers: [{name: a, volumeMounts: q}]}\n",
            "volumeMounts of container a is not",
        ),
        (
            &init,
            "kind: Pod\nmetadata: [q]\nspec: {containers: [{name: a}]}\n",
            "its metadata or annotations are not a map",
        ),
        (
            &init,
            "kind: Pod\nspec: {containers: [{name: a}], initContainers: [{name: aptlet, command: [q]}]}\n",
            "pod/ has a container 'aptlet' already",
        ),
        (
            &init,
            "kind: Pod\nspec: {containers: [{name: a}], volumes: [{name: aptlet-config, emptyDir: {}}]}\n",
            "pod/ has a volume 'aptlet-config' already",
        ),
        (
            &init,
            "kind: Pod\nspec:\n  containers: [{name: a}]\n  volumes: [ # q\n  ]\n",
            "has a comment where there is nothing",
        ),
        (&entrypoint(&[]), one, "pod/a has the containers c, d, and an entrypoint is that of one"),
        (&entrypoint(&["c"]), one, "container c of pod/a has no command, which an entrypoint has to start"),
        (&entrypoint(&["q"]), one, "pod/a has no container 'q'; it has c, d"),
        (&init, &mounted, "container c of pod/a mounts volume v at /p/x/, where aptlet-packages is to be"),
        (&init, &path, "container c of pod/a has a PATH from elsewhere (valueFrom)"),
    ] {
        let error = patched(rendering, text).unwrap_err();
        assert!(error.contains(says) && !error.contains('\n'), "{says}: {error}");
    }
    let twins = two.replace("name: b", "name: a");
    assert!(patched(&named("pod", "a"), &twins).unwrap_err().contains("several workloads: pod/a, pod/a"));
    let only_b = patched(&named("pod", "b"), two).unwrap();
    assert!(only_b.starts_with(one), "the other one is not touched");
    let entry = patched(&entrypoint(&["d"]), one).unwrap();
    let command = &meant(&entry)[0]["spec"]["containers"][1]["command"];
    assert_eq!(*command, json!(["/p/.aptlet/aptlet", "run", "--slim", "jq", "curl", "--", "d"]));
}

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
                ways.push(Rendering { mount, auth_secret, ..rendering(mode, config_map) });
            }
        }
    }
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
fn dollars_and_tabs_mean_themselves() {
    let flags = vec!["--path-exclude=/a/$(X)$".to_owned()];
    let text = patched(&Rendering { flags, ..rendering(Mode::Init, None) }, STYLES[0].1).unwrap();
    assert!(text.contains("--path-exclude=/a/$$(X)$$"), "{text}");
    let tab = super::write::block(&json!({ "x.pref": "\tjq\n" }), super::write::Lists::Indented);
    assert_eq!(tab, "x.pref: \"\\tjq\\n\"\n");
}

/// Random data, written in random styles.
struct Author(StdRng);

impl Author {
    fn value(&mut self, depth: u32) -> Value {
        match self.0.gen_range(0..if depth == 0 { 6 } else { 10 }) {
            0 => json!(self.0.gen_range(-5..5)),
            1 => json!(self.0.gen_bool(0.5)),
            2 => {
                json!(["yes", "", "- x", "a: b", "x # y", "*a", "0x1", "~", " lead"][self.0.gen_range(0..9)])
            }
            3 => json!(
                ["one\ntwo\n", "one\n  two", "\nthree\n\n", "tab\there", "é {x}", "\"'\\"]
                    [self.0.gen_range(0..6)]
            ),
            4 => Value::Null,
            5 => json!("word"),
            6 | 7 => self.map(depth - 1),
            _ => (0..self.0.gen_range(0..4)).map(|_| self.value(depth - 1)).collect(),
        }
    }

    fn map(&mut self, depth: u32) -> Value {
        let keys = ["name", "env", "args", "k", "yes", "a b", "x/y"];
        let count = self.0.gen_range(0..4);
        (0..count).map(|_| (keys[self.0.gen_range(0..keys.len())].to_owned(), self.value(depth))).collect()
    }

    fn noise(&mut self, indent: usize) -> String {
        match self.0.gen_range(0..8) {
            0 => format!("{:indent$}# note\n", ""),
            1 => "\n".to_owned(),
            2 => "# far left\n".to_owned(),
            _ => String::new(),
        }
    }

    /// The text of a value behind its key or dash, with the end of the line.
    fn write(&mut self, value: &Value, indent: usize, in_list: bool) -> String {
        let tail = ["\n", "\n", " # tail\n"][self.0.gen_range(0..3)];
        let plain = super::write::line(value);
        match value {
            Value::Object(map) if !map.is_empty() && self.0.gen_bool(0.8) => {
                let column = indent + if in_list { 2 } else { self.0.gen_range(1..4) };
                let mut text = if in_list { String::new() } else { tail.to_owned() };
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 || !in_list {
                        text += &self.noise(column);
                        text += &" ".repeat(column);
                    } else {
                        text.push(' ');
                    }
                    text += &format!(
                        "{}:{}",
                        super::write::line(&key.as_str().into()),
                        self.write(value, column, false)
                    );
                }
                text
            }
            Value::Array(list) if !list.is_empty() && !in_list && self.0.gen_bool(0.8) => {
                let column = indent + [0, 2, 4][self.0.gen_range(0..3)];
                let mut text = tail.to_owned();
                for value in list {
                    text += &self.noise(column);
                    text += &format!("{}-{}", " ".repeat(column), self.write(value, column, true));
                }
                text
            }
            Value::Null if self.0.gen_bool(0.3) => tail.to_owned(),
            Value::String(text) if text == "one\ntwo\n" => {
                let column = indent + 2;
                format!(" |\n{0}one\n{0}two\n", " ".repeat(column))
            }
            Value::Object(_) | Value::Array(_) => format!(" {}{tail}", super::write::flow(value)),
            _ => format!(" {plain}{tail}"),
        }
    }

    /// The same with more in it.
    fn grown(&mut self, value: &Value) -> Value {
        let mut grown = value.clone();
        match &mut grown {
            Value::Object(map) => {
                for (_, value) in map.iter_mut() {
                    *value = self.grown(value);
                }
                for key in ["new", "newer"].into_iter().take(self.0.gen_range(0..3)) {
                    let value = self.value(2);
                    map.insert(key.to_owned(), value);
                }
            }
            Value::Array(list) => {
                for _ in 0..self.0.gen_range(0..3) {
                    let (place, value) =
                        (self.0.gen_range(0..=list.len()), json!({ "name": "added", "list": self.value(2) }));
                    list.insert(place, value);
                }
            }
            value if self.0.gen_bool(0.2) => *value = self.value(2),
            _ => {}
        }
        grown
    }
}

#[test]
fn whatever_is_added_to_whatever_text_is_there_afterwards() {
    let mut done = 0;
    for seed in 0..3000 {
        let mut author = Author(StdRng::seed_from_u64(seed));
        let value = author.map(4);
        let text = author.write(&value, 0, false);
        let text = text.trim_start_matches(' ').to_owned();
        let documents =
            document::read(&text).unwrap_or_else(|error| panic!("seed {seed}: {error:?}:\n{text}"));
        let [Document { value: there, .. }] = documents.as_slice() else { continue };
        if there.as_object().is_none_or(serde_json::Map::is_empty) {
            continue;
        }
        assert_eq!(*there, value, "seed {seed}:\n{text}");
        let wanted = author.grown(there);
        match rewrite(&text, &documents, std::slice::from_ref(&wanted)) {
            Ok(edited) => {
                done += 1;
                assert_eq!(meant(&edited), [wanted], "seed {seed}");
                let again = document::read(&edited).unwrap();
                assert_eq!(rewrite(&edited, &again, &meant(&edited)).unwrap(), edited, "seed {seed}");
            }
            Err(Stuck { line, reason }) => panic!("seed {seed}, line {line} {reason}:\n{text}\n{wanted:#}"),
        }
    }
    assert!(done > 2000, "only {done}");
}
