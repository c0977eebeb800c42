//! What is said of packages that are not where they are looked for, and of those that are in a plan.

use std::fs;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::signing::SigningKey;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage};
use serde_json::Value;

fn package(name: &str, version: &str) -> DebBuilder {
    DebBuilder::new(name, version).file(&format!("usr/share/{name}"), 0o644, "x\n")
}

/// A suite with a free and two other components, for two architectures.
fn stable() -> Repository {
    Repository::new("stable")
        .architectures(&["amd64", "i386"])
        .add("main", &package("tool", "1.0").field("Depends", "library (>= 1) | other, awk"))
        .add("main", &package("library", "1.2"))
        .add("main", &package("mawk", "1.3").field("Provides", "awk"))
        .add("main", &package("wine32", "8.0").arch("i386"))
        .add("non-free", &package("unrar", "1:6.2.6-1"))
        .add("non-free", &package("unrar", "1:6.10-1"))
        .add("contrib", &package("loader", "2").field("Provides", "blob (= 2)"))
}

const MISSING: &str = "there is no package";

#[test]
fn in_another_component() {
    let stage = Stage::new();
    stage.publish(&stable());
    stage.install(&["unrar"]).run().failed(
        3,
        &[
            "error: there is no package 'unrar' in stable/main (amd64)\n",
            " hint: It is in stable/non-free (1:6.10-1): add the component non-free \
             (--component main --component non-free, or APTLET_COMPONENT=\"main non-free\").",
        ],
    );
    let indexes = |component: &str| {
        let folder = format!("debian/dists/stable/{component}/");
        stage.server.count(|request| request.path.starts_with(&folder))
    };
    assert_eq!((indexes("contrib"), indexes("non-free"), indexes("main")), (1, 1, 1));
    // what the hint says helps
    let mut install = stage.install(&["unrar"]);
    install.args(["--component=main", "--component=non-free"]).run().succeeded();
    assert_eq!(stage.installed(), ["unrar 1:6.10-1"]);
    // a name that is only provided there
    let words = ["It is in stable/contrib (provided by loader 2): add the component contrib"];
    stage.install(&["blob"]).run().failed(3, &words);
}

#[test]
fn in_another_component_of_a_source_in_a_file() {
    let mut stage = Stage::new();
    stage.publish(&stable());
    let source = format!("# ours\n\n{}", stage.source("stable", "archive.asc"));
    stage.sandbox.configure("team.sources", source);
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    let outcome = stage.bare("install").arg("unrar").run();
    let words = ["add the component non-free (Components: main non-free in ", "team.sources:3)."];
    let outcome = outcome.failed(3, &words);
    // the pod's message has it, too
    assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), outcome.last_word().trim_end());

    stage.sandbox.unconfigure("team.sources");
    let line = format!("deb [signed-by=archive.asc] {} stable main\n", stage.mirror());
    stage.sandbox.configure("team.list", line);
    let words = ["add the component non-free (at the end of ", "team.list:1)."];
    stage.bare("install").arg("unrar").run().failed(3, &words);

    let json = stage.bare("lock").args(["unrar", "--log-format=json"]).run();
    let last: Value = serde_json::from_str(json.stderr.lines().last().unwrap()).unwrap();
    assert_eq!((&last["code"], &last["class"]), (&3.into(), &"no-solution".into()));
    assert!(last["hint"].as_str().unwrap().starts_with("It is in stable/non-free"), "{last}");
}

#[test]
fn for_another_architecture() {
    let stage = Stage::new();
    stage.publish(&stable());
    let words = [MISSING, "It is in stable/main for i386 (8.0): ask for wine32:i386."];
    stage.install(&["wine32"]).run().failed(3, &words);
}

#[test]
fn in_another_suite() {
    let mut stage = Stage::new();
    stage.publish(&stable());
    let backports = Repository::new("stable-backports").release_field("NotAutomatic", "yes");
    stage.publish(&backports.add("main", &package("novelty", "3~bpo1")));
    let words = ["It is in stable-backports/main (3~bpo1): add the suite stable-backports \
         (--suite stable --suite stable-backports, or APTLET_SUITE=\"stable stable-backports\")."];
    stage.install(&["novelty"]).run().failed(3, &words);
    stage.install(&["novelty"]).arg("--suite=stable-backports").run().succeeded();
    assert_eq!(stage.installed(), ["novelty 3~bpo1"]);

    // the other way round
    let only = |stage: &Stage| {
        let mut install = stage.bare("install");
        install.args(["--suite=stable-backports", "--mirror", &stage.mirror()]);
        install.arg("--keyring").arg(stage.keyring()).arg("library");
        install
    };
    only(&stage).run().failed(3, &["It is in stable/main (1.2): add the suite stable "]);

    let source = stage.source("stable", "archive.asc");
    stage.sandbox.configure("team.sources", source);
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    let words = ["add the suite stable-backports (Suites: stable stable-backports in ", "team.sources:1)."];
    stage.bare("install").arg("novelty").run().failed(3, &words);
}

#[test]
fn nowhere_and_only_where_nothing_is_verified() {
    let stage = Stage::new();
    stage.publish(&stable());
    stage.install(&["libary"]).run().failed(3, &[MISSING, "Did you mean library?"]);
    // a suite signed by a stranger, an index that is not the one of the Release, a suite under a wrong name
    let stranger = SigningKey::generate("stranger");
    let updates = Repository::new("stable-updates").add("main", &package("hidden", "1"));
    stage.server.put_all("debian", &updates.build(&stranger));
    let backports = updates.clone().release_field("Suite", "other").release_field("Codename", "other");
    let backports = backports.build(&stage.key);
    let moved = backports.into_iter().map(|(path, data)| (path.replace("-updates", "-backports"), data));
    stage.server.put_all("debian", &moved.collect());
    let mut files = stable().add("contrib", &package("hidden", "1")).build(&stage.key);
    for (_, data) in files.iter_mut().filter(|(path, _)| path.contains("contrib/binary-amd64")) {
        data.push(b'\n');
    }
    stage.server.put_all("debian", &files);
    let outcome = stage.install(&["hidden"]).run().failed(3, &[MISSING, " hint: "]);
    assert!(
        !outcome.stderr.contains("It is in") && !outcome.stderr.contains("warning"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_is_too_large_is_not_looked_into() {
    let stage = Stage::new();
    let repository = stable();
    let large = |line: &str| match line.split_once("contrib/binary-amd64/Packages") {
        Some((digest_and_size, _)) => {
            let digest = digest_and_size.split_whitespace().next().unwrap();
            format!(" {digest} 99999999 {}", line.split_whitespace().next_back().unwrap())
        }
        None => line.to_owned(),
    };
    let release: Vec<String> = repository.release().lines().map(large).collect();
    stage.server.put_all("debian", &repository.build_with_release(&(release.join("\n") + "\n"), &stage.key));
    stage.install(&["unrar"]).run().failed(3, &["It is in stable/non-free"]);
    assert_eq!(stage.server.count(|request| request.path.contains("contrib")), 0);
}

#[test]
fn nothing_is_looked_for_where_all_is_well() {
    let stage = Stage::new();
    stage.publish(&stable());
    stage.lock(&["tool"]);
    assert_eq!(stage.requested().len(), 2, "{:?}", stage.requested());
    // a package that is there, in another version
    stage.install(&["tool=9"]).run().failed(3, &["no version 9"]);
    stage
        .install(&["tool/other"])
        .run()
        .failed(3, &["in suite other", "No source is of the suite other: add it"]);
    assert_eq!(stage.server.count(|request| request.path.contains("non-free")), 0);
}

#[test]
fn why_a_package_is_in_the_plan() {
    let stage = Stage::new();
    stage.publish(&stable());
    let outcome = stage.at_mirror("lock").args(["tool", "--explain", "library"]).run().succeeded();
    assert_eq!(
        outcome.stdout,
        "tool 1.0 was asked for\n\
         tool depends on library (>= 1) | other; library was chosen, the first choice\n\
         \n\
         library 1.2 from stable/main\n"
    );
    assert!(outcome.stderr.contains("3 packages") && outcome.stderr.contains("no lock written"));
    assert!(!stage.sandbox.path("tmp/aptlet.lock").exists());
    assert_eq!(snapshot(&stage.sandbox.dest).len(), 1);

    let mut lock = stage.at_mirror("lock");
    lock.args(["tool", "--log-format=json"]).env("APTLET_EXPLAIN", "mawk");
    let answer: Value = serde_json::from_str(&lock.run().succeeded().stdout).unwrap();
    assert_eq!((&answer["name"], &answer["version"]), (&"mawk".into(), &"1.3".into()));
    assert_eq!((&answer["requested"], &answer["needed_by"]), (&false.into(), &serde_json::json!(["tool"])));
    let step = &answer["chains"][0][0];
    assert_eq!((&step["package"], &step["field"]), (&"tool".into(), &"Depends".into()));
    assert_eq!((&step["relation"], &step["satisfied_by"]), (&"awk".into(), &"mawk".into()));
    // other commands do not mind the variable
    stage.install(&["tool"]).env("APTLET_EXPLAIN", "absent").run().succeeded();
}

#[test]
fn why_a_package_is_not_in_the_plan() {
    let stage = Stage::new();
    stage.publish(&stable());
    let explain = |name: &str| stage.at_mirror("lock").args(["tool", "--explain", name]).run();
    let words =
        ["error: package 'awk' is not in the plan: mawk provides it\n", " hint: Run it with --explain mawk."];
    explain("awk").failed(3, &words);
    explain("libary").failed(3, &[MISSING, "Did you mean library?"]);
    explain("unrar").failed(3, &[MISSING, "It is in stable/non-free (1:6.10-1)"]);
    assert!(!stage.sandbox.path("tmp/aptlet.lock").exists());
}
