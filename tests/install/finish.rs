//! What maintainer scripts would have done, in a tree where none has run.

use std::fs;
use std::path::Path;

use crate::command;
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::snapshot;
use crate::support::stage::{Run, Stage, generations};

/// A certificate that is good for nothing else.
const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fetch/testdata/ca.pem");

fn ca_certificates() -> DebBuilder {
    command("ca-certificates", "1.0")
        .file("usr/sbin/update-ca-certificates", 0o755, "#!/bin/sh\n")
        .file("usr/share/ca-certificates/mozilla/Shipped.crt", 0o644, fs::read(CA).unwrap())
        .script("postinst", "#!/bin/sh\nsome-long-way\n")
}

fn stage(debs: &[DebBuilder]) -> Stage {
    let stage = Stage::new();
    stage
        .publish(&debs.iter().fold(Repository::new("stable"), |repository, deb| repository.add("main", deb)));
    stage
}

fn read(stage: &Stage, path: &str) -> String {
    fs::read_to_string(stage.current(path)).unwrap()
}

#[test]
fn a_certificate_of_the_settings_is_trusted_in_the_tree() {
    let stage = stage(&[ca_certificates()]);
    stage.install(&["ca-certificates"]).run().succeeded();
    let bundle = "etc/ssl/certs/ca-certificates.crt";
    assert_eq!(read(&stage, bundle), fs::read_to_string(CA).unwrap());
    assert!(read(&stage, "var/lib/aptlet/launch.json").contains(bundle), "launchers name the bundle");
    let before = generations(&stage.sandbox.dest);

    let mine = stage.sandbox.path("my.pem");
    fs::copy(CA, &mine).unwrap();
    let with_mine = || {
        let mut run = stage.install(&["ca-certificates"]);
        run.arg("--ca-certificate").arg(&mine);
        run.run().succeeded()
    };
    with_mine();
    assert_eq!(read(&stage, bundle).matches("BEGIN CERTIFICATE").count(), 2);
    let link = fs::read_link(stage.current("etc/ssl/certs/my.pem")).unwrap();
    assert_eq!(link, Path::new("../../../usr/local/share/ca-certificates/my.crt"), "works below any prefix");
    let after = generations(&stage.sandbox.dest);
    assert_ne!(before, after, "the certificates are part of what is asked for");
    with_mine();
    assert_eq!(after, generations(&stage.sandbox.dest), "a further run has nothing to do");
}

#[test]
fn accounts_and_folders_are_made_alike_in_every_run() {
    let daemon = command("daemon", "1.0")
        .file(
            "usr/lib/sysusers.d/daemon.conf",
            0o644,
            "u zdaemon - \"A daemon\" /var/lib/daemon\nm zdaemon tty\n",
        )
        .file(
            "usr/lib/tmpfiles.d/daemon.conf",
            0o644,
            "d /var/lib/daemon 0750 zdaemon zdaemon\nd /run/daemon\n",
        )
        .script("postinst", "#!/bin/sh\nadduser --system --group --home /nonexistent _daemon\n");
    let base = command("base-passwd", "1.0")
        .file("usr/share/base-passwd/passwd.master", 0o644, "root:*:0:0:root:/root:/bin/bash\n")
        .file("usr/share/base-passwd/group.master", 0o644, "root:*:0:\ntty:*:5:\n");
    let [one, other] = [(); 2].map(|()| {
        let stage = stage(&[daemon.clone(), base.clone()]);
        stage.install(&["daemon", "base-passwd", "--prefix", "/"]).run().succeeded();
        stage
    });
    assert_eq!(
        read(&one, "etc/passwd"),
        "root:*:0:0:root:/root:/bin/bash\n_daemon:*:100:100::/nonexistent:/usr/sbin/nologin\n\
         zdaemon:*:101:101:A daemon:/var/lib/daemon:/usr/sbin/nologin\n"
    );
    assert_eq!(read(&one, "etc/group"), "root:*:0:\ntty:*:5:zdaemon\n_daemon:*:100:\nzdaemon:*:101:\n");
    assert!(one.current("var/lib/daemon").is_dir() && !one.current("run").exists());
    for path in ["etc", "var/lib/daemon"] {
        let [left, right] = [&one, &other].map(|stage| snapshot(&stage.current(path)));
        assert_eq!(left, right, "{path}");
    }
}

#[test]
fn what_scripts_would_have_done_is_told_and_can_be_required() {
    let known = command("known", "1.0").script(
        "postinst",
        "#!/bin/sh\n# Automatically added by dh_installsystemd/13\nsystemctl enable x\n\
         # End automatically added section\n",
    );
    let odd = command("odd", "1.0")
        .script("postinst", "#!/bin/sh\nif [ -n \"$2\" ]; then upgrade; fi\nodd-setup --all\n")
        .script("prerm", "#!/bin/sh\nremove-it\n");
    let stage = stage(&[known, odd, ca_certificates()]);
    let install = |requests: &[&str], which: &str| {
        let mut run = stage.install(requests);
        run.arg(format!("--require-scripts={which}"));
        run.run()
    };
    install(&["ca-certificates"], "all").succeeded();
    install(&["known"], "known").succeeded();
    install(&["known"], "all").failed(3, &["not done in full, of known", "only what a pod does not miss"]);
    install(&["known", "odd"], "known").failed(3, &["of odd; first the postinst of odd: odd-setup --all"]);
    assert_eq!(stage.installed(), ["known 1.0"], "what was there stays");
    install(&["known", "odd"], "none").succeeded();
    let mut status = stage.sandbox.aptlet();
    let notes = status.arg("status").run().succeeded().stdout;
    assert!(notes.contains("note: odd: its postinst was not run, which has: odd-setup --all\n"), "{notes}");
    assert!(!notes.contains("note: known") && !notes.contains("remove-it"), "{notes}");
    install(&["known", "odd"], "known").failed(3, &["odd-setup"]);
}

#[test]
fn links_of_packages_lead_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap();
    fs::write(outside.path().join("passwd"), "mine\n").unwrap();
    let hostile = command("hostile", "1.0")
        .symlink("etc/ssl/certs", target)
        .symlink("etc/passwd", &format!("{target}/passwd"))
        .symlink("usr/local/share/ca-certificates", target)
        .file("usr/lib/sysusers.d/x.conf", 0o644, "u x\n")
        .file("usr/lib/tmpfiles.d/x.conf", 0o644, "d /etc/ssl/certs/deep\nL /etc/ssl/certs/link - - - - x\n")
        .script(
            "postinst",
            "#!/bin/sh\nupdate-alternatives --install /etc/ssl/certs/alt alt /usr/bin/hostile 1\n",
        );
    let before = snapshot(outside.path());
    let stage = stage(&[hostile, ca_certificates()]);
    stage.install(&["hostile", "ca-certificates", "--ca-certificate", CA]).run().succeeded();
    assert_eq!(before, snapshot(outside.path()));
    let passwd = stage.current("etc/passwd");
    assert!(!passwd.symlink_metadata().unwrap().is_symlink(), "replaced, not written through");
}

#[test]
fn launchers_name_the_fonts_of_a_tree_that_reads_any() {
    let fonts = command("fonts", "1.0")
        .file("etc/fonts/fonts.conf", 0o644, "<fontconfig/>\n")
        .dir("usr/share/fonts", 0o755);
    let stage = stage(&[fonts, command("tool", "1.0")]);
    stage.install(&["fonts"]).run().succeeded();
    let own = "var/lib/aptlet/fonts.conf";
    assert!(read(&stage, "var/lib/aptlet/launch.json").contains(own));
    let folder = Path::new(own).parent().unwrap().join("../../../usr/share");
    assert!(stage.current(folder.to_str().unwrap()).is_dir());
    assert!(read(&stage, own).contains(r#"<dir prefix="relative">../../../usr/share/fonts</dir>"#));
    stage.install(&["tool"]).run().succeeded();
    assert!(!stage.current(own).exists(), "nothing in the tree reads it");
}
