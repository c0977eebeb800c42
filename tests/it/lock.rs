//! Locks: the same bytes every time, without an index, and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::deb::{DebBuilder, sha256};
use crate::support::repository::Repository;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, installed};

const TOOL: &str = "GET debian/pool/main/t/tool/tool_1.0_amd64.deb";
const DATA: &str = "GET debian/pool/main/d/data/data_1.0_all.deb";

fn repository(version: &str) -> Repository {
    let tool = DebBuilder::new("tool", version)
        .field("Depends", "data")
        .file("usr/bin/tool", 0o755, format!("#!/bin/sh\necho {version}\n"))
        .conffile("etc/tool.conf", "x\n")
        .script("postinst", "update-alternatives --install /usr/bin/alt alt /usr/bin/tool 1\n");
    let data = DebBuilder::new("data", version).arch("all").file("usr/share/data", 0o644, "data\n");
    Repository::new("stable").add("main", &tool).add("main", &data)
}

/// A stage with version 1.0 published, and the lock of it in a file.
fn locked() -> (Stage, String) {
    let stage = Stage::new();
    stage.publish(&repository("1.0"));
    let lock = stage.lock(&["tool"]);
    fs::write(stage.sandbox.path("aptlet.lock"), &lock).unwrap();
    stage.server.forget();
    (stage, lock)
}

/// The lock as an aptlet wrote it that noted no digest of the packages: what was changed in it is found by the `.deb`s alone.
fn undigested((stage, lock): (Stage, String)) -> (Stage, String) {
    let digest = lock.lines().find(|line| line.starts_with("packages-sha256 = ")).unwrap();
    let undigested = lock.replace(digest, "");
    (stage, undigested)
}

/// A locked run, which names no source.
fn install(stage: &Stage, dest: &Path) -> Command {
    let mut install = stage.bare("install");
    install.args(["--prefix=/p", "--lock"]).arg(stage.sandbox.path("aptlet.lock")).arg("--dest").arg(dest);
    install
}

#[test]
fn a_lock_is_the_same_every_time() {
    let (stage, lock) = locked();
    assert_eq!(stage.lock(&["tool"]), lock);
    assert!(
        lock.contains("version = 1\n") && lock.contains("name = \"tool\"\nversion = \"1.0\"\n"),
        "{lock}"
    );
    assert!(lock.contains(&sha256(&repository("1.0").build(&stage.key)[&TOOL[11..]])), "{lock}");
    assert_eq!(stage.server.count(|request| request.path.contains("pool/")), 0);
    assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);

    let outcome = stage.at_mirror("lock").arg("tool").run().succeeded();
    assert_eq!(outcome.stdout, "");
    assert_eq!(fs::read_to_string(stage.sandbox.path("tmp/aptlet.lock")).unwrap(), lock);
    let unwritable = stage.sandbox.path("none/aptlet.lock");
    stage
        .at_mirror("lock")
        .args(["tool", "-o"])
        .arg(unwritable)
        .run()
        .failed(6, &["none/aptlet.lock", "hint: "]);
}

#[test]
fn a_locked_run_downloads_packages_alone_and_gives_the_same_tree() {
    let (stage, _) = locked();
    // time passes
    stage.publish(&repository("2.0"));
    let [first, second] = ["first", "second"].map(|name| stage.sandbox.path(name));
    for dest in [&first, &second] {
        install(&stage, dest).run().succeeded();
        assert_eq!(stage.requested(), [DATA, TOOL]);
        assert_eq!(installed(dest), ["data 1.0", "tool 1.0"]);
        stage.server.forget();
    }
    assert!(!snapshot(&first.join("usr")).is_empty());
    let tree = |dest: &Path| {
        let mut entries = snapshot(&dest.join(".aptlet/generations"));
        // the folder of generations itself is no part of any
        entries.remove(0);
        entries
    };
    assert_eq!(tree(&first), tree(&second));

    let before = snapshot(&first);
    install(&stage, &first).run().succeeded();
    assert_eq!(stage.requested(), [""; 0], "a second run has nothing to ask");
    assert_eq!(snapshot(&first), before);
}

#[test]
fn a_locked_run_needs_no_key_and_no_clock() {
    let stage = Stage::new();
    // valid for as long as this machine needs to lock it
    let valid = [2, 10, 50].map(Duration::from_secs).into_iter().find(|valid| {
        stage.publish(&repository("1.0").valid_until(jiff::Timestamp::now() + *valid));
        stage.at_mirror("lock").arg("tool").run().code == Some(0)
    });
    fs::rename(stage.sandbox.path("tmp/aptlet.lock"), stage.sandbox.path("aptlet.lock")).unwrap();
    fs::remove_file(stage.keyring()).unwrap();
    std::thread::sleep(valid.unwrap());
    install(&stage, &stage.sandbox.dest).run().succeeded();
    assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
}

#[test]
fn one_changed_digit_and_nothing_is_visible() {
    let (stage, lock) = undigested(locked());
    let start = lock.rfind("sha256 = \"").unwrap() + "sha256 = \"".len();
    let digit = if lock.as_bytes()[start] == b'0' { "1" } else { "0" };
    let changed = [&lock[..start], digit, &lock[start + 1..]].concat();
    fs::write(stage.sandbox.path("aptlet.lock"), &changed).unwrap();
    let dest = stage.sandbox.path("new");
    let words = ["package tool 1.0", &stage.mirror(), "SHA256 is", "expected", "hint: "];
    let outcome = install(&stage, &dest).run().failed(5, &words);
    assert!(!dest.exists());
    assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), outcome.last_word().trim_end());
}

#[test]
fn a_changed_size_or_version_and_nothing_is_visible() {
    let (stage, lock) = undigested(locked());
    let sizes = ["size is", "expected"];
    let versions = ["control file says Version '1.0'", "plan says '1.1'"];
    let size = lock.lines().rfind(|line| line.starts_with("size = ")).unwrap();
    let version = "name = \"tool\"\nversion = \"1.0\"";
    for (from, to, words) in [
        (size, "size = 1", sizes),
        (size, "size = 99999", sizes),
        (version, "name = \"tool\"\nversion = \"1.1\"", versions),
    ] {
        let (before, after) = lock.rsplit_once(from).unwrap();
        fs::write(stage.sandbox.path("aptlet.lock"), [before, to, after].concat()).unwrap();
        install(&stage, &stage.sandbox.dest).run().failed(5, &words);
        assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
    }
}

#[test]
fn a_lock_that_is_none_is_refused_with_line_and_column() {
    let (stage, lock) = locked();
    let column_of = |line: &str| lock.lines().position(|known| known == line).unwrap() + 1;
    let at = |line: usize, column: usize| format!("aptlet.lock:{line}:{column}: ");
    let size = lock.lines().find(|line| line.starts_with("size = ")).unwrap();
    for (from, to, word) in [
        (size, "size = \"ten\"", at(column_of(size), 8)),
        ("version = 1", "version = ", at(column_of("version = 1"), 11)),
        ("version = 1\n", "version = 2\n", "lock format 2".to_owned()),
        ("[[package]]", "[[packages]]", "packages".to_owned()),
        ("pool/main/t/", "../../t/", "unusable filename".to_owned()),
        ("uris = [\"http://", "uris = [\"ftp://", "ftp".to_owned()),
    ] {
        assert!(lock.contains(from), "{from}");
        fs::write(stage.sandbox.path("aptlet.lock"), lock.replacen(from, to, 1)).unwrap();
        install(&stage, &stage.sandbox.dest).run().failed(2, &[&word, "hint: "]);
        assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
        assert_eq!(stage.requested(), [""; 0]);
    }
    fs::remove_file(stage.sandbox.path("aptlet.lock")).unwrap();
    install(&stage, &stage.sandbox.dest).run().failed(2, &["aptlet.lock"]);
}

/// As a merge of two changes leaves it that was resolved in a hurry.
#[test]
fn a_lock_that_lost_packages_is_refused() {
    let (stage, lock) = locked();
    let file = stage.sandbox.path("aptlet.lock");
    let [first, last] = [lock.find("[[package]]"), lock.rfind("[[package]]")].map(Option::unwrap);
    assert_ne!(first, last);
    for rest in [&lock[..last], &lock[..first]] {
        fs::write(&file, rest).unwrap();
        let words =
            ["aptlet.lock: its packages are not those that it was written with", "Write the lock again"];
        install(&stage, &stage.sandbox.dest).run().failed(2, &words);
        assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);
        stage.at_mirror("lock").args(["tool", "--check", "-o"]).arg(&file).run().failed(2, &words);
    }
}

#[test]
fn a_lock_for_other_machines_is_refused() {
    let (stage, _) = locked();
    let mut elsewhere = stage.sandbox.aptlet();
    elsewhere.args(["install", "--arch=arm64", "--lock"]).arg(stage.sandbox.path("aptlet.lock"));
    let words = ["aptlet.lock", "architecture 'amd64'", "installs for 'arm64'", "--arch arm64"];
    elsewhere.run().failed(2, &words);
    assert_eq!(stage.requested(), [""; 0]);
}

#[test]
fn a_lock_leaves_nothing_to_ask_for() {
    let (stage, _) = locked();
    let mut both = install(&stage, &stage.sandbox.dest);
    both.arg("tool").run().failed(2, &["--lock", "requests on the command line", "hint: "]);
    let lock = stage.sandbox.path("aptlet.lock");
    let mut both = stage.bare("install");
    both.env("APTLET_LOCK", &lock).env("APTLET_PACKAGES", "tool");
    both.run().failed(2, &["APTLET_LOCK", "APTLET_PACKAGES", "hint: "]);
    // of different layers, the higher one wins
    stage.bare("install").arg("--lock").arg(&lock).env("APTLET_PACKAGES", "data").run().succeeded();
    assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
}

#[test]
fn a_lock_of_the_config_map() {
    let (mut stage, lock) = locked();
    stage.publish(&repository("2.0"));
    stage.sandbox.configure("aptlet.lock", &lock);
    // what the lock was made from may lie beside it
    stage.sandbox.configure("packages", "tool");
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
    assert_eq!(stage.requested(), [DATA, TOOL]);

    // a new lock can be made while the old one is there, and takes its place
    let newer = stage.lock(&[]);
    assert!(newer.contains("version = \"2.0\""), "{newer}");
    stage.sandbox.configure("aptlet.lock", newer);
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["data 2.0", "tool 2.0"]);
}

#[test]
fn a_lock_answers_the_question_that_it_was_made_for_and_no_other() {
    let (mut stage, _) = locked();
    stage.publish(&repository("1.0").add("main", &DebBuilder::new("other", "1.0")));
    stage.sandbox.configure("packages", "tool");
    stage.sandbox.configure("stage.sources", stage.source("stable", "archive.asc"));
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    stage.sandbox.configure("pins.pref", "Package: other\nPin: release n=stable\nPin-Priority: 400\n");
    let lock = stage.bare("lock").args(["-o", "-"]).run().succeeded().stdout;
    stage.sandbox.configure("aptlet.lock", &lock);
    stage.bare("install").run().succeeded();
    let source = stage.source("stable", "archive.asc");
    let (elsewhere, mirror) = (source.replace("/debian", "/moved"), stage.mirror());
    for (key, text, words) in [
        ("packages", "tool other", vec!["it was made without the request other".to_owned()]),
        ("packages", "other", vec!["it was also made for tool".to_owned()]),
        ("aptlet.yaml", "recommends: true\n", vec!["it was made without --recommends".to_owned()]),
        ("aptlet.yaml", "exclude: data\n", vec!["it was made without --exclude data".to_owned()]),
        ("aptlet.yaml", "with-essential: true\n", vec!["it was made without --with-essential".to_owned()]),
        ("aptlet.yaml", "base: status\n", vec!["it was made without a base".to_owned()]),
        (
            "pins.pref",
            "Package: other\nPin: release n=stable\nPin-Priority: 401\n",
            vec!["with other pins".to_owned()],
        ),
        (
            "stage.sources",
            &elsewhere,
            vec![
                format!("it was made with the source {mirror} stable main"),
                format!("without the source {} stable main", mirror.replace("debian", "moved")),
            ],
        ),
    ] {
        let before = fs::read(stage.sandbox.config.join(key)).ok();
        stage
            .sandbox
            .configure("status", "Package: b\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n");
        stage.sandbox.configure(key, text);
        stage.server.forget();
        let words: Vec<&str> =
            words.iter().map(String::as_str).chain(["aptlet lock --config", "-o aptlet.lock"]).collect();
        stage.bare("install").run().failed(2, &words);
        stage
            .bare("lock")
            .args(["--check", "-o"])
            .arg(stage.sandbox.config.join("aptlet.lock"))
            .run()
            .failed(2, &words);
        assert_eq!(stage.requested(), [""; 0], "neither asks a mirror");
        match before {
            Some(before) => stage.sandbox.configure(key, before),
            None => stage.sandbox.unconfigure(key),
        }
    }
    assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
    // another way to write the same, and comments, are no difference
    stage.sandbox.configure("packages", "# tools\ntool, tool\n");
    stage
        .sandbox
        .configure("pins.pref", "# why\nPackage: other\nPin: release n=stable\nPin-Priority: 400\n\n\n");
    stage.sandbox.configure("stage.sources", source.replace("Types: deb", "# moved?\nTypes: deb"));
    stage.bare("install").run().succeeded();
    let check = |stage: &Stage| {
        let mut check = stage.bare("lock");
        check.args(["--check", "-o"]).arg(stage.sandbox.config.join("aptlet.lock"));
        check.run()
    };
    assert!(check(&stage).succeeded().stderr.contains("is the answer to what is asked for: 2 packages"));
    assert_eq!(
        fs::read_to_string(stage.sandbox.config.join("aptlet.lock")).unwrap(),
        lock,
        "nothing is written"
    );
    // what the pod does not say, it does not ask
    for key in ["packages", "stage.sources", "pins.pref", "archive.asc"] {
        stage.sandbox.unconfigure(key);
    }
    stage.bare("install").run().succeeded();
    stage
        .bare("install")
        .arg("--recommends")
        .run()
        .failed(2, &["made without --recommends", "aptlet lock tool --recommends"]);
}

#[test]
fn the_lock_of_an_older_aptlet_stays_good() {
    let (mut stage, lock) = locked();
    let older: String =
        lock.lines().filter(|line| !line.starts_with("sources = ")).flat_map(|line| [line, "\n"]).collect();
    assert_ne!(older, lock);
    stage.sandbox.configure("aptlet.lock", older);
    stage.sandbox.configure("packages", "tool");
    stage.sandbox.configure("a.sources", stage.source("unstable", "archive.asc"));
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    stage.bare("install").run().succeeded();
    assert_eq!(stage.installed(), ["data 1.0", "tool 1.0"]);
}

#[test]
fn to_check_a_lock_there_must_be_one() {
    let (stage, _) = locked();
    stage
        .at_mirror("lock")
        .args(["tool", "--check", "-o", "-"])
        .run()
        .failed(2, &["'--check' looks at a lock in a file"]);
    stage
        .at_mirror("lock")
        .args(["tool", "--check", "-o", "none.lock"])
        .run()
        .failed(2, &["none.lock", "'aptlet lock' writes one"]);
}

#[test]
fn what_is_passed_over_is_said() {
    let (mut stage, lock) = locked();
    stage.publish(&repository("1.0").add("main", &DebBuilder::new("other", "1.0")));
    stage.sandbox.configure("packages", "tool other");
    let said = stage.install(&["data"]).run().succeeded().stderr;
    assert!(said.contains("the ConfigMap's key 'packages' (tool, other) is passed over for the requests on the command line (data)"), "{said}");
    let said = stage.at_mirror("install").env("APTLET_PACKAGES", "tool other data").run().succeeded();
    assert!(!said.stderr.contains("passed over"), "all of it is asked for: {}", said.stderr);
    stage.sandbox.configure("aptlet.lock", &lock);
    stage.sandbox.configure("packages", "tool");
    let said = stage.install(&["tool"]).run().succeeded().stderr;
    assert!(
        said.contains("the ConfigMap's lock is passed over for the requests on the command line (tool)"),
        "{said}"
    );
    // by its own path it is no other
    let said =
        stage.bare("install").arg("--lock").arg(stage.sandbox.config.join("aptlet.lock")).run().succeeded();
    assert!(!said.stderr.contains("passed over"), "{}", said.stderr);
}

#[test]
fn passwords_stay_out_of_the_lock_and_are_used_beside_it() {
    let stage = Stage::new();
    stage.publish(&repository("1.0"));
    let mirror = stage.mirror().replace("http://", "http://alice:s3cr3t@");
    let mut command = stage.bare("lock");
    command.args(["tool", "--verbose", "-o", "-", "--suite=stable", "--mirror", &mirror]);
    let outcome = command.arg("--keyring").arg(stage.keyring()).run().succeeded();
    let lock = outcome.stdout;
    assert!(
        !lock.contains("s3cr3t") && !lock.contains("alice") && lock.contains("http://127.0.0.1"),
        "{lock}"
    );
    assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.stderr);

    fs::write(stage.sandbox.path("aptlet.lock"), lock).unwrap();
    let auth = stage.sandbox.path("auth.conf");
    fs::write(&auth, format!("machine {} login alice password s3cr3t\n", stage.server.url())).unwrap();
    stage.server.forget();
    install(&stage, &stage.sandbox.dest).arg("--auth").arg(auth).run().succeeded();
    assert_eq!(stage.server.count(|request| request.header("Authorization").is_some()), 2);
}
