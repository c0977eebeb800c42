//! Anchors, aliases and merge keys: what is shared stays shared as long as that is right, and is written out where not.

use serde_json::{Value, json};

use super::given::{meant, patched, rendering};
use crate::config::{Exposure, Mode, PathOrder, Rendering};

/// What adds to both lists that manifests share, variables and mounts.
fn init() -> Rendering {
    let exposure = Exposure::Path(Some("/bin".to_owned()));
    Rendering { exposure, path_order: PathOrder::First, ..rendering(Mode::Init, None) }
}

/// Patches, and does it again, which must change nothing.
fn twice(rendering: &Rendering, text: &str) -> String {
    let once = patched(rendering, text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    assert_eq!(patched(rendering, &once).as_deref(), Ok(once.as_str()), "{text}");
    once
}

fn containers(text: &str) -> Value {
    meant(text).pop().unwrap()["spec"]["containers"].clone()
}

const PATH: &str = "/p/bin:/bin";

#[test]
fn an_alias_that_is_added_to_is_written_out_where_it_stands() {
    let text = "kind: Pod\nx: &e # why\n- name: A # a\n  value: '01'\nspec:\n  containers:\n  - name: main\n    env: *e # theirs\n    image: i\n";
    let once = twice(&init(), text);
    assert!(once.starts_with("kind: Pod\nx: &e # why\n- name: A # a\n  value: '01'\nspec:\n"), "{once}");
    assert!(once.contains("    env: # theirs\n    - name: PATH\n"), "{once}");
    assert!(once.contains("    - name: A # a\n      value: '01'\n    image: i\n"), "{once}");
    assert_eq!(
        containers(&once)[0]["env"],
        json!([{ "name": "PATH", "value": PATH }, { "name": "A", "value": "01" }])
    );
    // of a list in brackets, and one that is indented
    for list in [
        "[{name: A, value: '01'}]",
        "\n    - {name: A, value: '01'}",
        "\n    # above\n    - name: A\n      value: '01' # c",
    ] {
        let text = format!(
            "kind: Pod\nx:\n  y: &e {list}\nspec:\n  containers:\n    - name: main\n      env: *e\n    - {{name: b, image: i}}\n"
        );
        let once = twice(&init(), &text);
        assert_eq!(containers(&once)[0]["env"][1]["value"], "01", "{once}");
        assert_eq!(meant(&once)[0]["x"]["y"], json!([{ "name": "A", "value": "01" }]), "{once}");
        assert!(once.starts_with(text.split("spec:").next().unwrap()), "{once}");
    }
}

#[test]
fn a_merged_key_that_is_added_to_is_written_out_and_the_others_stay_merged() {
    let text = "kind: Pod\ny: &m\n  env: [{name: A}] # a\n  image: &i 'x:01'\nspec:\n  containers:\n    - <<: *m\n      name: main\n";
    let once = twice(&init(), text);
    assert!(
        once.contains("    - <<: *m\n      env: [{name: A}")
            || once.contains("    - <<: *m\n      env: [{name: PATH"),
        "{once}"
    );
    assert!(
        once.starts_with("kind: Pod\ny: &m\n  env: [{name: A}] # a\n  image: &i 'x:01'\nspec:\n"),
        "{once}"
    );
    assert_eq!(once.matches("x:01").count(), 1, "{once}");
    assert_eq!(containers(&once)[0]["image"], "x:01");
    // out of a second hand, and of a list
    for merge in ["<<: *n", "<<: [*o, *n]", "<<:\n      - *o\n      - *n"] {
        let text = format!(
            "kind: Pod\ny: &m\n  env:\n  - name: A\n  image: i\nz: &n\n  <<: *m\n  tty: true\no: &o {{stdin: true}}\nspec:\n  containers:\n  - name: main\n    {merge}\n"
        );
        let once = twice(&init(), &text);
        assert_eq!(containers(&once)[0]["env"][1], json!({ "name": "A" }), "{once}");
        assert_eq!(containers(&once)[0]["tty"], true, "{once}");
        assert_eq!(meant(&once)[0]["y"]["env"], json!([{ "name": "A" }]), "{once}");
    }
}

#[test]
fn what_is_wanted_of_all_alike_is_done_at_the_anchor() {
    let text = "kind: Pod\nspec:\n  containers:\n  - name: a\n    env: &e\n    - {name: A}\n    volumeMounts: &v\n    - {name: t, mountPath: /t}\n  - name: b\n    env: *e\n    volumeMounts: *v\n";
    let both = twice(&init(), text);
    assert!(both.contains("    env: *e\n    volumeMounts: *v\n"), "{both}");
    assert_eq!(containers(&both)[1]["env"][0]["name"], "PATH");
    // here it is not: the second is no container of aptlet's
    let one = Rendering { containers: vec!["a".to_owned()], ..init() };
    let once = twice(&one, text);
    assert_eq!(containers(&once)[1]["env"], json!([{ "name": "A" }]), "{once}");
    assert_eq!(containers(&once)[0]["env"][0]["name"], "PATH");
    assert!(once.contains("    env: &e\n"), "{once}");
    let other = twice(&Rendering { containers: vec!["b".to_owned()], ..init() }, text);
    assert_eq!(containers(&other)[0]["env"], json!([{ "name": "A" }]), "{other}");
    assert_eq!(containers(&other)[1]["volumeMounts"].as_array().unwrap().len(), 2, "{other}");
    // a whole container that another one merges in
    let text = "kind: Pod\nspec:\n  containers:\n  - &a\n    name: a\n    image: i\n    command: [x]\n  - <<: *a\n    name: b\n";
    let once = twice(&init(), text);
    assert!(once.contains("  - <<: *a\n    name: b\n"), "{once}");
    let once = twice(&one, text);
    assert_eq!(containers(&once)[1], json!({ "name": "b", "image": "i", "command": ["x"] }), "{once}");
    let entrypoint = Rendering { containers: vec!["a".to_owned()], ..rendering(Mode::Entrypoint, None) };
    assert_eq!(containers(&twice(&entrypoint, text))[1]["command"], json!(["x"]));
}

#[test]
fn the_restricted_context_that_manifests_share_stays_shared() {
    let own = "kind: Pod\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  initContainers:\n    - name: aptlet\n      image: i\n      securityContext: &restricted\n        \
        readOnlyRootFilesystem: true\n        allowPrivilegeEscalation: false\n        capabilities: {drop: [ALL]}\n  containers:\n    - name: main\n      image: i\n      securityContext: *restricted\n";
    let once = twice(&init(), own);
    assert!(
        once.contains("securityContext: &restricted\n") && once.contains("securityContext: *restricted\n"),
        "{once}"
    );
    // without that of the pod, aptlet's has more than the other one
    let pod =
        own.replace("  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n", "");
    let once = twice(&init(), &pod);
    let before = json!({ "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    assert_eq!(containers(&once)[0]["securityContext"], before, "{once}");
}

#[test]
fn line_ends_nested_anchors_and_texts_are_copied_as_they_are() {
    let text = "kind: Pod\r\nx: &e\r\n  - &a\r\n    name: A\r\n    value: |\r\n      one\r\n        two\r\n  - name: B\r\n    value: &v >-\r\n      folded\r\n      text\r\nspec:\r\n  containers:\r\n    - name: main\r\n      env: *e\r\n      args: [*v]\r\n";
    let once = twice(&init(), text);
    assert_eq!(once.matches('\n').count(), once.matches("\r\n").count(), "{once:?}");
    let env = &containers(&once)[0]["env"];
    assert_eq!(
        (&env[1]["value"], &env[2]["value"]),
        (&json!("one\n  two\n"), &json!("folded text")),
        "{once}"
    );
    assert_eq!((once.matches("&a").count(), once.matches("&v").count()), (1, 1), "{once}");
}

#[test]
fn what_cannot_be_written_out_is_named_with_its_line() {
    for (text, line, says) in [
        (
            "kind: Service\n---\nkind: Pod\nx: &e\n- name: A\n  value: b\nspec:\n  containers:\n  - {name: main, env: *e}\n",
            9,
            "it has *e between brackets, which stands for several lines: write these out there",
        ),
        (
            "kind: Pod\nx: &m\n  env:\n  - name: A\nspec:\n  containers:\n  - {name: main, <<: *m}\n",
            7,
            "it has a merge key (<<) between brackets",
        ),
    ] {
        let error = patched(&init(), text).unwrap_err();
        assert!(
            error.starts_with(&format!("pod.yaml:{line}: aptlet has to add to this, but {says}")),
            "{error}"
        );
    }
}
