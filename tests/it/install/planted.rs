//! What somebody else who can write to the volume puts in aptlet's way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::repository;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage};

#[test]
fn links_in_the_volume_lead_nothing_out_of_it() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let outside = stage.sandbox.path("outside");
    for folder in ["generations/theirs", ".staging-theirs", "theirs"] {
        fs::create_dir_all(outside.join(folder)).unwrap();
        fs::write(outside.join(folder).join("file"), "theirs").unwrap();
    }
    let theirs = snapshot(&outside);
    let dest = |name: &str, link: &str, target: &Path| {
        let dest = stage.sandbox.path(name);
        fs::create_dir_all(dest.join(link).parent().unwrap()).unwrap();
        symlink(target, dest.join(link)).unwrap();
        let mut install = stage.install(&["tool"]);
        install.args(["--prefix=/opt/tools", "--dest"]).arg(&dest);
        (install, dest)
    };
    for (name, link) in [("own", ".aptlet"), ("generations", ".aptlet/generations")] {
        for request in ["tool", "--self"] {
            let (mut install, dest) = dest(&format!("{name}{request}"), link, &outside);
            let path = dest.join(link).display().to_string();
            install.arg(request).run().failed(6, &[&path, "in the way", "hint: "]);
            assert_eq!(snapshot(&outside), theirs);
        }
    }
    let file = outside.join("theirs/file");
    for (link, target) in [
        (".aptlet/generations/.staging-7", &outside),
        (".aptlet/generations/0123456789abcdef", &outside),
        (".aptlet/current", &outside),
        (".aptlet/history", &file),
        (".aptlet/history.new", &file),
        (".aptlet/aptlet", &file),
        (".aptlet/aptlet.new", &file),
        (".aptlet/link-current", &file),
    ] {
        let (mut install, dest) = dest(&link.replace('/', "-"), link, target);
        install.run().succeeded();
        assert_eq!(snapshot(&outside), theirs, "{link}");
        assert!(dest.join(".aptlet/aptlet").symlink_metadata().unwrap().is_file());
    }
}
