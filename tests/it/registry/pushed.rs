//! What a registry has after a push, and what it was sent.

use super::server::{Fault, Reply};
use super::{manifest, push, repository, staged};
use crate::support::deb::sha256;
use crate::support::stage::Run;

#[test]
fn a_push_is_the_image_that_a_layout_has() {
    let (stage, registry) = staged();
    let digest = push(&stage, &registry, "team/tools:1.0").run().succeeded().stdout;
    let digest = digest.trim();
    let text = registry.manifest("team/tools", "1.0").unwrap();
    assert_eq!(format!("sha256:{}", sha256(&text)), digest);
    let layout = stage.sandbox.path("layout");
    let mut bake = stage.at_mirror("bake");
    bake.args(["tool", "--prefix", "/", "-o", &format!("oci:{}", layout.display())]);
    bake.env("SOURCE_DATE_EPOCH", "1700000000");
    assert_eq!(bake.run().succeeded().stdout.trim(), digest);
    for layer in manifest(&registry, "team/tools", "1.0")["layers"].as_array().unwrap() {
        let name = layer["digest"].as_str().unwrap();
        let in_layout = layout.join("blobs/sha256").join(name.strip_prefix("sha256:").unwrap());
        assert_eq!(registry.blobs()[name], std::fs::read(in_layout).unwrap());
    }
}

#[test]
fn what_a_repository_has_is_not_sent_again() {
    let (stage, registry) = staged();
    push(&stage, &registry, "tools:1").run().succeeded();
    registry.forget_requests();
    push(&stage, &registry, "tools:2").run().succeeded();
    let sent = |registry: &super::Registry| {
        let asked = registry.asked();
        let blobs = asked.iter().filter(|asked| asked.target.contains("/blobs/uploads/"));
        blobs
            .map(|asked| asked.headers.get("content-length").map_or(0, |size| size.parse().unwrap()))
            .sum::<usize>()
    };
    assert_eq!(sent(&registry), 0);
    assert!(registry.manifest("tools", "2").is_some());

    registry.forget_requests();
    stage.publish(&repository("2.0"));
    push(&stage, &registry, "tools:3").run().succeeded();
    let again = sent(&registry);
    assert!(again > 0 && again < 1 << 20, "{again} bytes, and not the 3 MiB of the other package");
}

#[test]
fn bills_of_materials_are_attached() {
    let (stage, registry) = staged();
    let digest = push(&stage, &registry, "tools:1").run().succeeded().stdout;
    let digest = digest.trim().to_owned();
    let tag = digest.replace(':', "-");
    let index = manifest(&registry, "tools", &tag);
    let kinds: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["artifactType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["application/spdx+json", "application/vnd.cyclonedx+json"]);
    for entry in index["manifests"].as_array().unwrap() {
        let artifact = manifest(&registry, "tools", entry["digest"].as_str().unwrap());
        assert_eq!(artifact["subject"]["digest"], digest.as_str());
        let bill = &registry.blobs()[artifact["layers"][0]["digest"].as_str().unwrap()];
        let bill: serde_json::Value = serde_json::from_slice(bill).unwrap();
        assert!(bill.to_string().contains("pkg:deb/"), "{bill}");
    }
    // once is enough, and what others have attached stays
    push(&stage, &registry, "tools:1").run().succeeded();
    assert_eq!(manifest(&registry, "tools", &tag), index);

    // where the registry lists them itself, there is no such tag
    let (stage, registry) = staged();
    registry.list_referrers();
    push(&stage, &registry, "tools:1").run().succeeded();
    assert!(registry.names("tools").iter().all(|name| !name.starts_with("sha256-")));
    assert_eq!(registry.names("tools").len(), 4, "tag, digest, and two that are attached");
}

#[test]
fn a_registry_that_takes_no_attachments_has_the_image() {
    let (stage, registry) = staged();
    registry.rule(|asked, _| {
        let is_artifact = asked.method == "PUT" && asked.target.contains("/manifests/sha256:");
        is_artifact.then(|| Fault::Answer(Reply::error(400, "MANIFEST_INVALID", "no artifacts here")))
    });
    let outcome = push(&stage, &registry, "tools:1").run().succeeded();
    assert!(outcome.stderr.contains("no artifacts here") && outcome.stderr.contains("not attached"));
    assert!(registry.manifest("tools", "1").is_some());
}
