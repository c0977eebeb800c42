//! How much memory this process may take: the limit of its container, as cgroups have it (cgroups(7)).

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// What a run takes besides the decoders of packages and the index, in bytes: the binary's own pages, connections, buffers.
const BASE: u64 = 24 << 20;
/// What decoders leave of a small limit, in bytes: that, and what the kernel counts besides and cannot give back at once: pages that
/// are still to be written, inodes.
const LEFT: u64 = BASE + (16 << 20);
/// Without so many bytes no run unpacks a package.
pub(crate) const LEAST: u64 = BASE + LEAST_FOR_DECODERS;
/// As many are enough for every run, in bytes.
pub(crate) const AMPLE: u64 = 160 << 20;
/// As much as there is no use for more.
const MOST_FOR_DECODERS: u64 = 80 << 20;
/// What a decoder of what xz(1) and zstd(1) write by default takes: less than two of these makes no package, not one.
const LEAST_FOR_DECODERS: u64 = 9 << 20;
/// What a run takes at most, as `tests/real` holds it.
const LITTLE: u64 = 128 << 20;
/// With less than this, no choice can be made from the index of a release of Debian, nor much be installed.
const ENOUGH: u64 = 64 << 20;

/// The limit of the group that this process is in, or of one above it, in bytes; `None` without any.
pub(crate) fn limit() -> Option<u64> {
    static LIMIT: LazyLock<Option<u64>> = LazyLock::new(|| {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        limit_in(&groups, Path::new("/sys/fs/cgroup"))
    });
    *LIMIT
}

/// The limit under which a program that takes so many bytes can run while this one waits for it.
pub(crate) fn needed_beside(bytes: u64) -> u64 {
    LEFT + bytes
}

/// What all decoders of packages together may take, in bytes.
pub(crate) fn for_decoders() -> u64 {
    decoders_within(limit())
}

/// Whether they may take less than there is use for.
pub(crate) fn is_short() -> bool {
    for_decoders() < MOST_FOR_DECODERS
}

/// Whether the limit is one under which nothing should be kept that is free.
pub(crate) fn is_little() -> bool {
    limit().is_some_and(|limit| limit < LITTLE)
}

/// Whether so many bytes are less than what a run needs.
pub(crate) fn is_too_little(bytes: u64) -> bool {
    bytes < ENOUGH
}

fn decoders_within(limit: Option<u64>) -> u64 {
    limit.map_or(MOST_FOR_DECODERS, |limit| {
        limit.saturating_sub(LEFT).clamp(LEAST_FOR_DECODERS, MOST_FOR_DECODERS)
    })
}

/// `groups` is what `/proc/self/cgroup` says, and `mounts` where the hierarchies are. A container sees its own group at the root
/// of a hierarchy, whatever the path of it says; who is in no container sees all groups.
fn limit_in(groups: &str, mounts: &Path) -> Option<u64> {
    let mut least: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (folders, file) = match controllers {
            "" => (vec![mounts.to_owned(), mounts.join("unified")], "memory.max"),
            named if named.split(',').any(|controller| controller == "memory") => {
                (vec![mounts.join("memory")], "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let path = path.trim_start_matches('/');
        for folder in folders {
            for group in Path::new(path).ancestors() {
                // without a limit it is "max", or as large as a number can be
                let text = fs::read_to_string(folder.join(group).join(file)).unwrap_or_default();
                let limit = text.trim().parse::<u64>().ok().filter(|limit| *limit < 1 << 60);
                least = [least, limit].into_iter().flatten().min();
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mounted(files: &[(&str, &str)]) -> tempfile::TempDir {
        let mounts = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = mounts.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        mounts
    }

    #[test]
    fn the_limit_is_the_least_of_those_above() {
        let (v1, v2) = ("3:cpuset:/\n4:memory:/pods/a\n0::/\n", "0::/pods/a\n");
        for (groups, files, limit) in [
            (
                v2,
                vec![
                    ("memory.max", "max\n"),
                    ("pods/memory.max", "max\n"),
                    ("pods/a/memory.max", "67108864\n"),
                ],
                Some(64 << 20),
            ),
            (v2, vec![("pods/memory.max", "1000\n"), ("pods/a/memory.max", "2000\n")], Some(1000)),
            (v2, vec![("pods/a/memory.max", "max\n")], None),
            // as a container sees it: its own group is the root, and it does not see the path
            (v2, vec![("memory.max", "3000\n")], Some(3000)),
            ("0::/\n", vec![("memory.max", "3000\n")], Some(3000)),
            (
                v1,
                vec![
                    ("memory/pods/a/memory.limit_in_bytes", "4000\n"),
                    ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
                ],
                Some(4000),
            ),
            (v1, vec![("memory/memory.limit_in_bytes", "5000\n")], Some(5000)),
            (v1, vec![("memory/pods/a/memory.limit_in_bytes", "9223372036854771712\n")], None),
            ("4:memory,hugetlb:/\n", vec![("memory/memory.limit_in_bytes", "6000\n")], Some(6000)),
            ("", vec![("memory.max", "1\n")], None),
            ("nonsense\n1:2\n", vec![], None),
        ] {
            assert_eq!(limit_in(groups, mounted(&files).path()), limit, "{groups}{files:?}");
        }
    }

    #[test]
    fn decoders_get_what_the_rest_leaves() {
        for (limit, decoders) in
            [(None, 80), (Some(160), 80), (Some(100), 60), (Some(64), 24), (Some(32), 9), (Some(1), 9)]
        {
            assert_eq!(decoders_within(limit.map(|limit: u64| limit << 20)), decoders << 20, "{limit:?}");
        }
    }
}
