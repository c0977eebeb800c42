//! Volumes that take no more, for reasons that they do not tell.

use super::{failing, left, published, verify};
use crate::support::stage::Run;

#[test]
fn what_is_needed_is_said_whatever_refused() {
    for (calls, words) in [
        ("mkdirat:error=EDQUOT", &["the quota on ", "1 package needs about ", "Raise the quota"][..]),
        ("mkdir:error=EDQUOT:when=2+", &["the quota on ", "1 package needs about "]),
        (
            "mkdirat:error=ENOSPC",
            &["takes no more, although it says that it has ", "and 1 package needs about "],
        ),
        ("syncfs:error=ENOSPC", &["takes no more, although it says", "a quota, a thin volume or a server"]),
        ("syncfs:error=EDQUOT", &["the quota on ", "1 package needs about "]),
    ] {
        let stage = published("1.0");
        let Some(mut install) = failing(stage.install(&["tool"]).arg("--prefix=/p"), &[calls]) else {
            return;
        };
        let said = install.run().failed(6, words).stderr;
        assert!(!said.contains("sizeLimit"), "{calls}: {said}");
        assert_eq!(left(&stage), [""; 0], "{calls}");
        stage.install(&["tool"]).run().succeeded();
    }
}

#[test]
fn a_volume_that_counts_no_inodes_has_no_shortage_of_them() {
    let stage = published("1.0");
    let poked = format!("statfs:poke_exit=@arg2={}", statfs(1_000_000_000, 0));
    let Some(mut install) = failing(stage.install(&["tool"]).arg("--prefix=/p"), &[&poked]) else { return };
    install.run().succeeded();
    verify(&stage).run().succeeded();
}

/// A `struct statfs` of amd64, as strace takes it: with room, and so many inodes in all and free.
fn statfs(files: u64, free: u64) -> String {
    let numbers = [0x0102_1994, 4096, 1 << 20, 1 << 20, 1 << 20, files, free, 0, 255, 4096, 0x20];
    let bytes = numbers.into_iter().flat_map(|number: u64| number.to_ne_bytes());
    crate::support::deb::hexadecimal(bytes)
}

#[test]
fn a_volume_that_turns_read_only_is_told_as_that() {
    for calls in ["utimensat:error=EROFS:when=9+", "mkdirat:error=EROFS", "syncfs:error=EROFS"] {
        let stage = published("1.0");
        let Some(mut install) = failing(stage.install(&["tool"]).arg("--prefix=/p"), &[calls]) else {
            return;
        };
        let said =
            install.run().failed(6, &["turned read-only while it was written to", "kernel log"]).stderr;
        assert!(!said.contains("mount it writable") && !said.contains("Mount a writable"), "{said}");
    }
}

#[test]
fn a_volume_that_fails_is_not_told_as_another_thing() {
    for (calls, words) in [
        ("syncfs:error=EIO", "which fails"),
        ("mkdirat:error=ESTALE", "which fails"),
        ("mkdirat:error=ENOTCONN", "which fails"),
        ("mkdirat:error=ENAMETOOLONG", "does not take every name"),
    ] {
        let stage = published("1.0");
        let Some(mut install) = failing(stage.install(&["tool"]).arg("--prefix=/p"), &[calls]) else {
            return;
        };
        install.run().failed(6, &[words]);
        assert_eq!(left(&stage), [""; 0], "{calls}");
    }
}
