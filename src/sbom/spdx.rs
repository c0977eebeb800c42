//! SPDX 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>), in JSON, whose fields have one order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bill::{Bill, Component};
use super::licences::spdx_name;
use super::purl::purl;
use crate::digest::Sha256;

use crate::arrange::Arrange as _;

const ROOT: &str = "SPDXRef-Tree";
const SYSTEM: &str = "SPDXRef-OperatingSystem";
const NOTHING_SAID: &str = "NOASSERTION";

/// A bill as a document.
pub(crate) fn spdx(bill: &Bill) -> String {
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    let mut packages = vec![json!({
        "SPDXID": ROOT, "name": bill.name, "versionInfo": bill.digest.to_string(), "downloadLocation": NOTHING_SAID,
        "filesAnalyzed": false, "licenseConcluded": NOTHING_SAID, "licenseDeclared": NOTHING_SAID,
        "copyrightText": NOTHING_SAID,
    })];
    let relation = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let mut relations = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", ROOT)];
    if let Some(release) = bill.release.map(|release| release.to_string()) {
        let (name, version) = release.split_once(':').unwrap_or((&release, ""));
        packages.push(json!({
            "SPDXID": SYSTEM, "name": name, "versionInfo": version, "downloadLocation": NOTHING_SAID,
            "filesAnalyzed": false, "licenseConcluded": NOTHING_SAID, "licenseDeclared": NOTHING_SAID,
            "copyrightText": NOTHING_SAID, "primaryPackagePurpose": "OPERATING_SYSTEM",
        }));
        relations.push(relation(ROOT, "CONTAINS", SYSTEM));
    }
    let ids: Vec<String> = bill.components.iter().map(id).collect();
    for (component, id) in bill.components.iter().zip(&ids) {
        packages.push(package(bill, component, id, &mut own));
        relations.push(relation(ROOT, "CONTAINS", id));
    }
    for number in &bill.requested {
        relations.push(relation(ROOT, "DEPENDS_ON", &ids[*number]));
    }
    for (component, id) in bill.components.iter().zip(&ids) {
        relations.extend(component.needs.iter().map(|other| relation(id, "DEPENDS_ON", &ids[*other])));
    }
    let own: Vec<Value> = own
        .iter()
        .map(|(id, name)| {
            json!({
                "licenseId": id, "name": name,
                "extractedText": format!("'{name}', as the copyright file of the package has it"),
            })
        })
        .collect();
    let document = json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": bill.name,
        "documentNamespace": format!("urn:uuid:{}", bill.uuid),
        "creationInfo": {
            "created": bill.created, "creators": [format!("Tool: aptlet-{}", env!("CARGO_PKG_VERSION"))],
        },
        "packages": packages, "relationships": relations, "hasExtractedLicensingInfos": own,
    });
    format!("{document:#}\n")
}

fn package(bill: &Bill, component: &Component, id: &str, own: &mut BTreeMap<String, String>) -> Value {
    let (source, version) = &component.source;
    let mut package = json!({
        "SPDXID": id, "name": component.name, "versionInfo": component.version,
        "supplier": component.maintainer.as_deref().map_or_else(|| NOTHING_SAID.to_owned(), supplier),
        "downloadLocation": component.url.as_deref().unwrap_or(NOTHING_SAID),
        "filesAnalyzed": false,
        "sourceInfo": format!("built from the source package {source} {version}"),
        "licenseConcluded": NOTHING_SAID, "licenseDeclared": declared(component, own), "copyrightText": NOTHING_SAID,
    });
    if let Some(digest) = component.sha256 {
        package["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": digest.to_string() }]);
    }
    if let Some(about) = &component.about {
        package["summary"] = json!(about);
    }
    if let Some(homepage) = &component.homepage {
        package["homepage"] = json!(homepage);
    }
    package["externalRefs"] = json!([{
        "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl(bill, component),
    }]);
    package
}

/// Letters, digits, `.` and `-` are all that an identifier may have; the digest keeps `g++` and `g--` apart.
fn id(component: &Component) -> String {
    let Component { name, architecture, version, .. } = component;
    let named = || Sha256::of(format!("{name} {architecture} {version}").as_bytes());
    let digest = component.sha256.unwrap_or_else(named).to_string();
    format!("SPDXRef-{}-{}", plain(&component.name), &digest[..12])
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// All licences that are named; those that SPDX does not know are told of in `own`, by their identifiers.
fn declared(component: &Component, own: &mut BTreeMap<String, String>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in &component.licences {
        names.push(spdx_name(name).map_or_else(
            || {
                let id = format!("LicenseRef-{}", plain(name));
                own.insert(id.clone(), name.clone());
                id
            },
            str::to_owned,
        ));
    }
    names.arrange();
    names.dedup();
    if names.is_empty() { NOTHING_SAID.to_owned() } else { names.join(" AND ") }
}

/// `Person: NAME (ADDRESS)`; teams are told from people by their names.
fn supplier(maintainer: &str) -> String {
    let (name, address) = maintainer.split_once('<').unwrap_or((maintainer, ""));
    let (name, address) = (name.trim().trim_matches('"'), address.trim_end().trim_end_matches('>'));
    let lower = name.to_ascii_lowercase();
    let words = ["team", "group", "maintainers", "developers", "packagers", "project"];
    let kind = if words.iter().any(|word| lower.contains(word)) { "Organization" } else { "Person" };
    if address.is_empty() { format!("{kind}: {name}") } else { format!("{kind}: {name} ({address})") }
}
