//! Every kind of note as text and as JSON.

#![allow(clippy::unwrap_used)]
use super::*;

/// The text of each kind is what `aptlet status` has always said.
#[test]
fn each_kind_has_its_text() {
    let text = str::to_owned;
    let path = || text("/etc/x");
    let reason = || text("it is bad");
    let all = [
        (
            Note::ScriptNotRun {
                package: text("x"),
                script: Script::Preinst,
                lines: vec![text("one"), text("two")],
                more: 0,
            },
            "script-not-run",
            "x: its preinst was not run, which has: one; two",
        ),
        (
            Note::ScriptNotRun {
                package: text("x"),
                script: Script::Postinst,
                lines: vec![text("one")],
                more: 3,
            },
            "script-not-run",
            "x: its postinst was not run, which has: one; and 3 more",
        ),
        (
            Note::SysusersLine { path: path(), line: text("z x") },
            "sysusers-line",
            "/etc/x: an account is missing, because this line is not supported: z x",
        ),
        (Note::TmpfilesLine { path: path(), line: text("f /y") }, "tmpfiles-line", "/etc/x: not done: f /y"),
        (
            Note::TooManyAccounts { most: 10, declared: 12 },
            "too-many-accounts",
            "only 10 of 12 accounts are made",
        ),
        (
            Note::UserNotMade { user: text("a'b\n"), reason: NoAccount::NotValid },
            "user-not-made",
            "the user 'a\\'b\\n' is not made: its name or another field is not a valid one",
        ),
        (
            Note::GeneratorNotRun { package: text("x"), line: text("make -a"), reason: reason() },
            "generator-not-run",
            "x: 'make -a' was not run to its end: it is bad",
        ),
        (
            Note::GeneratedBefore { package: text("x"), line: text("make -a") },
            "generated-before",
            "x: 'make -a' was not run anew; what it made before is taken over",
        ),
        (
            Note::UserNotMade { user: text("x"), reason: NoAccount::NoNumber },
            "user-not-made",
            "the user 'x' is not made: no number is free",
        ),
        (
            Note::GroupNotMade { group: text("x"), reason: NoAccount::NotValid },
            "group-not-made",
            "the group 'x' is not made: its name is not a valid one",
        ),
        (
            Note::GroupNotMade { group: text("x"), reason: NoAccount::NoNumber },
            "group-not-made",
            "the group 'x' is not made: no number is free",
        ),
        (
            Note::UserRenumbered { user: text("x"), number: 101, taken: 0 },
            "user-renumbered",
            "the user 'x' has the number 101, because 0 is taken",
        ),
        (
            Note::GroupRenumbered { group: text("x"), number: 101, taken: 0 },
            "group-renumbered",
            "the group 'x' has the number 101, because 0 is taken",
        ),
        (
            Note::NoSuchMember { user: text("x"), group: text("y") },
            "no-such-member",
            "the user 'x' is not in the group 'y', because nothing makes that user",
        ),
        (
            Note::NoCertificate { path: path() },
            "no-certificate",
            "/etc/x: left out of the trusted certificates, because it holds none in PEM",
        ),
        (
            Note::NoBundle { path: path() },
            "no-bundle",
            "/etc/x: no bundle of certificates, because a link leads out of the tree",
        ),
        (
            Note::FileNotMade { path: path(), reason: NoFile::LinkOut },
            "file-not-made",
            "/etc/x: not made, because a link leads out of the tree",
        ),
        (
            Note::FileNotMade { path: path(), reason: NoFile::TooLarge },
            "file-not-made",
            "/etc/x: not made, because it would be too large",
        ),
        (
            Note::TemplateNotCopied { path: path(), template: text("/y.ucf") },
            "template-not-copied",
            "/etc/x: not made of /y.ucf",
        ),
        (
            Note::CacheNotMade { path: path(), cache: Cache::Gsettings },
            "cache-not-made",
            "/etc/x: not made, so programs that use GSettings end at once",
        ),
        (
            Note::CacheNotMade { path: path(), cache: Cache::Ldconfig },
            "cache-not-made",
            "/etc/x: not made, so libraries in the folders of ld.so.conf.d are not found",
        ),
        (
            Note::CacheNotMade { path: path(), cache: Cache::Pixbuf },
            "cache-not-made",
            "/etc/x: not made, so programs that use GdkPixbuf cannot read these formats",
        ),
        (
            Note::CacheNotMade { path: path(), cache: Cache::Graphviz },
            "cache-not-made",
            "/etc/x: not made, so Graphviz has no layouts and formats",
        ),
        (
            Note::SchemasLeftOut { path: path(), reason: reason() },
            "schemas-left-out",
            "/etc/x: left out of the compiled schemas: it is bad",
        ),
        (
            Note::OverrideLeftOut { path: path(), reason: reason() },
            "override-left-out",
            "/etc/x: not done: it is bad",
        ),
        (
            Note::ImageLoaderLeftOut { path: path() },
            "image-loader-left-out",
            "/etc/x: gdk-pixbuf-query-loaders was not run, so programs that use GdkPixbuf cannot read its image formats",
        ),
        (
            Note::GraphvizPluginLeftOut { path: path() },
            "graphviz-plugin-left-out",
            "/etc/x: Graphviz will not find what it has: its tables cannot be read",
        ),
        (
            Note::InputMethodsNotListed { packages: vec![text("x"), text("y")] },
            "input-methods-not-listed",
            "x, y: gtk-query-immodules-3.0 --update-cache was not run, so GTK has no input methods but its own",
        ),
        (
            Note::MimeFileTooLarge { path: path() },
            "mime-file-too-large",
            "/etc/x: left out of the MIME types, because it is too large",
        ),
        (
            Note::MimeFileLeftOut { path: path(), reason: reason() },
            "mime-file-left-out",
            "/etc/x: left out of the MIME types: it is bad",
        ),
        (
            Note::MimeTypeCut { path: path(), reason: reason() },
            "mime-type-cut",
            "/etc/x: a MIME type is not whole: it is bad",
        ),
        (
            Note::MoreMimeTypesCut { path: path(), count: 3 },
            "more-mime-types-cut",
            "/etc/x: 3 more MIME types are not whole",
        ),
        (
            Note::MimeFilesNotMade { path: path(), count: 3 },
            "mime-files-not-made",
            "/etc/x: 3 files of MIME types are not made, because something is in their way",
        ),
    ];
    for (note, kind, said) in all {
        assert_eq!(note.to_string(), said);
        let json = serde_json::to_value(&note).unwrap();
        assert_eq!(json["kind"], kind);
        assert_eq!(serde_json::from_value::<Note>(json).unwrap(), note);
    }
}
