//! Which command is started, and what it finds on its PATH.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;

use super::{become_, installed, published, script};
use crate::support::stage::Run;

#[test]
fn a_command_of_the_tree_is_found_where_the_image_has_none_or_first() {
    let stage = published("1.0");
    // also the working folder
    let other = stage.sandbox.path("tmp/tool");
    fs::write(&other, "#!/bin/sh\necho other\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", stage.sandbox.path("tmp").display());
    let said = |mut command: std::process::Command| {
        command.env("PATH", &path).env("APTLET_PATH_ORDER", "first").run().succeeded().stdout
    };
    let mut run = become_("tool", &stage);
    assert_eq!(
        run.env("PATH", &path).run().succeeded().stdout,
        "other\n",
        "the image's own keep their places"
    );
    let mut run = become_("tool", &stage);
    assert_eq!(run.env("PATH", "/usr/bin:/bin").run().succeeded().stdout, "tool 1.0 []\n");
    let mut run = become_("tool", &stage);
    run.args(["a b", "", "--dest", "--"]);
    assert_eq!(said(run), "tool 1.0 [a b] [] [--dest] [--]\n");
    assert_eq!(said(script("tool x", &stage)), "tool 1.0 [x]\n", "its children find it, too");
    assert_eq!(said(become_("./tool", &stage)), "other\n", "a path is a path");
}

#[test]
fn the_folder_of_commands_is_on_the_path_once() {
    let stage = installed();
    let own = stage.sandbox.dest.join("bin").display().to_string();
    let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (before, others) in [
        ("/usr/bin:/bin".to_owned(), "/usr/bin:/bin"),
        (format!("{own}:/usr/bin:/bin"), "/usr/bin:/bin"),
        (format!("/usr/bin:{own}:/bin"), "/usr/bin:/bin"),
        (String::new(), usual),
    ] {
        for (order, after) in [("last", format!("{others}:{own}")), ("first", format!("{own}:{others}"))] {
            let mut run = become_("/usr/bin/env", &stage);
            let said = run.env("PATH", &before).env("APTLET_PATH_ORDER", order).run().succeeded().stdout;
            let path: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("PATH=")).collect();
            assert_eq!(path, [after]);
        }
    }
    let mut run = become_("env", &stage);
    let said = run.env_remove("PATH").run().succeeded().stdout;
    assert!(said.contains(&format!("PATH={usual}:{own}\n")), "{said}");
}

#[test]
fn its_end_is_the_end() {
    let stage = installed();
    for code in [0, 1, 2, 7, 126, 255] {
        assert_eq!(script(&format!("exit {code}"), &stage).run().code, Some(code));
    }
    for signal in [9, 15, 6] {
        let status = script(&format!("kill -{signal} $$"), &stage).status().unwrap();
        assert_eq!(status.signal(), Some(signal));
    }
}

#[test]
fn one_that_cannot_be_started() {
    let stage = installed();
    let file = |name: &str, mode: u32, text: &str| {
        let path = stage.sandbox.path("tmp").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    for (command, code, words) in [
        ("no-such-tool".to_owned(), 127, "'no-such-tool': there is no such command in PATH ("),
        (String::new(), 127, "'': there is no such command in PATH"),
        ("/no/such/tool".to_owned(), 127, "cannot start /no/such/tool: No such file"),
        ("/usr".to_owned(), 126, "cannot start /usr: is a directory"),
        (file("plain", 0o644, "x"), 126, "Permission denied"),
        (file("data", 0o755, "neither a program nor a script"), 126, "Exec format error"),
        (file("script", 0o755, "#!/no/such/shell\n"), 127, "its interpreter or dynamic linker is missing"),
    ] {
        let outcome = become_(&command, &stage).run().failed(code, &[words]);
        let last = outcome.last_word();
        assert_eq!(last.lines().count(), 1, "{last}");
        assert_eq!(fs::read_to_string(stage.termination_log()).unwrap(), last.trim_end());
        let json = become_(&command, &stage).env("APTLET_LOG_FORMAT", "json").run();
        let line: serde_json::Value = serde_json::from_str(json.stderr.lines().last().unwrap()).unwrap();
        assert_eq!((&line["class"], &line["code"]), (&"command".into(), &code.into()), "{line}");
    }
}
