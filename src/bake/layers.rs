//! A tree divided among layers, so that a registry and a node that have one image need little more for the next.
//!
//! Packages of one source change together, and are in one layer. A large source has a layer of its own; all others share
//! [`BUCKETS`] layers by a digest of their names, so that which layer a package is in depends on no other package. What is
//! made of all packages together, such as dpkg's status or the cache of the linker, is in the last layer.
//!
//! The bytes of a layer depend on its packages alone. A folder has the time that one of them gives it; where it is a package's
//! only by what is in it, it has the time of the newest file of the layer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::error::Error;
use super::onto::on_top;
use super::owners::{Owners, Whose};
use super::paths::{Found, walk};
use crate::arrange::Arrange as _;
use crate::digest::Sha256;
use crate::oci::base::Root;
use crate::oci::{Content, Item};

/// Layers that small sources share. Of fifty, few share one with another.
const BUCKETS: u8 = 64;
/// Bytes of a source that has a layer of its own.
const LARGE: u64 = 8 << 20;
/// So many have one, the largest. With those that are shared and the last one that is less than 100, and some runtimes take no more
/// than 127.
const MOST_ALONE: usize = 32;
/// So many packages are named in the history.
const MOST_NAMED: usize = 20;

/// How a tree is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// Among layers, by packages.
    Packages,
    /// Not at all.
    One,
}

/// A layer to be.
#[derive(Debug)]
pub(crate) struct Planned {
    /// What it is, for people.
    pub(crate) about: String,
    /// Its paths, folders before what is in them.
    pub(crate) items: Vec<Item>,
    /// The bytes of its files.
    pub(crate) size: u64,
}

/// Which layer something is in; they come in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Source(String),
    Bucket(u8),
    Last,
}

/// Divides what is below `root`; `base` is what an image has whose root it is put on top of. All that is of no package alone gets the
/// time `date`.
///
/// # Errors
/// What cannot be read, or be in an archive.
pub(crate) fn layers(
    root: &Path,
    owners: &Owners,
    date: i64,
    grouping: Grouping,
    base: Option<&Root>,
) -> Result<Vec<Planned>, Error> {
    let mut found = walk(root)?;
    if let Some(base) = base {
        found = on_top(found, base, |path| owners.whose(path))?;
    }
    let keys = match grouping {
        Grouping::Packages => keys(&found, owners),
        Grouping::One => owners.packages.iter().map(|_| Key::Last).collect(),
    };
    let mut groups: BTreeMap<Key, Group> = BTreeMap::from([(Key::Last, Group::new(date))]);
    for (number, package) in owners.packages.iter().enumerate() {
        // what all share has one time
        let group = groups.entry(keys[number].clone()).or_insert_with(|| Group::new(i64::MIN));
        if keys[number] != Key::Last {
            group.date = group.date.max(package.newest);
        }
        group.packages.push(number);
    }
    let numbers: HashMap<&Path, usize> =
        found.iter().enumerate().map(|(number, found)| (found.path.as_path(), number)).collect();
    for (number, found) in found.iter().enumerate() {
        let shipped = owners.of_folder(&found.path);
        let of: Vec<&Key> = match owners.whose(&found.path) {
            _ if found.is_folder() && !shipped.is_empty() => {
                shipped.iter().map(|(owner, _)| &keys[*owner]).collect()
            }
            Whose::Package(owner) | Whose::Database(owner) if !found.is_folder() => vec![&keys[owner]],
            _ => vec![&Key::Last],
        };
        for key in of {
            let Some(group) = groups.get_mut(key) else { continue };
            let above = found.path.ancestors().skip(1).filter_map(|folder| numbers.get(folder));
            group.members.extend(above);
            group.members.insert(number);
        }
    }
    let planned = groups.into_iter().map(|(key, group)| group.planned(&key, &keys, &found, owners));
    Ok(planned.filter(|layer| !layer.items.is_empty()).collect())
}

/// The layer of each package.
fn keys(found: &[Found], owners: &Owners) -> Vec<Key> {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for found in found {
        if let Whose::Package(number) = owners.whose(&found.path) {
            *sizes.entry(&owners.packages[number].source).or_default() += found.size();
        }
    }
    let mut large: Vec<(&str, u64)> = sizes.into_iter().filter(|(_, size)| *size >= LARGE).collect();
    large.arrange_by(|(one, size), (other, least)| least.cmp(size).then(one.cmp(other)));
    let alone: BTreeSet<&str> = large.into_iter().take(MOST_ALONE).map(|(source, _)| source).collect();
    let key = |source: &str| match alone.contains(source) {
        true => Key::Source(source.to_owned()),
        false => Key::Bucket(Sha256::of(source.as_bytes()).0[0] % BUCKETS),
    };
    owners.packages.iter().map(|package| key(&package.source)).collect()
}

/// A layer in the making.
#[derive(Debug)]
struct Group {
    date: i64,
    packages: Vec<usize>,
    /// Numbers of paths.
    members: BTreeSet<usize>,
}

impl Group {
    fn new(date: i64) -> Self {
        Self { date, packages: Vec::new(), members: BTreeSet::new() }
    }

    fn planned(&self, key: &Key, keys: &[Key], found: &[Found], owners: &Owners) -> Planned {
        let mut names: HashMap<u64, &Path> = HashMap::new();
        let mut items = Vec::with_capacity(self.members.len());
        let mut size = 0;
        for found in self.members.iter().map(|number| &found[*number]) {
            let first = found.inode.and_then(|inode| names.get(&inode));
            let content = match first {
                Some(first) => Content::SameAs(first.to_path_buf()),
                None => found.content.clone(),
            };
            if first.is_none() {
                size += found.size();
                names.extend(found.inode.map(|inode| (inode, found.path.as_path())));
            }
            let mtime = match owners.whose(&found.path) {
                _ if found.is_folder() => {
                    let times = owners.of_folder(&found.path).iter();
                    let mut own = times.filter(|(number, _)| *key == Key::Last || keys[*number] == *key);
                    own.next_back().map_or(self.date, |(_, mtime)| *mtime)
                }
                Whose::Package(_) => found.mtime,
                Whose::Database(_) | Whose::Nobody => self.date,
            };
            items.push(Item { path: found.path.clone(), mode: found.mode, mtime, content });
        }
        Planned { about: self.about(key, owners), items, size }
    }

    fn about(&self, key: &Key, owners: &Owners) -> String {
        if *key == Key::Last {
            return "aptlet bake: what is made of all packages".to_owned();
        }
        let named: Vec<&str> = self
            .packages
            .iter()
            .take(MOST_NAMED)
            .map(|number| owners.packages[*number].label.as_str())
            .collect();
        let more = match self.packages.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("aptlet bake: {}{more}", named.join(", "))
    }
}
