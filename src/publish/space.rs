//! What a volume has left, what a run needs of it, and what to say where the one is less than the other.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// `f_type` of tmpfs (statfs(2)).
const TMPFS: u64 = 0x0102_1994;

/// Bytes and inodes: of each there may be too little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Bytes, in whole blocks of the file system where they have been counted.
    pub(crate) bytes: u64,
    /// Files, folders and links.
    pub(crate) inodes: u64,
}

impl Amount {
    /// That of a resource.
    pub(crate) fn of(self, resource: Resource) -> u64 {
        match resource {
            Resource::Bytes => self.bytes,
            Resource::Inodes => self.inodes,
        }
    }
}

impl std::ops::Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            inodes: self.inodes.saturating_add(other.inodes),
        }
    }
}

/// What a folder with all that is in it takes. Hard links count as inodes, as they do on tmpfs, but their bytes only
/// once. What cannot be read, or goes away meanwhile, counts nothing.
pub(crate) fn taken(path: &Path) -> Amount {
    let mut amount = Amount::default();
    let mut linked = BTreeSet::new();
    let mut paths = vec![path.to_owned()];
    while let Some(path) = paths.pop() {
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            paths.extend(entries.map(|entry| entry.path()));
        }
        let counted = meta.is_dir() || meta.nlink() == 1 || linked.insert((meta.dev(), meta.ino()));
        let blocks = if counted { meta.blocks() } else { 0 };
        amount = amount + Amount { bytes: blocks.saturating_mul(512), inodes: 1 };
    }
    amount
}

/// What a volume says of itself (statvfs(3)).
#[derive(Debug, Clone, Copy)]
pub(super) struct Volume {
    blocks: u64,
    free_blocks: u64,
    block_size: u64,
    files: u64,
    free_files: u64,
    /// On tmpfs, as an emptyDir with `medium: Memory` is.
    pub(super) in_memory: bool,
}

impl Volume {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let stat = rustix::fs::statvfs(path).ok()?;
        // one that says it has none left, and gives one, does not count them
        let counts = stat.f_favail > 0 || tempfile::NamedTempFile::new_in(path).is_err();
        Some(Self {
            blocks: stat.f_blocks,
            free_blocks: stat.f_bavail,
            block_size: stat.f_frsize,
            files: if counts { stat.f_files } else { 0 },
            free_files: stat.f_favail,
            in_memory: is_in_memory(path),
        })
    }

    /// Free bytes for this user; some network and memory file systems report nothing at all.
    fn free_bytes(&self) -> Option<u64> {
        (self.blocks > 0).then(|| self.free_blocks.saturating_mul(self.block_size))
    }

    /// Free inodes for this user; a file system that makes them as needed reports none at all.
    fn free_inodes(&self) -> Option<u64> {
        (self.files > 0).then_some(self.free_files)
    }

    /// What is used up, of the two: what there is relatively less of, since threads that ended have let go of some.
    fn scarcer(&self) -> Resource {
        let bytes = u128::from(self.free_blocks) * u128::from(self.files);
        let inodes = u128::from(self.free_files) * u128::from(self.blocks);
        if self.files > 0 && (self.blocks == 0 || inodes < bytes) {
            Resource::Inodes
        } else {
            Resource::Bytes
        }
    }
}

/// The bytes that the volume at `path` holds, if it is in memory: they count towards the limit of those who wrote them.
pub(crate) fn held_in_memory(path: &Path) -> Option<u64> {
    let stat = is_in_memory(path).then(|| rustix::fs::statvfs(path).ok())??;
    Some(stat.f_blocks.saturating_sub(stat.f_bfree).saturating_mul(stat.f_frsize))
}

fn is_in_memory(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|stat| u64::try_from(stat.f_type).is_ok_and(|kind| kind == TMPFS))
}

/// What there can be too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Space.
    Bytes,
    /// Files.
    Inodes,
}

/// What a run could have of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Free {
    /// So much, and no more.
    Only(u64),
    /// What a quota let it have, of which the volume does not tell.
    Quota,
    /// The volume says that there is so much, and takes nothing: something behind it is full.
    Claimed(u64),
}

/// The volume is too small for what is to be installed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Shortage {
    /// The destination.
    pub(crate) destination: PathBuf,
    /// What is short.
    pub(crate) resource: Resource,
    /// How much of it this run could have.
    pub(crate) free: Free,
    /// How much of it is needed in all.
    pub(crate) needed: u64,
    /// How much of that is aptlet itself, in bytes.
    pub(crate) own: u64,
    /// How much of it generations hold that are neither current nor being made.
    pub(crate) replaced: u64,
    /// Number of packages.
    pub(crate) packages: usize,
    /// Whether the volume is in memory.
    pub(crate) in_memory: bool,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let destination = self.destination.display();
        match self.free {
            Free::Only(free) => write!(f, "{destination} has {} free", shown(self.resource, free))?,
            Free::Quota => write!(f, "the quota on {destination} is used up")?,
            Free::Claimed(free) => {
                let free = shown(self.resource, free);
                write!(f, "{destination} takes no more, although it says that it has {free} free")?;
            }
        }
        let and = if matches!(self.free, Free::Claimed(_)) { "and" } else { "but" };
        // no index has the number of files
        let about = if self.resource == Resource::Inodes { "at least" } else { "about" };
        let needed = shown(self.resource, self.needed);
        match self.packages {
            0 => return write!(f, ", {and} aptlet itself needs {about} {needed}"),
            1 => write!(f, ", {and} 1 package needs {about} {needed}")?,
            count => write!(f, ", {and} {count} packages need {about} {needed}")?,
        }
        match mebibytes(self.own) {
            own if own > 0 && self.resource == Resource::Bytes => {
                write!(f, ", {own} MiB of it for aptlet itself, which starts their commands")
            }
            _ => Ok(()),
        }
    }
}

impl Shortage {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let free = if let Free::Only(free) = self.free { Some(free) } else { None };
        let missing = self.needed.saturating_sub(free.unwrap_or_default());
        let more = match (self.free, self.resource) {
            (Free::Quota, _) => "Raise the quota".to_owned(),
            (Free::Claimed(_), _) => {
                "Look for a quota, a thin volume or a server behind it that is full, and give that more"
                    .to_owned()
            }
            (Free::Only(_), Resource::Bytes) => {
                format!("Give the volume {}Mi more ({})", mebibytes(missing), bounds(self.in_memory))
            }
            (Free::Only(_), Resource::Inodes) => format!("Give the volume {missing} inodes more"),
        };
        // where it is not known what is missing, it is not known whether this would do
        let enough = free.is_some() && self.replaced >= missing;
        let less = match (enough, self.packages) {
            (true, _) => {
                ", or make room with --keep-generations 1, if no container runs from the generation before the current one any more"
            }
            (false, 0) => "",
            (false, _) => ", or ask for fewer packages",
        };
        format!("{more}{less}.")
    }
}

/// What bounds an emptyDir, whose file system does not tell: its `sizeLimit` does only in memory, and there the kubelet
/// makes it no larger than the memory limit of the pod.
const fn bounds(in_memory: bool) -> &'static str {
    if in_memory {
        "it is in memory: its size; of an emptyDir, its sizeLimit and the memory limit of this container, since the smaller one counts"
    } else {
        "an emptyDir has what the node's disk has"
    }
}

/// Rounded up.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

fn shown(resource: Resource, amount: u64) -> String {
    match resource {
        Resource::Bytes if amount < 1 << 20 => format!("{amount} bytes"),
        Resource::Bytes => format!("{} MiB ({amount} bytes)", mebibytes(amount)),
        Resource::Inodes => format!("{amount} inodes"),
    }
}

/// How a file system says that it takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// ENOSPC: blocks or inodes.
    Volume,
    /// EDQUOT.
    Quota,
}

impl Full {
    /// Whether an error says so.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull => Some(Self::Volume),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            _ => None,
        }
    }
}

/// Finds out whether a volume takes what is needed, before any work: of bytes and of inodes, where it tells.
pub(super) fn lacking(volume: Option<Volume>, needed: Amount) -> Option<(Resource, u64, u64)> {
    let volume = volume?;
    let bytes = volume.free_bytes().filter(|free| *free < needed.bytes);
    let inodes = volume.free_inodes().filter(|free| *free < needed.inodes);
    bytes
        .map(|free| (Resource::Bytes, free, needed.bytes))
        .or_else(|| inodes.map(|free| (Resource::Inodes, free, needed.inodes)))
}

/// With fewer inodes than this left, they may be what a run failed for.
const FEW_INODES: u64 = 16;

/// What was lacking of a volume that turned out to be `full`: which resource, what the run could have had of it, and what
/// it needs at least. Of `had_and_missing`, the first is what it had by then, the second what it is known to need still;
/// `downloads` are the bytes that it may have let go of since.
pub(super) fn lacked(
    volume: Option<Volume>,
    (taken, missing): (Amount, Amount),
    full: Full,
    downloads: u64,
) -> (Resource, Free, u64) {
    let claimed = |volume: Volume| {
        let inodes = volume.free_inodes().is_none_or(|free| free > missing.inodes.saturating_add(64));
        let let_go = missing.bytes.saturating_add(downloads).saturating_add(1 << 20);
        volume.free_bytes().filter(|free| inodes && *free > let_go)
    };
    let claimed = volume.and_then(claimed);
    if full == Full::Quota || claimed.is_some() {
        // of files, a quota may be as well; their number does not tell a user more
        let needed = taken.bytes.saturating_add(missing.bytes.max(taken.bytes / 8));
        return (
            Resource::Bytes,
            claimed.filter(|_| full == Full::Volume).map_or(Free::Quota, Free::Claimed),
            needed,
        );
    }
    let needed = taken + missing;
    let resource = volume.map_or(Resource::Bytes, |volume| {
        let free = volume.free_bytes().map(|free| free.saturating_add(taken.bytes));
        let inodes = volume.free_inodes();
        // that many files would be missing is a guess, that none is left is not
        if inodes.is_none_or(|free| free >= FEW_INODES) && free.is_some_and(|free| free < needed.bytes) {
            Resource::Bytes
        } else {
            volume.scarcer()
        }
    });
    let (free, taken, needed, least) = match resource {
        Resource::Bytes => {
            (volume.and_then(|volume| volume.free_bytes()), taken.bytes, needed.bytes, 256 << 10)
        }
        Resource::Inodes => {
            (volume.and_then(|volume| volume.free_inodes()), taken.inodes, needed.inodes, FEW_INODES)
        }
    };
    let free = free.unwrap_or_default().saturating_add(taken);
    // there was not enough, whatever the packages declare
    let more = free.saturating_add((free / 8).max(least));
    (resource, Free::Only(free), if needed > free { needed } else { more })
}

/// That the volume of a folder has room for so much, beside what is there.
///
/// # Errors
/// What it lacks.
pub(crate) fn check(folder: &Path, needed: Amount, packages: usize) -> Result<(), Shortage> {
    let volume = Volume::of(folder);
    let Some((resource, free, needed)) = lacking(volume, needed) else { return Ok(()) };
    let (destination, free) = (folder.to_owned(), Free::Only(free));
    let in_memory = volume.is_some_and(|volume| volume.in_memory);
    Err(Shortage { destination, resource, free, needed, own: 0, replaced: 0, packages, in_memory })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_folder_has_room_or_lacks_it() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path(), Amount { bytes: 1, inodes: 1 }, 1).unwrap();
        let short = check(folder.path(), Amount { bytes: 1 << 60, inodes: 1 }, 2).unwrap_err();
        assert!(short.to_string().contains("but 2 packages need about"), "{short}");
    }

    fn volume(free_mebibytes: u64, free_files: u64) -> Volume {
        Volume {
            blocks: 4096,
            free_blocks: free_mebibytes * 256,
            block_size: 4096,
            files: 1000,
            free_files,
            in_memory: false,
        }
    }

    fn shortage(resource: Resource, free: Option<u64>, needed: u64, replaced: u64) -> Shortage {
        let free = free.map_or(Free::Quota, Free::Only);
        Shortage {
            destination: "/p".into(),
            resource,
            free,
            needed,
            own: 0,
            replaced,
            packages: 2,
            in_memory: false,
        }
    }

    #[test]
    fn what_is_needed_is_known_before_work_begins() {
        let needed = Amount { bytes: 3 * MIB, inodes: 50 };
        assert_eq!(lacking(Some(volume(3, 50)), needed), None);
        assert_eq!(lacking(Some(volume(2, 50)), needed), Some((Resource::Bytes, 2 * MIB, 3 * MIB)));
        assert_eq!(lacking(Some(volume(3, 49)), needed), Some((Resource::Inodes, 49, 50)));
        assert_eq!(lacking(None, needed), None);
        let silent = Some(Volume {
            blocks: 0,
            free_blocks: 0,
            block_size: 0,
            files: 0,
            free_files: 0,
            in_memory: false,
        });
        assert_eq!(lacking(silent, needed), None, "no limits that are known");
    }

    #[test]
    fn what_a_full_volume_would_have_had_to_hold() {
        let taken = Amount { bytes: 5 * MIB, inodes: 900 };
        let missing = Amount { bytes: 2 * MIB, inodes: 200 };
        let of = |volume, missing| lacked(volume, (taken, missing), Full::Volume, MIB);
        let five = Free::Only(5 * MIB);
        assert_eq!(of(Some(volume(0, 500)), missing), (Resource::Bytes, five, 7 * MIB));
        assert_eq!(of(Some(volume(1, 0)), missing), (Resource::Inodes, Free::Only(900), 1100));
        // space is short, and of inodes there are relatively fewer
        assert_eq!(of(Some(volume(1, 20)), missing), (Resource::Bytes, Free::Only(6 * MIB), 7 * MIB));
        assert_eq!(of(Some(volume(1, 20)), Amount { bytes: 0, inodes: 90 }).0, Resource::Inodes);
        // never less than what did not do
        assert_eq!(
            of(Some(volume(0, 500)), Amount::default()),
            (Resource::Bytes, five, 5 * MIB + 5 * MIB / 8)
        );
        assert_eq!(of(None, missing), (Resource::Bytes, five, 7 * MIB));
    }

    #[test]
    fn what_the_volume_does_not_tell_is_not_taken_for_what_is_needed() {
        let (taken, missing) = (Amount { bytes: 8 * MIB, inodes: 90 }, Amount { bytes: 9 * MIB, inodes: 20 });
        let of = |volume, full| lacked(volume, (taken, missing), full, 4 * MIB);
        let large = Some(volume(905, 800));
        assert_eq!(of(large, Full::Volume), (Resource::Bytes, Free::Claimed(905 * MIB), 17 * MIB));
        assert_eq!(of(large, Full::Quota), (Resource::Bytes, Free::Quota, 17 * MIB));
        assert_eq!(of(None, Full::Quota), (Resource::Bytes, Free::Quota, 17 * MIB));
        // what its own downloads had taken, or what has no inodes left
        assert_eq!(of(Some(volume(4, 800)), Full::Volume).1, Free::Only(12 * MIB));
        assert_eq!(of(Some(volume(905, 10)), Full::Volume).0, Resource::Inodes);
        let claimed =
            Shortage { free: Free::Claimed(905 * MIB), ..shortage(Resource::Bytes, None, 17 * MIB, 0) };
        assert_eq!(
            claimed.to_string(),
            "/p takes no more, although it says that it has 905 MiB (948961280 bytes) free, and 2 packages need about \
             17 MiB (17825792 bytes)"
        );
        assert_eq!(
            claimed.hint(),
            "Look for a quota, a thin volume or a server behind it that is full, and give that more, or ask for fewer \
             packages."
        );
    }

    #[test]
    fn the_message_says_how_much_and_the_hint_what_would_help() {
        let bytes = shortage(Resource::Bytes, Some(MIB), 3 * MIB + 1, 0);
        assert_eq!(
            bytes.to_string(),
            "/p has 1 MiB (1048576 bytes) free, but 2 packages need about 4 MiB (3145729 bytes)"
        );
        assert_eq!(
            bytes.hint(),
            "Give the volume 3Mi more (an emptyDir has what the node's disk has), or ask for fewer packages."
        );
        let in_memory = Shortage { in_memory: true, ..bytes };
        assert_eq!(
            in_memory.hint(),
            "Give the volume 3Mi more (it is in memory: its size; of an emptyDir, its sizeLimit and the memory limit of this container, since \
             the smaller one counts), or ask for fewer packages."
        );
        let inodes = shortage(Resource::Inodes, Some(7), 70, 62);
        assert_eq!(inodes.to_string(), "/p has 7 inodes free, but 2 packages need at least 70 inodes");
        let with_aptlet = Shortage { own: 9 * MIB, ..shortage(Resource::Bytes, Some(MIB), 26 * MIB, 0) };
        let told =
            "about 26 MiB (27262976 bytes), 9 MiB of it for aptlet itself, which starts their commands";
        assert!(with_aptlet.to_string().ends_with(told), "{with_aptlet}");
        let inodes = Shortage { own: 9 * MIB, ..inodes };
        assert!(inodes.to_string().ends_with("at least 70 inodes"));
        assert_eq!(inodes.hint(), "Give the volume 63 inodes more, or ask for fewer packages.");
        let itself = Shortage { packages: 0, ..inodes };
        assert!(itself.to_string().ends_with("but aptlet itself needs at least 70 inodes"), "{itself}");
        assert_eq!(itself.hint(), "Give the volume 63 inodes more.");
        let replaced = shortage(Resource::Bytes, Some(MIB), 3 * MIB, 2 * MIB);
        assert!(replaced.hint().contains("--keep-generations 1"), "{}", replaced.hint());
        let quota = shortage(Resource::Bytes, None, 3 * MIB, 9 * MIB);
        assert_eq!(
            quota.to_string(),
            "the quota on /p is used up, but 2 packages need about 3 MiB (3145728 bytes)"
        );
        assert_eq!(quota.hint(), "Raise the quota, or ask for fewer packages.");
    }

    #[test]
    fn full_is_what_the_system_calls_so() {
        use rustix::io::Errno;
        let of = |errno: Errno| Full::of(&errno.into());
        assert_eq!(of(Errno::NOSPC), Some(Full::Volume));
        assert_eq!(of(Errno::DQUOT), Some(Full::Quota));
        assert_eq!(of(Errno::ROFS), None);
    }

    #[test]
    fn hard_links_take_their_space_once() {
        let folder = tempfile::tempdir().unwrap();
        let empty = taken(folder.path());
        assert_eq!(empty.inodes, 1);
        fs::write(folder.path().join("file"), vec![1; 100_000]).unwrap();
        let one = taken(folder.path());
        assert_eq!(one.inodes, 2);
        assert!(one.bytes >= empty.bytes + 100_000, "{one:?}");
        fs::hard_link(folder.path().join("file"), folder.path().join("other")).unwrap();
        assert_eq!(taken(folder.path()), Amount { bytes: one.bytes, inodes: 3 });
        assert_eq!(taken(&folder.path().join("gone")), Amount::default());
    }
}
