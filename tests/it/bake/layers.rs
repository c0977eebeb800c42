//! What two images have in common need not be sent twice.

use std::collections::BTreeMap;

use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};

use super::{Baked, bake, locked, relock};
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

const PACKAGES: usize = 50;

/// Fifty packages that do not compress, one of them in another version, and `more`.
fn repository(changed: Option<usize>, more: &[&str]) -> Repository {
    let names = (0..PACKAGES)
        .map(|number| format!("package-{number}"))
        .chain(more.iter().map(|name| (*name).to_owned()));
    names.enumerate().fold(Repository::new("bookworm"), |suite, (number, name)| {
        let version = if changed == Some(number) { 2 } else { 1 };
        let mut bytes = vec![0; 20_000 + 1000 * number];
        StdRng::seed_from_u64(number as u64 * 10 + version).fill_bytes(&mut bytes);
        let deb = DebBuilder::new(&name, &version.to_string())
            .file(&format!("usr/lib/{name}/data"), 0o644, bytes)
            .file(&format!("usr/bin/{name}"), 0o755, "#!/bin/sh\n");
        suite.add("main", &deb)
    })
}

fn baked(stage: &Stage, name: &str) -> BTreeMap<String, u64> {
    let layout = stage.sandbox.path(name);
    bake(stage, &format!("oci:{}", layout.display())).run().succeeded();
    let image = Baked::read(&layout, None);
    image.merged();
    assert!(image.layers.len() > 20 && image.layers.len() <= 100, "{}", image.layers.len());
    image.blobs
}

/// The part of the bytes, besides those of the launchers' binary, that is not there yet.
fn fresh(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> f64 {
    let sent: u64 =
        after.iter().filter(|(digest, _)| !before.contains_key(*digest)).map(|(_, size)| size).sum();
    #[expect(clippy::cast_precision_loss, reason = "a part")]
    let part = sent as f64 / after.values().sum::<u64>() as f64;
    part
}

#[test]
fn one_package_of_fifty_is_little_to_send_again() {
    let requests = ["?name(^package-)", "?name(^extra)"];
    let stage = locked(&repository(None, &[]), &requests[..1]);
    // without the binary of launchers, which is most of such small packages
    let first = baked_bare(&stage, "first");
    for (name, changed) in [("small", 0), ("middle", 24), ("large", 49)] {
        stage.publish(&repository(Some(changed), &[]));
        relock(&stage, &requests[..1]);
        let part = fresh(&first, &baked_bare(&stage, name));
        assert!(part > 0.0 && part < 0.1, "{name}: {part}");
    }
    stage.publish(&repository(None, &["extra"]));
    relock(&stage, &requests);
    let part = fresh(&first, &baked_bare(&stage, "more"));
    assert!(part > 0.0 && part < 0.1, "one more: {part}");
    // and with it
    baked(&stage, "whole");
}

fn baked_bare(stage: &Stage, name: &str) -> BTreeMap<String, u64> {
    let layout = stage.sandbox.path(name);
    bake(stage, &format!("oci:{}", layout.display())).args(["--prefix", "/"]).run().succeeded();
    Baked::read(&layout, None).blobs
}
