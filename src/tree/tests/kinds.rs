//! Every kind of member, laid out.

use tar::EntryType;

use super::*;

#[test]
fn lays_out_every_kind() {
    let mut scratch = Scratch::new();
    let long = format!("./usr/share/{}", "long/".repeat(30));
    let entries = [
        dir("./").mode(0o755).mtime(7),
        dir("./lib/"),
        file("./lib/x", "lib").mode(0o400),
        hardlink("./usr/bin/y", "./lib/x"),
        file("./usr/bin/su", "su").mode(0o4755).owner(0, 42),
        dir("./var/mail").mode(0o2775).mtime(5).owner(0, 8),
        dir("./tmp").mode(0o1777),
        symlink("./usr/lib/link", "../../../outside").mtime(6),
        Entry::new(EntryType::Fifo, b"./run/fifo", b"", b"").mode(0o622),
        Entry::new(EntryType::Char, b"./dev/null", b"", b""),
        file("./etc/everyone", "x").mode(0o666),
        file("./old/", "").mode(0o700),
        Entry::new(EntryType::GNULongName, b"././@LongLink", b"", format!("{long}name\0").as_bytes()),
        file("cut", &"long".repeat(100_000)),
    ];
    scratch.add("kinds", "", &entries).unwrap();
    let packages = scratch.finish();
    let stat = |path: &str| scratch.at(path).symlink_metadata().unwrap();

    assert_eq!(fs::read_link(scratch.at("lib")).unwrap(), Path::new("usr/lib"));
    assert_eq!(fs::read_link(scratch.at("lib64")).unwrap(), Path::new("usr/lib64"));
    assert!(!scratch.at("lib32").exists());
    assert_eq!(mode(&scratch.at("usr/lib/x")), 0o400);
    assert_eq!(stat("usr/lib/x").ino(), stat("usr/bin/y").ino());
    assert_eq!(stat("usr/lib/x").mtime(), 1_000_000_000);
    assert_eq!(mode(&scratch.at("usr/bin/su")), 0o755);
    assert_eq!((mode(&scratch.at("var/mail")), stat("var/mail").mtime()), (0o2775, 5));
    assert_eq!(mode(&scratch.at("tmp")), 0o1777);
    assert_eq!(stat("usr/lib/link").mtime(), 6);
    assert!(stat("run/fifo").file_type().is_fifo());
    assert_eq!(mode(&scratch.at("run/fifo")), 0o622, "whatever the umask");
    assert_eq!(mode(&scratch.at("etc/everyone")), 0o666, "whatever the umask");
    assert_eq!(mode(&scratch.at("old")), 0o700);
    assert_eq!(scratch.text(&format!("{long}name")).len(), 400_000);
    assert_eq!(stat("").mtime(), 7);
    assert_eq!(
        (mode(&scratch.at("var")), stat("var").mtime()),
        (0o755, 1_000_000_000),
        "an implied directory"
    );
    assert_eq!(stat("bin").mtime(), 1_000_000_000);

    let notes: Vec<_> = packages[0].notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "/usr/bin/su: owner 0:42 became the current user",
            "/usr/bin/su: set-id bits of mode 4755 dropped",
            "/var/mail: owner 0:8 became the current user",
            "/dev/null: device node not made",
        ]
    );
    let paths = &packages[0].paths;
    assert_eq!(paths[0], Path::new("/lib"));
    assert_eq!(paths[1], Path::new("/lib/x"), "as archived");
    assert!(!paths.contains(&PathBuf::from("/dev/null")));
}
