//! Images in registries: what is sent and what is not, with which logins, and what becomes of a push that is disturbed.

mod based;
mod disturbed;
mod logins;
mod pushed;
mod server;

use std::fs;
use std::process::Command;

use serde_json::Value;

use self::server::Registry;
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::Stage;

/// Two packages, one of which does not compress.
fn repository(version: &str) -> Repository {
    let mut noise = Vec::new();
    let mut number = 1_u64;
    while noise.len() < 3 << 20 {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        noise.extend(number.to_le_bytes());
    }
    let tool = DebBuilder::new("tool", version).field("Depends", "data").file(
        "usr/bin/tool",
        0o755,
        format!("#!/bin/sh\n# {version}\n"),
    );
    let data = DebBuilder::new("data", "1.0").arch("all").file("usr/share/data/noise", 0o644, noise);
    Repository::new("stable").add("main", &tool).add("main", &data)
}

/// A stage with these packages, and a registry.
fn staged() -> (Stage, Registry) {
    let stage = Stage::new();
    stage.publish(&repository("1.0"));
    (stage, Registry::start())
}

/// `aptlet bake` into a registry.
fn push(stage: &Stage, registry: &Registry, name: &str) -> Command {
    let mut bake = stage.at_mirror("bake");
    // a root file system needs no launcher, which in a test is a hundred times the rest
    bake.args(["tool", "--prefix", "/", "-o", &format!("oci://{}/{name}", registry.host())]);
    bake.env("HOME", stage.sandbox.path("home")).env("SOURCE_DATE_EPOCH", "1700000000");
    bake
}

/// A file of logins, of which the flag that names it is returned.
fn logins(stage: &Stage, registry: &Registry, entry: &str) -> String {
    let file = stage.sandbox.path("auth.json");
    fs::write(&file, format!(r#"{{"auths": {{"{}": {entry}}}}}"#, registry.host())).unwrap();
    format!("--registry-auth={}", file.display())
}

fn manifest(registry: &Registry, repository: &str, name: &str) -> Value {
    serde_json::from_slice(&registry.manifest(repository, name).unwrap()).unwrap()
}
