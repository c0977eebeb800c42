//! `aptlet render`: what goes in, what comes out, and what it refuses.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const POD: &str =
    "# mine\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: main\n      command: [x]\n";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aptlet"));
    let log = folder.join("log");
    command.arg("render").args(arguments).current_dir(folder).env_clear();
    command.env("APTLET_TERMINATION_LOG", log).env("APTLET_IMAGE", "registry.example/aptlet:0.1");
    command
}

fn render(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = render(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    assert_eq!(said, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is refused, with exit code 2, one line of what and one of what to do.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = render(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    assert_eq!(said.lines().count(), 2, "{said}");
    said
}

#[test]
fn a_manifest_comes_from_a_file_or_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    let from_file = printed(folder.path(), &["jq", "-f", "pod.yaml"]);
    assert!(from_file.starts_with("# mine\nkind: Pod\nmetadata: {name: a}\n"), "{from_file}");

    let mut child = command(folder.path(), &["jq", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(POD.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), from_file);
    assert_eq!(fs::read_to_string(folder.path().join("pod.yaml")).unwrap(), POD, "it is only read");
}

#[test]
fn an_image_is_given_or_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let without =
        |arguments: &[&str]| command(folder.path(), arguments).env_remove("APTLET_IMAGE").output().unwrap();
    fs::write(at("pod.yaml"), POD).unwrap();
    for arguments in [&["jq"][..], &["jq", "-f", "pod.yaml"], &["jq", "--helm-values"]] {
        let output = without(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(said.starts_with("error: which image aptlet is to be started from is not given"), "{said}");
        assert!(said.contains("docs/tasks/quickstart.md), and give --image"), "{said}");
    }
    // one that is there stays, and another flag is another one
    let once = printed(folder.path(), &["jq", "--image=mirror.example/aptlet:2", "-f", "pod.yaml"]);
    fs::write(at("once.yaml"), &once).unwrap();
    assert_eq!(String::from_utf8(without(&["jq", "-f", "once.yaml"]).stdout).unwrap(), once);
    let other = printed(folder.path(), &["jq", "-f", "once.yaml"]);
    assert_eq!(other, once.replace("mirror.example/aptlet:2", "registry.example/aptlet:0.1"));
}

fn listed(arguments: &[&str]) -> String {
    let lines: Vec<String> = arguments.iter().map(|argument| format!("        - {argument}\n")).collect();
    lines.concat()
}

#[test]
fn flags_and_variables_become_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--slim", "--path-include=/a", "--path-exclude", "/b*", "--retries", "0", "jq", "nano-"];
    let text = printed(folder.path(), &[&["--path-exclude=/a*"], flags.as_slice()].concat());
    let arguments = [
        "install",
        "--slim",
        "--retries=0",
        "--path-exclude=/a*",
        "--path-include=/a",
        "--path-exclude=/b*",
        "jq",
        "nano-",
    ];
    let lines = listed(&arguments);
    assert!(text.contains(&format!("      args:\n{lines}      securityContext:")), "{text}");

    let output = command(folder.path(), &["--mode", "sidecar"])
        .envs([("APTLET_PACKAGES", "jq"), ("APTLET_INTERVAL", "6h"), ("APTLET_MOUNT", "/t")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let arguments = ["watch", "--listen=:8081", "--dest=/t", "--interval=6h", "jq"];
    let lines = listed(&arguments);
    assert!(text.contains(&format!("      args:\n{lines}      restartPolicy: Always\n")), "{text}");
}

#[test]
fn what_is_assumed_of_an_image_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    let output = render(folder.path(), &["jq", "--expose", "path", "-f", "pod.yaml"]);
    let said = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&format!("container main of pod/a does not set PATH, and that of its image is taken for {usual}: give it with --image-path")), "{said}");
    assert!(
        text.contains(&format!("value: \"{usual}:/p/bin\"\n"))
            || text.contains(&format!("value: {usual}:/p/bin\n")),
        "{text}"
    );
    let known =
        printed(folder.path(), &["jq", "--expose=path", "--image-path=/opt/java/bin:/bin", "-f", "pod.yaml"]);
    assert!(known.contains("value: /opt/java/bin:/bin:/p/bin\n"), "{known}");
    fs::write(folder.path().join("sets.yaml"), format!("{POD}      env: [{{name: PATH, value: /app}}]\n"))
        .unwrap();
    let set = printed(folder.path(), &["jq", "--expose=path", "-f", "sets.yaml"]);
    assert!(set.contains("env: [{name: PATH, value: /app:/p/bin}]\n"), "{set}");
}

#[test]
fn files_become_keys_of_the_config_map() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("settings")).unwrap();
    fs::write(at("settings/packages"), "jq # why\ncurl\n").unwrap();
    fs::write(
        at("settings/own.sources"),
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n",
    )
    .unwrap();
    fs::write(at("settings/own.gpg"), b"\x99\x01\xff").unwrap();
    fs::write(at("settings/aptlet.yaml"), "slim: true\n").unwrap();
    fs::write(at("tool.deb"), b"!<arch>\n\xff").unwrap();
    let text = printed(folder.path(), &["--config", "settings", "--configmap", "web"]);
    assert!(text.starts_with("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n"), "{text}");
    for part in [
        "  packages: |\n    jq # why\n    curl\n",
        "  own.sources: |\n    Types: deb\n",
        "  aptlet.yaml: |\n    slim: true\n",
        "binaryData:\n  own.gpg: mQH/\n---\n",
        "        checksum/aptlet: ",
        "      configMap:\n        name: web\n",
        "        - install\n      securityContext:",
    ] {
        assert!(
            text.contains(part) || text.contains(&part.replace("        checksum", "    checksum")),
            "{part}: {text}"
        );
    }
    // requests of the command line stand in the place of those of the folder
    let text = printed(folder.path(), &["--config", "settings", "--configmap", "web", "./tool.deb", "git"]);
    assert!(text.contains("  packages: |\n    ./tool.deb\n    git\n") && !text.contains("curl"), "{text}");
    assert!(text.contains("  tool.deb: ITxhcmNoPgr/\n"), "{text}");
    // one that is there already is only referred to
    let text = printed(folder.path(), &["--configmap", "web"]);
    assert!(!text.contains("kind: ConfigMap") && text.contains("name: web\n"), "{text}");
    let text = printed(folder.path(), &["--configmap", "web", "--auth-secret", "login", "jq"]);
    assert!(
        text.contains("      projected:\n") && text.contains("secret:\n              name: login\n"),
        "{text}"
    );
}

#[test]
fn a_changed_package_list_changes_the_pod_template() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    let render = |requests: &[&str], file: &str| {
        printed(folder.path(), &[requests, &["--configmap", "web", "-f", file]].concat())
    };
    let first = render(&["jq"], "pod.yaml");
    fs::write(folder.path().join("first.yaml"), &first).unwrap();
    assert_eq!(render(&["jq"], "first.yaml"), first);
    let second = render(&["jq", "curl"], "first.yaml");
    let changed: Vec<_> = second.lines().filter(|line| !first.lines().any(|old| old == *line)).collect();
    assert!(matches!(changed[..], ["    curl", line] if line.contains("checksum/aptlet: ")), "{changed:?}");
}

const LOCK: &str = "version = 1\n\n[request]\npackages = [\"tool\"]\narchitecture = \"amd64\"\n\n\
     [[source]]\nid = \"s\"\nuris = [\"http://mirror.example/debian\"]\nsuite = \"trixie\"\ncomponent = \"main\"\n\n\
     [[package]]\nname = \"tool\"\nversion = \"1\"\narchitecture = \"amd64\"\nsource = \"s\"\nfilename = \"pool/tool.deb\"\n\
     size = 20971520\nsha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\ninstalled-size = 81920\n";

#[test]
fn a_lock_tells_how_much_room_its_packages_take() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("aptlet.lock"), LOCK).unwrap();
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    // each tree 80 MiB and 20 on their way, a fifth more and 16; and 16 for aptlet
    for (mode, room) in [("init", "152Mi"), ("entrypoint", "288Mi"), ("sidecar", "424Mi")] {
        let common = ["--lock=aptlet.lock", "--configmap=web", "-f=pod.yaml", "--mode", mode, "--storage"];
        let text = printed(folder.path(), &[common.as_slice(), &["request"]].concat());
        assert!(text.contains(&format!("sizeLimit: {room}\n")), "{mode}: {text}");
        assert!(text.contains(&format!("--size-limit={room}")), "{mode}: {text}");
        assert_eq!(text.matches(&format!("ephemeral-storage: {room}\n")).count(), 1, "{mode}: {text}");
        let text = printed(folder.path(), &[common.as_slice(), &["limit"]].concat());
        assert_eq!(text.matches(&format!("ephemeral-storage: {room}\n")).count(), 2, "{mode}: {text}");
    }
    let more = ["--mode=sidecar", "--keep-generations=4", "--storage=request"];
    let text = printed(folder.path(), &[&["--lock=aptlet.lock", "--helm-values"][..], &more].concat());
    let wanted = "  resources:\n    requests:\n      ephemeral-storage: 696Mi\n";
    assert!(text.contains(wanted) && text.contains("  volume:\n    sizeLimit: 696Mi\n"), "{text}");
}

#[test]
fn what_a_pod_cannot_be_given_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("settings")).unwrap();
    fs::write(at("settings/auth.conf"), "machine a login b password c\n").unwrap();
    fs::write(at("a.lock"), "version = 1\n").unwrap();
    fs::write(at("large.sources"), " \n".repeat(1 << 19)).unwrap();
    fs::write(at("keys"), "").unwrap();
    fs::write(at("pod.yaml"), POD).unwrap();
    fs::write(at("tabs.yaml"), "kind: Pod\nspec:\n\tcontainers: []\n").unwrap();
    for (arguments, says, hint) in [
        (&[][..], "no packages are requested", "name packages"),
        (&["j@q"], "'j@q' is not a package name", "write a request as"),
        (&["--lock", "a.lock"], "cannot have 'lock'", "--configmap NAME"),
        (&["jq", "--keyring", "keys", "--configmap", "a"], "has its kind in its name", "*.asc"),
        (&["jq", "--auth", "settings/auth.conf"], "no place for passwords", "--auth-secret NAME"),
        (&["jq", "--config", "settings", "--configmap", "a"], "no place for passwords", "--auth-secret NAME"),
        (&["jq", "--mirror", "http://u:p@mirror.example/"], "the password in its URL", "--auth-secret NAME"),
        (&["jq", "--owners", "keep"], "takes root", "drop it"),
        (&["jq", "--interval", "6h"], "only a sidecar", "--mode sidecar"),
        (&["jq", "--storage", "request"], "only a lock says how much room", "--lock aptlet.lock"),
        (
            &["--lock", "a.lock", "--configmap", "a", "--storage", "limit", "--size-limit", "1Gi"],
            "cannot have 'size-limit'",
            "drop one of the two",
        ),
        (&["jq", "--listen", ":1"], "only a sidecar", "--mode sidecar"),
        (&["jq", "--on-failure", "continue"], "only an entrypoint", "--mode entrypoint"),
        (&["jq", "--mode", "sidecar", "--listen", "127.0.0.1:1"], "at the address of the pod", ":PORT"),
        (&["jq", "--mode", "sidecar", "--keep-generations", "1"], "'keep-generations' is 1", "2 or more"),
        (&["jq", "--mount", "/usr"], "would hide a folder of the image", "/p"),
        (&["jq", "--mount", "/"], "whole image", "/p"),
        (&["jq", "--expose-at", "usr"], "no absolute path", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/usr/bin/"], "would hide a folder of the image", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/etc/tools"], "would hide a folder of the image", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/p/bin"], "one in the other", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/opt", "--mount", "/opt/t"], "would hide", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/opt/$(A)"], "takes for a variable", "/usr/local/sbin"),
        (&["jq", "--expose-at", "/opt/c", "--expose", "path"], "nothing is mounted there", "one of the two"),
        (&["jq", "--image-path", "/bin"], "no path is written", "--expose path"),
        (&["jq", "--path-order", "first"], "no path is written", "--expose path"),
        (
            &["jq", "--expose", "path", "--image-path", "$PATH:/a"],
            "no variable stands for",
            "podman image inspect",
        ),
        (&["jq", "--expose", "path", "--image-path", "bin"], "it is no path", "podman image inspect"),
        (
            &["jq", "--expose", "path", "--image-path", "/bin", "--mode", "entrypoint"],
            "has the path of its image",
            "drop it",
        ),
        (&["jq", "--configmap", "My_Map"], "none that Kubernetes takes", "lower-case"),
        (&["jq", "--workload", "web", "-f", "pod.yaml"], "by its kind and its name", "deployment/web"),
        (&["jq", "--workload", "job/web", "-f", "pod.yaml"], "it has pod/a", "--workload"),
        (&["jq", "--container", "web", "-f", "pod.yaml"], "it has main", "--container"),
        (&["jq", "-f", "gone.yaml"], "cannot read 'gone.yaml'", "check the path"),
        (&["jq", "-f", "tabs.yaml"], "tabs.yaml:3: it is not YAML", "templates of Helm"),
        (
            &["jq", "--sources", "large.sources", "--configmap", "a"],
            "would have 1048579 bytes",
            "URL with a digest",
        ),
    ] {
        let said = refused(folder.path(), arguments).to_lowercase();
        assert!(
            said.contains(&says.to_lowercase()) && said.contains(&hint.to_lowercase()),
            "{arguments:?}: {said}"
        );
    }
    for arguments in
        [&["jq", "--dest", "/t"][..], &["jq", "--helm-values", "-f", "pod.yaml"], &["jq", "--mode", "job"]]
    {
        assert_eq!(render(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
}
