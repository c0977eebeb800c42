//! CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>), in JSON, whose fields have one order.

use serde_json::{Value, json};

use super::bill::{Bill, Component};
use super::licences::spdx_name;
use super::purl::purl;

const ROOT: &str = "tree";

/// A bill as a document.
pub(crate) fn cyclonedx(bill: &Bill) -> String {
    let purls: Vec<String> = bill.components.iter().map(|component| purl(bill, component)).collect();
    let mut components: Vec<Value> = Vec::new();
    for (component, purl) in bill.components.iter().zip(&purls) {
        components.push(describe(component, purl));
    }
    if let Some(release) = bill.release.map(|release| release.to_string()) {
        let (name, version) = release.split_once(':').unwrap_or((&release, ""));
        components.push(json!({
            "type": "operating-system", "bom-ref": format!("system:{release}"), "name": name, "version": version,
        }));
    }
    let named = |numbers: &mut dyn Iterator<Item = usize>| -> Vec<&String> {
        numbers.map(|number| &purls[number]).collect()
    };
    let mut dependencies =
        vec![json!({ "ref": ROOT, "dependsOn": named(&mut bill.requested.iter().copied()) })];
    for (component, purl) in bill.components.iter().zip(&purls) {
        dependencies.push(json!({ "ref": purl, "dependsOn": named(&mut component.needs.iter().copied()) }));
    }
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": format!("urn:uuid:{}", bill.uuid), "version": 1,
        "metadata": {
            "timestamp": bill.created,
            "tools": { "components": [{
                "type": "application", "name": "aptlet", "version": env!("CARGO_PKG_VERSION"),
            }] },
            "component": {
                "type": "container", "bom-ref": ROOT, "name": bill.name, "version": bill.digest.to_string(),
            },
        },
        "components": components, "dependencies": dependencies,
    });
    format!("{document:#}\n")
}

fn describe(component: &Component, purl: &str) -> Value {
    let mut described = json!({ "type": "library", "bom-ref": purl });
    if let Some(maintainer) = &component.maintainer {
        described["supplier"] = json!({ "name": maintainer });
    }
    described["name"] = json!(component.name);
    described["version"] = json!(component.version);
    if let Some(about) = &component.about {
        described["description"] = json!(about);
    }
    if let Some(digest) = component.sha256 {
        described["hashes"] = json!([{ "alg": "SHA-256", "content": digest.to_string() }]);
    }
    let licences: Vec<Value> = component
        .licences
        .iter()
        .map(|name| match spdx_name(name) {
            Some(id) => json!({ "license": { "id": id } }),
            None => json!({ "license": { "name": name } }),
        })
        .collect();
    if !licences.is_empty() {
        described["licenses"] = json!(licences);
    }
    described["purl"] = json!(purl);
    let reference =
        |kind: &str, url: &Option<String>| url.as_ref().map(|url| json!({ "type": kind, "url": url }));
    let references: Vec<Value> =
        [reference("website", &component.homepage), reference("distribution", &component.url)]
            .into_iter()
            .flatten()
            .collect();
    if !references.is_empty() {
        described["externalReferences"] = json!(references);
    }
    let (source, version) = &component.source;
    described["properties"] = json!([
        { "name": "aptlet:source", "value": source },
        { "name": "aptlet:source-version", "value": version },
    ]);
    described
}
