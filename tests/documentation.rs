//! What the README shows is what the tests run.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_pod_of_the_readme_is_the_one_that_the_pod_test_runs() {
    let manifest = read("manifests/pod.yaml");
    assert!(read("README.md").contains(&format!("```yaml\n{manifest}```")));
    assert!(read("tests/pod/run").contains("manifest=$root/manifests/pod.yaml"));
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
