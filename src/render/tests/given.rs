//! What the tests render, and into what.

use serde_json::Value;

use crate::config::{Exposure, Mode, PathOrder, Rendering};
use crate::render::document;
use crate::render::{Manifest, render};

pub(super) fn rendering(mode: Mode, config_map: Option<&str>) -> Rendering {
    Rendering {
        mode,
        mount: "/p".to_owned(),
        exposure: Exposure::default(),
        path_order: PathOrder::Last,
        flags: vec!["--slim".to_owned()],
        requests: vec!["jq".to_owned(), "curl".to_owned()],
        all_requests: vec!["jq".to_owned(), "curl".to_owned()],
        files: Vec::new(),
        config_map: config_map.map(str::to_owned),
        auth_secret: None,
        tls_secret: None,
        image: Some("mirror.example/aptlet:1".to_owned()),
        baked: None,
        size_limit: None,
        storage: None,
        port: 8081,
        port_is_given: false,
        manifest: Some("pod.yaml".into()),
        workload: None,
        all: false,
        containers: Vec::new(),
        helm_values: false,
        libraries: false,
    }
}

pub(super) fn patched(rendering: &Rendering, text: &str) -> Result<String, String> {
    render(rendering, Some(Manifest { place: "pod.yaml", text })).map_err(|error| error.to_string())
}

pub(super) fn meant(text: &str) -> Vec<Value> {
    document::read(text).unwrap().into_iter().map(|document| document.value).collect()
}

/// One pod in many hands' styles.
pub(super) const STYLES: [(&str, &str); 13] = [
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
