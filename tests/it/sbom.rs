//! Bills of materials.

use std::fs;

use serde_json::Value;

use crate::support::deb::{DebBuilder, sha256};
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

const COPYRIGHT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: nobody\nLicense: Expat and \
                         Odd-1\n\nLicense: Odd-1\n do what you like\n";

fn repository() -> Repository {
    let tool = DebBuilder::new("g++tool", "1:1.0~rc+b1")
        .field("Source", "toolset (1:1.0~rc)")
        .field("Depends", "data (>= 1), virtual | other")
        .field("Homepage", "https://tool.example/")
        .file("usr/bin/tool", 0o755, "#!/bin/sh\n")
        .file("usr/share/doc/g++tool/copyright", 0o644, COPYRIGHT);
    let data = DebBuilder::new("data", "1.0").arch("all").file("usr/share/data", 0o644, "data\n");
    let provider = DebBuilder::new("provider", "2").field("Provides", "virtual");
    [tool, data, provider].iter().fold(Repository::new("bookworm"), |suite, deb| suite.add("main", deb))
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.publish(&repository());
    let mut lock = stage.bare("lock");
    lock.args(["--suite", "bookworm", "--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    lock.arg("-o").arg(stage.sandbox.path("aptlet.lock")).arg("g++tool").run().succeeded();
    stage
}

/// A bill, which is the same each time.
fn bill(stage: &Stage, arguments: &[&str]) -> Value {
    let run = || stage.bare("sbom").args(arguments).run().succeeded().stdout;
    let text = run();
    assert_eq!(run(), text);
    serde_json::from_str(&text).unwrap()
}

/// Names of an array of objects.
fn names<'a>(array: &'a Value, name: &str) -> Vec<&'a str> {
    array.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

const PURLS: [&str; 3] = [
    "pkg:deb/debian/data@1.0?arch=all&distro=debian-12",
    "pkg:deb/debian/g%2B%2Btool@1:1.0~rc%2Bb1?arch=amd64&distro=debian-12&upstream=toolset%401:1.0~rc",
    "pkg:deb/debian/provider@2?arch=amd64&distro=debian-12",
];

#[test]
fn a_tree_says_what_is_in_it_and_who_needs_whom() {
    let stage = stage();
    let lock = stage.sandbox.path("aptlet.lock");
    stage.bare("install").arg("--lock").arg(&lock).run().succeeded();
    let bill_of_tree = bill(&stage, &["--format=cyclonedx"]);
    assert_eq!(
        (&bill_of_tree["bomFormat"], &bill_of_tree["specVersion"]),
        (&"CycloneDX".into(), &"1.6".into())
    );
    let components = bill_of_tree["components"].as_array().unwrap();
    let packages: Vec<&Value> = components.iter().filter(|one| one["type"] == "library").collect();
    assert_eq!(packages.iter().map(|one| one["purl"].as_str().unwrap()).collect::<Vec<_>>(), PURLS);
    let tool = packages[1];
    assert_eq!(tool["licenses"][0]["license"]["id"], "MIT");
    assert_eq!(tool["licenses"][1]["license"]["name"], "Odd-1");
    assert_eq!(tool["externalReferences"][0]["url"], "https://tool.example/");
    let deb = repository().build(&stage.key);
    let deb = &deb[deb.keys().find(|path| path.ends_with("amd64.deb") && path.contains("g++tool")).unwrap()];
    assert_eq!(tool["hashes"][0]["content"], sha256(deb));
    let system = components.iter().find(|one| one["type"] == "operating-system").unwrap();
    assert_eq!((&system["name"], &system["version"]), (&"debian".into(), &"12".into()));
    let needs = |purl: &str| {
        let all = bill_of_tree["dependencies"].as_array().unwrap();
        all.iter().find(|one| one["ref"] == purl).unwrap()["dependsOn"].clone()
    };
    assert_eq!(needs(PURLS[1]), serde_json::json!([PURLS[0], PURLS[2]]));
    assert_eq!(needs("tree"), serde_json::json!([PURLS[1]]));

    // it is a file of the tree, under names that scanners look for
    let written = |name: &str| {
        let file = stage.current("var/lib/aptlet").join(name);
        serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap()
    };
    assert_eq!(bill_of_tree, written("sbom.cdx.json"));
    let spdx = bill(&stage, &[]);
    assert_eq!(spdx, written("sbom.spdx.json"));
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    let known = &spdx["packages"];
    assert_eq!(names(known, "name"), ["g++tool", "debian", "data", "g++tool", "provider"]);
    assert_eq!(known[3]["licenseDeclared"], "LicenseRef-Odd-1 AND MIT");
    assert_eq!(spdx["hasExtractedLicensingInfos"][0]["licenseId"], "LicenseRef-Odd-1");
    assert_eq!(known[3]["externalRefs"][0]["referenceLocator"], PURLS[1]);
    // every relation is between things that are there
    let ids = [names(known, "SPDXID"), vec!["SPDXRef-DOCUMENT"]].concat();
    let relations = &spdx["relationships"];
    let ends = [names(relations, "spdxElementId"), names(relations, "relatedSpdxElement")].concat();
    assert!(ends.iter().all(|end| ids.contains(end)), "{ends:?}");
    assert_eq!(names(relations, "relationshipType").iter().filter(|kind| **kind == "DEPENDS_ON").count(), 3);
}

#[test]
fn a_lock_says_what_is_pinned_without_asking_anybody() {
    let stage = stage();
    stage.server.forget();
    let lock = stage.sandbox.path("aptlet.lock");
    let bill = bill(&stage, &["--lock", lock.to_str().unwrap(), "--format=cyclonedx"]);
    let purls: Vec<_> =
        names(&bill["components"], "bom-ref").into_iter().filter(|name| name.starts_with("pkg:")).collect();
    // of the source package a lock knows the folder that it is in
    assert_eq!(
        purls,
        [PURLS[0], "pkg:deb/debian/g%2B%2Btool@1:1.0~rc%2Bb1?arch=amd64&distro=debian-12", PURLS[2]]
    );
    assert_eq!(stage.requested(), [""; 0]);

    stage.bare("sbom").run().failed(6, &["nothing is installed"]);
}

#[test]
fn an_image_has_both_bills() {
    let stage = stage();
    let layout = stage.sandbox.path("root.tar");
    let mut bake = stage.bare("bake");
    bake.arg("--lock")
        .arg(stage.sandbox.path("aptlet.lock"))
        .arg("-o")
        .arg(format!("tar:{}", layout.display()));
    bake.run().succeeded();
    let mut archive = tar::Archive::new(fs::File::open(layout).unwrap());
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        if path.ends_with(".spdx.json") || path.ends_with(".cdx.json") {
            let bill: Value = serde_json::from_reader(&mut entry).unwrap();
            let packages =
                if bill["spdxVersion"].is_null() { &bill["components"] } else { &bill["packages"] };
            assert!(names(packages, "name").contains(&"provider"), "{path}");
            found.push(path);
        }
    }
    assert_eq!(found, ["var/lib/aptlet/sbom.cdx.json", "var/lib/aptlet/sbom.spdx.json"]);
}

#[test]
fn an_image_is_described_by_the_databases_in_it() {
    let stage = stage();
    let place = |name: &str| stage.sandbox.path(name).display().to_string();
    let bake = |arguments: &[&str]| {
        stage
            .bare("bake")
            .arg("--lock")
            .arg(stage.sandbox.path("aptlet.lock"))
            .args(arguments)
            .run()
            .succeeded();
    };
    let (layout, archive) =
        (format!("oci:{}:1", place("layout")), format!("oci-archive:{}", place("archive")));
    bake(&["-o", &layout]);
    bake(&["-o", &archive]);
    let describe = |image: &str| bill(&stage, &[image, "--format=cyclonedx"]);
    stage.bare("install").arg("--lock").arg(stage.sandbox.path("aptlet.lock")).run().succeeded();
    let of_tree = bill(&stage, &["--format=cyclonedx"]);
    for image in [&layout, &archive] {
        let described = describe(image);
        assert_eq!(described["components"], of_tree["components"], "{image}");
        assert_eq!(described["dependencies"], of_tree["dependencies"], "{image}");
        assert!(described["metadata"]["component"]["name"].as_str().unwrap().starts_with(image.as_str()));
    }

    // a tree on top of an image that has packages of its own
    let mut base = stage.bare("bake");
    base.args(["--suite", "bookworm", "--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    let root = format!("oci:{}", place("root"));
    base.args(["data", "--prefix", "/", "-o", &root]).run().succeeded();
    let mut on_top = stage.bare("bake");
    on_top.args(["--suite", "bookworm", "--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    let both = format!("oci:{}", place("both"));
    on_top.args(["g++tool", "--base-image", &root, "-o", &both]).run().succeeded();
    let described = describe(&both);
    let purls: Vec<&str> = names(&described["components"], "bom-ref")
        .into_iter()
        .filter(|name| name.starts_with("pkg:"))
        .collect();
    assert_eq!(purls, PURLS);
    // who needs whom goes from one to the other, and licences are those of the files
    let needs =
        described["dependencies"].as_array().unwrap().iter().find(|one| one["ref"] == PURLS[1]).unwrap();
    assert_eq!(needs["dependsOn"], serde_json::json!([PURLS[0], PURLS[2]]));
    assert_eq!(described["components"][1]["licenses"][0]["license"]["id"], "MIT");

    stage.bare("sbom").args([&layout, "g++tool"]).run().failed(2, &["described alone"]);
    stage.bare("sbom").arg("oci:").run().failed(2, &["no file or folder"]);
    stage.bare("sbom").arg(format!("oci:{}", place("nothing"))).run().failed(5, &["no image layout"]);
}
