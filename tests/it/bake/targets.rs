//! Where images are written to, and what is seen of one that is not whole.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Baked, bake, locked, paths, repository};
use crate::support::deb::sha256;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage};

#[test]
fn a_layout_keeps_its_other_images() {
    let stage = locked(&repository(), &["tool"]);
    let layout = stage.sandbox.path("layout");
    let target = |tag: &str| format!("oci:{}:{tag}", layout.display());
    bake(&stage, &target("1")).run().succeeded();
    let first = Baked::read(&layout, Some("1")).manifest;
    bake(&stage, &target("2")).args(["--prefix", "/q"]).run().succeeded();
    assert_eq!(Baked::read(&layout, Some("1")).manifest, first);
    assert_ne!(Baked::read(&layout, Some("2")).manifest, first);
    bake(&stage, &target("2")).run().succeeded();
    assert_eq!(Baked::read(&layout, Some("2")).manifest, first, "the same under another name");
    let names: Vec<_> = fs::read_dir(&layout).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn a_layout_in_one_file_is_the_same_image() {
    let stage = locked(&repository(), &["tool"]);
    let (layout, file) = (stage.sandbox.path("layout"), stage.sandbox.path("image.tar"));
    let digest = bake(&stage, &format!("oci:{}:1", layout.display())).run().succeeded().stdout;
    let archive = bake(&stage, &format!("oci-archive:{}:1", file.display())).run().succeeded().stdout;
    assert_eq!(archive, digest);
    let files: Vec<_> =
        paths(&fs::read(&file).unwrap()).into_iter().filter(|(_, entry)| !entry.content.is_empty()).collect();
    let whole = snapshot(&layout).into_iter().filter(|entry| entry.sha256.is_some());
    let whole: Vec<_> = whole.map(|entry| (entry.path, entry.sha256.unwrap())).collect();
    let mut files: Vec<_> = files.into_iter().map(|(path, entry)| (path, sha256(&entry.content))).collect();
    files.sort();
    assert_eq!(files, whole);
}

#[test]
fn docker_loads_what_a_manifest_names() {
    let stage = locked(&repository(), &["tool"]);
    let file = stage.sandbox.path("image.tar");
    let id = bake(&stage, &format!("docker-archive:{}:tools", file.display())).run().succeeded().stdout;
    let files = paths(&fs::read(&file).unwrap());
    let find = |name: &str| &files.iter().find(|(path, _)| path == Path::new(name)).unwrap().1.content;
    let list: Value = serde_json::from_slice(find("manifest.json")).unwrap();
    assert_eq!(list[0]["RepoTags"][0], "tools:latest");
    let config = find(list[0]["Config"].as_str().unwrap());
    assert_eq!(format!("sha256:{}\n", sha256(config)), id);
    let config: Value = serde_json::from_slice(config).unwrap();
    for (number, layer) in list[0]["Layers"].as_array().unwrap().iter().enumerate() {
        let tar = find(layer.as_str().unwrap());
        assert_eq!(config["rootfs"]["diff_ids"][number], format!("sha256:{}", sha256(tar)));
        assert!(!paths(tar).is_empty());
    }
}

#[test]
fn layers_are_compressed_as_is_said() {
    let stage = locked(&repository(), &["tool"]);
    let (plain, packed) = (stage.sandbox.path("plain"), stage.sandbox.path("packed"));
    let target = format!("oci:{}", plain.display());
    bake(&stage, &target).args(["--compress", "none", "--prefix", "/"]).run().succeeded();
    let layers = Baked::read(&plain, None).layers;
    bake(&stage, &format!("oci:{}", packed.display())).args(["--prefix", "/"]).run().succeeded();
    assert_eq!(Baked::read(&packed, None).layers, layers);
    let file = stage.sandbox.path("root.tar.gz");
    bake(&stage, &format!("tar:{}", file.display()))
        .args(["--compress", "gzip", "--prefix=/"])
        .run()
        .succeeded();
    assert!(fs::read(file).unwrap().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn what_fails_is_not_seen() {
    let stage = locked(&repository(), &["tool"]);
    let path = "debian/pool/main/d/data/data_1.0_all.deb";
    stage.server.put(path, "other bytes");
    let work = stage.sandbox.path("work");
    let out = stage.sandbox.path("out");
    for folder in [&work, &out] {
        fs::create_dir(folder).unwrap();
    }
    for form in ["oci", "oci-archive", "docker-archive", "tar"] {
        let mut command = bake(&stage, &format!("{form}:{}/image", out.display()));
        command.arg("--work-dir").arg(&work);
        command.run().failed(5, &["data 1.0", "expected"]);
        assert_eq!((snapshot(&work).len(), snapshot(&out).len()), (1, 1), "{form}");
    }
}

#[test]
fn where_nothing_can_be_written_is_told_before_anything_is_fetched() {
    let stage = locked(&repository(), &["tool"]);
    stage.server.forget();
    let used = stage.sandbox.path("used");
    fs::create_dir(&used).unwrap();
    fs::write(used.join("file"), "").unwrap();
    let target = |form: &str, path: &Path| format!("{form}:{}", path.display());
    bake(&stage, &target("oci", &used)).run().failed(6, &["used is no image layout", "not there yet"]);
    bake(&stage, &target("tar", &used)).run().failed(6, &["cannot write", "-o"]);
    bake(&stage, &target("tar", &stage.sandbox.path("none/x"))).run().failed(6, &["cannot write", "-o"]);
    let mut command = bake(&stage, &target("tar", &stage.sandbox.path("x")));
    command.arg("--work-dir").arg(stage.sandbox.path("none"));
    command.run().failed(6, &["none", "--work-dir"]);
    assert_eq!(stage.requested(), [""; 0]);

    let mut without = stage.bare("bake");
    without.arg("tool").run().failed(2, &["nothing says where", "oci:DIR[:TAG]"]);
}

#[test]
fn aptlet_s_own_image_is_one_file_of_a_static_build() {
    let stage = Stage::new();
    let target = format!("oci:{}:1", stage.sandbox.path("own").display());
    let bake = |arguments: &[&str]| {
        let mut command = stage.bare("bake");
        command.args(["--self", "-o", &target]).args(arguments);
        command.run()
    };
    bake(&["jq"]).failed(2, &["own image"]);
    // a build of tests needs libraries, unless it is one for musl
    let own = bake(&[]);
    if own.code == Some(0) {
        let image = Baked::read(&stage.sandbox.path("own"), None);
        assert_eq!(image.config["config"]["Entrypoint"], serde_json::json!(["/aptlet"]));
        assert_eq!(image.config["config"]["User"], "65532:65532");
        assert_eq!(image.merged().keys().collect::<Vec<_>>(), [Path::new("aptlet")]);
    } else {
        own.failed(2, &["needs libraries", "musl"]);
        assert!(!stage.sandbox.path("own").exists());
    }
}
