//! What cannot be patched is told, with its place.

use serde_json::json;

use super::given::{meant, patched, rendering};
use crate::config::{Exposure, Mode, Rendering};

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
    let at =
        |place: &str| one.replace("image: i", &format!("volumeMounts: [{{name: v, mountPath: {place}}}]"));
    let by_path = Rendering { exposure: Exposure::Path(None), ..rendering(Mode::Init, None) };
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
        (
            &init,
            &at("/usr/local/sbin/"),
            "mounts volume v at /usr/local/sbin/, and the commands are to be at /usr/local/sbin",
        ),
        (
            &init,
            &at("/usr/local/sbin/a"),
            "container c of pod/a mounts volume v at /usr/local/sbin/a, and the commands",
        ),
        (&init, &at("/usr"), "mounts volume v at /usr, and the commands are to be at /usr/local/sbin"),
        (&by_path, &path, "container c of pod/a has a PATH from elsewhere (valueFrom)"),
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
