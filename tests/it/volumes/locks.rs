//! Volumes without flock(2).

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{failing, left, published, verify, warnings};
use crate::support::stage::Run;

const NONE: &str = "flock:error=ENOLCK";

#[test]
fn an_install_goes_on_without_and_says_so() {
    for errno in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        let stage = published("1.0");
        let calls = format!("flock:error={errno}");
        let install = || failing(&stage.install(&["tool"]), &[&calls]);
        let Some(mut first) = install() else { return };
        let said = first.run().succeeded().stderr;
        assert_eq!(warnings(&said).len(), 1, "{said}");
        assert!(said.contains("has no locks (") && said.contains("no two runs"), "{said}");
        verify(&stage).run().succeeded();
        // with nothing to do, there is nothing to say
        let said = install().unwrap().run().succeeded().stderr;
        assert_eq!(warnings(&said), [""; 0], "{said}");
        let mut run = stage.at_mirror("run");
        run.args(["--base=none", "tool", "--", "tool"]);
        assert_eq!(failing(&run, &[&calls]).unwrap().run().succeeded().stdout, "tool 1.0\n");
    }
}

#[test]
fn nothing_is_removed_that_may_be_anothers() {
    let stage = published("1.0");
    let other = stage.sandbox.dest.join(".aptlet/generations");
    fs::create_dir_all(other.join(".staging-9999999999-x")).unwrap();
    fs::create_dir_all(other.join(".staging-1000000000-x")).unwrap();
    let Some(mut install) = failing(&stage.install(&["tool"]), &[NONE]) else { return };
    install.run().succeeded();
    let names = left(&stage);
    assert!(names[0] == ".staging-9999999999-x" && names.len() == 2, "{names:?}");
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(left(&stage).len(), 1, "who has the lock removes it");
}

#[test]
fn a_sidecar_beats_where_there_are_no_locks() {
    let stage = published("1.0");
    let mut watch = stage.at_mirror("watch");
    watch.args(["--listen=127.0.0.1:0", "tool"]).stderr(Stdio::null());
    let Some(mut watch) = failing(&watch, &["flock:error=ENOLCK"]) else { return };
    let mut child = watch.spawn().unwrap();
    let start = Instant::now();
    let ask = || {
        let mut probe = stage.sandbox.aptlet();
        failing(probe.args(["probe", "readyz"]), &["flock:error=ENOLCK"]).unwrap().run()
    };
    while ask().code != Some(0) && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let outcome = ask();
    let _ = std::process::Command::new("pkill").args(["-TERM", "-P", &child.id().to_string()]).status();
    child.wait().unwrap();
    outcome.succeeded();
}
