//! What is installed: the packages of the image, and those of the current generation, as dpkg's databases tell.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config;
use crate::deb::paragraph::field;
use crate::error::Error;
use crate::source::base;

/// Below the root of an image or of a tree.
pub(crate) const DATABASE: &str = "var/lib/dpkg";

/// Which of the two has a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// The image.
    Image,
    /// The destination.
    Tree,
}

/// An installed package.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    /// Its stanza, without a line end.
    pub(crate) stanza: String,
    pub(crate) place: Where,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    /// Those of the image first. What is in both is there twice: the tree's is the one that counts.
    pub(crate) packages: Vec<Package>,
    /// The folders of the databases.
    image: Option<PathBuf>,
    tree: Option<PathBuf>,
}

impl Installed {
    /// Reads both databases; `image` is a dpkg status or its folder.
    ///
    /// # Errors
    /// One that is there and cannot be read.
    pub(crate) fn read(image: Option<&Path>, generation: Option<&Path>) -> Result<Self, Error> {
        let mut packages = Vec::new();
        if let Some(image) = image {
            packages.extend(of_status(&base::read(image)?, Where::Image));
        }
        let tree = generation.map(|generation| generation.join(DATABASE));
        if let Some(tree) = &tree {
            let path = tree.join("status");
            let text = fs::read_to_string(&path).map_err(|source| config::Error::Read { path, source })?;
            packages.extend(of_status(&text, Where::Tree));
        }
        let folder = |status: &Path| match status.is_dir() {
            true => status.to_owned(),
            false => status.parent().unwrap_or(status).to_owned(),
        };
        Ok(Self { packages, image: image.map(folder), tree })
    }

    /// Those that count: of what is in both, the tree's.
    pub(crate) fn counting(&self) -> impl Iterator<Item = &Package> {
        let is_in_tree = |package: &Package| {
            let mut own = self.of_tree();
            own.any(|other| {
                other.name == package.name && same_slot(&other.architecture, &package.architecture)
            })
        };
        self.packages.iter().filter(move |package| package.place == Where::Tree || !is_in_tree(package))
    }

    /// The destination's.
    pub(crate) fn of_tree(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.place == Where::Tree)
    }

    /// The one of a name, or of `name:arch`, that counts.
    pub(crate) fn find(&self, label: &str) -> Option<&Package> {
        self.counting().find(|package| package.is(label))
    }

    /// What dpkg keeps of a package besides its stanza: `list`, `md5sums`, `postinst` and so on.
    pub(crate) fn info(&self, package: &Package, kind: &str) -> Option<Vec<u8>> {
        let database = match package.place {
            Where::Image => self.image.as_ref()?,
            Where::Tree => self.tree.as_ref()?,
        };
        let names = [package.name.clone(), format!("{}:{}", package.name, package.architecture)];
        names.iter().find_map(|name| fs::read(database.join("info").join(format!("{name}.{kind}"))).ok())
    }

    /// The paths of a package as it has them, the root aside.
    pub(crate) fn files(&self, package: &Package) -> Vec<String> {
        let list = self.info(package, "list").unwrap_or_default();
        let lines = String::from_utf8_lossy(&list).into_owned();
        lines.lines().filter(|line| *line != "/.").map(str::to_owned).collect()
    }
}

impl Package {
    /// Whether `name` or `name:arch` means it.
    pub(crate) fn is(&self, label: &str) -> bool {
        match label.split_once(':') {
            Some((name, architecture)) => {
                name == self.name
                    && (architecture == self.architecture
                        || matches!(architecture, "any" | "native")
                        || self.architecture == "all")
            }
            None => label == self.name,
        }
    }

    /// A field of its stanza.
    pub(crate) fn field(&self, name: &str) -> &str {
        field(&self.stanza, name).unwrap_or_default()
    }

    /// `name`, or `name:arch` where dpkg shows it so.
    pub(crate) fn shown(&self) -> String {
        match self.field("Multi-Arch") {
            "same" => format!("{}:{}", self.name, self.architecture),
            _ => self.name.clone(),
        }
    }
}

/// Whether packages of one name and these architectures take one another's place.
pub(crate) fn same_slot(one: &str, other: &str) -> bool {
    one == other || one == "all" || other == "all"
}

fn of_status(text: &str, place: Where) -> impl Iterator<Item = Package> {
    text.split("\n\n").filter_map(move |stanza| {
        let stanza = stanza.trim_matches('\n');
        Some(Package {
            name: field(stanza, "Package")?.to_owned(),
            version: field(stanza, "Version").unwrap_or_default().to_owned(),
            architecture: field(stanza, "Architecture").unwrap_or("all").to_owned(),
            stanza: stanza.to_owned(),
            place,
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_in_both_is_the_trees() {
        let folder = tempfile::tempdir().unwrap();
        let stanza = |name: &str, version: &str, architecture: &str| {
            format!(
                "Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: {architecture}\n\n"
            )
        };
        let image = folder.path().join("status");
        fs::write(&image, stanza("a", "1", "amd64") + &stanza("b", "1", "all") + &stanza("c", "1", "i386"))
            .unwrap();
        let info = folder.path().join("tree").join(DATABASE).join("info");
        fs::create_dir_all(&info).unwrap();
        let own = stanza("b", "2", "amd64") + &stanza("c", "2", "amd64");
        fs::write(info.with_file_name("status"), own).unwrap();
        fs::write(info.join("c:amd64.list"), "/.\n/usr\n/usr/bin/c\n").unwrap();
        let tree = folder.path().join("tree");
        let installed = Installed::read(Some(&image), Some(&tree)).unwrap();
        let counting = installed.counting();
        let counting: Vec<String> =
            counting.map(|package| format!("{}={}", package.name, package.version)).collect();
        assert_eq!(counting, ["a=1", "c=1", "b=2", "c=2"]);
        assert_eq!(installed.find("c:amd64").unwrap().version, "2");
        assert!(installed.find("d").is_none());
        assert_eq!(installed.files(installed.find("c:amd64").unwrap()), ["/usr", "/usr/bin/c"]);
    }
}
