//! Images that something is put on top of, or beside.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tar::EntryType;

use super::server::Registry;
use super::{manifest, staged};
use crate::support::deb::{TarEntry, sha256, tar};
use crate::support::stage::{Run, Stage};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const STATUS: &str = "Package: data\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0\n\n";

/// Puts an image of layers there, each of files; returns its digest and those of the layers.
fn image(registry: &Registry, architecture: &str, layers: &[&[(&str, &str)]]) -> (String, Vec<String>) {
    let (mut descriptors, mut diff_ids): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for layer in layers {
        let entries: Vec<TarEntry> = layer
            .iter()
            .map(|(path, content)| {
                let mut entry = TarEntry::new(path, EntryType::Regular);
                entry.data = content.as_bytes().to_vec();
                entry
            })
            .collect();
        let bytes = tar(&entries);
        diff_ids.push(format!("sha256:{}", sha256(&bytes)));
        descriptors.push(registry.put_blob(LAYER, &bytes));
    }
    let config = json!({
        "architecture": architecture, "os": "linux", "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "config": { "Env": ["PATH=/opt/bin:/bin", "A=b"], "User": "65532", "Entrypoint": ["/web"] },
    });
    let config =
        registry.put_blob("application/vnd.oci.image.config.v1+json", &serde_json::to_vec(&config).unwrap());
    let text = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": descriptors });
    let digest = registry.put_manifest("web", "1", &text);
    let names = descriptors.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect();
    (digest, names)
}

fn lock(stage: &Stage, registry: &Registry) -> (Command, PathBuf) {
    let path = stage.sandbox.path("aptlet.lock");
    let mut lock = stage.at_mirror("lock");
    lock.args(["tool", "--base-image", &format!("{}/web:1", registry.host()), "-o"]).arg(&path);
    (lock, path)
}

#[test]
fn what_an_image_has_is_the_base_and_no_more_is_fetched_than_it_takes() {
    let (stage, registry) = staged();
    let (digest, layers) = image(
        &registry,
        "amd64",
        &[
            &[(
                "var/lib/dpkg/status",
                "Package: old\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n",
            )],
            &[("var/lib/dpkg/status", STATUS), ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")],
        ],
    );
    let (mut command, path) = lock(&stage, &registry);
    command.run().succeeded();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("name = \"tool\"") && !text.contains("name = \"data\""), "{text}");
    assert!(text.contains(&format!("base-image = \"{}/web:1@{digest}\"", registry.host())), "{text}");
    let fetched: Vec<String> = registry.asked().into_iter().map(|asked| asked.target).collect();
    assert!(fetched.iter().any(|target| target.ends_with(&layers[1])), "{fetched:?}");
    assert!(!fetched.iter().any(|target| target.ends_with(&layers[0])), "the lower one: {fetched:?}");
}

#[test]
fn an_image_on_top_keeps_what_is_below() {
    let (stage, registry) = staged();
    let files: &[(&str, &str)] = &[("var/lib/dpkg/status", STATUS), ("etc/os-release", "ID=debian\n")];
    let (digest, layers) = image(&registry, "amd64", &[files]);
    let mut bake = stage.at_mirror("bake");
    bake.args(["tool", "--base-image", &format!("{}/web:1", registry.host())]);
    // at /, the launchers of a tree are not needed
    bake.args(["--prefix", "/", "-o", &format!("oci://{}/top:1", registry.host())]);
    bake.run().succeeded();
    let top = manifest(&registry, "top", "1");
    assert_eq!(top["layers"][0]["digest"], layers[0].as_str());
    assert_eq!(top["annotations"]["org.opencontainers.image.base.digest"], digest.as_str());
    let config: Value =
        serde_json::from_slice(&registry.blobs()[top["config"]["digest"].as_str().unwrap()]).unwrap();
    assert_eq!(config["config"]["User"], "65532");
    assert_eq!(config["config"]["Entrypoint"][0], "/web");
    assert_eq!(config["config"]["Env"], json!(["A=b", "PATH=/opt/bin:/bin"]));
    let count = top["layers"].as_array().unwrap().len();
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), count);
}

#[test]
fn an_image_that_lies_is_not_used() {
    let files: &[(&str, &str)] = &[("var/lib/dpkg/status", STATUS)];
    let (stage, registry) = staged();
    let (_, layers) = image(&registry, "amd64", &[files]);
    registry.spoil_blob(&layers[0]);
    let (mut command, path) = lock(&stage, &registry);
    command.run().failed(5, &[&layers[0], "SHA256 is"]);
    assert!(!path.exists());

    let (stage, registry) = staged();
    image(&registry, "arm64", &[files]);
    lock(&stage, &registry).0.run().failed(3, &["not for linux/amd64", "linux/arm64"]);

    let (stage, registry) = staged();
    lock(&stage, &registry).0.run().failed(4, &["there is no image", "web:1"]);

    let (stage, registry) = staged();
    registry.put_manifest("web", "1", &json!({ "mediaType": IMAGE, "schemaVersion": 2 }));
    lock(&stage, &registry).0.run().failed(5, &["its manifest is odd"]);
}
