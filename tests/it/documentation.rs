//! What the README shows is what the tests run.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_pod_of_the_readme_is_run_and_is_the_shortest() {
    let readme = read("README.md");
    let blocks: Vec<&str> =
        readme.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let [pod] = blocks[..] else { panic!("{blocks:?}") };
    assert!(pod.starts_with("apiVersion: v1\nkind: Pod\n"));
    assert!(pod.lines().count() < 25, "{pod}");
    // the suite that runs it reads it from there
    assert!(read("tests/cluster/cases/documents.py").contains("one[0].startswith(\"README.md\")"));
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    let readme = read("README.md");
    let commands: Vec<&str> = readme
        .split("## On this machine")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap()
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split("\n```").next().unwrap())
        .collect();
    assert_eq!(commands.len(), 2, "one to run the main job, one to test: {commands:?}");
    assert!(read(".ci/run").lines().any(|line| line.starts_with("step ") && line.ends_with(commands[1])));
}

/// The lines of the tables of one section.
fn rows<'a>(document: &'a str, section: &str) -> Vec<Vec<&'a str>> {
    let section = document.split(&format!("\n## {section}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|') && !line.starts_with("| --- |"));
    rows.skip(1).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn what_the_documents_say_of_files_of_your_own_is_what_jobs_try() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anywhere/jobs");
    let jobs: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let document = read("docs/tasks/own-files.md");
    let rows = rows(&document, "Which way for which file");
    assert!(rows.len() > 15);
    for row in rows {
        let named: Vec<&str> = row.last().unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no job tries {row:?}");
        for name in named {
            assert!(jobs.contains(&format!("name = \"{name}\"\n")), "no job is called {name}");
        }
    }
}

#[test]
fn each_class_of_paths_that_lead_out_of_a_tree_is_explained() {
    let checker = read("tests/real/leftover.py");
    let document = read("docs/explanation/anywhere.md");
    let rows = rows(&document, "What still leads out of a tree");
    let explained: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let expressions =
        checker.lines().filter_map(|line| line.strip_suffix(',')?.split_once(": rb")).map(|(name, _)| name);
    let returned =
        checker.lines().filter_map(|line| line.trim().strip_prefix("return \"")?.strip_suffix('"'));
    let mut known: Vec<&str> = expressions
        .map(|name| name.trim().trim_matches('"'))
        .chain(returned)
        .filter(|name| *name != "other")
        .collect();
    known.sort_unstable();
    known.dedup();
    let mut sorted = explained.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, known);
}

/// Whether there is a test of this name, as `cargo test` prints it.
fn is_a_test(name: &str) -> bool {
    let (modules, function) = name.rsplit_once("::").unwrap();
    let path = modules.strip_suffix("::tests").unwrap_or(modules).replace("::", "/");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["tests/it", "src"].into_iter().flat_map(|folder| {
        ["", "/mod", "/tests"].map(|file| root.join(folder).join(format!("{path}{file}.rs")))
    });
    files.filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
        ["#[test]\n", "#[tokio::test]\n"].iter().any(|attribute| {
            text.split(attribute).skip(1).any(|rest| {
                let rest = rest.trim_start();
                rest.strip_prefix("async ").unwrap_or(rest).starts_with(&format!("fn {function}("))
            })
        })
    })
}

#[test]
fn what_nobody_can_do_is_shown_by_tests() {
    let document = read("docs/explanation/security.md");
    let quoted = document.split('`').skip(1).step_by(2);
    let tests: Vec<&str> = quoted.filter(|text| text.contains("::")).collect();
    assert!(tests.len() > 50, "{}", tests.len());
    for test in tests {
        assert!(is_a_test(test), "there is no test {test}");
    }
    assert!(!is_a_test("lying_mirror::releases::a_release_that_everybody_trusts"));

    let mut rows = 0;
    let mut claims = false;
    for line in document.lines() {
        match line.strip_prefix('|') {
            None => claims = false,
            Some(head) if head.contains("cannot | shown by |") => claims = true,
            Some(row) if claims && !row.starts_with(" --- ") => {
                rows += 1;
                assert!(row.contains("::"), "no test shows: {row}");
            }
            Some(_) => {}
        }
    }
    assert!(rows > 25, "{rows}");
}
