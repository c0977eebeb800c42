//! What is told of whole scripts.

#![allow(clippy::unwrap_used)]
use std::path::Path;

use super::Remaining;
use super::walk::remaining;
use crate::finish::maintainer_script::Script::{self, Postinst, Preinst};

fn lines(script: Script, body: &str) -> Vec<String> {
    remaining(Path::new("/nonexistent"), "x", script, &format!("#!/bin/sh\n{body}"), &mut Vec::new())
        .map(|remaining| remaining.lines)
        .unwrap_or_default()
}

#[test]
fn what_debhelper_writes_is_known() {
    let body = "set -e\n# Automatically added by dh_installsystemd/13.11.4\nsystemctl enable x\nodd\n\
        # End automatically added section\n# Automatically added by dh_unheard/1\nodder\n\
        # End automatically added section\nexit 0\n";
    assert_eq!(lines(Postinst, body), ["odder"]);
    let body = "# Automatically added by dh_installalternatives/13\nupdate-alternatives --install a b c 1\n\
        # End automatically added section\n";
    assert_eq!(
        remaining(
            Path::new("/nonexistent"),
            "x",
            Postinst,
            &format!("#!/bin/sh -e\n{body}"),
            &mut Vec::new()
        ),
        None,
        "done in full"
    );
    let idle = remaining(Path::new("/nonexistent"), "x", Postinst, "#!/bin/sh\nldconfig\n", &mut Vec::new())
        .unwrap();
    let reviewed =
        remaining(Path::new("/nonexistent"), "libc6", Postinst, "#!/bin/sh\nodd\n", &mut Vec::new()).unwrap();
    assert_eq!(reviewed, Remaining { package: "libc6".into(), ..idle.clone() });
    assert!(idle.lines.is_empty() && idle.note().is_none());
}

#[test]
fn only_a_first_installation_counts() {
    let body = "case \"$1\" in\n  configure)\n    if [ -n \"$2\" ]; then upgrade-it; else first; fi\n\
        if dpkg --compare-versions \"$2\" lt-nl 1.0; then\n mend\n fi\n inner\n ;;\n abort-upgrade|failed)\n undo\n ;;\n\
        *)\n echo \"odd: $1\" >&2\n fail\n exit 1\n;;\nesac\nif [ \"$1\" = \"upgrade\" ]; then old; elif maybe; then one; \
        else two; fi\nlast || true\n";
    assert_eq!(lines(Postinst, body), ["first", "inner", "one", "two", "last || true"]);
    assert_eq!(lines(Preinst, "if [ \"$1\" = install ]; then\nnow\nfi\n"), ["now"]);
    assert!(lines(Postinst, "[ \"$1\" = configure ] && [ -n \"$2\" ] && old").is_empty());
    assert_eq!(lines(Postinst, "[ -z \"$2\" ] && new").len(), 1);
    assert!(lines(Preinst, "if [ \"$1\" = configure ]; then\nnow\nfi\n").is_empty());
    assert_eq!(lines(Postinst, "case $1 in triggered) act ;; configure) also;; esac\n"), ["act", "also"]);
}

#[test]
fn a_file_that_the_tree_does_not_have_decides() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    let body = "#!/bin/sh\nif [ -f /usr/etc/old ]; then move; fi\nif [ ! -e \"$DPKG_ROOT/etc/new\" ]; then make; fi\n\
        if [ -d /etc ]; then one; else two; fi\nif [ -x \"$X/y\" ]; then three; fi\n";
    let lines = remaining(folder.path(), "x", Postinst, body, &mut Vec::new()).unwrap().lines;
    assert_eq!(lines, ["make", "one", "two", "three"]);
}

#[test]
fn reading_and_what_is_not_missed_is_not_listed() {
    let body = ". /usr/share/debconf/confmodule\ndb_get x/y\nX=$(cat /etc/x)\nif [ -x $Y ] && which z >/dev/null 2>&1; then\n\
        invoke-rc.d x start || exit $?\nfi\nchown root:adm /var/x\ngetent group x >/dev/null || addgroup --system x\n\
        rm -f /etc/old\nrun_it() {\n  mkdir /var/y\n}\nrun_it\necho text > /etc/file\ncat <<EOF > /etc/other\nbody\nEOF\n\
        sed -i s/a/b/ /etc/x\nsed s/a/b/ /etc/x\n/usr/lib/x/setup --now\nfor i in a b; do touch /var/$i; done\n";
    assert_eq!(
        lines(Postinst, body),
        [
            "mkdir /var/y",
            "echo text > /etc/file",
            "cat <<EOF > /etc/other",
            "sed -i s/a/b/ /etc/x",
            "/usr/lib/x/setup --now",
            "touch /var/$i"
        ]
    );
}

#[test]
fn only_what_is_sure_is_done() {
    let body = "mkdir /sure\nif [ -n \"$2\" ]; then touch /no; else touch /yes; fi\n\
        if [ \"$x\" = y ]; then touch /maybe; else touch /other; fi\ncase \"$1\" in configure) touch /case;; esac\n\
        case \"$x\" in y) touch /pattern;; esac\nf() {\ntouch /function\n}\n\
        for i in a; do touch /loop; done\n\
        if [ \"$1\" = \"configure\" ] || [ \"$1\" = abort-upgrade ]; then touch /either; fi\n\
        if [ \"$1\" = upgrade -o \"$1\" = x ]; then touch /neither; fi\n[ -e \"$x\" ] || touch /or\n";
    let mut sure_lines = Vec::new();
    let left =
        remaining(Path::new("/nonexistent"), "x", Postinst, &format!("#!/bin/sh\n{body}"), &mut sure_lines)
            .unwrap();
    let done: Vec<&str> = sure_lines.iter().map(|sure| sure.line.as_str()).collect();
    assert_eq!(done, ["mkdir /sure", "touch /yes", "touch /case", "touch /either"]);
    let expected = ["touch /maybe", "touch /other", "touch /pattern", "touch /function", "touch /loop"];
    assert_eq!(left.lines[..5], expected);
    assert!(left.lines.len() == 6 && left.lines[5].ends_with("|| touch /or"));
}

#[test]
fn other_languages_and_garbage_are_told() {
    let perl = remaining(
        Path::new("/nonexistent"),
        "x",
        Postinst,
        "#!/usr/bin/perl -w\nsystem('x');\n",
        &mut Vec::new(),
    )
    .unwrap();
    assert_eq!(
        perl.note().unwrap().to_string(),
        "x: its postinst was not run, which has: a program that is no shell script (/usr/bin/perl -w)"
    );
    assert!(remaining(Path::new("/nonexistent"), "x", Postinst, "\u{7f}ELF", &mut Vec::new()).is_some());
    for garbage in
        ["esac\nfi\n}\ndone\n;;\nelse\n", "case\n", "if\n", "case $1 in", "(((\n", "x() {", "case a in b"]
    {
        lines(Postinst, garbage);
    }
    for nested in ["case x in a) ", "x() { ", "if x; then "] {
        lines(Postinst, &nested.repeat(5_000));
    }
    let long = (0..20).map(|n| format!("do-{n} {}", "\u{e9}".repeat(200))).collect::<Vec<_>>().join("\n");
    let note =
        remaining(Path::new("/nonexistent"), "x", Postinst, &format!("#!/bin/sh\n{long}"), &mut Vec::new())
            .unwrap()
            .note()
            .unwrap()
            .to_string();
    assert!(note.ends_with("; and 12 more") && note.chars().count() < 1000, "{note}");
}
