//! `aptlet bake`: images that are the same wherever they are made, whose root is what a destination shows.

mod content;
mod layers;
mod reproducible;
mod targets;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tar::{Archive, EntryType};

use crate::support::deb::{DebBuilder, sha256};
use crate::support::repository::Repository;
use crate::support::stage::Stage;

/// Packages with all kinds of paths, as a suite of Debian 12.
fn repository() -> Repository {
    let long = format!("usr/share/tool/{}", "long-".repeat(30));
    let tool = DebBuilder::new("tool", "1.0")
        .field("Depends", "data, libtool (>= 1)")
        .file("usr/bin/tool", 0o755, "#!/bin/sh\ncat /usr/share/data/text\n")
        .file("bin/setuid", 0o4755, "#!/bin/sh\n")
        .symlink("usr/bin/alias", "../../bin/setuid")
        .symlink("usr/share/tool/odd", ".//../data/./text")
        .symlink("usr/share/tool/far", &format!("../../../{long}"))
        .file(&long, 0o640, "long")
        .hardlink("usr/share/tool/again", &long)
        .dir("var/lib/tool", 0o1777)
        .conffile("etc/tool.conf", "x\n")
        .script("postinst", "update-alternatives --install /usr/bin/alt alt /usr/bin/tool 1\n");
    let data = DebBuilder::new("data", "1.0").arch("all").file("usr/share/data/text", 0o644, "data\n");
    let library = DebBuilder::new("libtool", "1.0").field("Multi-Arch", "same").file(
        "usr/lib/x86_64-linux-gnu/tool/x",
        0o644,
        "/usr/share/data\n",
    );
    [tool, data, library].iter().fold(Repository::new("bookworm"), |suite, deb| suite.add("main", deb))
}

/// A stage with a lock of these packages in a file.
fn locked(repository: &Repository, requests: &[&str]) -> Stage {
    let stage = Stage::new();
    stage.publish(repository);
    relock(&stage, requests);
    stage
}

/// Writes the lock anew.
fn relock(stage: &Stage, requests: &[&str]) {
    let mut lock = stage.bare("lock");
    lock.args(["--suite", "bookworm", "--mirror", &stage.mirror()]).arg("--keyring").arg(stage.keyring());
    lock.arg("-o").arg(stage.sandbox.path("aptlet.lock")).args(requests);
    let output = lock.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `aptlet bake` of the lock.
fn bake(stage: &Stage, target: &str) -> Command {
    let mut bake = stage.bare("bake");
    bake.arg("--lock").arg(stage.sandbox.path("aptlet.lock")).args(["-o", target]);
    bake
}

/// A path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: EntryType,
    mode: u32,
    mtime: u64,
    owner: (u64, u64),
    target: Option<PathBuf>,
    content: Vec<u8>,
}

/// The paths of a tar archive, in its order.
fn paths(tar: &[u8]) -> Vec<(PathBuf, Entry)> {
    let mut archive = Archive::new(tar);
    let mut paths = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let target = entry.link_name_bytes().map(|bytes| {
            use std::os::unix::ffi::OsStrExt as _;
            PathBuf::from(std::ffi::OsStr::from_bytes(&bytes))
        });
        let header = entry.header();
        let path = Entry {
            kind: header.entry_type(),
            mode: header.mode().unwrap(),
            mtime: header.mtime().unwrap(),
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            target,
            content,
        };
        paths.push((entry.path().unwrap().into_owned(), path));
    }
    paths
}

/// An image of a layout, every digest and size of which is right.
struct Baked {
    manifest: Value,
    config: Value,
    /// The layers as tar archives.
    layers: Vec<Vec<u8>>,
    /// The digests of the layers as they are stored, with their sizes.
    blobs: BTreeMap<String, u64>,
}

impl Baked {
    /// The image of a name, or the one without a name.
    fn read(layout: &Path, tag: Option<&str>) -> Self {
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
            let bytes = fs::read(layout.join("blobs/sha256").join(digest)).unwrap();
            assert_eq!(sha256(&bytes), digest);
            assert_eq!(bytes.len() as u64, descriptor["size"].as_u64().unwrap());
            bytes
        };
        assert_eq!(json(&fs::read(layout.join("oci-layout")).unwrap())["imageLayoutVersion"], "1.0.0");
        let index = json(&fs::read(layout.join("index.json")).unwrap());
        let mut named = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|image| image["annotations"]["org.opencontainers.image.ref.name"].as_str() == tag);
        let manifest = json(&blob(named.next().unwrap()));
        assert!(named.next().is_none());
        let config = json(&blob(&manifest["config"]));
        let mut layers = Vec::new();
        let mut blobs = BTreeMap::new();
        for (number, layer) in manifest["layers"].as_array().unwrap().iter().enumerate() {
            let bytes = blob(layer);
            let mut tar = Vec::new();
            match layer["mediaType"].as_str().unwrap() {
                "application/vnd.oci.image.layer.v1.tar+gzip" => {
                    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut tar).unwrap();
                }
                "application/vnd.oci.image.layer.v1.tar" => tar.clone_from(&bytes),
                other => panic!("{other}"),
            }
            assert_eq!(config["rootfs"]["diff_ids"][number], format!("sha256:{}", sha256(&tar)));
            blobs.insert(sha256(&bytes), bytes.len() as u64);
            layers.push(tar);
        }
        assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), layers.len());
        assert_eq!(config["history"].as_array().unwrap().len(), layers.len());
        Self { manifest, config, layers, blobs }
    }

    /// What the layers make together; each path but folders is in one of them.
    fn merged(&self) -> BTreeMap<PathBuf, Entry> {
        let mut merged: BTreeMap<PathBuf, Entry> = BTreeMap::new();
        for layer in &self.layers {
            for (path, entry) in paths(layer) {
                let known = merged.insert(path.clone(), entry.clone());
                if let Some(known) = known {
                    assert_eq!(
                        (known.kind, entry.kind),
                        (EntryType::Directory, EntryType::Directory),
                        "{}",
                        path.display()
                    );
                    assert_eq!(known.mode, entry.mode, "{}", path.display());
                }
                let parent = path.parent().unwrap();
                assert!(
                    parent.as_os_str().is_empty() || merged.contains_key(parent),
                    "{} has no folder",
                    path.display()
                );
            }
        }
        merged
    }
}
