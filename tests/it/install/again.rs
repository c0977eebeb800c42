//! Further runs on the same destination, and destinations that something is wrong with.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{command, repository};
use crate::support::repository::Repository;
use crate::support::server::Fault;
use crate::support::stage::{Run, Stage, continued, generations, installed};
use crate::support::{have, snapshot};

const IN_RELEASE: &str = "debian/dists/stable/InRelease";

type Make = fn(&Path);

/// The name of the generation that is current.
fn current(stage: &Stage) -> String {
    let link = fs::read_link(stage.sandbox.dest.join(".aptlet/current")).unwrap();
    link.strip_prefix("generations").unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_second_run_asks_whether_anything_is_new_and_does_nothing() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.server.put_all("debian", &Repository::new("updates").build(&stage.key));
    let install = || stage.install(&["tool"]).arg("--suite=updates").run().succeeded();
    install();
    let before = snapshot(&stage.sandbox.dest);
    stage.server.forget();
    let outcome = install();
    assert_eq!(
        stage.requested(),
        ["GET debian/dists/stable/InRelease", "GET debian/dists/updates/InRelease"]
    );
    assert_eq!(
        stage.server.count(|request| request.header("If-None-Match").is_some()),
        2,
        "304, without a body"
    );
    assert_eq!(snapshot(&stage.sandbox.dest), before);
    assert!(outcome.stderr.contains("up to date"), "{}", outcome.stderr);
}

#[test]
fn a_release_signed_anew_with_the_same_packages_changes_nothing() {
    let stage = Stage::new();
    let repository = repository(&["tool"]);
    stage.publish(&repository);
    let install = || stage.install(&["tool"]).run().succeeded();
    install();
    let generation = current(&stage);
    let later: jiff::Timestamp = "2025-06-01T00:00:00Z".parse().unwrap();
    stage.publish(&repository.date(later));
    stage.server.forget();
    let outcome = install();
    assert!(outcome.stderr.contains("up to date"), "{}", outcome.stderr);
    assert!(!stage.requested().iter().any(|request| request.contains("/pool/")), "{:?}", stage.requested());
    assert_eq!(current(&stage), generation);
    stage.server.forget();
    install();
    assert_eq!(stage.requested(), [format!("GET {IN_RELEASE}")], "the new Release is known by now");
}

#[test]
fn a_second_run_leaves_what_works_while_the_mirror_is_down() {
    for fault in [Fault::Close, Fault::Status(503)] {
        let stage = Stage::new();
        stage.publish(&repository(&["tool"]));
        stage.install(&["tool"]).run().succeeded();
        let before = snapshot(&stage.sandbox.dest);
        stage.server.fail(IN_RELEASE, fault);
        let outcome = stage.install(&["tool"]).run().succeeded();
        assert!(
            outcome.stderr.contains("warning: ") && outcome.stderr.contains(IN_RELEASE),
            "{}",
            outcome.stderr
        );
        assert_eq!(snapshot(&stage.sandbox.dest), before);
        // but there is no making up what was never there
        stage.install(&["tool"]).arg("--dest").arg(stage.sandbox.path("new")).run().failed(4, &[IN_RELEASE]);
    }
}

#[test]
fn a_new_version_is_a_new_generation_beside_the_old_one() {
    let stage = Stage::new();
    let run = || stage.install(&["tool"]).run().succeeded();
    let mut names = Vec::new();
    for version in ["1.0", "2.0", "3.0"] {
        stage.publish(&repository(&["other"]).add("main", &command("tool", version)));
        run();
        assert_eq!(stage.installed(), [format!("tool {version}")]);
        names.push(current(&stage));
    }
    let kept = generations(&stage.sandbox.dest);
    assert_eq!(kept.len(), 2, "the current one and the one before it: {kept:?}");
    assert!(kept.contains(&names[1]) && kept.contains(&names[2]));
    let old = fs::read_to_string(
        stage.sandbox.dest.join(".aptlet/generations").join(&names[1]).join("usr/bin/tool"),
    );
    assert_eq!(old.unwrap(), "#!/bin/sh\necho tool 2.0 \"$@\"\n", "a container may still run it");
}

#[test]
fn another_request_is_another_generation() {
    let stage = Stage::new();
    stage.publish(&repository(&["one", "two"]));
    stage.install(&["one"]).run().succeeded();
    let first = current(&stage);
    stage.install(&["two"]).run().succeeded();
    assert_ne!(current(&stage), first);
    stage.install(&["one"]).run().succeeded();
    assert_eq!(current(&stage), first, "the same plan for the same request");
    assert_eq!(stage.installed(), ["one 1.0"]);
    assert!(!stage.sandbox.dest.join("bin/two").exists());
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let litter = stage.sandbox.dest.join(".aptlet/generations/.staging-7/tree/usr");
    fs::create_dir_all(&litter).unwrap();
    fs::set_permissions(&litter, fs::Permissions::from_mode(0o555)).unwrap();
    symlink("generations/gone", stage.sandbox.dest.join(".aptlet/current")).unwrap();
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(generations(&stage.sandbox.dest), [current(&stage)]);
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn a_run_that_is_killed_leaves_what_there_was() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.install(&["tool"]).run().succeeded();
    let before = current(&stage);
    stage.publish(&repository(&["other"]).add("main", &command("tool", "2.0").field("Depends", "other")));
    let path = "debian/pool/main/t/tool/tool_2.0_amd64.deb";
    stage.server.fail(path, Fault::Stall(100));
    let mut run = stage.install(&["tool"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    while stage.server.count(|request| request.path == path) == 0 {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!((current(&stage), stage.installed()), (before.clone(), vec!["tool 1.0".to_owned()]));
    stage.server.heal(path);
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(stage.installed(), ["other 1.0", "tool 2.0"]);
    let mut expected = [before, current(&stage)];
    expected.sort();
    assert_eq!(generations(&stage.sandbox.dest), expected);
}

#[test]
fn a_generation_that_lost_its_state_is_made_again() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.install(&["tool"]).run().succeeded();
    let before = snapshot(&stage.current(""));
    for damage in ["", "{", "{\"format\": 99}"] {
        fs::write(stage.current("var/lib/aptlet/state.json"), damage).unwrap();
        stage.install(&["tool"]).run().succeeded();
        assert_eq!(snapshot(&stage.current("")), before);
    }
}

#[test]
fn two_runs_at_once_take_turns() {
    let stage = Stage::new();
    stage.publish(&repository(&["one", "two"]));
    let runs: Vec<_> = ["one", "two", "one", "two"]
        .map(|name| stage.install(&[name]).stderr(std::process::Stdio::piped()).spawn().unwrap())
        .into_iter()
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let name = current(&stage);
    let kept = generations(&stage.sandbox.dest);
    assert!(kept.contains(&name) && kept.len() == 2, "{kept:?}");
    assert_eq!(stage.installed().len(), 1);
}

#[test]
fn what_belongs_to_others_is_in_the_way_or_left_alone() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let dest = &stage.sandbox.dest;
    fs::create_dir(dest.join("lost+found")).unwrap();
    fs::write(dest.join("notes"), "mine").unwrap();
    let others: [(&str, Make); 4] = [
        ("bin", |path| fs::create_dir(path).unwrap()),
        ("usr", |path| fs::write(path, "mine").unwrap()),
        ("etc", |path| symlink("/etc", path).unwrap()),
        ("bin", |path| symlink("nowhere", path).unwrap()),
    ];
    for (name, make) in others {
        let path = dest.join(name);
        make(&path);
        let before = snapshot(dest);
        let way = path.display().to_string();
        stage.install(&["tool"]).run().failed(6, &[&way, "in the way", "hint: ", "--dest"]);
        assert_eq!(snapshot(dest), before);
        assert_eq!(stage.requested(), [""; 0], "known before the first download");
        if path.is_dir() && !path.is_symlink() { fs::remove_dir(&path) } else { fs::remove_file(&path) }
            .unwrap();
    }
    stage.install(&["tool"]).run().succeeded();
    assert_eq!(fs::read_to_string(dest.join("notes")).unwrap(), "mine");
    assert!(dest.join("lost+found").is_dir());
}

#[test]
fn a_destination_that_is_no_folder() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let file = stage.sandbox.path("file");
    fs::write(&file, "mine").unwrap();
    for dest in [file.clone(), file.join("below")] {
        let path = dest.display().to_string();
        stage.install(&["tool"]).arg("--dest").arg(&dest).run().failed(6, &[&path]);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_read_only_destination() {
    if !have("setpriv") {
        return;
    }
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let dest = &stage.sandbox.dest;
    fs::set_permissions(dest, fs::Permissions::from_mode(0o555)).unwrap();
    for (dest, unwritten) in [(dest.clone(), dest.clone()), (dest.join("deep/er"), dest.join("deep"))] {
        let mut install = stage.install(&["tool"]);
        install.arg("--dest").arg(&dest);
        let path = unwritten.display().to_string();
        let Some(mut install) = stage.as_nobody(&install) else { return };
        install.run().failed(6, &[&path, "ermission denied", "hint: ", "emptyDir"]);
    }
    assert_eq!(snapshot(dest).len(), 1);
    assert_eq!(stage.requested(), [""; 0]);
}

#[test]
fn an_unprivileged_user_gets_the_same_tree() {
    let stage = Stage::new();
    let tool = command("tool", "1.0")
        .file("usr/bin/setid", 0o6755, "")
        .file("etc/secret", 0o600, "")
        .dir("var/lib/tool", 0o1777)
        .dir("var/lib/closed", 0o700)
        .hardlink("usr/bin/too", "usr/bin/tool");
    stage.publish(&Repository::new("stable").add("main", &tool));
    let umask = |mask: &str| {
        let mut install = stage.install(&["tool"]);
        let dest = stage.sandbox.path(mask);
        fs::create_dir(&dest).unwrap();
        fs::set_permissions(&dest, fs::Permissions::from_mode(0o777)).unwrap();
        install.arg("--dest").arg(&dest);
        (install, dest)
    };
    let (mut root, first) = umask("root");
    root.args(["--prefix", "/p"]).run().succeeded();
    let (mut nobody, second) = umask("nobody");
    nobody.args(["--prefix", "/p"]);
    let Some(mut nobody) = stage.as_nobody(&nobody) else { return };
    nobody.run().succeeded();
    assert_eq!(installed(&second), ["tool 1.0"]);
    let generation = |dest: &Path| snapshot(&dest.join(".aptlet/current/").canonicalize().unwrap());
    assert_eq!(generation(&second), generation(&first));
}

#[test]
fn a_strict_umask_does_not_shut_other_users_out() {
    let stage = Stage::new();
    let tool = command("tool", "1.0")
        .script("postinst", "update-alternatives --install /usr/bin/x x /usr/bin/tool 1");
    stage.publish(&Repository::new("stable").add("main", &tool));
    let modes = |dest: &Path| -> Vec<_> {
        snapshot(dest).into_iter().map(|entry| (entry.path, entry.mode)).collect()
    };
    let [usual, strict] = ["022", "077"].map(|mask| {
        let mut install = stage.install(&["tool"]);
        let dest = stage.sandbox.path(mask);
        install.args(["--prefix=/p", "--dest"]).arg(&dest);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "umask $0; exec \"$@\"", mask]).arg(install.get_program());
        continued(shell, &install).run().succeeded();
        modes(&dest)
    });
    let other: Vec<_> = strict.iter().filter(|entry| !usual.contains(entry)).collect();
    assert!(other.is_empty(), "{other:?}");
}

#[test]
fn a_signal_to_end_is_heeded_by_the_first_process_of_a_container_too() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    stage.server.fail(IN_RELEASE, Fault::Stall(0));
    let mut run = stage.install(&["tool"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    while stage.server.count(|_| true) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let id = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    // to one that has no handler the kernel does not deliver it there
    assert_eq!(run.wait().unwrap().code(), Some(143), "an exit of its own, as a shell tells it");
}
