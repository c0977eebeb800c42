//! Pod templates wherever a kind keeps them.

use serde_json::{Value, json};

use super::given::{meant, patched, rendering};
use crate::config::{Mode, Rendering};

/// A kind, its spec, and where its pod templates are.
const KINDS: [(&str, &str, &[&str]); 10] = [
    ("Sandbox", "  podTemplate: &T\n", &["/spec/podTemplate"]),
    (
        "RayCluster",
        "  headGroupSpec:\n    rayStartParams: {}\n    template: &T\n  workerGroupSpecs:\n  - groupName: small\n    template: &T\n  - groupName: big\n    template: &T\n",
        &[
            "/spec/headGroupSpec/template",
            "/spec/workerGroupSpecs/0/template",
            "/spec/workerGroupSpecs/1/template",
        ],
    ),
    (
        "JobSet",
        "  replicatedJobs:\n  - name: workers\n    template:\n      spec:\n        parallelism: 2\n        template: &T\n",
        &["/spec/replicatedJobs/0/template/spec/template"],
    ),
    (
        "LeaderWorkerSet",
        "  leaderWorkerTemplate:\n    leaderTemplate: &T\n    size: 4\n    workerTemplate: &T\n",
        &["/spec/leaderWorkerTemplate/leaderTemplate", "/spec/leaderWorkerTemplate/workerTemplate"],
    ),
    (
        "PyTorchJob",
        "  pytorchReplicaSpecs:\n    Master:\n      replicas: 1\n      template: &T\n    Worker:\n      template: &T\n",
        &["/spec/pytorchReplicaSpecs/Master/template", "/spec/pytorchReplicaSpecs/Worker/template"],
    ),
    (
        "FlinkDeployment",
        "  podTemplate: &T\n  jobManager: {replicas: 1}\n  taskManager:\n    podTemplate: &T\n",
        &["/spec/podTemplate", "/spec/taskManager/podTemplate"],
    ),
    (
        "SparkApplication",
        "  driver:\n    cores: 1\n    template: &T\n  executor:\n    template: &T\n",
        &["/spec/driver/template", "/spec/executor/template"],
    ),
    ("Service", "  template: &T\n", &["/spec/template"]),
    ("CronJob", "  jobTemplate:\n    spec:\n      template: &T\n", &["/spec/jobTemplate/spec/template"]),
    ("Rollout", "  strategy: {canary: {}}\n  template: &T\n", &["/spec/template"]),
];

/// The manifest of a kind, with a template in each place.
fn manifest(kind: &str, spec: &str) -> String {
    let lines = spec.lines().flat_map(|line| match line.strip_suffix(" &T") {
        None => vec![line.to_owned()],
        Some(key) => {
            let indent = " ".repeat(2 + key.len() - key.trim_start().len());
            vec![
                key.to_owned(),
                format!("{indent}spec: # the pod"),
                format!("{indent}  containers:"),
                format!("{indent}  - name: main # its name"),
                format!("{indent}    image: i"),
            ]
        }
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "kind: {kind}\nmetadata:\n  name: x\nspec:\n{}\nstatus:\n  template: {{spec: {{containers: [{{name: old}}]}}}}\n",
        lines.join("\n")
    )
}

#[test]
fn pod_templates_are_found_by_their_shape_and_named_by_their_path() {
    for (kind, spec, pointers) in KINDS {
        let text = manifest(kind, spec);
        let all = Rendering { all: true, ..rendering(Mode::Init, None) };
        let once = patched(&all, &text).unwrap_or_else(|error| panic!("{kind}: {error}\n{text}"));
        assert_eq!(patched(&all, &once).unwrap(), once, "{kind}");
        let object = meant(&once).pop().unwrap();
        for pointer in pointers {
            let pod = &object.pointer(pointer).unwrap()["spec"];
            assert_eq!(pod["initContainers"][0]["name"], "aptlet", "{kind}: {pointer}\n{once}");
            assert_eq!(pod["containers"][0]["volumeMounts"][1]["subPath"], "commands", "{kind}: {pointer}");
        }
        assert_eq!(object["status"], meant(&text)[0]["status"], "{kind}");
        for line in text.lines() {
            assert!(once.lines().any(|other| other == line), "{kind}: '{line}' is gone:\n{once}");
        }
        let one = rendering(Mode::Init, None);
        if pointers.len() == 1 {
            assert_eq!(patched(&one, &text).unwrap(), once, "{kind}");
            continue;
        }
        let error = patched(&one, &text).unwrap_err();
        let name = kind.to_lowercase();
        let paths: Vec<String> = pointers.iter().map(|pointer| path(pointer)).collect();
        let named: Vec<String> = paths.iter().map(|path| format!("{name}/x:{path}")).collect();
        assert_eq!(error, format!("pod.yaml has several workloads: {}", named.join(", ")));
        // one of them by its path
        let workload = Some((name, format!("x:{}", paths[1])));
        let second = patched(&Rendering { workload, ..one }, &text).unwrap();
        let object = meant(&second).pop().unwrap();
        for (index, pointer) in pointers.iter().enumerate() {
            let pod = &object.pointer(pointer).unwrap()["spec"];
            assert_eq!(pod.get("initContainers").is_some(), index == 1, "{kind}: {pointer}\n{second}");
        }
    }
}

fn path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer[1..].split('/') {
        match step.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) if path.is_empty() => path.push_str(step),
            Err(_) => path.push_str(&format!(".{step}")),
        }
    }
    path
}

const WORKFLOW: &str = "kind: Workflow\nmetadata: {generateName: hello-}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    dag:\n      tasks: [{name: a, template: say}]\n  - name: say # here\n    container:\n      image: busybox\n      command: [jq]\n  - name: script\n    podSpecPatch: '{\"containers\": [{\"name\": \"main\", \"resources\": {\"limits\": {\"cpu\": \"{{workflow.parameters.cpu}}\"}}}]}'\n    script:\n      image: busybox\n      source: jq\n  - name: set\n    containerSet:\n      containers:\n      - {name: a, image: busybox}\n      - {name: b, image: busybox}\n";

#[test]
fn templates_of_argo_get_a_patch_of_their_pod() {
    let all = Rendering { all: true, ..rendering(Mode::Init, Some("tools")) };
    let once = patched(&all, WORKFLOW).unwrap();
    assert_eq!(patched(&all, &once).unwrap(), once);
    let object = meant(&once).pop().unwrap();
    let templates = object["spec"]["templates"].as_array().unwrap();
    assert_eq!(templates[0].get("podSpecPatch"), None);
    for (index, names) in [(1, ["main"].as_slice()), (2, &["main"]), (3, &["a", "b"])] {
        let patch = templates[index]["podSpecPatch"].as_str().unwrap();
        let patch: Value = serde_saphyr::from_str(patch).unwrap();
        assert_eq!(patch["initContainers"][0]["name"], "aptlet", "{patch}");
        assert_eq!(patch["volumes"][0], json!({ "name": "aptlet-packages", "emptyDir": {} }));
        let there: Vec<&str> =
            patch["containers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(there, names);
        for container in patch["containers"].as_array().unwrap() {
            assert_eq!(container["volumeMounts"][0]["mountPath"], "/p");
        }
    }
    assert!(
        once.contains("{{workflow.parameters.cpu}}") && once.contains("  - name: say # here\n"),
        "{once}"
    );
    // what is no text of YAML before Argo has filled it in
    let open = WORKFLOW.replace("'{\"containers\"", "'{{inputs.parameters.patch}}, {\"containers\"");
    let error = patched(&all, &open).unwrap_err();
    assert!(
        error.contains("spec.templates[2] is not as Kubernetes has it: its podSpecPatch is not one YAML"),
        "{error}"
    );
    let entrypoint = Rendering { all: true, ..rendering(Mode::Entrypoint, None) };
    assert!(patched(&entrypoint, WORKFLOW).unwrap_err().contains("has no command"));
}

#[test]
fn pod_templates_that_may_be_left_out_are_made() {
    let spark = "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: x}\nspec:\n  driver:\n    cores: 1 # one\n  executor: {cores: 2}\n";
    let all = Rendering { all: true, ..rendering(Mode::Init, None) };
    let once = patched(&all, spark).unwrap();
    assert_eq!(patched(&all, &once).unwrap(), once);
    let object = meant(&once).pop().unwrap();
    for part in ["driver", "executor"] {
        let pod = &object["spec"][part]["template"]["spec"];
        assert_eq!(pod["containers"][0]["name"], format!("spark-kubernetes-{part}"), "{once}");
        assert_eq!(pod["initContainers"][0]["name"], "aptlet");
    }
    let flink = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nmetadata: {name: x}\nspec:\n  image: flink\n  taskManager: {}\n";
    let once = patched(&rendering(Mode::Init, None), flink).unwrap();
    let container = &meant(&once)[0]["spec"]["podTemplate"]["spec"]["containers"][0];
    assert_eq!(
        (&container["name"], &container["volumeMounts"][1]["mountPath"]),
        (&json!("flink-main-container"), &json!("/usr/local/sbin"))
    );
    assert_eq!(patched(&rendering(Mode::Init, None), &once).unwrap(), once);
    // of another group
    assert!(patched(&all, &flink.replace("flink.apache.org", "example.org")).is_err());
}

#[test]
fn each_namespace_has_its_config_map() {
    let pod = |name: &str, namespace: &str| {
        format!(
            "kind: Pod\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{containers: [{{name: main, image: i}}]}}\n"
        )
    };
    let text = [pod("a", "one"), pod("b", "two"), pod("c", "one")].join("---\n");
    let all = Rendering { all: true, ..rendering(Mode::Init, Some("tools")) };
    let once = patched(&all, &text).unwrap();
    assert_eq!(patched(&all, &once).unwrap(), once);
    let kinds: Vec<(Value, Value)> = meant(&once)
        .into_iter()
        .map(|mut one| (one["kind"].take(), one["metadata"]["namespace"].take()))
        .collect();
    let kinds: Vec<(&str, &str)> =
        kinds.iter().map(|(kind, space)| (kind.as_str().unwrap(), space.as_str().unwrap())).collect();
    assert_eq!(
        kinds,
        [("ConfigMap", "one"), ("ConfigMap", "two"), ("Pod", "one"), ("Pod", "two"), ("Pod", "one")],
        "{once}"
    );
}
