//! A root file system on top of an image that has one: what is made of all packages together must have that image's as well, and what the
//! image has made of its own stays.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::error::Error;
use super::owners::Whose;
use super::paths::Found;
use crate::control::text::decoded;
use crate::deb::paragraph::field;
use crate::oci;
use crate::oci::Content;
use crate::oci::base::{Kind, Root};

const STATUS: &str = "var/lib/dpkg/status";
/// Databases of one line for each name.
const ACCOUNTS: [&str; 4] = ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"];
/// What merged-usr makes links of.
const ALIASES: [&str; 4] = ["bin", "sbin", "lib", "lib64"];
/// So many paths are named in a message.
const MOST_NAMED: usize = 5;

/// Adds to a tree at `root` what the image has in the databases of both; `files` are those of the image.
///
/// # Errors
/// [`Error::NotMerged`], [`Error::Upgrades`]; what cannot be read or written.
pub(crate) fn merge(root: &Path, base: &Root, files: &Path) -> Result<(), Error> {
    for alias in ALIASES {
        let is_link = root.join(alias).is_symlink();
        if is_link && matches!(base.paths.get(Path::new(alias)), Some(Kind::Directory(_))) {
            return Err(Error::NotMerged { path: Path::new("/").join(alias) });
        }
    }
    if let (Some(of_base), Some(own)) = (text(&files.join(STATUS))?, text(&root.join(STATUS))?) {
        let key =
            |stanza: &str| Some(format!("{} {}", field(stanza, "Package")?, field(stanza, "Architecture")?));
        let stanzas = |text: &str| -> Vec<String> {
            let stanzas = text.split("\n\n").map(|stanza| stanza.trim_matches('\n').to_owned());
            stanzas.filter(|stanza| !stanza.is_empty()).collect()
        };
        let own = stanzas(&own);
        let names: BTreeSet<String> = own.iter().filter_map(|stanza| key(stanza)).collect();
        let mut all = stanzas(&of_base);
        if let Some(twice) = all.iter().filter_map(|stanza| key(stanza)).find(|name| names.contains(name)) {
            let package = twice.split(' ').next().unwrap_or_default().to_owned();
            return Err(Error::Upgrades { package });
        }
        all.extend(own);
        write(&root.join(STATUS), &(all.join("\n\n") + "\n\n"))?;
    }
    for name in ACCOUNTS {
        if let (Some(of_base), Some(own)) = (text(&files.join(name))?, text(&root.join(name))?) {
            write(&root.join(name), &lines(&of_base, &own))?;
        }
    }
    Ok(())
}

/// The lines of the image, and those of names that it does not have.
fn lines(base: &str, own: &str) -> String {
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let known: BTreeSet<String> = base.lines().map(name).collect();
    let mut all: Vec<&str> = base.lines().collect();
    all.extend(own.lines().filter(|line| !known.contains(&name(line))));
    all.join("\n") + "\n"
}

/// Of the paths of a tree, those that go on top of the image; folders that it has keep their modes. `whose` tells whose a path is.
///
/// # Errors
/// [`Error::InTheWay`] for a folder where the image has none.
pub(super) fn on_top(
    found: Vec<Found>,
    base: &Root,
    whose: impl Fn(&Path) -> Whose,
) -> Result<Vec<Found>, Error> {
    let mut kept = Vec::with_capacity(found.len());
    let mut left: Vec<String> = Vec::new();
    for mut one in found {
        match (base.paths.get(&one.path), &one.content) {
            (None, _) => {}
            (Some(Kind::Directory(mode)), Content::Directory) => one.mode = *mode,
            (Some(_), Content::Directory) | (Some(Kind::Directory(_)), _) => {
                return Err(Error::InTheWay { path: Path::new("/").join(&one.path) });
            }
            (Some(Kind::Link(theirs)), Content::Link(own)) if theirs == own => continue,
            (Some(_), _) => {
                let is_merged =
                    one.path == Path::new(STATUS) || ACCOUNTS.iter().any(|name| one.path == Path::new(name));
                if matches!(whose(&one.path), Whose::Nobody) && !is_merged {
                    left.push(one.path.display().to_string());
                    continue;
                }
            }
        }
        kept.push(one);
    }
    if !left.is_empty() {
        let named = left.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match left.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        tracing::info!("of the base image stays what is made of all packages: {named}{more}");
    }
    Ok(kept)
}

fn text(path: &Path) -> Result<Option<String>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(decoded(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(oci::Error::read(path, error).into()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| oci::Error::write(path, source).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use super::*;

    fn base(paths: &[(&str, Kind)]) -> Root {
        let mut root = Root::default();
        root.paths.extend(paths.iter().map(|(path, kind)| (PathBuf::from(path), kind.clone())));
        root
    }

    fn found(path: &str, content: Content) -> Found {
        Found { path: path.into(), mode: 0o755, mtime: 0, content, inode: None }
    }

    #[test]
    fn databases_have_what_both_have() {
        let (tree, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (folder, name, content) in [
            (&files, STATUS, "Package: libc6\nArchitecture: amd64\nVersion: 1\n\n"),
            (&tree, STATUS, "Package: jq\nArchitecture: amd64\nVersion: 1\n\n"),
            (&files, "etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/:/bin/sh\n"),
            (&tree, "etc/passwd", "root:x:0:0::/root:/bin/bash\n_jq:x:100:100::/:/sbin/nologin\n"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        merge(tree.path(), &base(&[]), files.path()).unwrap();
        let status = fs::read_to_string(tree.path().join(STATUS)).unwrap();
        assert_eq!(
            status,
            "Package: libc6\nArchitecture: amd64\nVersion: 1\n\nPackage: jq\nArchitecture: amd64\nVersion: 1\n\n"
        );
        assert_eq!(
            fs::read_to_string(tree.path().join("etc/passwd")).unwrap(),
            "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/:/bin/sh\n_jq:x:100:100::/:/sbin/nologin\n"
        );
        let error = merge(tree.path(), &base(&[]), files.path()).unwrap_err();
        assert!(matches!(error, Error::Upgrades { .. }), "{error}");
    }

    #[test]
    fn a_base_without_merged_usr_is_refused() {
        let tree = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("usr/lib", tree.path().join("lib")).unwrap();
        let alpine = base(&[("lib", Kind::Directory(0o755))]);
        let error = merge(tree.path(), &alpine, Path::new("/no/such")).unwrap_err();
        assert!(matches!(error, Error::NotMerged { .. }), "{error}");
        merge(tree.path(), &base(&[("lib", Kind::Link("usr/lib".into()))]), Path::new("/no/such")).unwrap();
    }

    #[test]
    fn what_the_image_has_made_stays() {
        let base = base(&[
            ("lib", Kind::Link("usr/lib".into())),
            ("tmp", Kind::Directory(0o1777)),
            ("etc/ld.so.cache", Kind::File),
            ("etc/passwd", Kind::File),
            ("usr/bin/x", Kind::File),
            ("var/run", Kind::Link("/run".into())),
        ]);
        let whose = |path: &Path| if path.starts_with("usr") { Whose::Package(0) } else { Whose::Nobody };
        let kept = on_top(
            vec![
                found("lib", Content::Link("usr/lib".into())),
                found("tmp", Content::Directory),
                found("etc/ld.so.cache", Content::File(1)),
                found("etc/passwd", Content::File(1)),
                found("etc/new", Content::File(1)),
                found("usr/bin/x", Content::File(1)),
            ],
            &base,
            whose,
        )
        .unwrap();
        let paths: Vec<_> = kept.iter().map(|found| found.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["tmp", "etc/passwd", "etc/new", "usr/bin/x"]);
        assert_eq!(kept[0].mode, 0o1777);
        let error = on_top(vec![found("var/run", Content::Directory)], &base, whose).unwrap_err();
        assert!(matches!(error, Error::InTheWay { .. }), "{error}");
    }
}
