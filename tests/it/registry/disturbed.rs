//! Pushes in which something goes wrong: right in the end, or one clear error.

use super::server::{Asked, Fault, Registry, Reply};
use super::{manifest, push, staged};
use crate::support::stage::Run;

fn is_last(asked: &Asked) -> bool {
    asked.method == "PUT" && asked.target.contains("/uploads/")
}

fn length(asked: &Asked) -> usize {
    asked.headers.get("content-length").map_or(0, |length| length.parse().unwrap())
}

/// Whether all that the image names is there; the registry looks at digests itself.
fn is_whole(registry: &Registry) -> bool {
    let manifest = manifest(registry, "tools", "1");
    let blobs = registry.blobs();
    manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .all(|layer| blobs.contains_key(layer["digest"].as_str().unwrap()))
}

#[test]
fn a_connection_that_breaks_is_gone_on_with() {
    let (stage, registry) = staged();
    let mut broken = 0;
    registry.rule(move |asked, _| {
        let large = matches!(asked.method.as_str(), "PUT" | "PATCH") && length(asked) > 1 << 20;
        broken += usize::from(large);
        (large && broken <= 2).then_some(Fault::Break(1 << 20))
    });
    push(&stage, &registry, "tools:1").args(["--retries", "2"]).run().succeeded();
    assert!(is_whole(&registry));
    let parts: Vec<Asked> = registry.asked().into_iter().filter(|asked| asked.method == "PATCH").collect();
    assert_eq!(parts.len(), 2);
    assert!(parts[0].headers["content-range"].starts_with("1048576-"), "{:?}", parts[0].headers);
    assert!(parts[1].headers["content-range"].starts_with("2097152-"), "{:?}", parts[1].headers);
}

#[test]
fn an_upload_that_is_forgotten_is_begun_anew() {
    let (stage, registry) = staged();
    let mut broken = false;
    registry.rule(move |asked, _| {
        if is_last(asked) && length(asked) > 1 << 20 && !std::mem::replace(&mut broken, true) {
            return Some(Fault::Break(1000));
        }
        // as one that was started again with another secret
        let forgotten = asked.method == "GET" && asked.target.contains("/uploads/");
        forgotten.then(|| Fault::Answer(Reply::error(404, "BLOB_UPLOAD_UNKNOWN", "unknown")))
    });
    push(&stage, &registry, "tools:1").args(["--retries", "2"]).run().succeeded();
    assert!(is_whole(&registry));
}

#[test]
fn an_answer_that_is_lost_is_no_reason_to_send_all_again() {
    let (stage, registry) = staged();
    let mut lost = false;
    registry.rule(move |asked, _| {
        let large = is_last(asked) && length(asked) > 1 << 20;
        (large && !std::mem::replace(&mut lost, true)).then_some(Fault::Forget)
    });
    push(&stage, &registry, "tools:1").args(["--retries", "2"]).run().succeeded();
    let large = registry.asked().into_iter().filter(|asked| length(asked) > 1 << 20).count();
    assert_eq!((large, is_whole(&registry)), (1, true));
}

#[test]
fn a_registry_that_takes_little_at_once_gets_pieces() {
    let (stage, registry) = staged();
    registry.rule(|asked, _| (length(asked) > 1 << 20).then(|| Fault::Answer(Reply::new(413))));
    push(&stage, &registry, "tools:1").run().succeeded();
    assert!(is_whole(&registry));
    assert!(registry.asked().iter().filter(|asked| asked.method == "PATCH").count() >= 3);

    let (stage, registry) = staged();
    registry.rule(|asked, _| (length(asked) > 1000).then(|| Fault::Answer(Reply::new(413))));
    push(&stage, &registry, "tools:1").run().failed(4, &["413", "Raise the size of requests"]);
    assert!(registry.manifest("tools", "1").is_none());
}

#[test]
fn a_busy_registry_is_waited_for() {
    let (stage, registry) = staged();
    registry.rule(|_, number| match number {
        2 => Some(Fault::Answer(Reply::new(429).header("Retry-After", "1"))),
        5 => Some(Fault::Answer(Reply::new(503))),
        8 => Some(Fault::Answer(Reply::error(500, "UNKNOWN", "oops"))),
        _ => None,
    });
    push(&stage, &registry, "tools:1").args(["--retries", "3"]).run().succeeded();
    assert!(is_whole(&registry));
}

#[test]
fn what_is_no_registry_is_told() {
    for (reply, words) in [
        (Reply::new(202), &["does not say where an upload goes on"][..]),
        (Reply::new(202).header("Location", "ftp://x.example/"), &["goes on at ftp://x.example/"]),
        (Reply::new(200).body("<html>hello</html>"), &["answered 200"]),
        (
            Reply::error(404, "NAME_UNKNOWN", "repository name not known"),
            &["NAME_UNKNOWN", "must be made first"],
        ),
        (Reply::error(403, "DENIED", "\\u001b[31m quota"), &["DENIED", "no login for"]),
        (Reply::new(302).header("Location", "/x"), &["302"]),
    ] {
        let (stage, registry) = staged();
        registry.rule(move |asked, _| {
            let begins = asked.method == "POST" && asked.target.ends_with("/uploads/");
            begins.then(|| Fault::Answer(reply.clone()))
        });
        let outcome = push(&stage, &registry, "tools:1").run().failed(4, words);
        assert!(!outcome.stderr.contains('\u{1b}'));
        assert!(registry.manifest("tools", "1").is_none());
    }
}

#[test]
fn a_registry_that_has_something_else_in_the_end_is_not_trusted() {
    let (stage, registry) = staged();
    registry.rule(|asked, _| {
        let reply = Reply::new(201).header("Docker-Content-Digest", format!("sha256:{}", "0".repeat(64)));
        (asked.method == "PUT" && asked.target.ends_with("/manifests/1")).then_some(Fault::Answer(reply))
    });
    push(&stage, &registry, "tools:1").run().failed(5, &["the registry has the manifest as sha256:000"]);
}

#[test]
fn a_registry_that_is_not_there_is_unreachable() {
    let (stage, _) = staged();
    let mut bake = stage.at_mirror("bake");
    bake.args(["tool", "-o", "oci://127.0.0.1:9/tools:1"]);
    bake.run().failed(4, &["127.0.0.1:9", "connection refused"]);
}
