//! Control information that is not what it should be.

use tar::EntryType;

use super::case::Case;
use crate::support::deb::{TarEntry, tar};

/// A package with this control.tar.
fn archive(name: &str, entries: &[TarEntry], words: &'static [&'static str]) -> Case {
    Case::raw(name, words, |builder| {
        let mut members = builder.members();
        let control = TarEntry { data: builder.control().into_bytes(), ..file("./control") };
        members[1].1 = tar(&[&[control], entries].concat());
        crate::support::deb::ar(&members)
    })
}

fn file(path: &str) -> TarEntry {
    TarEntry::new(path, EntryType::Regular)
}

fn script(name: &str, text: &str) -> Case {
    Case::built(name, &[], |deb| {
        let deb = deb.dir("etc", 0o755).file("usr/bin/x", 0o755, "").symlink("l", "/tmp");
        deb.script("postinst", text).script("preinst", text)
    })
    .harmless()
}

pub(crate) fn cases() -> Vec<Case> {
    let plain = &["its name is not a plain one"][..];
    let link = TarEntry { link: b"/etc/passwd".to_vec(), ..TarEntry::new("./postinst", EntryType::Symlink) };
    let hard = TarEntry { link: b"/etc/passwd".to_vec(), ..TarEntry::new("./postinst", EntryType::Link) };
    vec![
        archive("control-dots", &[file("../escaped")], plain),
        archive("control-absolute", &[file("/tmp/escaped")], plain),
        archive("control-below", &[file("./a/escaped")], plain),
        archive("control-newline", &[file("./a\nb")], plain),
        archive("control-hidden", &[file("./.bashrc")], &[]).installed(),
        archive("control-list", &[file("./list")], &[]).installed(),
        archive("control-twice", &[file("./control")], &["no field at all"]),
        archive("control-symlink", &[link], &["not a regular file"]),
        archive("control-hard-link", &[hard], &["hard link to nothing"]),
        archive("control-device", &[TarEntry::new("./x", EntryType::Char)], &["not a regular file"]),
        Case::members("control-empty", &["no file 'control'"], |members| members[1].1 = tar(&[])),
        Case::built("control-status", &["Status is not allowed"], |deb| {
            let text = deb.control() + "Status: install ok installed\n";
            deb.control_file("control", 0o644, text)
        }),
        Case::built("control-two-paragraphs", &["after an empty line"], |deb| {
            let text = deb.control() + "\nPackage: sudo\n";
            deb.control_file("control", 0o644, text)
        }),
        Case::built("control-not-utf-8", &[], |deb| {
            let text = [deb.control().as_bytes(), b"X-Name: \xff\n"].concat();
            deb.control_file("control", 0o644, text)
        })
        .installed(),
        Case::built("control-of-another", &["says Package 'sudo'"], |deb| {
            let text = deb.control().replacen("control-of-another", "sudo", 1);
            deb.control_file("control", 0o644, text)
        }),
        Case::built("control-of-many-fields", &["more than 1000 fields"], |deb| {
            let text = (0..200_000).fold(deb.control(), |text, number| text + &format!("f{number}:\n"));
            deb.control_file("control", 0o644, text)
        }),
        Case::built("conffiles-out", &[], |deb| {
            deb.file("etc/x", 0o644, "x").control_file(
                "conffiles",
                0o644,
                "/etc/../../../etc/passwd\n/etc/passwd\n",
            )
        })
        .installed(),
        Case::built("conffiles-bomb", &[], |deb| {
            deb.file("etc/x", 0o644, vec![b'x'; 100_000]).control_file(
                "conffiles",
                0o644,
                "/etc/x\n".repeat(1_000_000),
            )
        })
        .installed(),
        script(
            "divert-out",
            "#!/bin/sh\ndpkg-divert --add --rename --divert /../../tmp/escaped /usr/share/doc\n",
        ),
        script(
            "alternative-out",
            "#!/bin/sh\nupdate-alternatives --install /../../tmp/escaped x /usr/bin/x 1\n",
        ),
    ]
}
