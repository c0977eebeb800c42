//! The memory limit of the container: kept to, and told before it is the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use tar::EntryType;

use super::{command, repository};
use crate::support::deb::{Compression, TarEntry, ar, tar};
use crate::support::skip;
use crate::support::stage::{Run, Stage, continued};

/// A memory group (cgroups(7)), removed when it is dropped.
struct Group(PathBuf);

impl Group {
    /// With this limit; `None`, loudly, where this user may not make one.
    fn new(mebibytes: usize) -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("aptlet-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let limit = (mebibytes << 20).to_string();
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next().unwrap(), parts.next().unwrap().trim_start_matches('/'));
            let (mount, file) = match controllers {
                "" => ("/sys/fs/cgroup", "memory.max"),
                "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                _ => continue,
            };
            let group = Path::new(mount).join(path).join(&name);
            if fs::create_dir(&group).is_ok() {
                let group = Self(group);
                if fs::write(group.0.join(file), &limit).is_ok() {
                    return Some(group);
                }
            }
        }
        skip("a limit takes a memory group of cgroups, and root");
        None
    }

    /// The same command as a member of it.
    fn with(&self, command: &Command) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "echo $$ >\"$0\"/cgroup.procs && exec \"$@\""])
            .arg(&self.0)
            .arg(command.get_program());
        continued(shell, command)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.0));
    }
}

/// A package file whose data declare a dictionary of 64 MiB.
fn with_large_dictionary() -> Vec<u8> {
    let mut members = command("large", "1.0").members();
    let (name, data) = members.last_mut().unwrap();
    let entry = TarEntry { data: b"x".to_vec(), ..TarEntry::new("./x", EntryType::Regular) };
    "data.tar.xz".clone_into(name);
    *data = Compression::Xz.compress(&tar(&[entry]));
    // the property of its LZMA2 filter, and the CRC32 of the header
    data[16] = 28;
    let mut crc = flate2::Crc::new();
    crc.update(&data[12..20]);
    data[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    ar(&members)
}

#[test]
fn a_package_that_no_limit_of_this_size_has_room_for_is_told() {
    let Some(group) = Group::new(64) else { return };
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let path = stage.sandbox.path("large.deb");
    fs::write(&path, with_large_dictionary()).unwrap();
    let install = stage.install(&[path.to_str().unwrap()]);
    let words = [
        "data.tar",
        "decompressing it takes more than 17 MiB of memory",
        "a memory limit of 64 MiB",
        "hint: Raise the memory limit",
    ];
    group.with(&install).run().failed(1, &words);
    stage.install(&[path.to_str().unwrap()]).run().succeeded();
    assert_eq!(stage.installed(), ["large 1.0"]);
}

#[test]
fn a_limit_that_is_too_small_is_told_before_it_is_the_end() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    for (mebibytes, is_told) in [(64, false), (24, true)] {
        let Some(group) = Group::new(mebibytes) else { return };
        let dest = stage.sandbox.path(&mebibytes.to_string());
        let mut install = stage.install(&["tool"]);
        let outcome = group.with(install.arg("--dest").arg(dest)).run();
        assert_eq!(
            outcome.stderr.contains("the memory limit is"),
            is_told,
            "{mebibytes}: {}",
            outcome.stderr
        );
        // a kill leaves the reason, a success none
        let message = fs::read_to_string(stage.termination_log()).unwrap();
        assert_eq!(message.is_empty(), outcome.code == Some(0), "{mebibytes}: {message}{}", outcome.stderr);
    }
}

#[test]
fn packages_in_a_volume_in_memory_count_towards_the_limit() {
    let stage = Stage::new();
    stage.publish(&repository(&[]).add("main", &command("vast", "1.0").field("Installed-Size", "1048000")));
    let Ok(in_memory) = tempfile::tempdir_in("/dev/shm") else { return skip("no tmpfs at /dev/shm") };
    let Some(group) = Group::new(1024) else { return };
    for (folder, is_told) in [(in_memory.path().to_owned(), true), (stage.sandbox.path("on-disk"), false)] {
        let mut install = stage.install(&["vast"]);
        let outcome = group.with(install.arg("--dest").arg(&folder)).run().succeeded();
        let told = "is in memory, and with the packages it takes";
        assert_eq!(outcome.stderr.contains(told), is_told, "{}: {}", folder.display(), outcome.stderr);
        assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), "", "it was not killed");
    }
}
