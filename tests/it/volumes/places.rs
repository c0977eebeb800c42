//! Odd paths, files and variables.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{published, verify};
use crate::support::have;
use crate::support::stage::{Run, continued};

#[test]
fn a_link_to_nowhere_is_told_as_that() {
    let stage = published("1.0");
    let link = stage.sandbox.path("link");
    symlink("nowhere/at/all", &link).unwrap();
    for dest in [link.clone(), link.join("below")] {
        let outcome = stage.install(&["tool"]).arg("--dest").arg(dest).run();
        outcome.failed(6, &["link is a link to nowhere/at/all, which is not there", "Make the folder"]);
    }
    fs::create_dir_all(stage.sandbox.path("nowhere/at/all")).unwrap();
    stage.install(&["tool"]).arg("--dest").arg(&link).run().succeeded();
}

#[test]
fn a_destination_with_a_space_can_be_looked_at() {
    let stage = published("1.0");
    let dest = stage.sandbox.path("a b");
    stage.install(&["tool"]).args(["--prefix=/p", "--dest"]).arg(&dest).run().succeeded();
    for command in ["status", "verify"] {
        stage.sandbox.aptlet().args([command, "--dest"]).arg(&dest).run().succeeded();
    }
    stage.install(&["tool"]).arg("--dest").arg(&dest).run().failed(2, &["white space"]);
}

#[test]
fn a_fifo_for_the_last_word_holds_nobody_up() {
    let stage = published("1.0");
    fs::remove_file(stage.termination_log()).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        stage.termination_log(),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    let mut child = stage.install(&["none"]).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it waits for ever");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(code, Some(3));
}

#[test]
fn what_a_full_device_does_not_take_is_no_success() {
    let stage = published("1.0");
    stage.install(&["tool"]).run().succeeded();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["status"][..], &["status", "--relocation=/usr"], &["status", "--log-format=json"]] {
        let mut status = stage.sandbox.aptlet();
        status.args(arguments).stdout(full()).stderr(Stdio::piped());
        let output = status.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{arguments:?}");
    }
    fs::write(stage.current("usr/bin/tool"), "x").unwrap();
    let status = verify(&stage).stdout(full()).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(6));
}

#[test]
fn the_umask_takes_nothing_from_the_tree() {
    let mut trees = Vec::new();
    let stage = published("1.0");
    for umask in ["022", "077", "0777"] {
        let after = |command: &Command| {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(command.get_program());
            continued(shell, command)
        };
        let dest = stage.sandbox.dest.join(umask).join("here");
        fs::set_permissions(stage.sandbox.dest.clone(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .unwrap();
        let mut install = stage.install(&["tool"]);
        install.args(["--prefix=/p", "--dest"]).arg(&dest);
        let Some(install) = stage.as_nobody(&install) else { return };
        after(&install).run().succeeded();
        stage.sandbox.aptlet().args(["verify", "--dest"]).arg(&dest).run().succeeded();
        let files: Vec<_> = crate::support::snapshot(&dest)
            .into_iter()
            .filter(|entry| !entry.path.ends_with("state.json"))
            .map(|entry| (entry.path, entry.mode))
            .collect();
        assert_eq!(dest.metadata().unwrap().mode() & 0o777, 0o755);
        trees.push(files);
        // and what is started has it as it was
        let mut run = stage.at_mirror("run");
        run.args(["--base=none", "tool", "--", "sh", "-c", "umask"]);
        let told = after(&run).run().succeeded().stdout;
        assert_eq!(told.trim().trim_start_matches('0'), umask.trim_start_matches('0'));
    }
    assert!(trees.windows(2).all(|two| two[0] == two[1]), "{trees:#?}");
}

#[test]
fn certificates_that_are_not_there_matter_to_https_alone() {
    let stage = published("1.0");
    for (variable, value) in [("SSL_CERT_FILE", "/none/such.pem"), ("SSL_CERT_DIR", "/none:/nor/this")] {
        stage.install(&["tool"]).env(variable, value).run().succeeded();
        let mut run = stage.at_mirror("run");
        run.args(["--base=none", "tool", "--", "tool"]).env(variable, value);
        assert_eq!(run.run().succeeded().stdout, "tool 1.0\n");
        let mut install = stage.bare("install");
        install
            .args(["--suite=stable", "--mirror=https://127.0.0.1:9/debian", "--keyring"])
            .arg(stage.keyring());
        let words = [variable, "names no usable certificates", "/none"];
        install.args(["--dest", "other", "tool"]).env(variable, value).run().failed(2, &words);
    }
}

#[test]
fn a_file_that_is_too_large_is_an_error_as_others_are() {
    let stage = published("1.0");
    if !have("prlimit") {
        return;
    }
    let large = super::tool("2.0").file("usr/share/tool/large", 0o644, "x".repeat(300_000));
    stage.publish(&crate::support::repository::Repository::new("stable").add("main", &large));
    let install = stage.install(&["tool"]);
    let mut limited = Command::new("prlimit");
    limited.arg("--fsize=200000").arg(install.get_program());
    continued(limited, &install).run().failed(6, &["File too large", "limit on the size of a file"]);
    assert_eq!(super::left(&stage), [""; 0]);
    // a command that is started with such a limit is ended by it, as ever
    let mut run = stage.at_mirror("run");
    run.args(["--base=none", "--on-failure=continue", "tool", "--", "sh", "-c"]);
    run.arg("head -c 300000 /dev/zero >large");
    let mut limited = Command::new("prlimit");
    limited.arg("--fsize=200000").arg(run.get_program());
    let outcome = continued(limited, &run).run();
    assert!(matches!(outcome.code, Some(153 | 128..)), "{outcome:?}");
}
