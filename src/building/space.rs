//! What a plan takes of the destination's volume, as far as that is known beforehand.

use std::path::Path;

use super::staging::{private_root, tree};
use crate::plan::{Artifact, Plan};
use crate::publish::space::{Amount, taken};

/// Of every package there are the list of its files in the database, and at least one file of its own: its copyright
/// (Debian Policy 12.5), or a link instead.
const INODES_OF_PACKAGE: u64 = 2;
/// The tree's own: its common folders, the dpkg database, `var/lib/aptlet`.
const INODES_OF_TREE: u64 = 24;

/// What a package unpacks to. `Installed-Size` counts whole KiB; in whole pages most packages differ from it by less
/// than 3 percent, since it also counts folders and links. The number of files is in no index: it is at least this.
fn unpacked(package: &Artifact) -> Amount {
    let bytes = match package.installed_size {
        0 => package.size.saturating_mul(3),
        kibibytes => kibibytes.saturating_mul(1024),
    };
    Amount { bytes, inodes: INODES_OF_PACKAGE }
}

/// What the unpacked tree and the downloads on their way will take, where the packages say so.
pub(crate) fn needed(plan: &Plan) -> Amount {
    let largest = plan.packages.iter().map(|package| package.size).max().unwrap_or_default();
    let own = Amount { bytes: largest, inodes: INODES_OF_TREE };
    plan.packages.iter().map(unpacked).fold(own, |sum, amount| sum + amount)
}

/// aptlet itself, which launchers are: more than any release of it has, and the same whichever build is asked.
const BINARY: u64 = 16 << 20;
/// What packages do not declare, at least: the dpkg database, caches, dictionaries, the odd page. In all it is also a fifth.
const UNDECLARED: u64 = 16 << 20;

/// Bytes in which a volume has room for so many trees as large as the plan's, in whole MiB: what its sizeLimit is to be.
pub(crate) fn of_volume(plan: &Plan, trees: u64) -> u64 {
    let tree = needed(plan).bytes;
    let tree = tree.saturating_add(tree / 5).saturating_add(UNDECLARED);
    let all = tree.saturating_mul(trees).saturating_add(BINARY);
    all.div_ceil(1 << 20).saturating_mul(1 << 20)
}

/// What is missing still in the middle of a run, besides what lies in `staging`.
pub(crate) fn missing(plan: &Plan, staging: &Path) -> Amount {
    if tree(staging).exists() {
        return Amount::default();
    }
    let mut missing = Amount { bytes: 0, inodes: INODES_OF_TREE };
    let (mut declared, mut done) = (0_u64, Amount::default());
    for (number, package) in plan.packages.iter().enumerate() {
        let (whole, here) = (unpacked(package), taken(&private_root(staging, number)));
        missing.bytes = missing.bytes.saturating_add(whole.bytes.saturating_sub(here.bytes));
        missing.inodes = missing.inodes.saturating_add(whole.inodes.saturating_sub(here.inodes));
        if here.inodes > 0 {
            declared = declared.saturating_add(whole.bytes.min(here.bytes));
            done = done + here;
        }
    }
    // the rest has about as many files for its size as what is there
    let alike = u128::from(done.inodes) * u128::from(missing.bytes) / u128::from(declared.max(1));
    missing.inodes = missing.inodes.max(u64::try_from(alike).unwrap_or(u64::MAX));
    missing
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::digest::Sha256;

    fn plan(packages: &[(u64, u64)]) -> Plan {
        let package = |(size, installed_size): &(u64, u64)| Artifact {
            name: "tool".to_owned(),
            version: "1".to_owned(),
            architecture: "amd64".to_owned(),
            source: "source".to_owned(),
            filename: "pool/tool.deb".to_owned(),
            size: *size,
            installed_size: *installed_size,
            also: Vec::new(),
            sha256: Sha256::of(b""),
        };
        Plan { packages: packages.iter().map(package).collect(), ..Plan::default() }
    }

    #[test]
    fn a_volume_has_room_for_trees_and_for_what_is_not_declared() {
        // 100 MiB and 12 bytes, a fifth of it, and 16 MiB
        let plan = plan(&[(4, 60 << 10), (12, 40 << 10)]);
        assert_eq!(of_volume(&plan, 1), (100 + 20 + 16 + 16 + 1) << 20);
        assert_eq!(of_volume(&plan, 3), (3 * (100 + 20 + 16) + 16 + 1) << 20);
    }

    #[test]
    fn what_is_needed_in_all_and_what_is_missing_in_the_middle() {
        let plan = plan(&[(1000, 100), (5000, 200), (7, 0)]);
        assert_eq!(needed(&plan), Amount { bytes: 300 * 1024 + 21 + 5000, inodes: 30 });
        let staging = tempfile::tempdir().unwrap();
        assert_eq!(missing(&plan, staging.path()), Amount { bytes: 300 * 1024 + 21, inodes: 30 });

        // a hundred files in a third of the bytes: the other two have two hundred
        let root = private_root(staging.path(), 0);
        fs::create_dir(&root).unwrap();
        for number in 0..99 {
            fs::write(root.join(number.to_string()), vec![0; if number == 0 { 1 << 20 } else { 0 }]).unwrap();
        }
        let rest = missing(&plan, staging.path());
        assert_eq!((rest.bytes, rest.inodes), (200 * 1024 + 21, 200));

        fs::create_dir(tree(staging.path())).unwrap();
        assert_eq!(missing(&plan, staging.path()), Amount::default(), "all is unpacked");
    }
}
