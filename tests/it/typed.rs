//! What a user of apt-get types, as docs/reference/apt-habits.md has it, and what happens.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Outcome, Run, Stage};

/// What is typed behind `aptlet`, the exit code, and words of what is said.
const ROWS: [(&str, i32, &[&str]); 60] = [
    ("update", 0, &["update: there is nothing to do: 'aptlet install' reads the indexes"]),
    ("install jq", 0, &["2 packages"]),
    ("install -y jq", 0, &["2 packages"]),
    ("-y install jq", 0, &["2 packages"]),
    ("install --assume-yes --no-install-recommends jq", 0, &["2 packages"]),
    ("install -qq jq", 0, &[]),
    ("install --install-recommends jq", 0, &["3 packages"]),
    ("install -y -o Dpkg::Options::=--force-confold jq", 0, &["2 packages"]),
    (
        "install -o Acquire::Retries=3 jq",
        2,
        &["'-o Acquire::Retries=3' is not done by aptlet: use --retries N"],
    ),
    (
        "install -t stable-backports jq",
        2,
        &["'-t stable-backports' is not done by aptlet: ask for NAME/stable-backports"],
    ),
    ("install jq/stable", 0, &["2 packages"]),
    ("install jq=1.7.1-6", 0, &["2 packages"]),
    ("install jq=1.5", 3, &["package 'jq' has no version 1.5; there is 1.7.1-6 (stable)"]),
    ("install 'lib*1'", 0, &["packages"]),
    ("install '^lib.*1$'", 0, &["'^lib.*1$' selects"]),
    (
        "install 'libjq\\d'",
        2,
        &[
            "is not a package name",
            "Name each package in full, or use a pattern of '*', '?' and '[...]', or '^EXPRESSION$'",
        ],
    ),
    ("install ./tool_1.0_amd64.deb", 0, &["1 package"]),
    ("install tool_1.0_amd64.deb", 2, &["Write ./ in front of it"]),
    ("install jqq", 3, &["there is no package 'jqq'", "Did you mean jq"]),
    ("install unrar", 3, &["It is in stable/non-free (1:6.2)", "add the component non-free"]),
    ("install psql", 3, &["The command psql is in the package postgresql-client: ask for that"]),
    ("install dig", 3, &["The command dig is in the package bind9-dnsutils: ask for that"]),
    ("install nslookup", 3, &["The command nslookup is in the package bind9-dnsutils: ask for that"]),
    ("install ping", 3, &["The command ping is in the package iputils-ping: ask for that"]),
    ("install ps", 3, &["The command ps is in the package procps: ask for that"]),
    ("install netstat", 3, &["The command netstat is in the package net-tools: ask for that"]),
    ("install convert", 3, &["The command convert is in the package imagemagick: ask for that"]),
    ("install 7z", 3, &["The command 7z is in the package 7zip: ask for that"]),
    ("install pip", 3, &["The command pip is in the package python3-pip: ask for that"]),
    ("install java", 3, &["The command java is in the package default-jre-headless: ask for that"]),
    (
        "install frobnicate",
        3,
        &["The command frobnicate is in the packages frob-classic and frob-ng: ask for one of them"],
    ),
    ("install libGL.so.1", 3, &["The library libGL.so.1 is in the package libgl1: ask for that"]),
    ("install libodd.so.7", 3, &["The library libodd.so.7 is in the package liboddities: ask for that"]),
    ("install -s jq", 0, &["nothing was changed"]),
    ("install --dry-run jq", 0, &["2 packages: 2 would come, 0 change, 0 go, 0 stay"]),
    ("install --reinstall jq", 2, &["'--reinstall' is not done by aptlet: empty the destination"]),
    ("install --download-only jq", 2, &["'--download-only' is not done by aptlet: run 'aptlet lock'"]),
    (
        "upgrade",
        2,
        &[
            "'upgrade' is no command of aptlet: a tree is exactly what is asked for",
            "Run 'aptlet install' with the same requests again",
        ],
    ),
    ("dist-upgrade", 2, &["Run 'aptlet install' with the same requests again"]),
    ("remove jq", 2, &["Run 'aptlet install' with the requests that are to stay"]),
    ("purge jq", 2, &["Run 'aptlet install' with the requests that are to stay"]),
    ("autoremove", 0, &["autoremove: there is nothing to do: what nothing asks for is in no tree"]),
    ("clean", 0, &["clean: there is nothing to do: no package files are kept"]),
    ("search json", 0, &["jq - lightweight and flexible command-line JSON processor"]),
    ("search nosuchword", 3, &["there is no package 'nosuchword'"]),
    ("show jq", 0, &["Package: jq\n", "Depends: libjq1\n", "APT-Sources: "]),
    (
        "policy jq",
        0,
        &["jq:\n  Installed: (none)\n  Candidate: 1.7.1-6\n  Version table:\n     1.7.1-6 500\n"],
    ),
    ("list --installed", 6, &["nothing is installed in "]),
    ("depends jq", 2, &["Run 'aptlet show NAME'"]),
    ("rdepends jq", 2, &["Run 'aptlet lock --explain NAME REQUEST'"]),
    ("madison jq", 2, &["Run 'aptlet policy NAME'"]),
    ("download jq", 2, &["Run 'aptlet lock NAME -o -'"]),
    ("source jq", 2, &["Use apt-get in a container that is made for building"]),
    ("hold jq", 2, &["Ask for NAME=VERSION to keep a version"]),
    ("instal jq", 2, &["unrecognized subcommand 'instal'", "'install'"]),
    ("install --explain libjq1 jq", 2, &["unexpected argument '--explain' found"]),
    ("install --no-such-flag jq", 2, &["unexpected argument '--no-such-flag' found"]),
    ("install --miror http://mirror.example jq", 2, &["'--mirror'"]),
    ("help install", 0, &["Usage: aptlet install", "--dry-run"]),
    ("--version", 0, &["aptlet 0.1.0", "built for "]),
];

/// Libraries of which no package has a usual name, and a command that nobody knows.
const CONTENTS: &str = "\
usr/bin/frobnicate                       utils/frob-ng
usr/bin/frobnicate                       utils/frob-classic
usr/lib/x86_64-linux-gnu/libodd.so.7     libs/liboddities
usr/share/doc/jq/frobnicate.1            utils/jq
";

fn repository() -> Repository {
    let package = |name: &str, version: &str| {
        DebBuilder::new(name, version).file(&format!("usr/share/{name}"), 0o644, "x\n")
    };
    let jq = package("jq", "1.7.1-6")
        .field("Depends", "libjq1")
        .field("Recommends", "jq-doc")
        .field("Description", "lightweight and flexible command-line JSON processor");
    let mut repository = Repository::new("stable")
        .add("main", &jq)
        .add("main", &package("libjq1", "1.7.1-6"))
        .add("main", &package("jq-doc", "1.7.1-6"))
        .add("non-free", &package("unrar", "1:6.2"))
        .contents("main/Contents-amd64", CONTENTS);
    for name in [
        "postgresql-client",
        "bind9-dnsutils",
        "iputils-ping",
        "procps",
        "net-tools",
        "imagemagick",
        "7zip",
        "python3-pip",
        "default-jre-headless",
        "libgl1",
        "frob-ng",
        "frob-classic",
        "liboddities",
    ] {
        repository = repository.add("main", &package(name, "1"));
    }
    repository
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.publish(&repository());
    let tool = DebBuilder::new("tool", "1.0").file("usr/share/tool", 0o644, "x\n");
    fs::write(stage.sandbox.path("tmp").join("tool_1.0_amd64.deb"), tool.build()).unwrap();
    stage
}

/// Types a line into a shell that knows words in quotes.
fn typed(stage: &Stage, line: &str) -> Outcome {
    let mut command = stage.sandbox.aptlet();
    command.args(line.split(' ').map(|word| word.trim_matches('\'')));
    command.env("APTLET_MIRROR", stage.mirror()).env("APTLET_SUITE", "stable").env("APTLET_ARCH", "amd64");
    command.env("APTLET_KEYRING", stage.keyring()).env("APTLET_RETRIES", "0").env("APTLET_TIMEOUT", "20");
    command.run()
}

#[test]
fn what_is_typed_does_what_the_table_says() {
    let stage = stage();
    let fresh = |stage: &Stage| {
        fs::remove_dir_all(&stage.sandbox.dest).unwrap();
        fs::create_dir(&stage.sandbox.dest).unwrap();
    };
    for (line, code, words) in ROWS {
        fresh(&stage);
        let outcome = typed(&stage, line);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(outcome.code, Some(code), "aptlet {line}:\n{said}");
        for word in words {
            assert!(said.contains(word), "aptlet {line}: '{word}' is missing in:\n{said}");
        }
        // what failed says what to do, or shows how the command is used
        let leads_on = ["hint: ", "Usage: ", "not done by aptlet: "].iter().any(|word| said.contains(word));
        assert!(code == 0 || leads_on, "aptlet {line}:\n{said}");
        assert!(!said.contains("reconcile") && !said.contains(" -- --"), "aptlet {line}:\n{said}");
    }
}

#[test]
fn the_table_is_the_one_of_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/apt-habits.md");
    let document = fs::read_to_string(path).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `aptlet ")?.split_once("` | "));
    let (lines, said): (Vec<&str>, Vec<&str>) = rows.unzip();
    assert!(lines.len() >= 40);
    assert_eq!(lines, ROWS.map(|(line, ..)| line));
    for ((line, code, _), said) in ROWS.into_iter().zip(said) {
        let told = said.contains(&format!("exit code {code}"));
        assert!(told || (code == 0 && !said.contains("exit code")), "{line}: {said}");
    }
}

#[test]
fn nothing_is_installed_by_a_hint_or_a_dry_run() {
    let stage = stage();
    typed(&stage, "install jq").succeeded();
    for line in ["install psql", "install --dry-run procps", "install -s jq procps", "remove jq"] {
        typed(&stage, line);
        assert_eq!(stage.installed(), ["jq 1.7.1-6", "libjq1 1.7.1-6"], "{line}");
    }
    let dry = typed(&stage, "install --dry-run jq-doc libjq1").succeeded();
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = dry.stdout.lines().map(columns).collect();
    let marks: Vec<String> = rows.iter().map(|row| row[..2].join(" ")).collect();
    assert_eq!(marks, ["- jq", "+ jq-doc", "= libjq1"], "{}", dry.stdout);
    let from = format!("stable/main {}", stage.mirror());
    assert!(rows[1].join(" ").ends_with(&from), "{}", dry.stdout);
    let list = typed(&stage, "list").succeeded().stdout;
    assert_eq!(
        list,
        "jq/stable 1.7.1-6 amd64 [installed]\nlibjq1/stable 1.7.1-6 amd64 [installed,automatic]\n"
    );
    assert_eq!(typed(&stage, "list --installed lib*").succeeded().stdout.lines().count(), 1);
    typed(&stage, "list nginx").failed(3, &["nothing that matches 'nginx' is installed"]);
    let policy = typed(&stage, "policy jq").succeeded().stdout;
    assert!(policy.contains("Installed: 1.7.1-6\n") && policy.contains("\n *** 1.7.1-6 500\n"), "{policy}");
}

#[test]
fn the_index_of_files_is_believed_only_if_the_release_vouches_for_it() {
    let stage = stage();
    let looked = |stage: &Stage| stage.server.count(|request| request.path.contains("/main/by-hash/"));
    typed(&stage, "install ps");
    assert_eq!(looked(&stage), 0, "what is built in needs no mirror");
    typed(&stage, "install frobnicate");
    assert!(looked(&stage) > 0);
    // under its digest and under its name
    let mut files = repository().build(&stage.key);
    let of_files = |path: &str| path.contains("/main/by-hash/") || path.contains("/main/Contents-amd64");
    let changed =
        files.iter_mut().filter(|(path, _)| of_files(path)).map(|(_, data)| data.push(b'\n')).count();
    assert!(changed >= 2);
    stage.server.put_all("debian", &files);
    let outcome = typed(&stage, "install frobnicate").failed(3, &["there is no package 'frobnicate'"]);
    assert!(!outcome.stderr.contains("frob-ng"), "{}", outcome.stderr);
}

#[test]
fn a_pod_is_told_of_names_that_no_package_has() {
    let stage = Stage::new();
    let render = |request: &str| {
        let mut command = stage.sandbox.aptlet();
        command.args(["render", "--image=registry.example/aptlet:0.1", request]);
        command.run().succeeded()
    };
    let outcome = render("psql");
    assert!(outcome.stderr.contains("warning: 'psql' is the name of a command"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ask for postgresql-client"), "{}", outcome.stderr);
    assert!(render("libGL.so.1").stderr.contains("ask for libgl1"));
    assert_eq!(render("jq").stderr, "");
}

#[test]
fn errors_are_in_colour_on_a_terminal_alone() {
    let stage = Stage::new();
    if !crate::support::have("script") {
        return;
    }
    let on_a_terminal = |variable: &str| {
        let own = stage.sandbox.aptlet();
        let line = format!("{} list", own.get_program().to_str().unwrap());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]);
        let mut command = continued_in(command, &own);
        command.env("TERM", "xterm-256color").env(variable, "1");
        command.stdin(Stdio::null()).run()
    };
    let coloured = on_a_terminal("SOME_VARIABLE").stdout;
    assert!(coloured.contains("\u{1b}[1;31merror:\u{1b}[0m nothing is installed"), "{coloured:?}");
    assert!(coloured.contains("\u{1b}[1;36m hint:\u{1b}[0m"), "{coloured:?}");
    let plain = on_a_terminal("NO_COLOR").stdout;
    assert!(plain.contains("error: nothing is installed") && !plain.contains('\u{1b}'), "{plain:?}");
    let log = fs::read_to_string(stage.termination_log()).unwrap();
    assert!(log.starts_with("error: nothing is installed") && !log.contains('\u{1b}'), "{log:?}");
    let outcome = stage.sandbox.aptlet().arg("list").run();
    assert!(outcome.stderr.starts_with("error: "), "{:?}", outcome.stderr);
}

/// The command in the environment and folder of another.
fn continued_in(mut command: Command, other: &Command) -> Command {
    let set = other.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(set).current_dir(other.get_current_dir().unwrap());
    command
}
