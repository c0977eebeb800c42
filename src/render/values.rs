//! The values of the Helm chart that say the same (`manifests/helm/aptlet/values.yaml`).

use serde_json::{Map, Value, json};

use super::config_map::Data;
use super::error::Error;
use super::pieces;
use crate::config::{Exposure, Mode, PathOrder, Rendering};

/// The value that holds files whose names have this end.
const FILES: [(&str, &str); 7] = [
    (".sources", "sources"),
    (".list", "sources"),
    (".asc", "keyrings"),
    (".gpg", "keyrings"),
    (".pref", "preferences"),
    (".crt", "caCertificates"),
    (".pem", "caCertificates"),
];

pub(super) fn values(rendering: &Rendering, data: Data) -> Result<Value, Error> {
    let mut values = Map::new();
    if !rendering.all_requests.is_empty() {
        values.insert("packages".to_owned(), json!(rendering.all_requests));
    }
    if rendering.mode != Mode::Init {
        values.insert("mode".to_owned(), json!(rendering.mode));
    }
    for (key, text) in data.data.into_iter().chain(data.binary) {
        if key == "aptlet.lock" {
            values.insert("lock".to_owned(), text);
        } else if key != "packages" {
            let value = FILES.iter().find(|(end, _)| key.ends_with(end));
            let Some((_, value)) = value else { return Err(Error::NoValue { key }) };
            values.entry(*value).or_insert_with(|| json!({}))[key] = text;
        }
    }
    let mut flags = rendering.flags.clone();
    // the chart says it to aptlet and to the containers
    flags.retain(|flag| flag != "--libraries");
    if rendering.libraries {
        values.insert("libraries".to_owned(), json!(true));
    }
    // the chart says it to aptlet and to the volume
    flags.retain(|flag| !flag.starts_with("--size-limit="));
    if let Some(limit) = &rendering.size_limit {
        values.insert("volume".to_owned(), json!({ "sizeLimit": limit }));
    }
    for (key, room) in pieces::storage(rendering) {
        values.entry("resources").or_insert_with(|| json!({}))[key] = json!({ pieces::STORAGE: room });
    }
    let mirrors = flags.extract_if(.., |flag| flag.starts_with("--mirror="));
    let mirrors: Vec<String> = mirrors.filter_map(|flag| Some(flag.split_once('=')?.1.to_owned())).collect();
    match mirrors.as_slice() {
        [] => {}
        [mirror] => drop(values.insert("mirror".to_owned(), json!(mirror))),
        several => drop(values.insert("mirror".to_owned(), json!(several))),
    }
    if let Some(secret) = &rendering.auth_secret {
        values.insert("auth".to_owned(), json!({ "secretName": secret }));
    }
    if let Some(secret) = &rendering.tls_secret {
        values.insert("tls".to_owned(), json!({ "secretName": secret }));
    }
    if rendering.mount != "/p" {
        values.insert("prefix".to_owned(), json!(rendering.mount));
    }
    match &rendering.exposure {
        exposure if *exposure == Exposure::default() => {}
        Exposure::Mount(at) => drop(values.insert("exposeAt".to_owned(), json!(at))),
        Exposure::Path(image) => {
            values.insert("expose".to_owned(), json!("path"));
            values.extend(image.iter().map(|image| ("imagePath".to_owned(), json!(image))));
        }
    }
    if rendering.path_order == PathOrder::First {
        values.insert("pathOrder".to_owned(), json!("first"));
    }
    if !rendering.containers.is_empty() {
        values.insert("containers".to_owned(), json!(rendering.containers));
    }
    match &rendering.baked {
        Some(baked) => values.insert("baked".to_owned(), json!({ "image": baked })),
        None => values.insert("image".to_owned(), image(rendering.image().ok_or(Error::NoImage)?)),
    };
    if !flags.is_empty() {
        values.insert("extraArgs".to_owned(), json!(flags));
    }
    if rendering.port_is_given {
        values.insert("sidecar".to_owned(), json!({ "port": rendering.port }));
    }
    Ok(json!({ "aptlet": values }))
}

/// A reference as its parts; a colon before the last `/` is that of a port.
fn image(reference: &str) -> Value {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (rest, None),
    };
    let mut image = json!({ "repository": repository });
    // Kubernetes, too, takes an image without either for the latest
    image["tag"] = json!(tag.unwrap_or(if digest.is_some() { "" } else { "latest" }));
    if let Some(digest) = digest {
        image["digest"] = json!(digest);
    }
    image
}
