//! The dpkg database, and what nobody may put in its place.

use super::*;

#[test]
fn the_dpkg_database_is_complete() {
    let mut scratch = Scratch::new();
    let control = [
        file("./conffiles", "/etc/b.conf\n/etc/../../outside\nremove-on-upgrade /etc/gone\n/etc/escape\n"),
        file("./postinst", "#!/bin/sh\n").mode(0o755),
        file("./md5sums", ""),
    ];
    let data =
        [dir("./"), dir("./etc"), file("./etc/b.conf", "hello\n"), symlink("./etc/escape", "../../outside")];
    scratch.add_with("b", "Multi-Arch: same\n", &control, &data).unwrap();
    scratch.add("a", "", &[dir("./"), dir("./lib/"), file("./lib/x", "x")]).unwrap();
    let tree = scratch.tree.as_mut().unwrap();
    database::write(tree, 123).unwrap();
    scratch.finish();
    let text = |name: &str| scratch.text(&format!("var/lib/dpkg/{name}"));
    let stanza = |name: &str, more: &str| {
        control_text(name, more).replacen('\n', "\nStatus: install ok installed\n", 1)
    };
    let conffiles = "Conffiles:\n /etc/b.conf b1946ac92492d2347c6235b4d2611184\n";
    let expected = format!("{}\n{}{conffiles}", stanza("a", ""), stanza("b", "Multi-Arch: same\n"));
    assert_eq!(text("status"), expected);
    assert_eq!(text("info/a.list"), "/.\n/lib\n/lib/x\n");
    assert_eq!(text("info/b:amd64.list"), "/.\n/etc\n/etc/b.conf\n/etc/escape\n");
    assert_eq!(text("info/format"), "1\n");
    assert_eq!(text("arch"), "amd64\n");
    let script = scratch.at("var/lib/dpkg/info/b:amd64.postinst");
    assert_eq!((mode(&script), script.metadata().unwrap().mtime()), (0o755, 123));
    assert!(!scratch.at("var/lib/dpkg/info/b:amd64.control").exists());
    assert_eq!(scratch.at("var/lib/dpkg").metadata().unwrap().mtime(), 1_000_000_000, "no wall-clock time");
}

#[test]
fn a_package_cannot_redirect_the_database() {
    for (path, target) in [
        ("./var", "/tmp"),
        ("./var/lib/dpkg/status", "../../../../outside"),
        ("./var/lib/aptlet/state.new", "/tmp/x"),
    ] {
        let error = Scratch::new().unpack(&[symlink(path, target)]).unwrap_err();
        assert!(matches!(error, Error::Path { .. }), "{path}: {error}");
    }
    let mut scratch = Scratch::new();
    scratch.add("a", "", &[dir("./var/lib/dpkg"), symlink("./x", "var/lib")]).unwrap();
    let error =
        scratch.add("b", "", &[dir("./x/aptlet"), symlink("./x/aptlet/state.new", "/tmp/x")]).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error}");
}
