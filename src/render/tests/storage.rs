//! What is said of the room that packages take.

use serde_json::{Value, json};

use super::given::{meant, patched, rendering};
use crate::config::{Mode, Rendering, Storage};

fn with_room(storage: Storage) -> Rendering {
    let mut rendering = Rendering { storage: Some(storage), ..rendering(Mode::Init, None) };
    rendering.give_room(300 << 20);
    rendering
}

/// The volume, and requests and limits of aptlet's container.
fn said(text: &str) -> (Value, Value, Value) {
    let pod = meant(text).remove(0);
    let own = pod.pointer("/spec/initContainers/0").cloned().unwrap();
    let resources = |key: &str| own.pointer(&format!("/resources/{key}/ephemeral-storage")).cloned();
    let volume = pod.pointer("/spec/volumes/0").cloned().unwrap_or_default();
    (volume, resources("requests").unwrap_or_default(), resources("limits").unwrap_or_default())
}

const POD: &str = "kind: Pod\nspec:\n  containers:\n  - {name: a, image: i}\n";

#[test]
fn the_volume_is_bounded_and_its_room_is_asked_for() {
    let bounded = json!({ "name": "aptlet-packages", "emptyDir": { "sizeLimit": "300Mi" } });
    let once = patched(&with_room(Storage::Request), POD).unwrap();
    assert!(once.contains("- --size-limit=300Mi\n"), "{once}");
    assert_eq!(said(&once), (bounded.clone(), json!("300Mi"), Value::Null));
    assert_eq!(patched(&with_room(Storage::Request), &once).unwrap(), once);
    let limited = patched(&with_room(Storage::Limit), &once).unwrap();
    assert_eq!(said(&limited), (bounded, json!("300Mi"), json!("300Mi")));
}

#[test]
fn resources_of_the_user_stay_but_for_what_is_asked_for() {
    let own = "resources: {requests: {cpu: 1, ephemeral-storage: 1Gi}, limits: {memory: 1Gi}}";
    let text = format!("{POD}  initContainers:\n  - {{name: aptlet, image: i, {own}}}\n");
    let plain = patched(&rendering(Mode::Init, None), &text).unwrap();
    assert_eq!(said(&plain).1, "1Gi");
    let asked = patched(&with_room(Storage::Request), &text).unwrap();
    let own = &meant(&asked)[0]["spec"]["initContainers"][0]["resources"];
    let wanted =
        json!({ "requests": { "cpu": 1, "ephemeral-storage": "300Mi" }, "limits": { "memory": "1Gi" } });
    assert_eq!(*own, wanted);
}

#[test]
fn what_is_not_on_the_disk_of_the_node_takes_none_of_it() {
    for volume in ["emptyDir: {medium: Memory}", "persistentVolumeClaim: {claimName: c}"] {
        let own = "{name: aptlet, image: i, volumeMounts: [{name: aptlet-packages, mountPath: /p}]}";
        let text = format!(
            "{POD}  initContainers:\n  - {own}\n  volumes:\n  - {{name: aptlet-packages, {volume}}}\n"
        );
        let once = patched(&with_room(Storage::Limit), &text).unwrap();
        let (volume, request, limit) = said(&once);
        assert_eq!((request, limit), (Value::Null, Value::Null), "{once}");
        // a volume in memory is bounded all the same
        let bound = volume.pointer("/emptyDir/sizeLimit").cloned();
        assert_eq!(bound, volume.get("emptyDir").map(|_| json!("300Mi")), "{once}");
        assert!(once.contains("--size-limit=300Mi"), "{once}");
    }
}
