//! Locales that must work.

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run, Stage};

fn stage() -> Stage {
    let tool = DebBuilder::new("tool", "1.0")
        .file("/usr/bin/tool", 0o755, "#!/bin/sh\necho LOCPATH=$LOCPATH\n")
        .file("/usr/share/locale/de/LC_MESSAGES/tool.mo", 0o644, "x")
        .file("/usr/share/locale/fr/LC_MESSAGES/tool.mo", 0o644, "x");
    let locales =
        DebBuilder::new("locales-all", "1.0").file("/usr/lib/locale/de_DE.utf8/LC_CTYPE", 0o644, "x");
    let stage = Stage::new();
    stage.publish(&Repository::new("stable").add("main", &tool).add("main", &locales));
    stage
}

#[test]
fn a_locale_is_there_or_it_is_an_error() {
    let stage = stage();
    stage.install(&["tool"]).args(["--locale=C.UTF-8", "--locale=POSIX"]).run().succeeded();
    let said = ["no locale 'de_DE.UTF-8'", "locales-all"];
    stage.install(&["tool"]).arg("--locale=de_DE.UTF-8").run().failed(3, &said);
    stage.install(&["tool", "locales-all"]).arg("--locale=de_DE.UTF-8").run().succeeded();
    let command = stage.sandbox.dest.join("bin/tool");
    let said = std::process::Command::new(command).env_remove("LOCPATH").run().succeeded().stdout;
    let folder = stage.current("usr/lib/locale").canonicalize().unwrap();
    assert_eq!(said, format!("LOCPATH={}\n", folder.display()));
    stage.install(&["tool"]).arg("--locale=../x").run().failed(2, &["de_DE.UTF-8"]);
}

#[test]
fn a_slim_tree_keeps_its_translations() {
    let stage = stage();
    stage.install(&["tool", "locales-all"]).args(["--slim", "--locale=de_DE.UTF-8"]).run().succeeded();
    assert!(stage.current("usr/share/locale/de/LC_MESSAGES/tool.mo").exists());
    assert!(!stage.current("usr/share/locale/fr").exists());
}
