//! The catalogues in which programs look up what XML and SGML call a document type by: `/etc/xml`, which
//! update-xmlcatalog(8) keeps, and `/etc/sgml`, which update-catalog(8) does.

use std::collections::{BTreeMap, BTreeSet};

use crate::finish::error::Error;
use crate::finish::inside::{self, Inside, exists, is_sound};

const LARGEST: u64 = 1 << 20;

/// What update-xmlcatalog puts around the entries.
const HEADER: &str = "/usr/share/xml-core/catalog.header";
const FOOTER: &str = "/usr/share/xml-core/catalog.footer";
/// Where it remembers them.
const XML_STATE: &str = "/var/lib/xml-core";

/// What update-catalog begins a centralised catalogue with.
const SGML_TEMPLATE: &str = "/usr/share/sgml-base/catalog.centralized";
const SUPER: &str = "/var/lib/sgml-base/supercatalog";

/// Makes the catalogues of all calls: the program, and its arguments.
pub(crate) fn apply(inside: &mut Inside<'_>, calls: &[(String, Vec<String>)]) -> Result<(), Error> {
    xml(inside, calls)?;
    sgml(inside, calls)
}

/// One catalogue: each key, and what it leads to.
type Entries = BTreeMap<String, String>;

fn xml(inside: &mut Inside<'_>, calls: &[(String, Vec<String>)]) -> Result<(), Error> {
    let root = inside.root();
    let mut catalogues: BTreeMap<(String, String), Entries> = BTreeMap::new();
    for (_, words) in calls.iter().filter(|(program, _)| program == "update-xmlcatalog") {
        let Some((place, key, entry)) = xml_entry(words) else { continue };
        if let Some(local) = words.iter().position(|word| word == "--local").and_then(|at| words.get(at + 1))
            && !exists(&root, local)
        {
            continue;
        }
        catalogues.entry(place).or_default().entry(key).or_insert(entry);
    }
    if catalogues.is_empty() {
        return Ok(());
    }
    let part = |path| Ok::<_, Error>(inside::read(&root, path, LARGEST)?.unwrap_or_default());
    let (header, footer) = (part(HEADER)?, part(FOOTER)?);
    if header.is_empty() || footer.is_empty() {
        return Ok(());
    }
    for ((path, state), entries) in catalogues {
        let mut text = String::from_utf8_lossy(&header).into_owned();
        let mut remembered = String::new();
        for (key, entry) in &entries {
            text.push_str(&format!("<{key} {entry}/>\n"));
            remembered.push_str(&format!("{key} {entry}\n"));
        }
        text.push_str(&String::from_utf8_lossy(&footer));
        inside.file(&path, text.as_bytes())?;
        inside.file(&state, remembered.as_bytes())?;
    }
    Ok(())
}

/// The catalogue that a call is about with where it is remembered, the key, and the entry.
fn xml_entry(words: &[String]) -> Option<((String, String), String, String)> {
    let has = |name: &str| words.iter().any(|word| word == name);
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        let value = words.get(place + 1)?;
        (!value.contains(['"', '<', '\n'])).then_some(value.as_str())
    };
    let (kind, id) = (value("--type")?, value("--id")?);
    if !has("--add") || !matches!(kind, "public" | "system" | "uri") {
        return None;
    }
    let start = if kind == "uri" { "uriStartString".to_owned() } else { format!("{kind}IdStartString") };
    let delegate = match kind {
        "public" => "delegatePublic",
        "system" => "delegateSystem",
        _ => "delegateURI",
    };
    let is_name = |name: &&str| !name.contains('/') && !name.starts_with('.');
    let package = value("--package").filter(is_name);
    if has("--root") {
        let entry = format!("catalog=\"file:///etc/xml/{}.xml\"", package?);
        let place = ("/etc/xml/catalog".to_owned(), format!("{XML_STATE}/catalog"));
        return Some((place, format!("{delegate} {start}=\"{id}\""), entry));
    }
    let local = value("--local").filter(|local| is_sound(local));
    if let Some(package) = package {
        let place = (format!("/etc/xml/{package}.xml"), format!("{XML_STATE}/{package}"));
        return Some((
            place,
            format!("{delegate} {start}=\"{id}\""),
            format!("catalog=\"file://{}\"", local?),
        ));
    }
    let (local, file) = (local?, value("--file")?);
    let name = if kind == "uri" { "name".to_owned() } else { format!("{kind}Id") };
    let place = (local.to_owned(), format!("{XML_STATE}/{}", local.replace('/', "_")));
    Some((place, format!("{kind} {name}=\"{id}\""), format!("uri=\"{file}\"")))
}

fn sgml(inside: &mut Inside<'_>, calls: &[(String, Vec<String>)]) -> Result<(), Error> {
    let root = inside.root();
    let mut catalogues: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, words) in calls.iter().filter(|(program, _)| program == "update-catalog") {
        let names: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
        if words.iter().any(|word| matches!(word.as_str(), "--add" | "-a"))
            && let [catalogue, entry] = names[..]
            && is_sound(catalogue)
            && is_sound(entry)
        {
            catalogues.entry(catalogue).or_default().insert(entry);
        }
    }
    let template = inside::read(&root, SGML_TEMPLATE, LARGEST)?.unwrap_or_default();
    for (catalogue, entries) in &catalogues {
        let text = match inside::read(&root, catalogue, LARGEST)? {
            Some(text) => text,
            None => String::from_utf8_lossy(&template).replace("CATALOG", catalogue).into_bytes(),
        };
        let mut text = String::from_utf8_lossy(&text).into_owned();
        for entry in entries {
            let line = format!("CATALOG {entry}");
            if !text.lines().any(|old| old == line) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        inside.file(catalogue, text.as_bytes())?;
    }
    if !exists(&root, SGML_TEMPLATE) {
        return Ok(());
    }
    let mut text = "--\n## This file is created by update-catalog with update-super.\n\
                    ## Please see update-catalog(8) for how to modify this file.\n--\n"
        .to_owned();
    for path in inside::files_in(&root, "/etc/sgml", ".cat")? {
        let content = inside::read(&root, &path, LARGEST)?.unwrap_or_default();
        if is_whole(inside, &path, &String::from_utf8_lossy(&content)) {
            text.push_str(&format!("CATALOG {path}\n"));
        }
    }
    inside.file(SUPER, text.as_bytes())?;
    inside.link(SUPER, "/etc/sgml/catalog")?;
    Ok(())
}

/// Whether all catalogues that one names are there; else update-catalog leaves it out.
fn is_whole(inside: &Inside<'_>, path: &str, text: &str) -> bool {
    let root = inside.root();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    text.lines().all(|line| match line.trim().strip_prefix("CATALOG ") {
        Some(name) => {
            let name = name.trim().trim_matches(['"', '\'']);
            let path = if name.starts_with('/') { name.to_owned() } else { format!("{folder}/{name}") };
            exists(&root, &path)
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tree::Tree;

    fn tree(folder: &Path, files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::create(&folder.join("tree"), "amd64").unwrap();
        for (path, text) in files {
            tree.create_directory(Path::new(path).parent().unwrap()).unwrap();
            fs::write(tree.root().join(path), text).unwrap();
        }
        tree
    }

    fn calls(lines: &[&str]) -> Vec<(String, Vec<String>)> {
        let call = |line: &&str| {
            let mut words = line.split('|').map(str::to_owned);
            (words.next().unwrap(), words.collect())
        };
        lines.iter().map(call).collect()
    }

    /// docbook-xml 4.5 and what update-xmlcatalog of xml-core 0.18 makes of its first calls.
    #[test]
    fn entries_are_as_the_program_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(
            folder.path(),
            &[
                ("usr/share/xml-core/catalog.header", "<catalog>\n"),
                ("usr/share/xml-core/catalog.footer", "</catalog>\n"),
                ("usr/share/xml/docbook/4.5/catalog.xml", ""),
            ],
        );
        let local = "update-xmlcatalog|--sort|--add|--type|system|--id|http://docbook.org/xml/4.5/docbookx.dtd|--package|\
                     docbook-xml|--local|/usr/share/xml/docbook/4.5/catalog.xml";
        let calls = calls(&[
            local,
            local,
            "update-xmlcatalog|--add|--type|uri|--id|http://x/|--package|gone|--local|/usr/share/gone.xml",
            "update-xmlcatalog|--sort|--add|--type|public|--id|-//OASIS//DTD DocBook XML|--package|docbook-xml|--root",
            "update-xmlcatalog|--add|--type|public|--id|x\"y|--package|docbook-xml|--root",
        ]);
        apply(&mut Inside::new(&mut tree, 1), &calls).unwrap();
        let read = |path: &str| fs::read_to_string(tree.root().join(path)).unwrap();
        assert_eq!(
            read("etc/xml/docbook-xml.xml"),
            "<catalog>\n<delegateSystem systemIdStartString=\"http://docbook.org/xml/4.5/docbookx.dtd\" \
             catalog=\"file:///usr/share/xml/docbook/4.5/catalog.xml\"/>\n</catalog>\n"
        );
        assert_eq!(
            read("etc/xml/catalog"),
            "<catalog>\n<delegatePublic publicIdStartString=\"-//OASIS//DTD DocBook XML\" \
             catalog=\"file:///etc/xml/docbook-xml.xml\"/>\n</catalog>\n"
        );
        assert!(!tree.root().join("etc/xml/gone.xml").exists());
    }

    #[test]
    fn sgml_catalogues_lead_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(
            folder.path(),
            &[
                ("usr/share/sgml-base/catalog.centralized", "-- \n## CATALOG : centralized catalog\n--\n"),
                ("usr/share/sgml/docbook/catalog", ""),
                ("etc/sgml/broken.cat", "CATALOG /usr/share/gone\n"),
            ],
        );
        let calls =
            calls(&["update-catalog|--quiet|--add|/etc/sgml/docbook.cat|/usr/share/sgml/docbook/catalog"]);
        apply(&mut Inside::new(&mut tree, 1), &calls).unwrap();
        let read = |path: &str| fs::read_to_string(tree.root().join(path)).unwrap();
        assert_eq!(
            read("etc/sgml/docbook.cat"),
            "-- \n## /etc/sgml/docbook.cat : centralized catalog\n--\nCATALOG /usr/share/sgml/docbook/catalog\n"
        );
        let all = read("var/lib/sgml-base/supercatalog");
        assert!(all.ends_with("--\nCATALOG /etc/sgml/docbook.cat\n"), "{all}");
        assert!(tree.root().join("etc/sgml/catalog").is_symlink());
    }
}
