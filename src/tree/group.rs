//! A volume that a group shares, as by `fsGroup` of a pod: its folder has the set-group-id bit, so that all that is made in
//! it is the group's. The main container may run as another user of that group, so the group may read all that its owner may.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::Path;

use super::volume::set_mode;

const SET_GROUP_ID: u32 = 0o2000;

/// The group that shares a folder, by its number.
pub(crate) fn sharing(folder: &Path) -> Option<u32> {
    let meta = fs::metadata(folder).ok()?;
    (meta.mode() & SET_GROUP_ID != 0).then(|| meta.gid())
}

/// Makes a folder inside of `volume` the group's that shares that, so that what is made in it is, too. False where no group does,
/// or where this process is not in that group: then nothing can be shared with it.
pub(crate) fn share(volume: &Path, folder: &Path) -> io::Result<bool> {
    let Some(group) = sharing(volume) else { return Ok(false) };
    if lchown(folder, None, Some(group)).is_err() {
        return Ok(false);
    }
    let mode = fs::metadata(folder)?.mode() & 0o777;
    set_mode(folder, mode | SET_GROUP_ID)?;
    // the kernel clears it for those who are not in the group
    Ok(sharing(folder) == Some(group))
}

/// Permission bits with which the group may read and execute what the owner may.
pub(super) fn readable(mode: u32) -> u32 {
    mode | (mode & 0o500) >> 3
}

/// The same for a folder, what is made in which is the group's as well.
pub(super) fn readable_folder(mode: u32) -> u32 {
    readable(mode) | SET_GROUP_ID
}

/// Whether permission bits are what the kubelet makes of others when it gives a volume to its `fsGroup`, as it does whenever
/// a pod mounts it (`pkg/volume/volume_linux.go` of Kubernetes), for reading and writing or for reading only.
pub(super) fn is_of_kubelet(before: u32, after: u32, is_folder: bool) -> bool {
    let more = if is_folder { SET_GROUP_ID | 0o110 } else { 0 };
    [0o660, 0o440].into_iter().any(|mask| after == before | mask | more)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_group_may_what_the_owner_may_but_write() {
        for (before, after) in
            [(0o600, 0o640), (0o700, 0o750), (0o644, 0o644), (0o755, 0o755), (0o400, 0o440), (0o200, 0o200)]
        {
            assert_eq!(readable(before), after, "{before:o}");
        }
        assert_eq!(readable_folder(0o1700), 0o3750);
    }

    #[test]
    fn knows_the_hand_of_the_kubelet() {
        assert!(is_of_kubelet(0o755, 0o775, false) && is_of_kubelet(0o640, 0o660, false));
        assert!(is_of_kubelet(0o2755, 0o2775, true) && is_of_kubelet(0o755, 0o2775, true));
        assert!(is_of_kubelet(0o600, 0o640, false) && is_of_kubelet(0o700, 0o2750, true));
        for (before, after, is_folder) in
            [(0o755, 0o777, false), (0o755, 0o2775, false), (0o644, 0o664 | 0o111, false)]
        {
            assert!(!is_of_kubelet(before, after, is_folder), "{before:o} {after:o}");
        }
        assert!(!is_of_kubelet(0o755, 0o2777, true) && !is_of_kubelet(0o755, 0o775, true));
    }

    #[test]
    fn a_folder_is_shared_where_its_volume_is() {
        let volume = tempfile::tempdir().unwrap();
        let folder = volume.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        assert!(!share(volume.path(), &folder).unwrap());
        fs::set_permissions(volume.path(), Permissions::from_mode(0o2770)).unwrap();
        assert!(share(volume.path(), &folder).unwrap());
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o7777, 0o2700);
        fs::create_dir(folder.join("inside")).unwrap();
        assert!(sharing(&folder.join("inside")).is_some());
    }
}
