//! What maintainer scripts would have done, in a tree where none has run.

use std::fs;
use std::path::Path;

use super::command;
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
        .file("etc/fonts/fonts.conf", 0o644, "<fontconfig><dir>/usr/share/fonts</dir></fontconfig>\n")
        .dir("usr/share/fonts", 0o755);
    let stage = stage(&[fonts, command("tool", "1.0")]);
    stage.install(&["fonts"]).run().succeeded();
    assert!(read(&stage, "var/lib/aptlet/launch.json").contains("etc/fonts/fonts.conf"));
    let folder = format!("<dir>{}/usr/share/fonts</dir>", stage.sandbox.dest.display());
    assert!(read(&stage, "etc/fonts/fonts.conf").contains(&folder));
    stage.install(&["tool"]).run().succeeded();
    assert!(!read(&stage, "var/lib/aptlet/launch.json").contains("fonts"), "nothing in the tree reads any");
}

/// As small as each can be.
fn with_caches() -> DebBuilder {
    let mime = "<mime-info xmlns='http://www.freedesktop.org/standards/shared-mime-info'><mime-type type='text/X-Odd'>\
        <comment>Odd</comment><comment xml:lang='de'>Seltsam &amp; so</comment><glob pattern='*.Odd' weight='60'/>\
        <magic><match offset='0:4' type='big16' value='0x4f44'/></magic><comment>Very odd</comment></mime-type></mime-info>";
    let schema = "<schemalist><schema id='odd' path='/odd/'><key name='a' type='s'><default>'x'</default></key></schema>\
        </schemalist>";
    command("odd", "1.0")
        .file("usr/share/mime/packages/odd.xml", 0o644, mime)
        .file("usr/share/glib-2.0/schemas/odd.gschema.xml", 0o644, schema)
        .file("etc/ld.so.conf", 0o644, "/opt/odd\n")
        .file("usr/lib/R/etc/Renviron.ucf", 0o644, "A=1\n")
        .symlink("usr/lib/R/etc/Renviron", "/etc/R/Renviron")
        .script(
            "postinst",
            "#!/bin/sh\nupdate-mime-database /usr/share/mime\nglib-compile-schemas x || true\n\
             if [ ! -e /var/odd/list ]; then\nmkdir -p \"$DPKG_ROOT/var/odd\" 2>/dev/null || true\n\
             cp -p /usr/lib/R/etc/Renviron.ucf /var/odd/list\nfi\n",
        )
}

#[test]
fn caches_are_made_alike_in_every_run() {
    let [one, other] = [(); 2].map(|()| {
        let stage = stage(&[with_caches()]);
        stage.install(&["odd", "--prefix", "/", "--require-scripts", "known"]).run().succeeded();
        stage
    });
    assert_eq!(
        read(&one, "usr/share/mime/text/x-odd.xml"),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <mime-type xmlns=\"http://www.freedesktop.org/standards/shared-mime-info\" type=\"text/X-Odd\">\n  \
         <!--Created automatically by update-mime-database. DO NOT EDIT!-->\n  \
         <comment xml:lang=\"de\">Seltsam &amp; so</comment>\n  <glob pattern=\"*.Odd\" weight=\"60\"/>\n  \
         <comment>Very odd</comment>\n</mime-type>\n"
    );
    assert!(read(&one, "usr/share/mime/globs2").ends_with("\n60:text/X-Odd:*.odd\n"));
    let magic = fs::read(one.current("usr/share/mime/magic")).unwrap();
    assert_eq!(magic, b"MIME-Magic\0\n[50:text/X-Odd]\n>0=\0\x02OD+5\n");
    assert_eq!([read(&one, "etc/R/Renviron"), read(&one, "var/odd/list")], ["A=1\n"; 2]);
    assert!(fs::read(one.current("etc/ld.so.cache")).unwrap().starts_with(b"glibc-ld.so.cache1.1"));
    for path in ["etc", "usr/share/mime", "usr/share/glib-2.0"] {
        let [left, right] = [&one, &other].map(|stage| snapshot(&stage.current(path)));
        assert_eq!(left, right, "{path}");
    }
}

#[test]
fn hostile_caches_are_notes() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap();
    let info = |inside: &str| {
        format!(
            "<mime-info xmlns='http://www.freedesktop.org/standards/shared-mime-info'>{inside}</mime-info>"
        )
    };
    let laughs = "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><mime-info>&b;</mime-info>";
    let plugins = "usr/lib/x86_64-linux-gnu";
    let hostile = command("hostile", "1.0")
        .file(
            "usr/share/mime/packages/a.xml",
            0o644,
            info("<mime-type type='../../up/x'/><mime-type type='packages/a'/>"),
        )
        .file("usr/share/mime/packages/b.xml", 0o644, laughs)
        .file(
            "usr/share/mime/packages/c.xml",
            0o644,
            info("<mime-type type='away/x'/><mime-type type='globs/x'/>"),
        )
        .file("usr/share/mime/packages/d.xml", 0o644, "<a>".repeat(100_000))
        .symlink("usr/share/mime/away", target)
        .file(
            "usr/share/glib-2.0/schemas/a.gschema.xml",
            0o644,
            "<schemalist><schema id='a'><key name='a' type='",
        )
        .file("etc/ld.so.conf", 0o644, format!("include /etc/ld.so.conf\n{target}\n/../..\n"))
        .file(&format!("{plugins}/graphviz/libgvplugin_x.so.6"), 0o644, "\x7fELF\x02\x01\x01")
        .file(&format!("{plugins}/gdk-pixbuf-2.0/2.10.0/loaders/libpixbufloader-svg.so"), 0o644, "svg")
        .file("usr/share/x.ucf", 0o644, "text")
        .symlink("usr/share/x", target);
    let before = snapshot(outside.path());
    let stage = stage(&[hostile]);
    stage.install(&["hostile", "--prefix", "/"]).run().succeeded();
    assert_eq!(before, snapshot(outside.path()));
    let mut status = stage.sandbox.aptlet();
    let notes = status.arg("status").run().succeeded().stdout;
    for told in [
        "a.xml: a MIME type is not whole: ../../up/x: no <mime-type> with a valid type",
        "a.xml: a MIME type is not whole: packages/a: ",
        "b.xml: left out of the MIME types: has an entity",
        "d.xml: left out of the MIME types: has more than 32 levels",
        "/usr/share/mime: 2 files of MIME types are not made",
        "a.gschema.xml: left out of the compiled schemas: is not well-formed XML",
        "libgvplugin_x.so.6: Graphviz will not find what it has",
        "libpixbufloader-svg.so: gdk-pixbuf-query-loaders was not run",
    ] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
}
