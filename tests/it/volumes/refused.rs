//! What a volume does not have: modes, times, links, FIFOs, system calls.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::{failing, installs, left, published, verify, warnings};
use crate::support::stage::Run;

const MODES: &str = "chmod,fchmod,fchmodat,fchmodat2";

#[test]
fn modes_and_times_are_done_without() {
    for errno in ["EPERM", "EOPNOTSUPP", "ENOSYS"] {
        let stage = published("1.0");
        let calls = [format!("{MODES}:error={errno}"), format!("utimensat:error={errno}")];
        let Some(said) = installs(&stage, &calls.each_ref().map(String::as_str)) else { return };
        let told = warnings(&said);
        assert_eq!(told.len(), 1, "{said}");
        assert!(told[0].contains("does not keep modes, times"), "{said}");
        // what has a mode all the same, as by other options of a mount, is no difference either
        verify(&stage).run().succeeded();
        let changed = stage.current("usr/bin/tool");
        fs::write(&changed, "else").unwrap();
        verify(&stage).run().code.filter(|code| *code == 5).unwrap();
    }
}

#[test]
fn a_mode_that_is_refused_where_modes_are_kept_is_an_error() {
    let stage = published("1.0");
    // after the first look at the volume
    let install = stage.install(&["tool"]);
    let Some(mut install) = failing(&install, &["fchmodat:error=EPERM"]) else { return };
    let said = install.run().failed(6, &["Operation not permitted", "refuses this"]).stderr;
    assert!(!said.contains("fsGroup"), "{said}");
    assert_eq!(left(&stage), [""; 0]);
    // a time is not missed
    let Some(said) = installs(&stage, &["utimensat:error=EPERM:when=6+"]) else { return };
    assert_eq!(warnings(&said), [""; 0], "{said}");
    verify(&stage).run().succeeded();
}

#[test]
fn a_file_is_copied_where_it_can_have_one_name_only() {
    for errno in ["EPERM", "EMLINK", "EOPNOTSUPP"] {
        let stage = published("1.0");
        let Some(said) = installs(&stage, &[&format!("linkat:error={errno}")]) else { return };
        assert!(warnings(&said)[0].contains("does not keep hard links"), "{said}");
        let [one, two] = ["read-only", "too"].map(|name| stage.current("usr/share/tool").join(name));
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
        let [one, two] = [one, two].map(|path| path.metadata().unwrap());
        assert_eq!((one.mode(), one.mtime()), (two.mode(), two.mtime()));
        verify(&stage).run().succeeded();
    }
}

#[test]
fn a_fifo_that_cannot_be_made_is_noted() {
    let stage = published("1.0");
    let Some(said) = installs(&stage, &["mknodat,mknod:error=EPERM"]) else { return };
    assert_eq!(warnings(&said), [""; 0], "{said}");
    let status = stage.sandbox.aptlet().arg("status").run().succeeded().stdout;
    assert!(status.contains("note: tool: /usr/share/tool/pipe: FIFO not made"), "{status}");
    verify(&stage).run().succeeded();
}

#[test]
fn without_symbolic_links_there_is_no_tree() {
    for errno in ["EPERM", "ENOSYS", "EOPNOTSUPP"] {
        let stage = published("1.0");
        let install = stage.install(&["tool"]);
        let Some(mut install) = failing(&install, &[&format!("symlinkat,symlink:error={errno}")]) else {
            return;
        };
        let said = install.run().failed(6, &["has no symbolic links: ", "emptyDir"]).stderr;
        assert!(!said.contains("fsGroup"), "{said}");
        assert_eq!(left(&stage), [""; 0]);
        assert_eq!(stage.server.count(|request| request.path.contains(".deb")), 0, "it is told early");
    }
}

#[test]
fn calls_that_are_missing_have_others_in_their_place() {
    for calls in [
        "syncfs:error=ENOSYS",
        "syncfs:error=EPERM",
        "copy_file_range:error=EXDEV",
        "statfs,fstatfs:error=ENOSYS",
        "flock:error=EINTR:when=1",
        "fsync,syncfs:error=EINVAL",
    ] {
        let stage = published("1.0");
        let Some(said) = installs(&stage, &[calls]) else { return };
        assert_eq!(warnings(&said), [""; 0], "{calls}: {said}");
        verify(&stage).run().succeeded();
    }
}

#[test]
fn a_generation_that_cannot_be_exchanged_is_made_beside_the_other() {
    for errno in ["EXDEV", "EINVAL", "ENOSYS"] {
        let stage = published("1.0");
        let install = || stage.install(&["tool"]);
        install().run().succeeded();
        let state = fs::canonicalize(stage.current("var/lib/aptlet/state.json")).unwrap();
        fs::write(&state, "{}").unwrap();
        let calls = format!("renameat2:error={errno}");
        let Some(mut again) = failing(&install(), &[&calls]) else { return };
        again.run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"]);
        let names = left(&stage);
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(names[1], format!("{}-2", names[0]));
        verify(&stage).run().succeeded();
        install().run().succeeded();
    }
}
